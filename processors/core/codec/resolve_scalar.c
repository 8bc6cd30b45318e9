#include "processors/core/codec/node.h"
#include "processors/core/codec/schema_internal.h"

/* What a pair of scalar kinds is read as, before logical types. Rows that are not here do not
 * resolve. */
static const struct {
    enum mr_avro writer, reader;
    enum mr_op_code code;
} scalar_pairs[] = {
    {MR_AVRO_NULL, MR_AVRO_NULL, MR_OP_NULL},
    {MR_AVRO_BOOLEAN, MR_AVRO_BOOLEAN, MR_OP_BOOLEAN},
    {MR_AVRO_INT, MR_AVRO_INT, MR_OP_INT},
    {MR_AVRO_INT, MR_AVRO_LONG, MR_OP_INT},
    {MR_AVRO_INT, MR_AVRO_FLOAT, MR_OP_LONG_TO_FLOAT},
    {MR_AVRO_INT, MR_AVRO_DOUBLE, MR_OP_LONG_TO_DOUBLE},
    {MR_AVRO_LONG, MR_AVRO_LONG, MR_OP_LONG},
    {MR_AVRO_LONG, MR_AVRO_FLOAT, MR_OP_LONG_TO_FLOAT},
    {MR_AVRO_LONG, MR_AVRO_DOUBLE, MR_OP_LONG_TO_DOUBLE},
    {MR_AVRO_FLOAT, MR_AVRO_FLOAT, MR_OP_FLOAT},
    {MR_AVRO_FLOAT, MR_AVRO_DOUBLE, MR_OP_FLOAT},
    {MR_AVRO_DOUBLE, MR_AVRO_DOUBLE, MR_OP_DOUBLE},
    {MR_AVRO_STRING, MR_AVRO_STRING, MR_OP_STRING},
    {MR_AVRO_STRING, MR_AVRO_BYTES, MR_OP_BYTES},
    {MR_AVRO_BYTES, MR_AVRO_BYTES, MR_OP_BYTES},
    {MR_AVRO_BYTES, MR_AVRO_STRING, MR_OP_STRING},
    {MR_AVRO_FIXED, MR_AVRO_FIXED, MR_OP_FIXED},
    {MR_AVRO_ENUM, MR_AVRO_ENUM, MR_OP_ENUM},
};

static const struct {
    enum mr_logical logical;
    enum mr_op_code code;
    enum { FAMILY_STAMP = 1, FAMILY_TIME } family; /* within one, the writer's unit is right */
} logical_ops[] = {
    {MR_LOGICAL_DATE, MR_OP_DATE, FAMILY_STAMP},
    {MR_LOGICAL_TIMESTAMP_MILLIS, MR_OP_TIMESTAMP_MILLIS, FAMILY_STAMP},
    {MR_LOGICAL_TIMESTAMP_MICROS, MR_OP_TIMESTAMP_MICROS, FAMILY_STAMP},
    {MR_LOGICAL_TIMESTAMP_NANOS, MR_OP_TIMESTAMP_NANOS, FAMILY_STAMP},
    {MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS, MR_OP_TIMESTAMP_MILLIS, FAMILY_STAMP},
    {MR_LOGICAL_LOCAL_TIMESTAMP_MICROS, MR_OP_TIMESTAMP_MICROS, FAMILY_STAMP},
    {MR_LOGICAL_LOCAL_TIMESTAMP_NANOS, MR_OP_TIMESTAMP_NANOS, FAMILY_STAMP},
    {MR_LOGICAL_TIME_MILLIS, MR_OP_TIME_MILLIS, FAMILY_TIME},
    {MR_LOGICAL_TIME_MICROS, MR_OP_TIME_MICROS, FAMILY_TIME},
};

static size_t logical_row(enum mr_logical logical)
{
    size_t i = 0;

    while (i < MR_COUNT(logical_ops) && logical_ops[i].logical != logical) {
        i++;
    }
    return i;
}

/* A time's value is an instant, not a count: so where both sides say what they count, the writer
 * is believed. */
static enum mr_op_code time_op(const struct mr_type *writer, size_t reader_row)
{
    const size_t writer_row = logical_row(writer->logical);
    const bool is_family = writer_row < MR_COUNT(logical_ops) &&
                           logical_ops[writer_row].family == logical_ops[reader_row].family;

    return logical_ops[is_family ? writer_row : reader_row].code;
}

