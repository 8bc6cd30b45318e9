/* document_internal.h - the two forms behind document.h; only document*.c include it. */
#ifndef MR_SCORE_DOCUMENT_INTERNAL_H
#define MR_SCORE_DOCUMENT_INTERNAL_H

#include "processors/score/document.h"

/* One value from *at on; *at moves behind it. false: broken. */
bool mr_document_json_value(const uint8_t **at, const uint8_t *end, struct mr_document *value);
bool mr_document_json_next(struct mr_document_walk *walk, struct mr_span *name,
                           struct mr_document *item);
/* Resolves escapes into out, which has room for raw.size bytes. false: not an escape of JSON. */
bool mr_document_json_unescape(struct mr_span raw, uint8_t *out, size_t *size);

bool mr_document_ubj_value(const uint8_t **at, const uint8_t *end, struct mr_document *value);
/* Reads what stands before the items: type and count. */
bool mr_document_ubj_head(struct mr_document_walk *walk);
bool mr_document_ubj_next(struct mr_document_walk *walk, struct mr_span *name,
                          struct mr_document *item);
/* Big-endian, of a width in bytes. */
uint64_t mr_document_ubj_bits(struct mr_span payload);
bool mr_document_ubj_whole(const struct mr_document *value, int64_t *out);
bool mr_document_ubj_real(const struct mr_document *value, float *out);

#endif
