#include "processors/core/stage/decoder.h"

#include "processors/core/codec/encode.h"
#include "processors/core/codec/plan.h"
#include "processors/core/codec/wire.h"

#include <stdlib.h>
#include <string.h>

#define WRITERS_MAX 64 /* compiled at a time; more take turns */

struct writer {
    int32_t schema_id; /* as in a frame */
    uint8_t guid[MR_REGISTRY_GUID_SIZE];
    bool has_guid;
    bool is_same;         /* the reader's schema under another name */
    bool is_incompatible; /* nothing of it can be read */
    struct mr_plan *plan; /* owned; NULL with either of these */
};

struct mr_decoder {
    struct mr_decoder_spec spec;
    struct mr_plan *plan;       /* owned: of our own records */
    struct mr_layout *leaves;   /* owned: every leaf of our schema, in order; NULL until needed */
    struct mr_encoder *encoder; /* owned; likewise */
    struct writer known[WRITERS_MAX];
    size_t count, turn;
};

enum mr_code mr_decoder_new(const struct mr_decoder_spec *spec, struct mr_decoder **out,
                            struct mr_error *err)
{
    struct mr_decoder *self = calloc(1, sizeof(*self));
    enum mr_code code;

    *out = NULL;
    if (self == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a decoder");
    }
    self->spec = *spec;
    code = mr_plan_new(spec->schema, spec->layout, &self->plan, err);
    if (code != MR_OK) {
        mr_decoder_free(self);
        return code;
    }
    *out = self;
    return MR_OK;
}

void mr_decoder_free(struct mr_decoder *self)
{
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < self->count; i++) {
        mr_plan_free(self->known[i].plan);
    }
    mr_plan_free(self->plan);
    mr_encoder_free(self->encoder);
    mr_layout_free(self->leaves);
    free(self);
}

/* A slot for each leaf, in the order in which the encoder takes them. */
static bool add_leaves(struct mr_layout *layout, const struct mr_type *type,
                       struct mr_layout_path *path)
{
    if (type->kind != MR_AVRO_RECORD) {
        (void)mr_layout_slot(layout, path);
        return true;
    }
    if (path->depth == MR_LAYOUT_DEPTH_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        path->fields[path->depth++] = i;
        if (!add_leaves(layout, type->fields[i].type, path)) {
            return false;
        }
        path->depth--;
    }
    return true;
}

/* *leaves is whole, or there is none. */
static enum mr_code find_leaves(const struct mr_schema *schema, struct mr_layout **leaves,
                                struct mr_error *err)
{
    struct mr_layout *made = mr_layout_new(schema);
    struct mr_layout_path path = {0};
    const bool is_flat = made != NULL && add_leaves(made, mr_schema_root(schema), &path);

    if (is_flat && !mr_layout_is_short(made)) {
        *leaves = made;
        return MR_OK;
    }
    if (made == NULL || mr_layout_is_short(made)) {
        mr_layout_free(made);
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a layout");
    }
    mr_layout_free(made);
    return MR_FAIL(err, MR_BAD_CONFIG, "a schema nested deeper than %d records cannot be resolved",
                   MR_LAYOUT_DEPTH_MAX);
}

/* What every stranger needs, made when the first one comes. */
static enum mr_code prepare(struct mr_decoder *self, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    if (self->encoder == NULL) {
        code = mr_encoder_new(self->spec.schema, &self->encoder, err);
    }
    return code == MR_OK && self->leaves == NULL
               ? find_leaves(self->spec.schema, &self->leaves, err)
               : code;
}

static struct writer *find_known(struct mr_decoder *self, const struct mr_frame *frame)
{
    for (size_t i = 0; i < self->count; i++) {
        struct writer *writer = &self->known[i];

        if (writer->has_guid != (frame->guid != NULL)) {
            continue;
        }
        if (writer->has_guid ? memcmp(writer->guid, frame->guid, sizeof(writer->guid)) == 0
                             : writer->schema_id == frame->schema_id) {
            return writer;
        }
    }
    return NULL;
}

static struct writer *next_place(struct mr_decoder *self)
{
    struct writer *place;

    if (self->count < WRITERS_MAX) {
        return &self->known[self->count++];
    }
    place = &self->known[self->turn++ % WRITERS_MAX];
    mr_plan_free(place->plan);
    return place;
}

