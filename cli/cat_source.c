#include "cli/cat.h"
#include "processors/core/base/clock.h"
#include "processors/core/codec/frame.h"
#include "processors/core/codec/plan.h"
#include "processors/core/kafka/kafka.h"
#include "processors/core/stage/decoder.h"
#include "processors/core/stage/segment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 200
#define STALL_MS 60000 /* neither a record nor an end for so long */
#define PROPERTIES_MAX 64
#define SETTINGS_SIZE ((size_t)1 << 20)

struct cat_source {
    struct cat_source_spec spec;
    struct mr_container_reader *file; /* owned, as all that follows */
    struct mr_pipeline *pipeline;
    struct mr_segment *segment; /* all stages, for their schemas */
    struct mr_broker *broker;
    struct mr_browser *browser;
    struct mr_registry *registry;
    struct mr_arena *settings; /* of the registry */
    struct mr_schema *only;    /* of --schema */
    struct mr_plan *measure;   /* of it: sizes of data */
    char *topic;
    int64_t index;    /* of the file's next datum */
    int64_t heard_ms; /* when the topic gave something last */
    struct cat_item item;
};

static enum mr_code open_schema(struct cat_source *self, struct mr_error *err)
{
    struct mr_layout *layout;
    enum mr_code code = mr_schema_load(self->spec.schema, &self->only, err);

    if (code != MR_OK) {
        return code;
    }
    layout = mr_layout_new(self->only);
    code = layout == NULL ? MR_FAIL(err, MR_NO_ROOM, "no memory for a layout")
                          : mr_plan_new(self->only, layout, &self->measure, err);
    mr_layout_free(layout);
    return code;
}

/* A stage's name stands for its topic, "detect.dlq" for its dead letters. */
static const char *topic_of(const struct mr_pipeline *pipeline, const char *name)
{
    for (size_t i = 0; i < pipeline->stage_count; i++) {
        const struct mr_stage_spec *stage = &pipeline->stages[i];
        const size_t size = strlen(stage->name);

        if (strcmp(name, stage->name) == 0) {
            return stage->topic;
        }
        if (strncmp(name, stage->name, size) == 0 && strcmp(name + size, ".dlq") == 0) {
            return stage->dead_letters;
        }
    }
    return name;
}

static enum mr_code open_pipeline(struct cat_source *self, struct mr_error *err)
{
    enum mr_code code =
        mr_pipeline_load(self->spec.pipeline, &plugins, self->spec.report, &self->pipeline, err);

    if (code == MR_OK && self->pipeline->stage_count > 1) {
        const struct mr_segment_spec whole = {self->pipeline, 1, self->pipeline->stage_count - 1,
                                              self->spec.log, self->spec.report};

        code = mr_segment_new(&whole, &self->segment, err);
    }
    return code;
}

static enum mr_code open_named_broker(struct cat_source *self, struct mr_error *err)
{
    const size_t count = self->spec.property_count;
    struct mr_kafka_property properties[PROPERTIES_MAX];
    struct mr_kafka_config config = {.bootstrap = self->spec.bootstrap,
                                     .properties = properties,
                                     .property_count = count,
                                     .log = self->spec.log};
    char *texts[PROPERTIES_MAX] = {NULL};
    enum mr_code code = MR_OK;

    MR_ASSERT(count <= PROPERTIES_MAX);
    for (size_t i = 0; i < count && code == MR_OK; i++) {
        char *equals;

        texts[i] = strdup(self->spec.properties[i]);
        equals = texts[i] == NULL ? NULL : strchr(texts[i], '=');
        if (texts[i] == NULL) {
            code = MR_FAIL(err, MR_NO_ROOM, "no memory for a property of the Kafka client");
        } else if (equals == NULL) {
            code = MR_FAIL(err, MR_USAGE, "-X: \"%s\" is not NAME=VALUE", self->spec.properties[i]);
        } else {
            *equals = '\0';
            properties[i] = (struct mr_kafka_property){texts[i], equals + 1};
        }
    }
    code = code != MR_OK ? code : mr_kafka_new(&config, &self->broker, err);
    for (size_t i = 0; i < count; i++) {
        free(texts[i]);
    }
    return code;
}

static enum mr_code open_broker(struct cat_source *self, struct mr_error *err)
{
    const struct broker_spec spec = {self->pipeline, self->spec.log, self->spec.report, false};

    if (self->spec.bootstrap != NULL) {
        return open_named_broker(self, err);
    }
    return self->pipeline != NULL
               ? broker_new(&spec, &self->broker, err)
               : MR_FAIL(err, MR_USAGE,
                         "%s: no such file; for a topic say --kafka HOST:PORT or --pipeline FILE",
                         self->spec.name);
}

