#include "processors/core/stage/pipeline.h"

#include "processors/core/stage/pipeline_schemas.h"

#include <stdio.h>
#include <string.h>

#define ARENA_SIZE ((size_t)64 << 20)
#define TOPIC_SIZE_MAX 249
#define AHEAD_MS_MAX (INT64_C(36525) * 86400000) /* a century */

static const char *const delivery_choices[] = {"exactly_once", "at_least_once", NULL};

const struct mr_option mr_pipeline_options[] = {
    MR_TEXT(struct mr_pipeline_settings, pipeline, NULL,
            "Name of the pipeline: the head of its topics' names and of its consumer groups."),
    MR_PATH(struct mr_pipeline_settings, subject, NULL,
            "Avro schema of the record under judgement."),
    MR_PATHS(struct mr_pipeline_settings, older_subjects, "", 1, MR_OLDER_MAX,
             "Schemas that the subject had before, where no registry keeps them: records in the "
             "topics that were written with one are read as the subject's."),
    MR_NODE(struct mr_pipeline_settings, registry, "",
            "A schema registry: ids are its own, and records of schemas that it has are read. "
            "Without one ids are computed from schemas."),
    MR_NODE(
        struct mr_pipeline_settings, kafka, "",
        "Properties of the Kafka client, passed through as they are; bootstrap.servers above all."),
    MR_CHOICE(
        struct mr_pipeline_settings, delivery, "exactly_once", delivery_choices,
        "at_least_once is cheaper, and what the embedded broker can do; records may come twice "
        "after a crash."),
    MR_INT(
        struct mr_pipeline_settings, partitions, "8", 1, 4096,
        "Of each of the pipeline's topics when it is created: the most workers that can share it."),
    MR_DURATION(struct mr_pipeline_settings, commit_interval, "100ms", 1, 60000,
                "A transaction gathers records for at most this long; less is less delay, more is "
                "less CPU. One whose input is drained is committed at once."),
    MR_INT(struct mr_pipeline_settings, commit_records, "20000", 1, 1000000,
           "A transaction gathers at most this many records."),
    MR_DURATION(
        struct mr_pipeline_settings, snapshot_interval, "30s", 100, 86400000,
        "How often changed state is written to its topic: after a restart at most this much of "
        "the input is read again to restore it."),
    MR_REAL(struct mr_pipeline_settings, reject_ratio_max, "0.5", 0, 1,
            "A larger share of rejects among the last thousand records stops the stage, so that a "
            "broken source does not drain into the dead letters."),
    MR_DURATION(struct mr_pipeline_settings, event_time_ahead_max, "24h", 0, AHEAD_MS_MAX,
                "A record whose event time is later than its Kafka timestamp (when ingest wrote "
                "it) by more than this is a dead letter, event_time_ahead: one such time would "
                "expire every key with a ttl, and everything would count as missing. Less guards "
                "better where clocks and time zones are right; forecasts want more."),
    MR_SIZE(struct mr_pipeline_settings, memory_max, "32MiB", 4 << 20, INT64_C(64) << 30,
            "What one worker may hold of one transaction."),
    MR_NODE(struct mr_pipeline_settings, stages, NULL, "The stages, in the order of flow."),
    MR_NODE(struct mr_pipeline_settings, sinks, "", "Where records leave."),
    MR_OPTIONS_END,
};

const struct mr_option mr_repartition_options[] = {
    MR_EXPR(struct mr_repartition_settings, key, NULL, "The new message key."),
    MR_EXPRS(struct mr_repartition_settings, partition_by, "", 0, 16,
             "What places a record in its partition; by default the key."),
    MR_OPTIONS_END,
};

struct loader {
    const struct mr_plugins *plugins;
    struct mr_pipeline *pipeline;
    struct mr_report *report;
};

/* Of a key that should not be there: its own place, not that of its value. */
#define COMPLAIN_OF_KEY(loader, node, key, hint, ...) \
    mr_report_add((loader)->report, MR_SEVERITY_ERROR, (node)->name_place, key, hint, __VA_ARGS__)
#define COMPLAIN(loader, node, key, hint, ...) \
    mr_report_add((loader)->report, MR_SEVERITY_ERROR, (node)->place, key, hint, __VA_ARGS__)

static bool is_topic_part(const char *name)
{
    if (name[0] == '\0' || strlen(name) > TOPIC_SIZE_MAX / 3) {
        return false;
    }
    for (; *name != '\0'; name++) {
        const bool is_letter = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z');

        if (!is_letter && !(*name >= '0' && *name <= '9') && *name != '-') {
            return false;
        }
    }
    return true;
}