static bool resolve_decimal(const struct mr_type *writer, const struct mr_type *reader,
                            struct mr_op *op, const char **why)
{
    if (writer->logical == MR_LOGICAL_DECIMAL &&
        (writer->scale != reader->scale || writer->precision != reader->precision)) {
        *why = "decimals of different precision or scale";
        return false;
    }
    op->scale = (uint16_t)reader->scale;
    op->code = writer->kind == MR_AVRO_FIXED ? MR_OP_DECIMAL_FIXED : MR_OP_DECIMAL;
    return true;
}

/* The symbol of the reader that a symbol of the writer is; its default where it has none. */
static struct mr_span symbol_of(const struct mr_type *reader, const char *symbol)
{
    for (size_t i = 0; i < reader->symbol_count; i++) {
        if (strcmp(reader->symbols[i], symbol) == 0) {
            return mr_span_text(reader->symbols[i]);
        }
    }
    return mr_span_text(reader->symbol_fallback);
}

static bool resolve_symbols(struct mr_resolve *self, const struct mr_type *writer,
                            const struct mr_type *reader, struct mr_op *op)
{
    struct mr_symbols *symbols = mr_pool_take(self->pool, 1, sizeof(*symbols));
    struct mr_span *names = mr_pool_take(self->pool, writer->symbol_count, sizeof(*names));

    if (symbols == NULL || names == NULL) {
        (void)mr_resolve_no_room(self);
        return false;
    }
    for (size_t i = 0; i < writer->symbol_count; i++) {
        names[i] = writer == reader ? mr_span_text(writer->symbols[i])
                                    : symbol_of(reader, writer->symbols[i]);
    }
    *symbols = (struct mr_symbols){writer->symbol_count, names};
    op->symbols = symbols;
    return true;
}

static bool is_alias(const struct mr_type *reader, const char *name)
{
    for (size_t i = 0; i < reader->alias_count; i++) {
        if (strcmp(reader->aliases[i], name) == 0) {
            return true;
        }
    }
    return false;
}

bool mr_resolve_names(const struct mr_type *writer, const struct mr_type *reader)
{
    return writer->name == NULL || reader->name == NULL ||
           strcmp(mr_name_tail(writer->name), mr_name_tail(reader->name)) == 0 ||
           is_alias(reader, writer->name);
}

static bool find_pair(enum mr_avro writer, enum mr_avro reader, struct mr_op *op)
{
    for (size_t i = 0; i < MR_COUNT(scalar_pairs); i++) {
        if (scalar_pairs[i].writer == writer && scalar_pairs[i].reader == reader) {
            op->code = (uint8_t)scalar_pairs[i].code;
            return true;
        }
    }
    return false;
}

bool mr_resolve_kinds(enum mr_avro writer, enum mr_avro reader)
{
    struct mr_op op;

    return find_pair(writer, reader, &op);
}

bool mr_resolve_scalar(struct mr_resolve *self, const struct mr_type *writer,
                       const struct mr_type *reader, struct mr_op *op, const char **why)
{
    const size_t row = logical_row(reader->logical);

    *op = (struct mr_op){0};
    *why = "written as another type";
    if (!find_pair(writer->kind, reader->kind, op)) {
        return false;
    }
    if (!mr_resolve_names(writer, reader)) {
        *why = "the names differ, and no alias says that they are one";
        return false;
    }
    if (writer->kind == MR_AVRO_FIXED && writer->size != reader->size) {
        *why = "the sizes differ";
        return false;
    }
    op->size = writer->size;
    if (writer->kind == MR_AVRO_ENUM) {
        return resolve_symbols(self, writer, reader, op);
    }
    if (reader->logical == MR_LOGICAL_DECIMAL) {
        return resolve_decimal(writer, reader, op, why);
    }
    if (row < MR_COUNT(logical_ops)) {
        op->code = (uint8_t)time_op(writer, row);
    }
    return true;
}

struct mr_op mr_skip_scalar(const struct mr_type *writer)
{
    static const size_t sizes[] = {
        [MR_AVRO_NULL] = 0, [MR_AVRO_BOOLEAN] = 1, [MR_AVRO_FLOAT] = 4, [MR_AVRO_DOUBLE] = 8};

    switch (writer->kind) {
    case MR_AVRO_INT:
    case MR_AVRO_LONG:
    case MR_AVRO_ENUM:
        return (struct mr_op){.code = MR_OP_SKIP_VARINT};
    case MR_AVRO_BYTES:
    case MR_AVRO_STRING:
        return (struct mr_op){.code = MR_OP_SKIP_BYTES};
    case MR_AVRO_FIXED:
        return (struct mr_op){.code = MR_OP_SKIP_FIXED, .size = writer->size};
    default:
        return (struct mr_op){.code = MR_OP_SKIP_FIXED, .size = sizes[writer->kind]};
    }
}
