#include "processors/core/stage/segment_internal.h"

#include "schemas/stamps/origin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_SIZE ((size_t)256 << 20) /* untouched pages cost nothing; models are read into it */

const char *mr_topic_record_name(const struct mr_stage_spec *spec, char out[128])
{
    size_t at = 0;
    bool is_start = true;

    for (const char *from = spec->name; *from != '\0' && at < 100; from++) {
        if (*from == '-') {
            is_start = true;
            continue;
        }
        out[at++] = is_start && *from >= 'a' && *from <= 'z' ? (char)(*from - 32) : *from;
        is_start = false;
    }
    (void)snprintf(out + at, 128 - at, "Record");
    return out;
}

/* "price-watch" is a fine pipeline and no Avro namespace. */
static const char *space_of(const struct mr_pipeline *pipeline, char out[128])
{
    (void)snprintf(out, 128, "%s", pipeline->name);
    for (char *at = out; *at != '\0'; at++) {
        *at = *at == '-' ? '_' : *at;
    }
    return out;
}

enum mr_code mr_ingest_schema(const struct mr_pipeline *pipeline, struct mr_schema **origin,
                              struct mr_schema **schema, struct mr_error *err)
{
    char name[128], space[128];
    enum mr_code code = mr_schema_parse(mr_span_text(MR_SCHEMA_ORIGIN), origin, err);
    struct mr_schema_part parts[2] = {{"subject", pipeline->subject}, {"origin", NULL}};

    if (code != MR_OK) {
        return code;
    }
    parts[1].schema = *origin;
    return mr_schema_compose(mr_topic_record_name(&pipeline->stages[0], name),
                             space_of(pipeline, space), parts, 2, schema, err);
}

struct mr_digester *mr_stage_digester(const struct mr_pipeline *pipeline,
                                      const struct mr_stage_spec *spec, struct mr_arena *arena)
{
    struct mr_digester *digester = mr_digester_new();
    const char *settings = mr_node_canonical(spec->node, arena);
    const char *ahead = mr_arena_print(arena, "%" PRId64, pipeline->settings->event_time_ahead_max);

    if (digester == NULL || settings == NULL || ahead == NULL) {
        mr_digester_free(digester);
        return NULL;
    }
    mr_digester_add(digester, mr_span_text(pipeline->name));
    mr_digester_add(digester, mr_span_text(spec->name));
    mr_digester_add(digester, mr_span_text(mr_schema_text(pipeline->subject)));
    mr_digester_add(digester, mr_span_text(settings));
    mr_digester_add(digester, mr_span_text(ahead));
    return digester;
}

void mr_mapper_close(struct mr_mapper *mapper)
{
    if (mapper->ops != NULL && mapper->ops->close != NULL) {
        mapper->ops->close(mapper);
    }
    mapper->ops = NULL;
}

enum mr_code mr_mapper_open(const struct mr_pipeline *pipeline, struct mr_report *report,
                            struct mr_arena *arena, struct mr_mapper *mapper,
                            struct mr_digest *digest, struct mr_error *err)
{
    const struct mr_stage_spec *spec = &pipeline->stages[0];
    const struct mr_mapper_spec how = {spec->node, pipeline->subject, pipeline->connectors, arena,
                                       report};
    struct mr_digester *digester;
    enum mr_code code;

    *mapper = (struct mr_mapper){.ops = pipeline->mapper};
    code = mapper->ops->open(mapper, &how, err);
    if (code != MR_OK) {
        return code;
    }
    digester = mr_stage_digester(pipeline, spec, arena);
    if (digester == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the digest of %s", spec->name);
    }
    mr_digester_add(digester, mapper->ops->configuration(mapper));
    *digest = mr_digester_end(digester);
    mr_digester_free(digester);
    return MR_OK;
}

/* The schema of what stage `index` writes: a subject, origin and the stamps made so far. */
static enum mr_code compose(struct mr_segment *segment, size_t index,
                            const struct mr_schema *subject, struct mr_schema **schema,
                            struct mr_error *err)
{
    struct mr_schema_part parts[MR_STAGES_MAX + 2] = {{"subject", subject}};
    char name[128], space[128];

    for (size_t i = 0; i < segment->stamp_count; i++) {
        parts[i + 1] = (struct mr_schema_part){segment->stamps[i].field, segment->stamps[i].schema};
    }
    return mr_schema_compose(mr_topic_record_name(segment->stages[index].spec, name),
                             space_of(segment->pipeline, space), parts, segment->stamp_count + 1,
                             schema, err);
}