/* The one that is named, else the pipeline's. The pipeline's catalogue is not connected to it: that
 * would register schemas. */
static enum mr_code open_registry(struct cat_source *self, struct mr_error *err)
{
    const struct mr_registry_settings *settings =
        self->pipeline != NULL && self->pipeline->registry != NULL
            ? mr_registry_settings_of(self->pipeline->registry)
            : NULL;
    enum mr_code code = MR_OK;

    if (self->spec.registry != NULL) {
        self->settings = mr_arena_new(SETTINGS_SIZE);
        code = self->settings == NULL
                   ? MR_FAIL(err, MR_NO_ROOM, "no memory for the settings of a registry")
                   : cat_registry_settings(self->spec.registry, self->settings, self->spec.report,
                                           &settings, err);
    }
    return code != MR_OK || settings == NULL
               ? code
               : mr_registry_new(settings, &mr_clock_system, &self->registry, err);
}

static enum mr_code open_topic(struct cat_source *self, struct mr_error *err)
{
    enum mr_code code = open_registry(self, err);
    struct mr_browse_spec browse = self->spec.browse;

    code = code != MR_OK ? code : open_broker(self, err);
    if (code != MR_OK) {
        return code;
    }
    self->topic = strdup(self->pipeline != NULL ? topic_of(self->pipeline, self->spec.name)
                                                : self->spec.name);
    if (self->topic == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a topic's name");
    }
    browse.topic = self->topic;
    self->heard_ms = mr_clock_monotonic(&mr_clock_system);
    return mr_kafka_browse(self->broker, &browse, &self->browser, err);
}

static bool is_in_file(const struct mr_browse_place *place)
{
    return place->kind != MR_BROWSE_TIME && place->kind != MR_BROWSE_LAST;
}

static enum mr_code open_file(struct cat_source *self, struct mr_error *err)
{
    const struct mr_browse_spec *browse = &self->spec.browse;

    if (!is_in_file(&browse->from) || !is_in_file(&browse->to) || browse->is_following ||
        browse->partition >= 0) {
        return MR_FAIL(err, MR_USAGE,
                       "%s is a file: it has no times and no partitions, and nobody writes to it",
                       self->spec.name);
    }
    return mr_container_open(self->spec.name, &self->file, err);
}

enum mr_code cat_source_open(const struct cat_source_spec *spec, struct cat_source **source,
                             struct mr_error *err)
{
    struct cat_source *self = calloc(1, sizeof(*self));
    enum mr_code code = MR_OK;

    *source = self;
    if (self == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory to read anything");
    }
    self->spec = *spec;
    if (spec->schema != NULL) {
        code = open_schema(self, err);
    }
    if (code == MR_OK && access(spec->name, F_OK) == 0) {
        return open_file(self, err);
    }
    if (code == MR_OK && spec->pipeline != NULL) {
        code = open_pipeline(self, err);
    }
    return code != MR_OK ? code : open_topic(self, err);
}

bool cat_source_is_dead_letters(const struct cat_source *source)
{
    const size_t size = source->topic == NULL ? 0 : strlen(source->topic);

    return size > 4 && strcmp(source->topic + size - 4, ".dlq") == 0;
}

static bool is_whole(const struct cat_source *self, struct mr_span datum)
{
    const char *fault;
    const size_t size = mr_plan_size(self->measure, datum, &fault);

    return fault == NULL && size == datum.size;
}

/* With --schema a value is its datum, framed or bare: whichever is a datum to its last byte. */
static void take_only(struct cat_source *self)
{
    struct cat_item *item = &self->item;

    if (item->fault == NULL && is_whole(self, item->datum)) {
        item->schema = self->only;
    } else if (is_whole(self, item->value)) {
        item->schema = self->only;
        item->datum = item->value;
    }
    item->fault = item->schema == NULL ? "no_datum_of_the_schema" : NULL;
}

/* By the pipeline's own ids, older subjects among them, else by the registry's. */
static enum mr_code find_schema(const struct cat_source *self, const struct mr_frame *frame,
                                struct mr_registry_found *found, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    *found = (struct mr_registry_found){.reason = "schema_unknown"};
    if (self->pipeline != NULL) {
        code = mr_catalogue_find(self->pipeline->catalogue, frame, found, err);
    }
    if (code == MR_OK && found->schema == NULL && self->registry != NULL) {
        code = frame->guid != NULL
                   ? mr_registry_by_guid(self->registry, frame->guid, found, err)
                   : mr_registry_by_id(self->registry, frame->schema_id, found, err);
    }
    return code;
}

