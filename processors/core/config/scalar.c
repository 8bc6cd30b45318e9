/* One scalar's text becomes one value. The whole text counts: no blanks, no hexadecimal, no
 * locale, and nothing is rounded to fit. */
#include "processors/core/config/option_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *word;
    int64_t scale;
};

/* Ascending; those after the first bound are read and never printed. */
static const struct unit time_units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};
static const struct unit size_units[] = {
    {"B", 1},     {"KiB", INT64_C(1) << 10}, {"MiB", INT64_C(1) << 20}, {"GiB", INT64_C(1) << 30},
    {"KB", 1000}, {"MB", 1000000},           {"GB", 1000000000},
};
#define SIZE_UNITS_PRINTED 4

enum digits { DIGITS_NONE, DIGITS_GOOD, DIGITS_TOO_LARGE };

/* Decimal digits at *text, which is moved past them. */
static enum digits read_digits(const char **text, uint64_t *number)
{
    enum digits answer = DIGITS_NONE;

    for (*number = 0; **text >= '0' && **text <= '9'; (*text)++) {
        const uint64_t digit = (uint64_t)(**text - '0');

        if (answer != DIGITS_TOO_LARGE) {
            answer = *number > (UINT64_MAX - digit) / 10 ? DIGITS_TOO_LARGE : DIGITS_GOOD;
        }
        *number = *number * 10 + digit;
    }
    return answer;
}

const char *mr_quantity_print(enum mr_option_kind kind, int64_t value, char out[MR_QUANTITY_SIZE])
{
    const bool is_time = kind == MR_OPTION_DURATION;
    const struct unit *units = is_time ? time_units : size_units;
    size_t best = is_time ? MR_COUNT(time_units) : SIZE_UNITS_PRINTED;

    if (!is_time && kind != MR_OPTION_SIZE) {
        (void)snprintf(out, MR_QUANTITY_SIZE, "%" PRId64, value);
        return out;
    }
    do {
        best--;
    } while (best > 0 && (value == 0 || value % units[best].scale != 0));
    (void)snprintf(out, MR_QUANTITY_SIZE, "%" PRId64 "%s", value / units[best].scale,
                   units[best].word);
    return out;
}

static bool complain_of_bounds(const struct mr_reading *self)
{
    char min[MR_QUANTITY_SIZE], max[MR_QUANTITY_SIZE];

    return MR_COMPLAIN(self, NULL, "%s is outside %s..%s", self->node->text,
                       mr_quantity_print(self->option->kind, self->option->min, min),
                       mr_quantity_print(self->option->kind, self->option->max, max));
}

/* magnitude is at most 2^63 where is_negative, else below it; so the sum cannot overflow. */
static bool keep_number(const struct mr_reading *self, uint64_t magnitude, bool is_negative)
{
    int64_t number;

    if (magnitude > (uint64_t)INT64_MAX + is_negative) {
        return complain_of_bounds(self);
    }
    number = is_negative && magnitude > 0 ? -(int64_t)(magnitude - 1) - 1 : (int64_t)magnitude;
    if (number < self->option->min || number > self->option->max) {
        return complain_of_bounds(self);
    }
    *(int64_t *)self->member = number;
    return true;
}

bool mr_read_text(const struct mr_reading *self)
{
    *(const char **)self->member = self->node->text;
    return true;
}

bool mr_read_int(const struct mr_reading *self)
{
    const char *text = self->node->text;
    const bool is_negative = *text == '-';
    uint64_t magnitude;
    enum digits digits;

    text += is_negative || *text == '+';
    digits = read_digits(&text, &magnitude);
    if (digits == DIGITS_NONE || *text != '\0') {
        return MR_COMPLAIN(self, NULL, "\"%s\" is not a whole number", self->node->text);
    }
    return digits == DIGITS_GOOD ? keep_number(self, magnitude, is_negative)
                                 : complain_of_bounds(self);
}

/* [+-] digits [. digits] [e [+-] digits]: what strtod() would read beyond it (hexadecimal, "inf",
 * "nan", blanks) is refused before it is asked. */