/* Makes known what the topic's records were while the subject was another. */
static enum mr_code add_older(struct mr_segment *segment, size_t index, struct mr_error *err)
{
    const struct mr_pipeline *pipeline = segment->pipeline;
    enum mr_code code = MR_OK;

    for (size_t i = 0; code == MR_OK && i < pipeline->older_count; i++) {
        struct mr_schema *schema = NULL;

        code = compose(segment, index, pipeline->older[i], &schema, err);
        if (code == MR_OK) {
            code = mr_catalogue_add(pipeline->catalogue, schema, err);
        }
        mr_schema_free(schema);
    }
    return code;
}

/* Gives the schema of a stage's topic its id. */
static enum mr_code identify(struct mr_segment *segment, size_t index, struct mr_error *err)
{
    struct mr_stage *stage = &segment->stages[index];
    const bool is_stamped = index == 0 || stage->scope.made.field != NULL;
    const enum mr_code code = mr_catalogue_id(segment->pipeline->catalogue, stage->spec->topic,
                                              stage->schema, &stage->schema_id, err);

    if (!is_stamped && stage->scope.emits == NULL) { /* the bytes keep the id that they have */
        stage->schema_id = segment->stages[index - 1].schema_id;
    }
    return code == MR_OK && is_stamped ? add_older(segment, index, err) : code;
}

static uint32_t add_topic(struct mr_segment *segment, const char *topic)
{
    segment->topics[segment->topic_count] = topic;
    return (uint32_t)segment->topic_count++;
}

/* The scope of one stage, over the schema that the stage before it wrote. */
static enum mr_code scope_init(struct mr_segment *segment, struct mr_stage *stage, size_t index,
                               struct mr_layout *layout, struct mr_error *err)
{
    const struct mr_stage *before = &segment->stages[index - 1];
    struct mr_cel_env env;
    enum mr_code code;

    stage->scope = (struct mr_scope){
        .pipeline = segment->pipeline,
        .spec = stage->spec,
        .report = segment->report,
        .arena = segment->arena,
        .layout = layout,
        .input = before->schema,
        .input_schema_id = before->schema_id,
        .stamps = segment->stamps,
        .stamp_count = segment->stamp_count,
        .key_slot = segment->key_slot,
        .key_parts = segment->key_parts,
        .key_part_count = segment->key_part_count,
        .partition_parts = segment->partition_parts,
        .partition_part_count = segment->partition_part_count,
        .lineage_stages = segment->names,
        .lineage_digests = segment->digests,
        .lineage_count = index + 1,
    };
    stage->scope.digester = mr_stage_digester(segment->pipeline, stage->spec, segment->arena);
    if (stage->scope.digester == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the digest of %s", stage->spec->name);
    }
    code = mr_scope_name(&stage->scope, err);
    if (code != MR_OK) {
        return code;
    }
    env = mr_scope_env(&stage->scope);
    stage->scope.group = mr_cel_group_new(&env, segment->arena);
    return stage->scope.group != NULL ? MR_OK : MR_FAIL(err, MR_NO_ROOM, "no room for expressions");
}

static enum mr_code open_repartition(struct mr_segment *segment, struct mr_stage *stage,
                                     struct mr_error *err)
{
    const struct mr_repartition_settings *settings = stage->spec->settings;
    const char **parts = mr_arena_take(segment->arena, MR_STAGES_MAX, sizeof(*parts));
    enum mr_code code =
        mr_scope_compile(&stage->scope, &settings->key, &mr_cel_string, &stage->key, err);

    if (parts == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the parts of a key");
    }
    for (size_t i = 0; code == MR_OK && i < settings->partition_by.count; i++) {
        code = mr_scope_compile(&stage->scope, &settings->partition_by.items[i], &mr_cel_string,
                                &stage->partition_by[i], err);
        parts[i] = code == MR_OK ? mr_cel_program_text(stage->partition_by[i]) : NULL;
    }
    if (code != MR_OK) {
        return code;
    }
    stage->partition_by_count = settings->partition_by.count;
    segment->key_part_count = mr_cel_program_parts(stage->key, &segment->key_parts);
    segment->partition_parts = stage->partition_by_count > 0 ? parts : segment->key_parts;
    segment->partition_part_count =
        stage->partition_by_count > 0 ? stage->partition_by_count : segment->key_part_count;
    return MR_OK;
}

