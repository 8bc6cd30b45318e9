/* files.h - the sink that keeps topics as lines of JSON.
 *
 *     record --decode, print--> a line of TOPIC.jsonl, and its offset beside the file
 *
 * A line is the record as people read it: enums as text, timestamps as RFC 3339,
 * bytes as base64; with `envelope` an object around it that says where it stood.
 * Every record of the topic is in exactly one line, whatever was killed when, as
 * long as the folder is a local one and nobody else writes there (lines.h).
 *
 * Reasons of rejected records: those of the codec (a datum that cannot be read).
 */
#ifndef MR_SINKS_FILES_FILES_H
#define MR_SINKS_FILES_FILES_H

#include "processors/core/stage/sink.h"

extern const struct mr_sink_ops mr_files_sink_ops;

#endif
