/* files.h - the connector that reads feeds: files of XML, CSV or Avro, packed or not, in any
 * encoding.
 *
 *     path --sources--> file --stream--> bytes --charset--> UTF-8 --xml, csv--> rows
 *                                         `--container--------------avro-------^
 *
 * Names say nothing: what a file is, its bytes say. Every row that cannot be read is
 * a bad row with its place and its text, and reading goes on behind it; a file that
 * breaks off gives all that came before. Memory is constant, whatever the size.
 *
 * Positions: one for each file, with the SHA-256 of its bytes (position.h). A file
 * that is done is not read again; one in the middle is read again and the rows that
 * are committed are passed over; a changed file under a known name is a new source.
 *
 * Reasons of bad rows; dashboards and dead letters depend on them:
 *     row_malformed            XML that is not well-formed, a CSV line with other columns
 *     row_too_large            larger than row_size_max
 *     block_damaged            a block of an Avro file: reading goes on behind it
 *     row_encoding             characters that are none, with `invalid: reject`
 *     source_truncated         the file ends early; what came before was read
 *     source_corrupt           it is not what was packed
 *     source_malformed         XML broken where nothing can be made of the rest
 *     source_unrecognised      no column that the mapping knows
 *     source_is_html           a page stands where a feed should
 *     source_empty             no row
 *     source_encoding_unknown  declares an encoding that is not read, and is no UTF-8
 *     source_too_large         larger than source_size_max, unpacked
 *     source_unreadable        the operating system does not let us
 *
 * The last good row of a source says how the source ends: "complete", or the reason (source_...)
 * why it breaks off. Nobody says it where bad rows stand behind the last good one.
 *
 * Two things a reader of a row may want to know: of a field that comes twice in a
 * row, the first that is not missing is taken, in the order of the mapping's
 * alternates; and texts are as they stood, blanks and all.
 */
#ifndef MR_FILES_FILES_H
#define MR_FILES_FILES_H

#include "processors/core/stage/connector.h"

extern const struct mr_connector_ops mr_files_ops;

#endif
