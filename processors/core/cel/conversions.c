/* Conversions between types: exact, or an error; never narrowed silently. */
#include "processors/core/cel/civil.h"
#include "processors/core/cel/decimal.h"
#include "processors/core/cel/functions.h"
#include "processors/core/cel/number.h"

#include <math.h>

#define CALL(name) \
    static struct mr_value name(struct cel_run *run, const struct mr_value *args, uint32_t count)

#define TWO_63 9223372036854775808.0
#define TWO_64 18446744073709551616.0

static struct mr_value out_of_range(void)
{
    return cel_fault(MR_CEL_FAULT_RANGE);
}

static struct mr_value not_convertible(void)
{
    return cel_fault(MR_CEL_FAULT_CONVERSION);
}

CALL(same)
{
    (void)run, (void)count;
    return args[0];
}

CALL(bool_of_string)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};
    const struct mr_span text = mr_value_span(&args[0]);

    (void)run, (void)count;
    for (size_t i = 0; i < MR_COUNT(yes); i++) {
        if (mr_span_is(text, yes[i]) || mr_span_is(text, no[i])) {
            return mr_value_bool(mr_span_is(text, yes[i]));
        }
    }
    return not_convertible();
}

CALL(int_of_uint)
{
    (void)run, (void)count;
    return args[0].positive > INT64_MAX ? out_of_range() : mr_value_int(args[0].number);
}

/* Both ends are left out: a double next to them may have been rounded from beyond. */
CALL(int_of_double)
{
    (void)run, (void)count;
    if (!(args[0].real > -TWO_63 && args[0].real < TWO_63)) {
        return out_of_range();
    }
    return mr_value_int((int64_t)args[0].real);
}

CALL(int_of_string)
{
    int64_t number;

    (void)run, (void)count;
    return cel_int_read(mr_value_span(&args[0]), &number) ? mr_value_int(number)
                                                          : not_convertible();
}

CALL(int_of_number)
{
    (void)run, (void)count;
    return mr_value_int(args[0].number);
}

CALL(uint_of_int)
{
    (void)run, (void)count;
    return args[0].number < 0 ? out_of_range() : cel_value_uint(args[0].positive);
}

CALL(uint_of_double)
{
    (void)run, (void)count;
    if (!(args[0].real >= 0 && args[0].real < TWO_64)) {
        return out_of_range();
    }
    return cel_value_uint((uint64_t)args[0].real);
}

CALL(uint_of_string)
{
    uint64_t number;

    (void)run, (void)count;
    return cel_uint_read(mr_value_span(&args[0]), &number) ? cel_value_uint(number)
                                                           : not_convertible();
}

CALL(double_of_int)
{
    (void)run, (void)count;
    return mr_value_double((double)args[0].number);
}

CALL(double_of_uint)
{
    (void)run, (void)count;
    return mr_value_double((double)args[0].positive);
}

CALL(double_of_string)
{
    double number;

    (void)run, (void)count;
    return cel_double_read(mr_value_span(&args[0]), &number) ? mr_value_double(number)
                                                             : not_convertible();
}

CALL(double_of_decimal)
{
    const double number = cel_decimal_double(&args[0]);

    (void)run, (void)count;
    return isnan(number) ? out_of_range() : mr_value_double(number);
}

CALL(decimal_of_int)
{
    (void)count;
    return cel_decimal_of_int(run, args[0].number);
}

/* From what Avro stores: the unscaled number, and its scale. */
CALL(decimal_of_bytes)
{
    const struct mr_value decimal = {.kind = MR_KIND_DECIMAL,
                                     .aux = (uint16_t)args[1].number,
                                     .size = args[0].size,
                                     .data = args[0].data};

    (void)count;
    return args[1].number < 0 || args[1].number > UINT16_MAX
               ? out_of_range()
               : cel_decimal_round(run, &decimal, args[1].number, CEL_ROUND_DOWN);
}

CALL(decimal_of_string)
{
    (void)count;
    return cel_decimal_read(run, mr_value_span(&args[0]));
}

static struct mr_value text_of(struct cel_run *run, const char *text, size_t size)
{
    return cel_string_of(run, (struct mr_span){(const uint8_t *)text, size});
}

CALL(string_of_bool)
{
    (void)run, (void)count;
    return mr_value_string(mr_span_text(args[0].number != 0 ? "true" : "false"));
}

