/* json_out.h - JSON text that grows in an arena, and the texts of single values.
 *
 * A failure (no room) is remembered and asked for once, at the end.
 */
#ifndef MR_CODEC_JSON_OUT_H
#define MR_CODEC_JSON_OUT_H

#include "processors/core/base/arena.h"
#include "processors/core/base/value.h"
#include "processors/core/codec/schema.h"

struct mr_json_out {
    struct mr_arena *arena; /* borrowed */
    uint8_t *data;          /* arena */
    size_t size, room;
    bool has_failed;
};

void mr_json_put(struct mr_json_out *out, struct mr_span bytes);
void mr_json_put_text(struct mr_json_out *out, const char *text); /* as it is */
void mr_json_put_byte(struct mr_json_out *out, char byte);
/* In quotes, with escapes. */
void mr_json_put_string(struct mr_json_out *out, struct mr_span text);
void mr_json_put_code_points(struct mr_json_out *out, struct mr_span bytes); /* each byte one */
void mr_json_put_base64(struct mr_json_out *out, struct mr_span bytes);
void mr_json_put_long(struct mr_json_out *out, int64_t number);
/* The shortest text that reads back as the same number; "NaN", "Infinity" in quotes. */
void mr_json_put_double(struct mr_json_out *out, double real);
void mr_json_put_float(struct mr_json_out *out, float real);
/* In quotes: 2026-03-01T10:42:00.5Z */
void mr_json_put_timestamp(struct mr_json_out *out, const struct mr_value *value);
/* A TIMESTAMP as its logical type has it: a date, without the Z where nobody knows the zone
 * (local-), else as above. */
void mr_json_put_moment(struct mr_json_out *out, enum mr_logical logical,
                        const struct mr_value *value);
/* In quotes: 10:42:00.5, or -12.5s where it is no time of day. */
void mr_json_put_time(struct mr_json_out *out, const struct mr_value *value);
/* In quotes: -12.340 */
void mr_json_put_decimal(struct mr_json_out *out, const struct mr_value *value);
/* In quotes: 123e4567-e89b-12d3-a456-426614174000; 16 bytes. */
void mr_json_put_uuid(struct mr_json_out *out, const uint8_t *bytes);
/* In quotes: P1M2DT3.004S; the 12 bytes of an Avro duration. */
void mr_json_put_duration(struct mr_json_out *out, const uint8_t *bytes);
/* A decoded value as the PLAIN form of mr_json_print() has it: field names, dates and the like come
 * from the type that it was decoded by. */
void mr_json_put_typed(struct mr_json_out *out, const struct mr_type *type,
                       const struct mr_value *value);

#endif
