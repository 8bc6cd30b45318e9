#include "processors/core/codec/wire.h"

/* UTF-8 by an automaton in registers: the row of a byte holds, six bits for each state, the state
 * that follows; shifting the row by the state is the whole step (Vognsen's "shift-based DFA"). The
 * chain from byte to byte is one shift, and nothing is mispredicted where scripts mix. */
enum {
    BAD = 0,
    OK = 6,
    ONE = 12,   /* one more byte of 80..BF */
    TWO = 18,   /* two */
    THREE = 24, /* three */
    E0 = 30,    /* A0..BF, then one: shorter forms exist below */
    ED = 36,    /* 80..9F, then one: surrogates above */
    F0 = 42,    /* 90..BF, then two */
    F4 = 48     /* 80..8F, then two: the end of Unicode */
};

#define STEP(from, to) ((uint64_t)(to) << (from))

#define MIDDLE (STEP(ONE, OK) | STEP(TWO, ONE) | STEP(THREE, TWO))
#define B_80 (MIDDLE | STEP(ED, ONE) | STEP(F4, TWO))
#define B_90 (MIDDLE | STEP(ED, ONE) | STEP(F0, TWO))
#define B_A0 (MIDDLE | STEP(E0, ONE) | STEP(F0, TWO))

#define X4(row) row, row, row, row
#define X8(row) X4(row), X4(row)
#define X16(row) X8(row), X8(row)
#define X64(row) X16(row), X16(row), X16(row), X16(row)

static const uint64_t rows[256] = {
    /* 00 */ X64(STEP(OK, OK)),
    X64(STEP(OK, OK)),
    /* 80 */ X16(B_80),
    X16(B_90),
    X16(B_A0),
    X16(B_A0),
    /* C0 */ BAD,
    BAD,
    /* C2 */ X4(STEP(OK, ONE)),
    X8(STEP(OK, ONE)),
    STEP(OK, ONE),
    STEP(OK, ONE),
    X16(STEP(OK, ONE)),
    /* E0 */ STEP(OK, E0),
    /* E1 */ X8(STEP(OK, TWO)),
    X4(STEP(OK, TWO)),
    /* ED */ STEP(OK, ED),
    STEP(OK, TWO),
    STEP(OK, TWO),
    /* F0 */ STEP(OK, F0),
    STEP(OK, THREE),
    STEP(OK, THREE),
    STEP(OK, THREE),
    /* F4 */ STEP(OK, F4),
    /* F5: never */
};

#define H4 0x80, 0x80, 0x80, 0x80
#define H16 H4, H4, H4, H4

const uint8_t mr_wire_high_bits[96] = {[32] = H16, H16};

bool mr_wire_is_utf8_rest(struct mr_span text)
{
    uint64_t state = OK;

    for (size_t i = 0; i < text.size; i++) {
        state = rows[text.data[i]] >> (state & 63);
    }
    return (state & 63) == OK;
}