/* Nearest among the names of all that may stand in a stage item. */
static const char *nearest_stage(const struct loader *loader, const char *word)
{
    const char *names[32];
    size_t count = 0;

    names[count++] = loader->plugins->mapper->name;
    names[count++] = "repartition";
    for (size_t i = 0; loader->plugins->processors[i] != NULL && count < MR_COUNT(names); i++) {
        names[count++] = loader->plugins->processors[i]->name;
    }
    return mr_nearest(word, names, count);
}

static const struct mr_processor_ops *find_processor(const struct loader *loader, const char *name)
{
    for (size_t i = 0; loader->plugins->processors[i] != NULL; i++) {
        if (strcmp(loader->plugins->processors[i]->name, name) == 0) {
            return loader->plugins->processors[i];
        }
    }
    return NULL;
}

static const struct mr_sink_ops *find_sink(const struct loader *loader, const char *name)
{
    for (size_t i = 0; loader->plugins->sinks[i] != NULL; i++) {
        if (strcmp(loader->plugins->sinks[i]->name, name) == 0) {
            return loader->plugins->sinks[i];
        }
    }
    return NULL;
}

/* A map that stands for a list given as a stage's whole value: {list_option: the list}. */
static const struct mr_node *wrap_list(struct loader *loader, const struct mr_node *list,
                                       const char *name)
{
    struct mr_node *nodes = mr_arena_take(loader->pipeline->arena, 2, sizeof(*nodes));

    if (nodes == NULL) {
        return list;
    }
    nodes[1] = *list;
    nodes[1].name = name;
    nodes[1].next = NULL;
    nodes[0] = (struct mr_node){.kind = MR_NODE_MAP, .place = list->place, .child = &nodes[1]};
    return nodes;
}

/* Reads a plug-in's settings from its value in YAML. NULL: no room, or problems (reported). */
static const void *read_settings(struct loader *loader, const struct mr_option *options,
                                 size_t size, const struct mr_node *node, const char *list_option,
                                 const char *prefix)
{
    void *settings = mr_arena_take(loader->pipeline->arena, 1, size > 0 ? size : 1);

    if (settings == NULL) {
        return NULL;
    }
    if (node->kind == MR_NODE_LIST && list_option != NULL) {
        node = wrap_list(loader, node, list_option);
        prefix = mr_arena_print(loader->pipeline->arena, "%s", prefix);
    }
    if (node->kind != MR_NODE_MAP && !(node->kind == MR_NODE_SCALAR && node->text == NULL)) {
        COMPLAIN(loader, node, prefix, NULL, "must be a map%s", list_option ? " or a list" : "");
        return NULL;
    }
    return mr_options_read(options, node, prefix, loader->pipeline->arena, loader->report, settings)
               ? settings
               : NULL;
}

static void name_topics(struct loader *loader, struct mr_stage_spec *stage)
{
    struct mr_arena *arena = loader->pipeline->arena;
    const char *name = loader->pipeline->name;

    stage->topic = mr_arena_print(arena, "%s.%s", name, stage->name);
    stage->dead_letters = mr_arena_print(arena, "%s.%s.dlq", name, stage->name);
    stage->states = mr_arena_print(arena, "%s.%s-state", name, stage->name);
}

/* What may stand beside the key that names a stage's processor or a sink. */
struct beside {
    const struct mr_node *publish; /* stages: false leaves the topic out */
    const struct mr_node *enabled; /* sinks: false or empty leaves it out */
    const struct mr_node *name;    /* instead of the processor's */
};

/* The value of the one key that names a processor or a sink. */
static const struct mr_node *processor_node(struct loader *loader, const struct mr_node *item,
                                            bool is_sink, struct beside *beside)
{
    const struct mr_node *found = NULL;

    *beside = (struct beside){0};
    for (const struct mr_node *child = item->child; child != NULL; child = child->next) {
        if (!is_sink && strcmp(child->name, "publish") == 0) {
            beside->publish = child;
        } else if (is_sink && strcmp(child->name, "enabled") == 0) {
            beside->enabled = child;
        } else if (strcmp(child->name, "name") == 0) {
            beside->name = child;
        } else if (found == NULL) {
            found = child;
        } else {
            COMPLAIN(loader, child, child->name, "start a new list item with it",
                     "a stage item names one processor, and this one names %s already",
                     found->name);
        }
    }
    return found;
}

static bool is_false(const struct mr_node *node)
{
    return node != NULL && node->text != NULL && strcmp(node->text, "false") == 0;
}

