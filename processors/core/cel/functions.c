#include "processors/core/cel/functions.h"

#include <string.h>

static const struct cel_library *const libraries[] = {
    &cel_operators,   &cel_conversions, &cel_strings, &cel_strings_ext,
    &cel_format,      &cel_regexes,     &cel_times,   &cel_math,
    &cel_collections, &cel_decimals,    &cel_formats,
};

const struct cel_library *cel_library_at(size_t index)
{
    return index < MR_COUNT(libraries) ? libraries[index] : NULL;
}

bool cel_overload_is_member(const struct cel_overload *row)
{
    return row->style == CEL_MEMBER || row->style == CEL_BOTH || row->style == CEL_DYNAMIC_MEMBER;
}

bool cel_overload_is_global(const struct cel_overload *row)
{
    return row->style == CEL_GLOBAL || row->style == CEL_BOTH || row->style == CEL_DYNAMIC;
}

/* Past one type of a signature. */
static const char *skip_type(const char *letters)
{
    int wanted = 1;

    while (wanted > 0) {
        MR_ASSERT(*letters != '\0');
        if (*letters == 'M') {
            wanted++;
        } else if (*letters == 'X') {
            letters = strchr(letters, ';') + 1;
            wanted += *letters - '0' - 1;
        } else if (strchr("LOT", *letters) == NULL) {
            wanted--;
        }
        letters++;
    }
    return letters;
}

uint32_t cel_overload_arity(const struct cel_overload *row)
{
    uint32_t count = 0;

    for (const char *letters = row->params; *letters != '\0'; letters = skip_type(letters)) {
        count++;
    }
    return count;
}

static bool letter_takes(char letter, const struct mr_value *value)
{
    static const struct {
        char letter;
        uint8_t kind;
    } kinds[] = {{'n', MR_KIND_NULL},     {'b', MR_KIND_BOOL},      {'i', MR_KIND_INT},
                 {'u', MR_KIND_UINT},     {'d', MR_KIND_DOUBLE},    {'s', MR_KIND_STRING},
                 {'y', MR_KIND_BYTES},    {'t', MR_KIND_TIMESTAMP}, {'D', MR_KIND_DURATION},
                 {'c', MR_KIND_DECIMAL},  {'L', MR_KIND_LIST},      {'M', MR_KIND_MAP},
                 {'O', MR_KIND_OPTIONAL}, {'T', MR_KIND_TYPE}};

    for (size_t i = 0; i < MR_COUNT(kinds); i++) {
        if (kinds[i].letter == letter) {
            return kinds[i].kind == value->kind;
        }
    }
    return true;
}

bool cel_overload_takes(const struct cel_overload *row, const struct mr_value *args, uint32_t count)
{
    const char *letters = row->params;

    for (uint32_t i = 0; i < count; i++) {
        if (*letters == '\0' || !letter_takes(*letters, &args[i])) {
            return false;
        }
        letters = skip_type(letters);
    }
    return *letters == '\0';
}
