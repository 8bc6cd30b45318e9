/* value_text.h - any value as text, the way %s of format() writes it; see format.c. */
#ifndef MR_CEL_VALUE_TEXT_H
#define MR_CEL_VALUE_TEXT_H

#include "processors/core/cel/run.h"

/* A string, or an error. */
struct mr_value cel_value_text(struct cel_run *run, const struct mr_value *value);

#endif