/* `publish` of a stage: true unless it says false; anything else is a slip. */
static bool wants_topic(struct loader *loader, const struct mr_node *publish)
{
    const char *text = publish != NULL && publish->text != NULL ? publish->text : "true";
    const bool is_false = strcmp(text, "false") == 0;

    if ((!is_false && strcmp(text, "true") != 0) ||
        (publish != NULL && publish->kind != MR_NODE_SCALAR)) {
        COMPLAIN(loader, publish, "publish", NULL, "must be true or false");
    }
    return !is_false;
}

static bool ends_in(const char *text, const char *tail)
{
    const size_t size = strlen(text), tail_size = strlen(tail);

    return size >= tail_size && strcmp(text + size - tail_size, tail) == 0;
}

static void fill_stage(struct loader *loader, struct mr_stage_spec *stage,
                       const struct mr_node *node)
{
    const struct mr_processor_ops *ops = find_processor(loader, node->name);
    const char *nearest;

    if (strcmp(node->name, loader->plugins->mapper->name) == 0) {
        stage->kind = MR_STAGE_INGEST;
        return;
    }
    if (strcmp(node->name, "repartition") == 0) {
        stage->kind = MR_STAGE_REPARTITION;
        stage->settings =
            read_settings(loader, mr_repartition_options, sizeof(struct mr_repartition_settings),
                          node, NULL, stage->name);
        return;
    }
    stage->kind = MR_STAGE_PROCESSOR;
    if (ops == NULL) {
        nearest = nearest_stage(loader, node->name);
        COMPLAIN_OF_KEY(
            loader, node, "stages",
            nearest ? mr_arena_print(loader->pipeline->arena, "did you mean %s?", nearest) : NULL,
            "there is no processor \"%s\"", node->name);
        return;
    }
    stage->ops = ops;
    stage->settings = read_settings(loader, ops->options, ops->settings_size, node,
                                    ops->list_option, stage->name);
}

static void load_stage(struct loader *loader, const struct mr_node *item)
{
    struct mr_pipeline *pipeline = loader->pipeline;
    struct mr_stage_spec *stage = &pipeline->stages[pipeline->stage_count];
    const struct mr_node *node, *name;
    struct beside beside;

    if (item->kind != MR_NODE_MAP) {
        COMPLAIN(loader, item, "stages", NULL, "a stage is a map from its processor to settings");
        return;
    }
    node = processor_node(loader, item, false, &beside);
    name = beside.name;
    if (node == NULL || pipeline->stage_count == MR_STAGES_MAX) {
        COMPLAIN(loader, item, "stages", NULL,
                 node ? "more than 16 stages" : "the item names no processor");
        return;
    }
    stage->name = name != NULL && name->text != NULL ? name->text : node->name;
    stage->node = node;
    stage->place = node->place;
    stage->is_published = wants_topic(loader, beside.publish);
    if (!is_topic_part(stage->name)) {
        COMPLAIN(loader, name ? name : node, "name", "use letters, digits and -",
                 "\"%s\" cannot be part of a topic's name", stage->name);
    } else if (ends_in(stage->name, "-state")) {
        COMPLAIN(loader, name ? name : node, "name", NULL,
                 "\"%s\" would be the topic of another stage's state", stage->name);
    } else if (mr_pipeline_stage(pipeline, stage->name) >= 0) {
        COMPLAIN(loader, node, stage->name, "give one of them a `name`",
                 "there are two stages of this name");
    }
    name_topics(loader, stage);
    fill_stage(loader, stage, node);
    pipeline->stage_count++;
}

static void load_stages(struct loader *loader)
{
    const struct mr_node *stages = loader->pipeline->settings->stages;

    if (stages == NULL || stages->kind != MR_NODE_LIST || stages->child == NULL) {
        mr_report_add(loader->report, MR_SEVERITY_ERROR,
                      stages ? stages->place : (struct mr_place){loader->pipeline->path, 0, 0},
                      "stages", NULL, "must be a list of stages, ingest first");
        return;
    }
    for (const struct mr_node *item = stages->child; item != NULL; item = item->next) {
        load_stage(loader, item);
    }
    for (size_t i = 0; i < loader->pipeline->stage_count; i++) {
        const struct mr_stage_spec *stage = &loader->pipeline->stages[i];

        if ((stage->kind == MR_STAGE_INGEST) != (i == 0)) {
            mr_report_add(loader->report, MR_SEVERITY_ERROR, stage->place, stage->name, NULL,
                          i == 0 ? "the first stage must be ingest"
                                 : "ingest can only be the first stage");
        }
    }
}