static enum mr_code compile(struct mr_decoder *self, const struct mr_schema *schema,
                            struct writer *writer, struct mr_error *err)
{
    enum mr_code code;

    writer->is_same = strcmp(mr_schema_text(schema), mr_schema_text(self->spec.schema)) == 0;
    if (writer->is_same) {
        return MR_OK;
    }
    code = prepare(self, err);
    if (code != MR_OK) {
        return code;
    }
    code = mr_plan_new(schema, self->leaves, &writer->plan, err);
    writer->is_incompatible = code == MR_BAD_CONFIG;
    return writer->is_incompatible ? MR_OK : code;
}

/* Looks a writer up and keeps it; *fault where there is none. */
static enum mr_code learn(struct mr_decoder *self, const struct mr_frame *frame,
                          struct writer **known, const char **fault, struct mr_error *err)
{
    struct writer writer = {.schema_id = frame->schema_id, .has_guid = frame->guid != NULL};
    struct mr_registry_found found;
    enum mr_code code = mr_catalogue_find(self->spec.catalogue, frame, &found, err);

    if (code != MR_OK) {
        return code;
    }
    *fault = found.reason;
    if (found.reason != NULL) {
        return MR_OK;
    }
    if (frame->guid != NULL) {
        memcpy(writer.guid, frame->guid, sizeof(writer.guid));
    }
    code = compile(self, found.schema, &writer, err);
    if (code != MR_OK) {
        return code;
    }
    *known = next_place(self);
    **known = writer;
    return MR_OK;
}

static enum mr_code no_room(struct mr_error *err)
{
    return MR_FAIL(err, MR_NO_ROOM, "no room to resolve a record of another schema");
}

/* Room for a framed datum of ours; NULL: none. */
static uint8_t *frame_for(const struct mr_decoder *self, struct mr_arena *arena, size_t size)
{
    uint8_t *bytes = mr_arena_bytes(arena, MR_FRAME_SIZE + size);

    if (bytes != NULL) {
        mr_frame_write(bytes, self->spec.schema_id);
    }
    return bytes;
}

/* Puts our frame before a bare datum of ours. */
static enum mr_code reframe(const struct mr_decoder *self, struct mr_record *record,
                            struct mr_arena *arena, struct mr_error *err)
{
    const struct mr_span datum = record->value;
    uint8_t *bytes = frame_for(self, arena, datum.size);

    if (bytes == NULL) {
        return no_room(err);
    }
    if (datum.size > 0) {
        memcpy(bytes + MR_FRAME_SIZE, datum.data, datum.size);
    }
    record->value = (struct mr_span){bytes, MR_FRAME_SIZE + datum.size};
    return MR_OK;
}

static enum mr_code encode_anew(const struct mr_decoder *self, const struct mr_value *leaves,
                                struct mr_arena *arena, struct mr_record *record,
                                const char **fault, struct mr_error *err)
{
    const char *why = NULL;
    size_t leaf = 0;
    const size_t size = mr_encoder_size(self->encoder, leaves, &why, &leaf);
    uint8_t *bytes;

    if (why != NULL) {
        *fault = "value_not_encodable";
        return MR_OK;
    }
    bytes = frame_for(self, arena, size);
    if (bytes == NULL) {
        return no_room(err);
    }
    (void)mr_encoder_write(self->encoder, leaves, bytes + MR_FRAME_SIZE);
    record->value = (struct mr_span){bytes, MR_FRAME_SIZE + size};
    return MR_OK;
}

/* Makes a bare datum of the writer's a framed one of ours. */
static enum mr_code resolve(const struct mr_decoder *self, const struct writer *writer,
                            struct mr_record *record, const struct mr_room *room,
                            const char **fault, struct mr_error *err)
{
    const size_t mark = mr_arena_mark(room->batch);
    struct mr_value *leaves =
        mr_arena_take(room->batch, mr_layout_slot_count(self->leaves) + 1, sizeof(*leaves));
    enum mr_code code = MR_OK;

    if (leaves == NULL) {
        return no_room(err);
    }
    *fault = mr_plan_decode(writer->plan, record->value, leaves, room->batch);
    if (*fault != NULL && strcmp(*fault, "no_room") == 0) {
        code = no_room(err);
    } else if (*fault == NULL) {
        code = encode_anew(self, leaves, room->txn, record, fault, err);
    }
    mr_arena_release(room->batch, mark);
    return code;
}

