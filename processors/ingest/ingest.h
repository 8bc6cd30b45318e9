/* ingest.h - the processor that turns rows of text into records of the subject.
 *
 *     rows of a connector --mapping--> leaves of the subject --key, event_time--> the engine
 *
 * What a source calls its fields, and how it writes numbers and dates, is said by a
 * mapping: a YAML file, one for a family of dialects (mapping.h). Most fields need
 * a name only: the text becomes what the subject's schema wants (convert.h). The
 * others have a CEL expression over
 *     value          the field's text
 *     source.<name>  the text of any field or extra text of the mapping, null where it is missing
 *     file.name      the source's name, without its folders
 *     file.time      the time in that name, or null
 * key, event_time and partition_by see subject, file.name and file.time.
 *
 * A row is rejected, with its text, for:
 *     field_missing, field_unreadable, expression_failed   (the cause is the field)
 *     event_time_missing, key_failed
 * and for what the connector says of it (files.h has a list).
 */
#ifndef MR_INGEST_INGEST_H
#define MR_INGEST_INGEST_H

#include "processors/core/stage/mapper.h"

extern const struct mr_mapper_ops mr_ingest_ops;

#endif