static enum mr_code open_processor(struct mr_segment *segment, struct mr_stage *stage,
                                   struct mr_error *err)
{
    if (stage->spec->kind == MR_STAGE_REPARTITION) {
        return open_repartition(segment, stage, err);
    }
    stage->processor = (struct mr_processor){
        .ops = stage->spec->ops, .settings = stage->spec->settings, .log = segment->log};
    return stage->processor.ops->open(&stage->processor, &stage->scope, err);
}

/* What the topic of an opened stage holds: emissions, the input and one more stamp, or the input.
 */
static enum mr_code settle_schema(struct mr_segment *segment, struct mr_stage *stage, size_t index,
                                  struct mr_error *err)
{
    if (stage->scope.emits != NULL) {
        return mr_schema_parse(mr_span_text(mr_schema_text(stage->scope.emits)), &stage->schema,
                               err);
    }
    if (stage->scope.made.field == NULL) { /* the same bytes, so the same schema */
        return mr_schema_parse(mr_span_text(mr_schema_text(segment->stages[index - 1].schema)),
                               &stage->schema, err);
    }
    segment->stamps[segment->stamp_count++] = stage->scope.made;
    return compose(segment, index, segment->pipeline->subject, &stage->schema, err);
}

static enum mr_code open_stage(struct mr_segment *segment, size_t index, struct mr_layout *layout,
                               struct mr_error *err)
{
    struct mr_stage *stage = &segment->stages[index];
    enum mr_code code;

    if (segment->stages[index - 1].scope.emits != NULL) {
        mr_report_add(segment->report, MR_SEVERITY_ERROR, stage->spec->place, stage->spec->name,
                      NULL, "nothing can follow %s, whose topic holds what it emits",
                      segment->stages[index - 1].spec->name);
        return MR_FAIL(err, MR_BAD_CONFIG, "%s follows a stage that emits", stage->spec->name);
    }
    code = scope_init(segment, stage, index, layout, err);
    if (code == MR_OK) {
        code = open_processor(segment, stage, err);
    }
    if (code == MR_OK) {
        code = mr_scope_share(&stage->scope, err);
    }
    if (code == MR_OK) {
        code = settle_schema(segment, stage, index, err);
    }
    if (code == MR_OK) {
        code = identify(segment, index, err);
    }
    if (code != MR_OK) {
        return code;
    }
    stage->scope.digest = mr_digester_end(stage->scope.digester);
    segment->digests[index] = stage->scope.digest;
    segment->names[index] = stage->spec->name;
    return MR_OK;
}

/* A stage before the segment: opened for its stamp's schema and its digest only. */
static enum mr_code open_preview(struct mr_segment *segment, size_t index, struct mr_error *err)
{
    struct mr_layout *layout = mr_layout_new(segment->stages[index - 1].schema);
    enum mr_code code;

    if (layout == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a layout");
    }
    segment->key_slot = mr_layout_reserve(layout, 1);
    code = open_stage(segment, index, layout, err);
    mr_layout_free(layout);
    if (code == MR_OK && segment->stages[index].scope.made.field != NULL) {
        segment->stamps[segment->stamp_count - 1].is_made = false;
    }
    return code;
}

static enum mr_code open_ingest(struct mr_segment *segment, struct mr_error *err)
{
    struct mr_stage *stage = &segment->stages[0];
    struct mr_stamp *origin = &segment->stamps[0];
    struct mr_mapper mapper;
    enum mr_code code = mr_mapper_open(segment->pipeline, segment->report, segment->arena, &mapper,
                                       &segment->digests[0], err);

    if (code == MR_OK) {
        code = mr_ingest_schema(segment->pipeline, &origin->schema, &stage->schema, err);
    }
    if (code == MR_OK) {
        origin->field = "origin";
        segment->stamp_count = 1;
        segment->names[0] = stage->spec->name;
        code = identify(segment, 0, err);
        segment->key_part_count = mapper.ops->key_parts(&mapper, &segment->key_parts);
        segment->partition_part_count =
            mapper.ops->partition_parts(&mapper, &segment->partition_parts);
    }
    /* The parts lie in the segment's arena, which outlives the mapper. */
    mr_mapper_close(&mapper);
    return code;
}