static enum mr_code take_value(struct cat_source *self, struct mr_span header, struct mr_error *err)
{
    struct cat_item *item = &self->item;
    struct mr_registry_found found;
    struct mr_frame frame;
    enum mr_code code;

    if (item->value.data == NULL) {
        return MR_OK; /* a tombstone */
    }
    item->fault = mr_frame_read_with(header, item->value, &frame);
    item->datum = frame.datum;
    if (self->only != NULL) {
        take_only(self);
    }
    if (self->only != NULL || item->fault != NULL) {
        return MR_OK;
    }
    code = find_schema(self, &frame, &found, err);
    item->schema = found.schema;
    item->fault = found.schema == NULL ? found.reason : NULL;
    return code;
}

/* A key that is Avro by its header is told as its text; one that cannot be read so, as it came: it
 * is the value that is looked for. */
static enum mr_code take_key(struct cat_source *self, struct mr_span header, struct mr_error *err)
{
    struct mr_registry_found found;
    struct mr_frame frame;
    enum mr_code code;

    if (header.size == 0 || mr_frame_read_with(header, self->item.key, &frame) != NULL) {
        return MR_OK;
    }
    code = find_schema(self, &frame, &found, err);
    if (code == MR_OK && found.schema != NULL) {
        (void)mr_decoder_key_text(found.schema, frame.datum, &self->item.key);
    }
    return code;
}

static enum mr_code next_of_topic(struct cat_source *self, const struct cat_item **item,
                                  bool *is_done, struct mr_error *err)
{
    const struct mr_record *record;
    enum mr_code code = mr_browser_next(self->browser, WAIT_MS, &record, is_done, err);
    const int64_t now_ms = mr_clock_monotonic(&mr_clock_system);

    *item = NULL;
    if (code != MR_OK || *is_done) {
        return code;
    }
    if (record != NULL) {
        self->heard_ms = now_ms;
        self->item = (struct cat_item){.partition = record->partition,
                                       .offset = record->offset,
                                       .timestamp_ms = record->timestamp_ms,
                                       .key = record->key,
                                       .value = record->value,
                                       .headers = record->headers,
                                       .header_count = record->header_count};
        *item = &self->item;
        code = take_value(self, record->value_schema, err);
        return code == MR_OK ? take_key(self, record->key_schema, err) : code;
    }
    if (!self->spec.browse.is_following && now_ms - self->heard_ms > STALL_MS) {
        return MR_FAIL(err, MR_TIMED_OUT, "reading %s: nothing for %d s", self->topic,
                       STALL_MS / 1000);
    }
    return MR_OK;
}

static enum mr_code next_of_file(struct cat_source *self, const struct cat_item **item,
                                 bool *is_done, struct mr_error *err)
{
    const struct mr_browse_place *from = &self->spec.browse.from, *to = &self->spec.browse.to;
    enum mr_code code = MR_OK;

    *item = NULL;
    *is_done = from->kind == MR_BROWSE_END;
    while (!*is_done && *item == NULL) {
        self->item = (struct cat_item){.partition = -1,
                                       .offset = self->index++,
                                       .timestamp_ms = -1,
                                       .schema = mr_container_schema(self->file)};
        *is_done = to->kind == MR_BROWSE_OFFSET && self->item.offset >= to->number;
        if (!*is_done) {
            code = mr_container_next(self->file, &self->item.datum, err);
            *is_done = code != MR_OK || self->item.datum.data == NULL;
        }
        if (!*is_done && (from->kind != MR_BROWSE_OFFSET || self->item.offset >= from->number)) {
            self->item.value = self->item.datum;
            *item = &self->item;
        }
    }
    return code;
}

enum mr_code cat_source_next(struct cat_source *source, const struct cat_item **item, bool *is_done,
                             struct mr_error *err)
{
    return source->file != NULL ? next_of_file(source, item, is_done, err)
                                : next_of_topic(source, item, is_done, err);
}

void cat_source_close(struct cat_source *source)
{
    if (source == NULL) {
        return;
    }
    mr_browser_close(source->browser);
    if (source->broker != NULL) {
        source->broker->ops->close(source->broker);
    }
    mr_container_close(source->file);
    mr_registry_free(source->registry);
    mr_arena_free(source->settings);
    mr_segment_free(source->segment);
    mr_pipeline_free(source->pipeline);
    mr_plan_free(source->measure);
    mr_schema_free(source->only);
    free(source->topic);
    free(source);
}