static bool is_decimal(const char *text)
{
    uint64_t ignored;

    text += *text == '-' || *text == '+';
    if (read_digits(&text, &ignored) == DIGITS_NONE) {
        return false;
    }
    if (*text == '.') {
        text++;
        if (read_digits(&text, &ignored) == DIGITS_NONE) {
            return false;
        }
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        if (read_digits(&text, &ignored) == DIGITS_NONE) {
            return false;
        }
    }
    return *text == '\0';
}

bool mr_read_real(const struct mr_reading *self)
{
    const char *text = self->node->text;
    char *end;
    double number;

    if (!is_decimal(text)) {
        return MR_COMPLAIN(self, NULL, "\"%s\" is not a number", text);
    }
    number = strtod(text, &end);
    if (*end != '\0') { /* a library has set a locale whose point is a comma */
        return MR_COMPLAIN(self, NULL, "\"%s\" cannot be read in this locale", text);
    }
    /* Also of what is too large for a double: that reads as infinity. */
    if (number < (double)self->option->min || number > (double)self->option->max) {
        return complain_of_bounds(self);
    }
    *(double *)self->member = number;
    return true;
}

bool mr_read_bool(const struct mr_reading *self)
{
    static const char *const words[] = {"false", "true"};
    char hint[MR_HINT_SIZE];

    for (size_t i = 0; i < MR_COUNT(words); i++) {
        if (strcmp(self->node->text, words[i]) == 0) {
            *(bool *)self->member = i == 1;
            return true;
        }
    }
    return MR_COMPLAIN(self, mr_suggest(self->node->text, words, MR_COUNT(words), hint),
                       "\"%s\" is not true or false", self->node->text);
}

static const struct unit *find_unit(const struct unit *units, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(units[i].word, word) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

/* Digits and a unit. */
static bool read_quantity(const struct mr_reading *self, const struct unit *units, size_t count,
                          const char *words)
{
    const char *text = self->node->text;
    const struct unit *unit;
    uint64_t number;
    const enum digits digits = read_digits(&text, &number);

    unit = find_unit(units, count, text);
    if (digits == DIGITS_NONE || unit == NULL) {
        return MR_COMPLAIN(self, NULL, "\"%s\" is not a %s", self->node->text, words);
    }
    if (digits == DIGITS_TOO_LARGE || number > (uint64_t)(INT64_MAX / unit->scale)) {
        return complain_of_bounds(self);
    }
    return keep_number(self, number * (uint64_t)unit->scale, false);
}

bool mr_read_duration(const struct mr_reading *self)
{
    return read_quantity(self, time_units, MR_COUNT(time_units),
                         "duration: a whole number and ms, s, m, h or d");
}

bool mr_read_size(const struct mr_reading *self)
{
    return read_quantity(self, size_units, MR_COUNT(size_units),
                         "size: a whole number and B, KiB, MiB, GiB, KB, MB or GB");
}

static void join_words(const char *const *words, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; words[i] != NULL && used < size; i++) {
        used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "", words[i]);
    }
}

bool mr_read_choice(const struct mr_reading *self)
{
    const char *const *choices = self->option->choices;
    char hint[MR_HINT_SIZE], list[512];
    size_t count = 0;

    for (; choices[count] != NULL; count++) {
        if (strcmp(self->node->text, choices[count]) == 0) {
            *(int *)self->member = (int)count;
            return true;
        }
    }
    join_words(choices, list, sizeof(list));
    return MR_COMPLAIN(self, mr_suggest(self->node->text, choices, count, hint),
                       "\"%s\" is none of %s", self->node->text, list);
}

bool mr_read_expr(const struct mr_reading *self)
{
    if (self->node->text[0] == '\0') {
        return MR_COMPLAIN(self, NULL, "an expression is expected, not an empty text");
    }
    *(struct mr_source *)self->member =
        (struct mr_source){self->node->text, NULL, self->node->place, self->key};
    return true;
}