static void check_sink_stages(struct loader *loader, const struct mr_sink_spec *sink)
{
    const struct mr_pipeline *pipeline = loader->pipeline;

    for (size_t i = 0; sink->stages[i] != NULL; i++) {
        const int index = mr_pipeline_stage(pipeline, sink->stages[i]);
        const char *names[MR_STAGES_MAX];
        const char *nearest;

        if (index >= 0 && pipeline->stages[index].is_published) {
            continue;
        }
        for (size_t k = 0; k < pipeline->stage_count; k++) {
            names[k] = pipeline->stages[k].name;
        }
        nearest = mr_nearest(sink->stages[i], names, pipeline->stage_count);
        mr_report_add(loader->report, MR_SEVERITY_ERROR, sink->place, sink->name,
                      index < 0 && nearest
                          ? mr_arena_print(pipeline->arena, "did you mean %s?", nearest)
                          : NULL,
                      index < 0 ? "there is no stage \"%s\" to read from"
                                : "stage \"%s\" has publish: false, so there is nothing to read",
                      sink->stages[i]);
    }
}

/* A sink's name is in the names of its dead letters and its group, as a stage's is. */
static void check_sink_name(struct loader *loader, const struct mr_sink_spec *sink,
                            const struct mr_node *node)
{
    const struct mr_pipeline *pipeline = loader->pipeline;

    if (!is_topic_part(sink->name)) {
        COMPLAIN(loader, node, "name", "use letters, digits and -",
                 "\"%s\" cannot be part of a topic's name", sink->name);
    }
    if (mr_pipeline_stage(pipeline, sink->name) >= 0) {
        COMPLAIN(loader, node, sink->name, "give it another `name`",
                 "there is a stage of this name");
    }
    for (size_t i = 0; i < pipeline->sink_count; i++) {
        if (strcmp(pipeline->sinks[i].name, sink->name) == 0) {
            COMPLAIN(loader, node, sink->name, "give one of them a `name`",
                     "there are two sinks of this name");
        }
    }
}

static const char *nearest_sink(const struct loader *loader, const char *word)
{
    const char *names[32];
    const char *nearest;
    size_t count = 0;

    for (; loader->plugins->sinks[count] != NULL && count < MR_COUNT(names); count++) {
        names[count] = loader->plugins->sinks[count]->name;
    }
    nearest = mr_nearest(word, names, count);
    return nearest != NULL ? mr_arena_print(loader->pipeline->arena, "did you mean %s?", nearest)
                           : NULL;
}

static void load_sink(struct loader *loader, const struct mr_node *item)
{
    struct mr_pipeline *pipeline = loader->pipeline;
    struct mr_sink_spec *sink = &pipeline->sinks[pipeline->sink_count];
    const struct mr_node *node, *name;
    struct beside beside;

    if (item->kind != MR_NODE_MAP || pipeline->sink_count == MR_SINKS_MAX) {
        COMPLAIN(loader, item, "sinks", NULL,
                 item->kind != MR_NODE_MAP ? "a sink is a map from its kind to settings"
                                           : "more than 16 sinks");
        return;
    }
    node = processor_node(loader, item, true, &beside);
    name = beside.name;
    if (node == NULL) {
        COMPLAIN(loader, item, "sinks", NULL, "the item names no sink");
        return;
    }
    if (beside.enabled != NULL && (beside.enabled->text == NULL ||
                                   beside.enabled->text[0] == '\0' || is_false(beside.enabled))) {
        return;
    }
    sink->ops = find_sink(loader, node->name);
    if (sink->ops == NULL) {
        COMPLAIN_OF_KEY(loader, node, "sinks", nearest_sink(loader, node->name),
                        "there is no sink \"%s\"", node->name);
        return;
    }
    sink->name = name != NULL && name->text != NULL ? name->text : node->name;
    sink->node = node;
    sink->place = node->place;
    check_sink_name(loader, sink, name ? name : node);
    sink->dead_letters = mr_arena_print(pipeline->arena, "%s.%s.dlq", pipeline->name, sink->name);
    sink->settings = read_settings(loader, sink->ops->options, sink->ops->settings_size, node, NULL,
                                   mr_arena_print(pipeline->arena, "sinks.%s", sink->name));
    if (sink->settings != NULL) {
        sink->stages = sink->ops->stages(sink->settings, pipeline->arena);
        check_sink_stages(loader, sink);
        pipeline->sink_count++;
    }
}

static void load_sinks(struct loader *loader)
{
    const struct mr_node *sinks = loader->pipeline->settings->sinks;

    if (sinks == NULL) {
        return;
    }
    if (sinks->kind != MR_NODE_LIST) {
        COMPLAIN(loader, sinks, "sinks", NULL, "must be a list of sinks");
        return;
    }
    for (const struct mr_node *item = sinks->child; item != NULL; item = item->next) {
        load_sink(loader, item);
    }
}

