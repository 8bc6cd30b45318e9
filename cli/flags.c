#include "cli/verb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum mr_code unknown(const struct flags *flags, const char *word, struct mr_error *err)
{
    const char *names[FLAGS_MAX];
    const char *nearest;
    size_t count = 0;

    for (; flags->table[count].name != NULL; count++) {
        names[count] = flags->table[count].name;
    }
    nearest = mr_nearest(word, names, count);
    return nearest ? MR_FAIL(err, MR_USAGE, "unknown option %s (did you mean %s?)", word, nearest)
                   : MR_FAIL(err, MR_USAGE, "unknown option %s", word);
}

/* Which flag of the table word is, with *value after its "=", or -1. */
static int find_flag(const struct flag *table, const char *word, const char **value)
{
    for (int i = 0; table[i].name != NULL; i++) {
        const size_t size = strlen(table[i].name);

        if (strncmp(word, table[i].name, size) == 0 && (word[size] == '\0' || word[size] == '=')) {
            *value = word[size] == '=' ? word + size + 1 : NULL;
            return i;
        }
    }
    return -1;
}

static enum mr_code take_flag(struct flags *flags, int index, const char *value,
                              struct mr_error *err)
{
    flags->values[index] = value;
    if (index == 0) {
        if (flags->repeated_count == MR_COUNT(flags->repeated)) {
            return MR_FAIL(err, MR_USAGE, "%s is given too often", flags->table[0].name);
        }
        flags->repeated[flags->repeated_count++] = value;
    }
    return MR_OK;
}

static enum mr_code parse_flag(struct flags *flags, int count, char **arguments, int *at,
                               struct mr_error *err)
{
    const char *value = NULL;
    const int index = find_flag(flags->table, arguments[*at], &value);

    if (index < 0) {
        return unknown(flags, arguments[*at], err);
    }
    if (flags->table[index].value == NULL) {
        return value == NULL
                   ? take_flag(flags, index, "", err)
                   : MR_FAIL(err, MR_USAGE, "%s takes no value", flags->table[index].name);
    }
    if (value == NULL && *at + 1 < count) {
        value = arguments[++*at];
    }
    return value != NULL ? take_flag(flags, index, value, err)
                         : MR_FAIL(err, MR_USAGE, "%s needs a value: %s", flags->table[index].name,
                                   flags->table[index].value);
}

enum mr_code flags_parse(struct flags *flags, int count, char **arguments, struct mr_error *err)
{
    bool may_be_flag = true; /* until -- */

    for (int i = 0; i < count; i++) {
        if (may_be_flag && strcmp(arguments[i], "--") == 0) {
            may_be_flag = false;
        } else if (may_be_flag && arguments[i][0] == '-' && arguments[i][1] != '\0') {
            const enum mr_code code = parse_flag(flags, count, arguments, &i, err);

            if (code != MR_OK) {
                return code;
            }
        } else if (flags->operand_count < MR_COUNT(flags->operands)) {
            flags->operands[flags->operand_count++] = arguments[i];
        } else {
            return MR_FAIL(err, MR_USAGE, "too many arguments, from \"%s\" on", arguments[i]);
        }
    }
    return MR_OK;
}

void flags_print(const struct flag *table, FILE *stream)
{
    for (; table->name != NULL; table++) {
        (void)fprintf(stream, "  %s%s%s\n      %s\n", table->name, table->value ? " " : "",
                      table->value ? table->value : "", table->help);
    }
}

enum mr_code flag_number(const struct flags *flags, int flag, long max, long *out,
                         struct mr_error *err)
{
    const char *text = flags->values[flag];
    char *end;
    long number;

    if (text == NULL) {
        return MR_OK;
    }
    errno = 0;
    number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < 1 || number > max) {
        return MR_FAIL(err, MR_USAGE, "%s: \"%s\" is not a number in 1..%ld",
                       flags->table[flag].name, text, max);
    }
    *out = number;
    return MR_OK;
}

int fail_with(const struct mr_error *err)
{
    (void)fprintf(stderr, "millrace: %s: %s\n", mr_code_words(err->code), err->text);
    return mr_code_exit(err->code);
}
