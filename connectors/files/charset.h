/* charset.h - whatever a source was written in, to UTF-8.
 *
 * What it is written in, the first that answers:
 *   1. the user's `encoding`;
 *   2. a byte-order mark (UTF-8, UTF-16 of either order);
 *   3. zero bytes beside "<": UTF-16 without a mark;
 *   4. the XML declaration, unless the bytes contradict it: a source that declares
 *      a code of one byte a letter and is well-formed UTF-8 is UTF-8 (such files have
 *      been converted on their way), one that declares UTF-16 and is not is taken by
 *      its content;
 *   5. the content: the first block that has a byte above 127 decides. UTF-8 when
 *      its sequences are sound for the most part, Windows-1255 otherwise.
 *
 * ISO-8859-8 is read as Windows-1255 where it has no letter itself: files that
 * declare it do use points, quotes and the dashes of Windows-1255. Its own 0xA4
 * and 0xDF stay what they are. ISO-8859-1 is read as Windows-1252.
 *
 * What is not valid becomes U+FFFD, one for each maximal part that could have
 * begun a character, and is counted. For XML so do the characters that XML
 * forbids, so that one stray control byte does not cost a row.
 */
#ifndef MR_FILES_CHARSET_H
#define MR_FILES_CHARSET_H

#include "processors/core/base/span.h"

enum mr_charset {
    MR_CHARSET_AUTO,
    MR_CHARSET_UTF_8,
    MR_CHARSET_UTF_16LE,
    MR_CHARSET_UTF_16BE,
    MR_CHARSET_WINDOWS_1255,
    MR_CHARSET_ISO_8859_8,
    MR_CHARSET_WINDOWS_1252
};

/* The names that an option offers, in the order of the enum; NULL-terminated. */
extern const char *const mr_charset_names[];

struct mr_decoder {
    enum mr_charset charset;  /* AUTO: ASCII so far */
    enum mr_charset declared; /* what to take when the bytes are not UTF-8; AUTO: nobody said */
    bool is_unknown;          /* a charset was declared that we do not know, and it is needed */
    bool is_xml;              /* forbidden characters are replaced */
    uint8_t held[4];          /* the beginning of a character */
    size_t held_size;
    uint64_t replaced; /* how many U+FFFD it has written */
    char unknown[32];  /* the name that was declared */
};

/* Looks at the first block of a source (as much as there is, at least 1 KiB if it has that).
 * Returns how many bytes of it are a byte-order mark, to be skipped. */
size_t mr_decoder_begin(struct mr_decoder *decoder, struct mr_span first, enum mr_charset forced);

/* How much room mr_decoder_run() needs for size bytes. */
size_t mr_decoder_room(size_t size);

/* Decodes a block; whole characters only, the rest is held for the next. Returns the size. */
size_t mr_decoder_run(struct mr_decoder *decoder, struct mr_span block, uint8_t *out);
/* What is held at the end is half a character. */
size_t mr_decoder_end(struct mr_decoder *decoder, uint8_t *out);

#endif
