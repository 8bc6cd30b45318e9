#include "processors/advise/advisory.h"

#include "processors/core/codec/frame.h"

#include <string.h>

#define ID_SIZE 16

/* The schema's order. */
enum leaf {
    ID,
    PIPELINE,
    RULE,
    SEVERITY,
    TITLE,
    BODY,
    AUDIENCE,
    SUBJECT_KEY,
    EVENT_TIME,
    SUPPRESSED_BEFORE,
    EVIDENCE,
    LINEAGE_SOURCE,
    LINEAGE_DIGEST,
    LINEAGE_PLACE,
    LINEAGE_CONFIGS,
    LINEAGE_MODEL,
    RECORD_SCHEMA_ID,
    RECORD,
    LEAF_COUNT
};

_Static_assert(LEAF_COUNT == MR_ADVISORY_LEAVES, "one value per leaf");

static struct mr_value text_value(const char *text)
{
    return mr_value_string(mr_span_text(text));
}

static enum mr_code no_room(const struct mr_advisory_case *of, struct mr_error *err)
{
    return MR_FAIL(err, MR_NO_ROOM, "no room for an advisory of %s", of->rule->name);
}

/* Hex of the first bytes of SHA-256 over pipeline 0x00 rule 0x00 digest of the source, place (8
 * bytes, big-endian): derived from what the record is, not from when or where it was looked at. */
static const char *make_id(const struct mr_advisory_case *of, struct mr_arena *arena)
{
    const char *pipeline = mr_scope_pipeline(of->scope);
    const size_t pipeline_size = strlen(pipeline) + 1, rule_size = strlen(of->rule->name) + 1;
    const struct mr_span origin = mr_value_span(&of->row[of->slots->digest]);
    const uint64_t place = (uint64_t)of->row[of->slots->place].number;
    const size_t size = pipeline_size + rule_size + origin.size + 8;
    uint8_t *bytes = mr_arena_bytes(arena, size);
    struct mr_digest digest;
    uint8_t *at = bytes;

    if (bytes == NULL) {
        return NULL;
    }
    memcpy(at, pipeline, pipeline_size);
    memcpy(at + pipeline_size, of->rule->name, rule_size);
    at += pipeline_size + rule_size;
    memcpy(at, origin.data, origin.size);
    at += origin.size;
    for (int shift = 56; shift >= 0; shift -= 8) {
        *at++ = (uint8_t)(place >> shift);
    }
    digest = mr_digest_of((struct mr_span){bytes, size});
    return mr_hex_print((struct mr_span){digest.bytes, ID_SIZE}, arena);
}

/* false: no room. */
static bool hex_leaf(struct mr_span bytes, struct mr_arena *arena, struct mr_value *leaf)
{
    const char *hex = mr_hex_print(bytes, arena);

    *leaf = text_value(hex);
    return hex != NULL;
}

static enum mr_code fill_evidence(const struct mr_advisory_case *of, struct mr_arena *arena,
                                  struct mr_value *leaf, struct mr_error *err)
{
    const struct mr_advisory_rule *rule = of->rule;
    struct mr_value *items = mr_arena_take(arena, 2 * rule->exhibit_count + 1, sizeof(*items));

    if (items == NULL) {
        return no_room(of, err);
    }
    for (size_t i = 0; i < rule->exhibit_count; i++) {
        const struct mr_exhibit *exhibit = &rule->exhibits[i];
        struct mr_value value = of->row[exhibit->slot];
        enum mr_code code = MR_OK;
        const char *json;

        if (exhibit->program != NULL) {
            code = mr_evaluate(exhibit->program, of->row, arena, &value, err);
        }
        json = code == MR_OK ? mr_value_print(&value, arena) : NULL;
        if (json == NULL) {
            return code != MR_OK ? code : no_room(of, err);
        }
        items[2 * i] = text_value(exhibit->key);
        items[2 * i + 1] = text_value(json);
    }
    *leaf = (struct mr_value){
        .kind = MR_KIND_MAP, .size = (uint32_t)rule->exhibit_count, .items = items};
    return MR_OK;
}