static enum mr_code open_decoder(struct mr_segment *segment, struct mr_error *err)
{
    const struct mr_decoder_spec spec = {
        .catalogue = segment->pipeline->catalogue,
        .schema = segment->input,
        .schema_id = segment->stages[segment->first - 1].schema_id,
        .layout = segment->layout,
    };

    return mr_decoder_new(&spec, &segment->decoder, err);
}

static uint32_t event_time_slot(const struct mr_segment *segment)
{
    struct mr_layout_path path;
    const struct mr_type *type;
    size_t bad;
    const bool is_there = mr_layout_find(segment->input, "origin.event_time", &path, &type, &bad);

    MR_ASSERT(is_there); /* the origin stamp is in every topic that a segment reads */
    return mr_layout_slot(segment->layout, &path);
}

static enum mr_code open_all(struct mr_segment *segment, struct mr_error *err)
{
    enum mr_code code = open_ingest(segment, err);

    for (size_t i = 1; code == MR_OK && i < segment->first; i++) {
        code = open_preview(segment, i, err);
    }
    if (code != MR_OK) {
        return code;
    }
    segment->input = segment->stages[segment->first - 1].schema;
    segment->layout = mr_layout_new(segment->input);
    if (segment->layout == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a layout");
    }
    segment->key_slot = mr_layout_reserve(segment->layout, 1);
    segment->time_slot = event_time_slot(segment);
    for (size_t i = segment->first; code == MR_OK && i <= segment->last; i++) {
        struct mr_stage *stage = &segment->stages[i];

        code = open_stage(segment, i, segment->layout, err);
        stage->topic = stage->spec->is_published ? add_topic(segment, stage->spec->topic) : 0;
        stage->dead_letters = add_topic(segment, stage->spec->dead_letters);
    }
    segment->slot_count = mr_layout_slot_count(segment->layout);
    return code == MR_OK ? open_decoder(segment, err) : code;
}

static struct mr_segment *allocate(const struct mr_pipeline *pipeline)
{
    struct mr_segment *segment = calloc(1, sizeof(*segment));

    if (segment == NULL) {
        return NULL;
    }
    segment->pipeline = pipeline;
    segment->arena = mr_arena_new(ARENA_SIZE);
    segment->stages = calloc(pipeline->stage_count, sizeof(*segment->stages));
    if (segment->arena == NULL || segment->stages == NULL) {
        mr_segment_free(segment);
        return NULL;
    }
    for (size_t i = 0; i < pipeline->stage_count; i++) {
        segment->stages[i].spec = &pipeline->stages[i];
        segment->stages[i].counters.stage = pipeline->stages[i].name;
    }
    return segment;
}

enum mr_code mr_segment_new(const struct mr_segment_spec *spec, struct mr_segment **out,
                            struct mr_error *err)
{
    const struct mr_pipeline *pipeline = spec->pipeline;
    struct mr_segment *segment = allocate(pipeline);
    enum mr_code code;

    MR_ASSERT(spec->first > 0 && spec->first <= spec->last && spec->last < pipeline->stage_count);
    *out = NULL;
    if (segment == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a segment");
    }
    segment->log = spec->log;
    segment->report = spec->report;
    segment->first = spec->first;
    segment->last = spec->last;
    code = open_all(segment, err);
    if (code != MR_OK) {
        mr_segment_free(segment);
        return code;
    }
    (void)add_topic(segment, pipeline->stages[spec->first].states);
    for (size_t i = spec->first; i < spec->last; i++) {
        segment->stages[i].counters.next = &segment->stages[i + 1].counters;
    }
    *out = segment;
    return MR_OK;
}

static void stage_close(struct mr_stage *stage)
{
    if (stage->processor.ops != NULL && stage->processor.ops->close != NULL) {
        stage->processor.ops->close(&stage->processor);
    }
    for (size_t i = 0; i < stage->scope.store_count; i++) {
        mr_store_free(stage->scope.stores[i]);
    }
    mr_digester_free(stage->scope.digester);
    mr_encoder_free(stage->scope.emits_encoder);
    mr_schema_free(stage->scope.emits);
    mr_encoder_free(stage->scope.made.encoder);
    mr_schema_free(stage->scope.made.schema);
    mr_schema_free(stage->schema);
}

