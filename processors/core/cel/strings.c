/* The specification's own functions on text: size, contains, startsWith, endsWith. */
#include "processors/core/cel/functions.h"
#include "processors/core/cel/text.h"

#define CALL(name) \
    static struct mr_value name(struct cel_run *run, const struct mr_value *args, uint32_t count)

static struct mr_value no_fuel(void)
{
    return cel_fault(MR_CEL_FAULT_FUEL);
}

CALL(size_of_string)
{
    (void)count;
    if (!cel_spend(run, args[0].size / 16)) {
        return no_fuel();
    }
    return mr_value_int((int64_t)cel_text_count(mr_value_span(&args[0])));
}

CALL(size_of_items)
{
    (void)run, (void)count;
    return mr_value_int(args[0].size);
}

/* Finding is quadratic at worst, so it costs both sizes multiplied; usually it is not. */
CALL(contains)
{
    const struct mr_span text = mr_value_span(&args[0]), part = mr_value_span(&args[1]);

    (void)count;
    if (!cel_spend(run, 1 + text.size / 16 * (1 + part.size / 64))) {
        return no_fuel();
    }
    return mr_value_bool(part.size == 0 || mr_span_find(text, part) < text.size);
}

CALL(starts_with)
{
    (void)run, (void)count;
    return mr_value_bool(cel_text_starts(mr_value_span(&args[0]), mr_value_span(&args[1])));
}

CALL(ends_with)
{
    (void)run, (void)count;
    return mr_value_bool(cel_text_ends(mr_value_span(&args[0]), mr_value_span(&args[1])));
}

static const struct cel_overload rows[] = {
    {"size", "s", "i", size_of_string, CEL_BOTH, NULL},
    {"size", "y", "i", size_of_items, CEL_BOTH, NULL},
    {"size", "LA", "i", size_of_items, CEL_BOTH, NULL},
    {"size", "MAB", "i", size_of_items, CEL_BOTH, NULL},
    {"contains", "ss", "b", contains, CEL_MEMBER, NULL},
    {"startsWith", "ss", "b", starts_with, CEL_MEMBER, NULL},
    {"endsWith", "ss", "b", ends_with, CEL_MEMBER, NULL},
};

const struct cel_library cel_strings = {rows, MR_COUNT(rows)};