static enum mr_code fill_configs(const struct mr_advisory_case *of, struct mr_arena *arena,
                                 struct mr_value *leaf, struct mr_error *err)
{
    const struct mr_digest *digests;
    const char *const *stages;
    const size_t count = mr_scope_lineage(of->scope, &stages, &digests);
    struct mr_value *items = mr_arena_take(arena, 2 * count + 1, sizeof(*items));

    if (items == NULL) {
        return no_room(of, err);
    }
    for (size_t i = 0; i < count; i++) {
        items[2 * i] = text_value(stages[i]);
        if (!hex_leaf((struct mr_span){digests[i].bytes, MR_DIGEST_SIZE}, arena,
                      &items[2 * i + 1])) {
            return no_room(of, err);
        }
    }
    *leaf = (struct mr_value){.kind = MR_KIND_MAP, .size = (uint32_t)count, .items = items};
    return MR_OK;
}

static enum mr_code fill_lineage(const struct mr_advisory_case *of, struct mr_arena *arena,
                                 struct mr_value *leaves, struct mr_error *err)
{
    const struct mr_advisory_slots *slots = of->slots;
    const struct mr_span model =
        slots->has_model ? mr_value_span(&of->row[slots->model]) : (struct mr_span){NULL, 0};

    leaves[LINEAGE_SOURCE] = of->row[slots->source];
    leaves[LINEAGE_PLACE] = of->row[slots->place];
    if (!hex_leaf(mr_value_span(&of->row[slots->digest]), arena, &leaves[LINEAGE_DIGEST]) ||
        !hex_leaf(model, arena, &leaves[LINEAGE_MODEL])) {
        return no_room(of, err);
    }
    return fill_configs(of, arena, &leaves[LINEAGE_CONFIGS], err);
}

static enum mr_code fill_texts(const struct mr_advisory_case *of, struct mr_arena *arena,
                               struct mr_value *leaves, struct mr_error *err)
{
    struct mr_span title, body = {NULL, 0};
    enum mr_code code = mr_template_render(&of->rule->title, of->row, arena, &title, err);

    if (code == MR_OK) {
        code = mr_template_render(&of->rule->body, of->row, arena, &body, err);
    }
    if (code == MR_OK) {
        leaves[TITLE] = mr_value_string(title);
        leaves[BODY] = mr_value_string(body);
    }
    return code;
}

/* The stamped datum as the stage before wrote it: explain needs nothing else. */
static enum mr_code fill_record(const struct mr_advisory_case *of, struct mr_value *leaves,
                                struct mr_error *err)
{
    struct mr_frame frame;
    const char *fault = mr_frame_read(of->record->value, &frame);

    if (fault != NULL) {
        return MR_FAIL(err, MR_INTERNAL, "a record that was decoded has no frame: %s", fault);
    }
    leaves[RECORD] = mr_value_bytes(frame.datum);
    leaves[RECORD_SCHEMA_ID] = mr_value_int(mr_scope_input_schema_id(of->scope));
    return MR_OK;
}

enum mr_code mr_advisory_make(const struct mr_advisory_case *of, struct mr_arena *arena,
                              struct mr_emission *emission, struct mr_error *err)
{
    struct mr_value *leaves = mr_arena_take(arena, LEAF_COUNT, sizeof(*leaves));
    const char *id = make_id(of, arena);
    enum mr_code code;

    if (leaves == NULL || id == NULL) {
        return no_room(of, err);
    }
    leaves[ID] = text_value(id);
    leaves[PIPELINE] = text_value(mr_scope_pipeline(of->scope));
    leaves[RULE] = text_value(of->rule->name);
    leaves[SEVERITY] = text_value(of->rule->severity);
    leaves[AUDIENCE] = *of->rule->audience;
    leaves[SUBJECT_KEY] = of->row[of->slots->key];
    leaves[EVENT_TIME] = of->row[of->slots->time];
    leaves[SUPPRESSED_BEFORE] = mr_value_int(of->held_back);
    code = fill_texts(of, arena, leaves, err);
    code = code == MR_OK ? fill_evidence(of, arena, &leaves[EVIDENCE], err) : code;
    code = code == MR_OK ? fill_lineage(of, arena, leaves, err) : code;
    code = code == MR_OK ? fill_record(of, leaves, err) : code;
    *emission =
        (struct mr_emission){.id = mr_span_text(id), .key = of->record->key, .leaves = leaves};
    return code;
}
