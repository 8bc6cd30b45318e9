#include "sinks/postgres/binary.h"

#include <stdio.h>

const struct mr_type *mr_pg_base(const struct mr_type *type)
{
    return type->kind == MR_AVRO_UNION && type->branch_count == 2 && type->null_branch >= 0
               ? type->branches[1 - type->null_branch]
               : type;
}

static bool logical_source(enum mr_logical logical, enum mr_pg_source *source)
{
    switch (logical) {
    case MR_LOGICAL_NONE:
        return false;
    case MR_LOGICAL_DECIMAL:
        *source = MR_PG_DECIMAL;
        return true;
    case MR_LOGICAL_UUID:
        *source = MR_PG_UUID;
        return true;
    case MR_LOGICAL_DATE:
        *source = MR_PG_DATE;
        return true;
    case MR_LOGICAL_TIME_MILLIS:
    case MR_LOGICAL_TIME_MICROS:
        *source = MR_PG_TIME;
        return true;
    case MR_LOGICAL_DURATION:
        *source = MR_PG_INTERVAL;
        return true;
    case MR_LOGICAL_TIMESTAMP_MILLIS:
    case MR_LOGICAL_TIMESTAMP_MICROS:
    case MR_LOGICAL_TIMESTAMP_NANOS:
        *source = MR_PG_TIMESTAMP;
        return true;
    default:
        *source = MR_PG_LOCAL_TIMESTAMP;
        return true;
    }
}

static enum mr_pg_source plain_source(enum mr_avro kind)
{
    switch (kind) {
    case MR_AVRO_BOOLEAN:
        return MR_PG_BOOL;
    case MR_AVRO_INT:
        return MR_PG_INT;
    case MR_AVRO_LONG:
        return MR_PG_LONG;
    case MR_AVRO_FLOAT:
        return MR_PG_FLOAT;
    case MR_AVRO_DOUBLE:
        return MR_PG_DOUBLE;
    case MR_AVRO_STRING:
    case MR_AVRO_ENUM:
        return MR_PG_TEXT;
    case MR_AVRO_BYTES:
    case MR_AVRO_FIXED:
        return MR_PG_BYTES;
    default:
        return MR_PG_JSON;
    }
}

enum mr_pg_source mr_pg_source_of(const struct mr_type *type)
{
    const struct mr_type *base = mr_pg_base(type);
    enum mr_pg_source source;

    if (logical_source(base->logical, &source)) {
        return source;
    }
    if (base->kind == MR_AVRO_ARRAY) {
        const enum mr_pg_source item = mr_pg_source_of(base->item);

        return item == MR_PG_LIST || item == MR_PG_JSON ? MR_PG_JSON : MR_PG_LIST;
    }
    return plain_source(base->kind);
}

const char *mr_pg_sql_type(const struct mr_type *type, char out[64])
{
    static const char *const names[] = {
        [MR_PG_BOOL] = "boolean",
        [MR_PG_INT] = "integer",
        [MR_PG_LONG] = "bigint",
        [MR_PG_FLOAT] = "real",
        [MR_PG_DOUBLE] = "double precision",
        [MR_PG_TEXT] = "text",
        [MR_PG_BYTES] = "bytea",
        [MR_PG_UUID] = "uuid",
        [MR_PG_DATE] = "date",
        [MR_PG_TIME] = "time",
        [MR_PG_TIMESTAMP] = "timestamptz",
        [MR_PG_LOCAL_TIMESTAMP] = "timestamp",
        [MR_PG_INTERVAL] = "interval",
        [MR_PG_JSON] = "jsonb",
    };
    const struct mr_type *base = mr_pg_base(type);
    const enum mr_pg_source source = mr_pg_source_of(type);

    if (source == MR_PG_DECIMAL && base->precision <= 1000) {
        (void)snprintf(out, 64, "numeric(%d,%d)", base->precision, base->scale);
    } else if (source == MR_PG_DECIMAL) {
        (void)snprintf(out, 64, "numeric");
    } else if (source == MR_PG_LIST) {
        char item[64];

        (void)snprintf(out, 64, "%.60s[]", mr_pg_sql_type(base->item, item));
    } else {
        (void)snprintf(out, 64, "%s", names[source]);
    }
    return out;
}
