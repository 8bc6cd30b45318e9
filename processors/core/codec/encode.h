/* encode.h - encoding: values in slots to Avro bytes.
 *
 * A record is written from its LEAVES: the fields that are not records, in
 * depth-first order, each from the next slot. A stamp {config, price: {score,
 * is_anomaly}} has three leaves. An array, a map or a union with a record is one
 * leaf (a LIST, MAP or RECORD value). So a stage fills consecutive slots, the next
 * stage reads the same slots, and the encoder turns them into the bytes of the
 * topic.
 */
#ifndef MR_CODEC_ENCODE_H
#define MR_CODEC_ENCODE_H

#include "processors/core/base/arena.h"
#include "processors/core/base/value.h"
#include "processors/core/codec/schema.h"

struct mr_encoder;

/* Compiles the encoder of a record type. Owned; schema is borrowed. */
enum mr_code mr_encoder_new(const struct mr_schema *schema, struct mr_encoder **encoder,
                            struct mr_error *err);
void mr_encoder_free(struct mr_encoder *encoder);

size_t mr_encoder_leaf_count(const struct mr_encoder *encoder);
/* "price.score" of leaf index; owned by the encoder. And its type. */
const char *mr_encoder_leaf_name(const struct mr_encoder *encoder, size_t index);
const struct mr_type *mr_encoder_leaf_type(const struct mr_encoder *encoder, size_t index);

/* How many bytes the leaves take; 0 and *fault (literal; *leaf says which) when a value does not
 * fit its type: a null where none is allowed, a number out of range, an unknown enum symbol, a
 * string that is not UTF-8. INT is accepted for double. */
size_t mr_encoder_size(const struct mr_encoder *encoder, const struct mr_value *leaves,
                       const char **fault, size_t *leaf);
/* Writes exactly what mr_encoder_size() said to out; returns the end. */
uint8_t *mr_encoder_write(const struct mr_encoder *encoder, const struct mr_value *leaves,
                          uint8_t *out);

#endif
