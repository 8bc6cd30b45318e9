/* decoder.h - a topic's records to rows, whichever schema wrote them.
 *
 *     framed by our id -------------------------------------------------> row
 *     another id, a GUID, a header --writer's schema--> a record of ours --> row
 *
 * Later stages append to a record's bytes and frame them with their own id. So what another schema
 * wrote is not only read, but made what we would have written: decoded by the writer's schema as
 * resolution has it, encoded anew. A writer's plan is compiled once and kept.
 *
 * A registry that has to be asked for a writer's schema and is away is MR_UNAVAILABLE: the record
 * can be read later. A schema that is not there, or does not resolve, is the record's fault. Faults
 * are literals, and dead-letter reasons; besides those of codec/frame.h and codec/wire.h:
 *   schema_unknown             neither the catalogue nor the registry has it
 *   schema_not_avro, schema_unreadable, schema_reference_unknown, schema_reference_unreadable
 *   schema_incompatible        the reader's cannot be read from it
 *   frame_header_unreadable    a header __value_schema_id or __key_schema_id that names no schema
 *   value_not_encodable        it can be read, and is no value of the reader's schema
 *   key_not_text               by its header the key is Avro, and no string
 *
 * Belongs to one worker's thread.
 */
#ifndef MR_STAGE_DECODER_H
#define MR_STAGE_DECODER_H

#include "processors/core/codec/layout.h"
#include "processors/core/stage/catalogue.h"
#include "processors/core/stage/processor.h"

/* Where a call works: rows and temporaries of one batch, and what lives until the transaction
 * ends. */
struct mr_room {
    struct mr_arena *batch; /* the caller resets it after each call */
    struct mr_arena *txn;
};

/* All borrowed. */
struct mr_decoder_spec {
    struct mr_catalogue *catalogue;
    const struct mr_schema *schema; /* the topic's */
    int32_t schema_id;              /* under which we write it */
    const struct mr_layout *layout; /* of schema; complete by now */
};

struct mr_decoder;

/* Owned: mr_decoder_free(). */
enum mr_code mr_decoder_new(const struct mr_decoder_spec *spec, struct mr_decoder **decoder,
                            struct mr_error *err);
void mr_decoder_free(struct mr_decoder *decoder); /* NULL is fine */

/* Fills the slots of the layout. Where another schema wrote the record, its value becomes a framed
 * one of ours in room->txn; a key that is Avro by its header becomes its text. *fault: why it
 * cannot be read, or NULL; the record is then as it came. */
enum mr_code mr_decoder_decode(struct mr_decoder *decoder, struct mr_record *record,
                               const struct mr_room *room, struct mr_value *row, const char **fault,
                               struct mr_error *err);

/* Of a key that its header says is Avro of this schema, bare: the text that the key is to us. NULL,
 * or "key_not_text" where it is no string; *text is a view into key. */
const char *mr_decoder_key_text(const struct mr_schema *schema, struct mr_span key,
                                struct mr_span *text);

#endif
