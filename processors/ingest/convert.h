/* convert.h - a text as the value that an Avro type wants.
 *
 *     string, bytes   as it is
 *     enum            one of the symbols
 *     int, long       digits with a sign; "3.0" is 3, as some sources write whole numbers
 *     float, double   digits with a sign, a point, an exponent; never inf or nan
 *     boolean         0 1, true false, yes no, in any case
 *     timestamp-*     by the mapping's patterns of dates, the first that fits
 *     date            the same, its day
 *
 * Other types need an expression. Numbers are read alike everywhere: no locale.
 */
#ifndef MR_INGEST_CONVERT_H
#define MR_INGEST_CONVERT_H

#include "processors/core/base/value.h"
#include "processors/core/codec/schema.h"
#include "processors/core/config/option.h"

enum mr_convert_kind {
    MR_CONVERT_NONE, /* no text is ever this */
    MR_CONVERT_STRING,
    MR_CONVERT_BYTES,
    MR_CONVERT_ENUM,
    MR_CONVERT_INT,
    MR_CONVERT_LONG,
    MR_CONVERT_DOUBLE,
    MR_CONVERT_BOOL,
    MR_CONVERT_TIMESTAMP,
    MR_CONVERT_DATE
};

struct mr_convert {
    enum mr_convert_kind kind;
    const struct mr_type *type;      /* borrowed: the type without its null */
    const struct mr_texts *patterns; /* borrowed */
    int64_t utc_offset_ms;
};

/* For a field of this type: what may be null is converted to what else it may be. */
struct mr_convert mr_convert_of(const struct mr_type *type, const struct mr_texts *patterns,
                                int64_t utc_offset_ms);

/* text without blanks at its ends. NULL: *value is it; else why not, in words: "is not a number".
 */
const char *mr_convert_text(const struct mr_convert *convert, struct mr_span text,
                            struct mr_value *value);

#endif