static void load_tree(struct loader *loader, const struct mr_node *root)
{
    struct mr_pipeline *pipeline = loader->pipeline;
    struct mr_pipeline_settings *settings = mr_arena_take(pipeline->arena, 1, sizeof(*settings));

    if (settings == NULL) {
        return;
    }
    pipeline->settings = settings;
    if (!mr_options_read(mr_pipeline_options, root, "", pipeline->arena, loader->report,
                         settings)) {
        pipeline->name = settings->pipeline ? settings->pipeline : "";
        if (settings->stages != NULL && pipeline->name[0] != '\0') {
            load_stages(loader); /* to show what else is wrong */
        }
        return;
    }
    pipeline->name = settings->pipeline;
    if (!is_topic_part(pipeline->name)) {
        COMPLAIN(loader, mr_node_get(root, "pipeline"), "pipeline", "use letters, digits and -",
                 "\"%s\" cannot be the head of topics' names", pipeline->name);
    }
    mr_pipeline_read_schemas(pipeline, root, loader->report);
    load_stages(loader);
    load_sinks(loader);
}

enum mr_code mr_pipeline_load(const char *path, const struct mr_plugins *plugins,
                              struct mr_report *report, struct mr_pipeline **out,
                              struct mr_error *err)
{
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_pipeline *pipeline = arena ? mr_arena_take(arena, 1, sizeof(*pipeline)) : NULL;
    struct loader loader = {plugins, pipeline, report};
    const struct mr_node *root;

    *out = NULL;
    if (pipeline == NULL) {
        mr_arena_free(arena);
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a pipeline");
    }
    pipeline->arena = arena;
    pipeline->catalogue = mr_catalogue_new();
    if (pipeline->catalogue == NULL) {
        mr_pipeline_free(pipeline);
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a catalogue");
    }
    pipeline->path = mr_arena_text(arena, mr_span_text(path));
    pipeline->mapper = plugins->mapper;
    pipeline->connectors = plugins->connectors;
    root = mr_node_load(pipeline->path, arena, report);
    if (root != NULL) {
        load_tree(&loader, root);
    }
    if (mr_report_errors(report) > 0) {
        char first[400];

        mr_report_first(report, first, sizeof(first));
        mr_pipeline_free(pipeline);
        return MR_FAIL(err, MR_BAD_CONFIG, "%s", first);
    }
    *out = pipeline;
    return MR_OK;
}

void mr_pipeline_free(struct mr_pipeline *pipeline)
{
    if (pipeline != NULL) {
        mr_catalogue_free(pipeline->catalogue);
        mr_registry_free(pipeline->registry);
        for (size_t i = 0; i < pipeline->older_count; i++) {
            mr_schema_free(pipeline->older[i]);
        }
        mr_schema_free(pipeline->subject);
        mr_arena_free(pipeline->arena);
    }
}

/* As unsigned: both are whatever a record said, and the difference may not fit. */
bool mr_pipeline_is_ahead(const struct mr_pipeline *pipeline, int64_t event_time_ms,
                          int64_t timestamp_ms)
{
    return timestamp_ms > 0 && event_time_ms > timestamp_ms &&
           (uint64_t)event_time_ms - (uint64_t)timestamp_ms >
               (uint64_t)pipeline->settings->event_time_ahead_max;
}

int mr_pipeline_stage(const struct mr_pipeline *pipeline, const char *name)
{
    for (size_t i = 0; i < pipeline->stage_count; i++) {
        if (strcmp(pipeline->stages[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

size_t mr_pipeline_topics(const struct mr_pipeline *pipeline, struct mr_topic_spec *topics,
                          size_t room)
{
    const int32_t partitions = (int32_t)pipeline->settings->partitions;
    size_t count = 0;

    MR_ASSERT(room >= 4 * (pipeline->stage_count + pipeline->sink_count));
    for (size_t i = 0; i < pipeline->stage_count; i++) {
        const struct mr_stage_spec *stage = &pipeline->stages[i];

        if (stage->is_published) {
            topics[count++] = (struct mr_topic_spec){stage->topic, partitions, false};
        }
        topics[count++] = (struct mr_topic_spec){stage->dead_letters, partitions, false};
        topics[count++] = (struct mr_topic_spec){stage->states, partitions, true};
    }
    for (size_t i = 0; i < pipeline->sink_count; i++) {
        topics[count++] =
            (struct mr_topic_spec){pipeline->sinks[i].dead_letters, partitions, false};
    }
    return count;
}
