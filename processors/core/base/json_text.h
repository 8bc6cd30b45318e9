/* json_text.h - JSON from and to text with jansson, also where memory ends.
 *
 * jansson leaves out the byte for which it gets no memory and goes on. Read so, a text is another
 * one, and in the middle of an escape an assertion of jansson's ends the process; written so, it is
 * no JSON ({"compatibility:"FULL"}). So what is written is not believed after a shortage, and
 * reading is left there, with all that it holds freed. What jansson makes and changes otherwise
 * fails as it should.
 */
#ifndef MR_BASE_JSON_TEXT_H
#define MR_BASE_JSON_TEXT_H

#include "processors/core/base/error.h"
#include "processors/core/base/span.h"

#include <jansson.h>

/* flags are jansson's. MR_OK and *json NULL: it is no JSON, and *fault (or NULL) says why. *json is
 * owned. */
enum mr_code mr_json_load(struct mr_span text, size_t flags, json_t **json, json_error_t *fault,
                          struct mr_error *err);

/* As json_dumps(): owned, free(); NULL: no memory. */
char *mr_json_dump(const json_t *json, size_t flags);

/* How often jansson was refused memory in this thread: who makes or changes JSON in many steps
 * compares before and after. */
uint64_t mr_json_shortages(void);

#endif