/* Not ours by its frame: makes the record one of ours. */
static enum mr_code adopt(struct mr_decoder *self, const struct mr_frame *frame,
                          struct mr_record *record, const struct mr_room *room, const char **fault,
                          struct mr_error *err)
{
    struct writer *writer = find_known(self, frame);
    enum mr_code code = MR_OK;

    if (writer == NULL) {
        code = learn(self, frame, &writer, fault, err);
    }
    if (code != MR_OK || *fault != NULL) {
        return code;
    }
    record->value = frame->datum;
    record->value_schema = (struct mr_span){NULL, 0};
    if (writer->is_same) {
        return reframe(self, record, room->txn, err);
    }
    if (writer->is_incompatible) {
        *fault = "schema_incompatible";
        return MR_OK;
    }
    return resolve(self, writer, record, room, fault, err);
}

const char *mr_decoder_key_text(const struct mr_schema *schema, struct mr_span key,
                                struct mr_span *text)
{
    struct mr_input input = {.end = key.data + key.size};
    int64_t size = 0;
    const uint8_t *at = key.size > 0 ? mr_wire_long(key.data, &input, &size) : NULL;

    if (mr_schema_root(schema)->kind != MR_AVRO_STRING || at == NULL || size < 0 ||
        (size_t)size != mr_wire_left(at, &input) ||
        !mr_utf8_is_valid((struct mr_span){at, (size_t)size})) {
        return "key_not_text";
    }
    *text = (struct mr_span){at, (size_t)size};
    return NULL;
}

/* A key that its header says is Avro: of a string the text is the key, as we write keys. */
static enum mr_code adopt_key(struct mr_decoder *self, struct mr_record *record, const char **fault,
                              struct mr_error *err)
{
    struct mr_registry_found found;
    struct mr_frame frame;
    enum mr_code code;

    *fault = mr_frame_read_with(record->key_schema, record->key, &frame);
    if (*fault != NULL) {
        return MR_OK;
    }
    code = mr_catalogue_find(self->spec.catalogue, &frame, &found, err);
    if (code != MR_OK) {
        return code;
    }
    *fault = found.reason != NULL ? found.reason
                                  : mr_decoder_key_text(found.schema, frame.datum, &record->key);
    if (*fault == NULL) {
        record->key_schema = (struct mr_span){NULL, 0};
    }
    return MR_OK;
}

static enum mr_code decode_ours(const struct mr_decoder *self, struct mr_span datum,
                                const struct mr_room *room, struct mr_value *row,
                                const char **fault, struct mr_error *err)
{
    *fault = mr_plan_decode(self->plan, datum, row, room->batch);
    return *fault != NULL && strcmp(*fault, "no_room") == 0
               ? MR_FAIL(err, MR_NO_ROOM, "no room to decode a record")
               : MR_OK;
}

/* Anything but our own id in front of the value and a key of text. */
static enum mr_code decode_stranger(struct mr_decoder *self, struct mr_record *record,
                                    const struct mr_room *room, struct mr_value *row,
                                    const char **fault, struct mr_error *err)
{
    const struct mr_record came = *record;
    struct mr_frame frame;
    enum mr_code code = MR_OK;

    *fault = mr_frame_read_with(came.value_schema, came.value, &frame);
    if (*fault == NULL) {
        code = adopt(self, &frame, record, room, fault, err);
    }
    if (code == MR_OK && *fault == NULL && came.key_schema.size > 0) {
        code = adopt_key(self, record, fault, err);
    }
    if (code == MR_OK && *fault == NULL) {
        const struct mr_span datum = {record->value.data + MR_FRAME_SIZE,
                                      record->value.size - MR_FRAME_SIZE};

        code = decode_ours(self, datum, room, row, fault, err);
    }
    if (code != MR_OK || *fault != NULL) {
        *record = came;
    }
    return code;
}

enum mr_code mr_decoder_decode(struct mr_decoder *self, struct mr_record *record,
                               const struct mr_room *room, struct mr_value *row, const char **fault,
                               struct mr_error *err)
{
    struct mr_frame frame;

    if (record->value_schema.size == 0 && record->key_schema.size == 0 &&
        mr_frame_read(record->value, &frame) == NULL && frame.schema_id == self->spec.schema_id) {
        return decode_ours(self, frame.datum, room, row, fault, err);
    }
    return decode_stranger(self, record, room, row, fault, err);
}
