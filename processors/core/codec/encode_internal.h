/* encode_internal.h - what the encoder's leaves and its boxed values share. */
#ifndef MR_CODEC_ENCODE_INTERNAL_H
#define MR_CODEC_ENCODE_INTERNAL_H

#include "processors/core/base/value.h"
#include "processors/core/codec/schema.h"

#define MR_ENCODE_DEPTH_MAX 128
#define MR_ENCODE_BAD SIZE_MAX

/* The size of a scalar (no record, array, map or union) or MR_ENCODE_BAD and *fault. */
size_t mr_scalar_size(const struct mr_type *type, const struct mr_value *value, const char **fault);
uint8_t *mr_scalar_write(const struct mr_type *type, const struct mr_value *value, uint8_t *out);

/* The same of any type. */
size_t mr_boxed_size(const struct mr_type *type, const struct mr_value *value, unsigned depth,
                     const char **fault);
uint8_t *mr_boxed_write(const struct mr_type *type, const struct mr_value *value, uint8_t *out);

/* What a time is in units of its logical type; false: it does not fit. */
bool mr_time_units(const struct mr_type *type, const struct mr_value *value, int64_t *units);

#endif
