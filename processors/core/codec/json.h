/* json.h - a datum as JSON and back: for people (cat, explain, dead letters), sinks and tests.
 *
 * Two forms. PLAIN is what a reader expects: unions bare, bytes as base64 text,
 * logical types as their text (timestamps RFC 3339 in UTC, local ones without a
 * zone, decimals as numbers in text, uuid). AVRO is the specification's JSON
 * encoding: unions as {"type": value}, bytes as code points 0..255, logical types as
 * their base type.
 */
#ifndef MR_CODEC_JSON_H
#define MR_CODEC_JSON_H

#include "processors/core/base/arena.h"
#include "processors/core/base/value.h"
#include "processors/core/codec/schema.h"

enum mr_json_form { MR_JSON_PLAIN, MR_JSON_AVRO };

/* NULL: done, *text is one line of JSON in arena. Else a literal reason, as mr_plan_decode's. */
const char *mr_json_print(const struct mr_schema *schema, struct mr_span datum,
                          enum mr_json_form form, struct mr_arena *arena, struct mr_span *text);
/* The JSON of one value, without a schema (PLAIN). NULL: no room. */
const char *mr_json_value(const struct mr_value *value, struct mr_arena *arena);
/* JSON (AVRO form) to a datum in arena. */
enum mr_code mr_json_read(const struct mr_schema *schema, struct mr_span text,
                          struct mr_arena *arena, struct mr_span *datum, struct mr_error *err);
/* As people write it: a union's value may also stand bare, and is the first branch that it fits. */
enum mr_code mr_json_read_bare(const struct mr_schema *schema, const json_t *json,
                               struct mr_arena *arena, struct mr_span *datum, struct mr_error *err);

#endif