void mr_segment_free(struct mr_segment *segment)
{
    if (segment == NULL) {
        return;
    }
    mr_decoder_free(segment->decoder);
    mr_layout_free(segment->layout);
    for (size_t i = 0; segment->stages != NULL && i < segment->pipeline->stage_count; i++) {
        stage_close(&segment->stages[i]);
    }
    mr_schema_free(segment->stamps[0].schema); /* origin; the others belong to their stages */
    free(segment->stages);
    mr_arena_free(segment->arena);
    free(segment);
}

size_t mr_segment_topics(const struct mr_segment *segment, const char *const **topics)
{
    *topics = segment->topics;
    return segment->topic_count;
}

const char *mr_segment_input(const struct mr_segment *segment)
{
    return segment->stages[segment->first - 1].spec->topic;
}

const char *mr_segment_states(const struct mr_segment *segment)
{
    return segment->stages[segment->first].spec->states;
}

bool mr_segment_has_state(const struct mr_segment *segment)
{
    for (size_t i = segment->first; i <= segment->last; i++) {
        if (segment->stages[i].scope.store_count > 0) {
            return true;
        }
    }
    return false;
}

struct mr_counters *mr_segment_counters(struct mr_segment *segment)
{
    return &segment->stages[segment->first].counters;
}

void mr_segment_set_worker(struct mr_segment *segment, int32_t worker)
{
    for (size_t i = segment->first; i <= segment->last; i++) {
        segment->stages[i].counters.worker = worker;
    }
}

const struct mr_schema *mr_segment_schema(const struct mr_segment *segment, size_t stage)
{
    return segment->stages[stage].schema;
}

static void explain_parts(const char *what, const char *const *parts, size_t count, FILE *stream)
{
    (void)fprintf(stream, "%s", what);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(stream, "%s%s", i == 0 ? " " : " + ", parts[i]);
    }
    (void)fputc('\n', stream);
}

/* The id is the registry's, where there is one; so then the subject is told. */
static void explain_schema(const struct mr_segment *segment, const struct mr_stage *stage,
                           FILE *stream)
{
    const struct mr_registry *registry = segment->pipeline->registry;
    char subject[MR_REGISTRY_SUBJECT_SIZE];

    if (registry != NULL) {
        (void)fprintf(stream, "  schema        subject %s %s\n",
                      mr_registry_subject(mr_registry_settings_of(registry), stage->spec->topic,
                                          stage->schema, subject),
                      mr_schema_text(stage->schema));
    } else {
        (void)fprintf(stream, "  schema        id %" PRId32 " %s\n", stage->schema_id,
                      mr_schema_text(stage->schema));
    }
}

static void explain_stage(const struct mr_segment *segment, const struct mr_stage *stage,
                          FILE *stream)
{
    char hex[MR_DIGEST_HEX_SIZE];

    mr_digest_hex(&stage->scope.digest, hex);
    (void)fprintf(stream, "\nstage %s\n  topic         %s%s\n  dead letters  %s\n",
                  stage->spec->name, stage->spec->topic,
                  stage->spec->is_published ? "" : " (publish: false)", stage->spec->dead_letters);
    explain_schema(segment, stage, stream);
    (void)fprintf(stream, "  config        sha256 %s\n", hex);
    for (size_t i = 0; i < stage->scope.store_count; i++) {
        (void)fprintf(stream, "  state         %s in %s\n", mr_store_name(stage->scope.stores[i]),
                      mr_segment_states(segment));
    }
}

void mr_segment_explain(const struct mr_segment *segment, FILE *stream)
{
    const struct mr_pipeline *pipeline = segment->pipeline;

    (void)fprintf(stream, "pipeline %s\n  partitions    %" PRId64 "\n", pipeline->name,
                  pipeline->settings->partitions);
    (void)fprintf(stream,
                  "\nstage %s\n  topic         %s\n  dead letters  %s\n  positions     %s\n",
                  pipeline->stages[0].name, pipeline->stages[0].topic,
                  pipeline->stages[0].dead_letters, pipeline->stages[0].states);
    explain_schema(segment, &segment->stages[0], stream);
    explain_parts("  key          ", segment->key_parts, segment->key_part_count, stream);
    explain_parts("  partition by ", segment->partition_parts, segment->partition_part_count,
                  stream);
    for (size_t i = segment->first; i <= segment->last; i++) {
        explain_stage(segment, &segment->stages[i], stream);
    }
}