static size_t write_digits(uint64_t number, char out[CEL_NUMBER_TEXT_MAX])
{
    size_t at = CEL_NUMBER_TEXT_MAX;

    do {
        out[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return at;
}

CALL(string_of_int)
{
    const uint64_t magnitude = args[0].number < 0 ? 0U - args[0].positive : args[0].positive;
    char text[CEL_NUMBER_TEXT_MAX];
    size_t at = write_digits(magnitude, text);

    (void)count;
    if (args[0].number < 0) {
        text[--at] = '-';
    }
    return text_of(run, text + at, sizeof(text) - at);
}

CALL(string_of_uint)
{
    char text[CEL_NUMBER_TEXT_MAX];
    const size_t at = write_digits(args[0].positive, text);

    (void)count;
    return text_of(run, text + at, sizeof(text) - at);
}

CALL(string_of_double)
{
    char text[CEL_NUMBER_TEXT_MAX];

    (void)count;
    return text_of(run, text, cel_double_write(args[0].real, text));
}

CALL(string_of_bytes)
{
    (void)run, (void)count;
    if (!mr_utf8_is_valid(mr_value_span(&args[0]))) {
        return cel_fault(MR_CEL_FAULT_UTF8);
    }
    return mr_value_string(mr_value_span(&args[0]));
}

CALL(string_of_time)
{
    char text[CEL_TIME_TEXT_MAX];

    (void)count;
    return text_of(run, text, cel_time_write(args[0], text));
}

CALL(string_of_duration)
{
    char text[CEL_TIME_TEXT_MAX];

    (void)count;
    return text_of(run, text, cel_duration_write(args[0].number, text));
}

CALL(string_of_decimal)
{
    (void)count;
    return cel_decimal_text(run, &args[0]);
}

CALL(bytes_of_string)
{
    (void)run, (void)count;
    return mr_value_bytes(mr_value_span(&args[0]));
}

CALL(time_of_string)
{
    (void)run, (void)count;
    return cel_time_read(mr_value_span(&args[0]));
}

CALL(time_of_int)
{
    (void)run, (void)count;
    return cel_time_of(args[0].number, 0);
}

CALL(duration_of_string)
{
    (void)run, (void)count;
    return cel_duration_read(mr_value_span(&args[0]));
}

CALL(duration_of_int)
{
    int64_t ns;

    (void)run, (void)count;
    return __builtin_mul_overflow(args[0].number, INT64_C(1000000000), &ns)
               ? out_of_range()
               : cel_value_duration(ns);
}

CALL(type_of)
{
    (void)run, (void)count;
    return cel_value_type(cel_kind_name(&args[0]));
}

static const struct cel_overload rows[] = {
    {"bool", "b", "b", same, CEL_GLOBAL, NULL},
    {"bool", "s", "b", bool_of_string, CEL_GLOBAL, NULL},
    {"int", "i", "i", same, CEL_GLOBAL, NULL},
    {"int", "u", "i", int_of_uint, CEL_GLOBAL, NULL},
    {"int", "d", "i", int_of_double, CEL_GLOBAL, NULL},
    {"int", "s", "i", int_of_string, CEL_GLOBAL, NULL},
    {"int", "t", "i", int_of_number, CEL_GLOBAL, NULL},
    {"int", "D", "i", int_of_number, CEL_GLOBAL, NULL},
    {"uint", "u", "u", same, CEL_GLOBAL, NULL},
    {"uint", "i", "u", uint_of_int, CEL_GLOBAL, NULL},
    {"uint", "d", "u", uint_of_double, CEL_GLOBAL, NULL},
    {"uint", "s", "u", uint_of_string, CEL_GLOBAL, NULL},
    {"double", "d", "d", same, CEL_GLOBAL, NULL},
    {"double", "i", "d", double_of_int, CEL_GLOBAL, NULL},
    {"double", "u", "d", double_of_uint, CEL_GLOBAL, NULL},
    {"double", "s", "d", double_of_string, CEL_GLOBAL, NULL},
    {"double", "c", "d", double_of_decimal, CEL_GLOBAL, NULL},
    {"decimal", "c", "c", same, CEL_GLOBAL, NULL},
    {"decimal", "s", "c", decimal_of_string, CEL_GLOBAL, NULL},
    {"decimal", "i", "c", decimal_of_int, CEL_GLOBAL, NULL},
    {"decimal", "yi", "c", decimal_of_bytes, CEL_GLOBAL, NULL},
    {"string", "s", "s", same, CEL_GLOBAL, NULL},
    {"string", "b", "s", string_of_bool, CEL_GLOBAL, NULL},
    {"string", "i", "s", string_of_int, CEL_GLOBAL, NULL},
    {"string", "u", "s", string_of_uint, CEL_GLOBAL, NULL},
    {"string", "d", "s", string_of_double, CEL_GLOBAL, NULL},
    {"string", "y", "s", string_of_bytes, CEL_GLOBAL, NULL},
    {"string", "t", "s", string_of_time, CEL_GLOBAL, NULL},
    {"string", "D", "s", string_of_duration, CEL_GLOBAL, NULL},
    {"string", "c", "s", string_of_decimal, CEL_GLOBAL, NULL},
    {"bytes", "y", "y", same, CEL_GLOBAL, NULL},
    {"bytes", "s", "y", bytes_of_string, CEL_GLOBAL, NULL},
    {"timestamp", "t", "t", same, CEL_GLOBAL, NULL},
    {"timestamp", "s", "t", time_of_string, CEL_GLOBAL, NULL},
    {"timestamp", "i", "t", time_of_int, CEL_GLOBAL, NULL},
    {"duration", "D", "D", same, CEL_GLOBAL, NULL},
    {"duration", "s", "D", duration_of_string, CEL_GLOBAL, NULL},
    {"duration", "i", "D", duration_of_int, CEL_GLOBAL, NULL},
    {"type", "A", "TA", type_of, CEL_GLOBAL, NULL},
    {"dyn", "A", "?", same, CEL_GLOBAL, NULL},
};

const struct cel_library cel_conversions = {rows, MR_COUNT(rows)};
