#include "processors/core/kafka/kafka_internal.h"

#include "processors/core/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VISIBLE_MS 30000 /* until a new topic is in the metadata */

static enum mr_code check_count(const rd_kafka_metadata_topic_t *found, int32_t wanted,
                                struct mr_error *err)
{
    if (found->partition_cnt != wanted) {
        return MR_FAIL(err, MR_BAD_CONFIG, "topic %s has %d partitions, the pipeline wants %d",
                       found->topic, found->partition_cnt, (int)wanted);
    }
    return MR_OK;
}

static const rd_kafka_metadata_topic_t *find_topic(const rd_kafka_metadata_t *metadata,
                                                   const char *name)
{
    for (int i = 0; i < metadata->topic_cnt; i++) {
        if (strcmp(metadata->topics[i].topic, name) == 0 && metadata->topics[i].partition_cnt > 0) {
            return &metadata->topics[i];
        }
    }
    return NULL;
}

/* Marks what is there; checks its partitions. */
static enum mr_code look(rd_kafka_t *admin, const struct mr_topic_spec *topics, size_t count,
                         bool *is_there, struct mr_error *err)
{
    const rd_kafka_metadata_t *metadata;
    const rd_kafka_resp_err_t resp = rd_kafka_metadata(admin, 1, NULL, &metadata, KAFKA_ANSWER_MS);
    enum mr_code code = MR_OK;

    if (resp != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return mr_kafka_resp(resp, "asking which topics there are", err);
    }
    for (size_t i = 0; i < count && code == MR_OK; i++) {
        const rd_kafka_metadata_topic_t *found = find_topic(metadata, topics[i].name);

        is_there[i] = found != NULL;
        code = found == NULL ? MR_OK : check_count(found, topics[i].partitions, err);
    }
    rd_kafka_metadata_destroy(metadata);
    return code;
}

static enum mr_code new_topic(const struct kafka_broker *self, const struct mr_topic_spec *spec,
                              rd_kafka_NewTopic_t **topic, struct mr_error *err)
{
    const int64_t copies = self->settings.replication_factor;
    char text[256];

    *topic = rd_kafka_NewTopic_new(spec->name, spec->partitions, copies > 0 ? (int)copies : -1,
                                   text, sizeof(text));
    if (*topic == NULL) {
        return MR_FAIL(err, MR_BAD_CONFIG, "topic %s: %s", spec->name, text);
    }
    if (spec->is_compacted) {
        (void)rd_kafka_NewTopic_set_config(*topic, "cleanup.policy", "compact");
    }
    return MR_OK;
}

static enum mr_code check_created(rd_kafka_event_t *event, struct mr_error *err)
{
    size_t count = 0;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);

    for (size_t i = 0; i < count; i++) {
        const rd_kafka_resp_err_t resp = rd_kafka_topic_result_error(results[i]);

        /* Another worker may have been faster. */
        if (resp != RD_KAFKA_RESP_ERR_NO_ERROR && resp != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            enum mr_code code = mr_kafka_resp(resp, "creating a topic", NULL);

            return MR_FAIL(err, code, "creating topic %s: %s",
                           rd_kafka_topic_result_name(results[i]),
                           rd_kafka_topic_result_error_string(results[i]) != NULL
                               ? rd_kafka_topic_result_error_string(results[i])
                               : rd_kafka_err2str(resp));
        }
    }
    return MR_OK;
}

/* Waits for the one answer of an admin request. NULL: it did not come, or it is an error. */
static rd_kafka_event_t *answer_of(rd_kafka_queue_t *queue, const char *doing, enum mr_code *code,
                                   struct mr_error *err)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 2 * KAFKA_ANSWER_MS);

    if (event == NULL) {
        *code = MR_FAIL(err, MR_TIMED_OUT, "%s: no answer", doing);
        return NULL;
    }
    *code = mr_kafka_resp(rd_kafka_event_error(event), doing, err);
    if (*code != MR_OK) {
        rd_kafka_event_destroy(event);
        return NULL;
    }
    return event;
}

static rd_kafka_AdminOptions_t *admin_options(rd_kafka_t *admin, rd_kafka_admin_op_t op)
{
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin, op);
    char text[128];

    (void)rd_kafka_AdminOptions_set_request_timeout(options, KAFKA_ANSWER_MS, text, sizeof(text));
    return options;
}

static enum mr_code create(struct kafka_broker *self, rd_kafka_NewTopic_t **topics, size_t count,
                           struct mr_error *err)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(self->admin);
    rd_kafka_AdminOptions_t *options = admin_options(self->admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    enum mr_code code;
    rd_kafka_event_t *event;

    rd_kafka_CreateTopics(self->admin, topics, count, options, queue);
    event = answer_of(queue, "creating topics", &code, err);
    if (event != NULL) {
        code = check_created(event, err);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return code;
}

static enum mr_code create_missing(struct kafka_broker *self, const struct mr_topic_spec *topics,
                                   size_t count, const bool *is_there, struct mr_error *err)
{
    rd_kafka_NewTopic_t **wanted = calloc(count, sizeof(rd_kafka_NewTopic_t *));
    size_t wanted_count = 0;
    enum mr_code code = MR_OK;

    if (wanted == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "topics: no memory");
    }
    for (size_t i = 0; i < count && code == MR_OK; i++) {
        if (!is_there[i]) {
            code = new_topic(self, &topics[i], &wanted[wanted_count], err);
            wanted_count += code == MR_OK;
        }
    }
    if (code == MR_OK && wanted_count > 0) {
        code = create(self, wanted, wanted_count, err);
    }
    rd_kafka_NewTopic_destroy_array(wanted, wanted_count);
    free(wanted);
    return code;
}

static bool are_all(const bool *flags, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!flags[i]) {
            return false;
        }
    }
    return true;
}

static enum mr_code wait_visible(rd_kafka_t *admin, const struct mr_topic_spec *topics,
                                 size_t count, bool *is_there, struct mr_error *err)
{
    const int64_t end_ms = mr_clock_monotonic(&mr_clock_system) + VISIBLE_MS;
    enum mr_code code = look(admin, topics, count, is_there, err);

    while (code == MR_OK && !are_all(is_there, count)) {
        if (mr_clock_monotonic(&mr_clock_system) > end_ms) {
            return MR_FAIL(err, MR_TIMED_OUT, "topics were created but do not appear");
        }
        mr_clock_wait(&mr_clock_system, 20);
        code = look(admin, topics, count, is_there, err);
    }
    return code;
}

/* A topic that can be seen may still answer "not leader" for a moment: asked for its range, a
 * partition that is led answers. */
static enum mr_code wait_led(rd_kafka_t *admin, const struct mr_topic_spec *topic,
                             struct mr_error *err)
{
    const int64_t end_ms = mr_clock_monotonic(&mr_clock_system) + VISIBLE_MS;

    for (int32_t partition = 0; partition < topic->partitions; partition++) {
        int64_t low, high;

        while (rd_kafka_query_watermark_offsets(admin, topic->name, partition, &low, &high,
                                                KAFKA_ANSWER_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            if (mr_clock_monotonic(&mr_clock_system) > end_ms) {
                return MR_FAIL(err, MR_TIMED_OUT, "%s [%d] was created but nobody leads it",
                               topic->name, (int)partition);
            }
            mr_clock_wait(&mr_clock_system, 50);
        }
    }
    return MR_OK;
}

static enum mr_code create_and_wait(struct kafka_broker *self, const struct mr_topic_spec *topics,
                                    size_t count, bool *is_there, struct mr_error *err)
{
    enum mr_code code = create_missing(self, topics, count, is_there, err);

    if (code == MR_OK) {
        code = wait_visible(self->admin, topics, count, is_there, err);
    }
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        code = wait_led(self->admin, &topics[i], err);
    }
    return code;
}

enum mr_code mr_kafka_ensure(struct mr_broker *base, const struct mr_topic_spec *topics,
                             size_t count, struct mr_error *err)
{
    struct kafka_broker *self = (struct kafka_broker *)base;
    bool *is_there = calloc(count + 1, sizeof(bool));
    enum mr_code code;

    if (is_there == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "topics: no memory");
    }
    code = look(self->admin, topics, count, is_there, err);
    if (code == MR_OK && !are_all(is_there, count)) {
        code = create_and_wait(self, topics, count, is_there, err);
    }
    free(is_there);
    return code;
}

static const char *config_value(const rd_kafka_ConfigResource_t *resource, const char *name)
{
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0) {
            return rd_kafka_ConfigEntry_value(entries[i]);
        }
    }
    return NULL;
}

static enum mr_code retention_of(rd_kafka_event_t *event, const char *topic, int64_t *retention_ms,
                                 struct mr_error *err)
{
    size_t count = 0;
    const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &count);
    const char *policy, *text;

    if (count != 1 || rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return MR_FAIL(err, MR_REFUSED, "retention of topic %s: %s", topic,
                       count == 1 ? rd_kafka_ConfigResource_error_string(resources[0])
                                  : "no answer");
    }
    policy = config_value(resources[0], "cleanup.policy");
    text = config_value(resources[0], "retention.ms");
    *retention_ms = -1;
    /* A topic that is only compacted loses nothing by age. */
    if (text != NULL && (policy == NULL || strstr(policy, "delete") != NULL)) {
        *retention_ms = strtoll(text, NULL, 10);
    }
    return MR_OK;
}

enum mr_code mr_kafka_retention(struct mr_broker *base, const char *topic, int64_t *retention_ms,
                                struct mr_error *err)
{
    rd_kafka_t *admin = ((struct kafka_broker *)base)->admin;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_AdminOptions_t *options = admin_options(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    enum mr_code code;
    rd_kafka_event_t *event;

    rd_kafka_DescribeConfigs(admin, &resource, 1, options, queue);
    event = answer_of(queue, "asking for a topic's retention", &code, err);
    if (event != NULL) {
        code = retention_of(event, topic, retention_ms, err);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_queue_destroy(queue);
    return code;
}

enum mr_code mr_kafka_partition_count(rd_kafka_t *handle, const char *topic, int32_t *count,
                                      struct mr_error *err)
{
    rd_kafka_topic_t *of = rd_kafka_topic_new(handle, topic, NULL);
    const rd_kafka_metadata_t *metadata;
    rd_kafka_resp_err_t resp;

    if (of == NULL) {
        return mr_kafka_resp(rd_kafka_last_error(), topic, err);
    }
    resp = rd_kafka_metadata(handle, 0, of, &metadata, KAFKA_ANSWER_MS);
    rd_kafka_topic_destroy(of);
    if (resp != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return mr_kafka_resp(resp, topic, err);
    }
    *count = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
    if (*count <= 0) {
        return MR_FAIL(err, MR_BAD_CONFIG, "topic %s is not there", topic);
    }
    return MR_OK;
}

/* A commit answers before its markers are written, so for some milliseconds the last stable offset
 * is behind what is committed already. Hence the end of everything that was written: who reads up
 * to it has waited for the markers, and for whose transaction is still open. */
enum mr_code mr_kafka_range(const struct kafka_transport *self, const char *topic,
                            int32_t partition, int64_t *low, int64_t *high, struct mr_error *err)
{
    rd_kafka_t *own = self->reader != NULL ? self->reader : self->consumer;
    rd_kafka_t *handle = self->broker->mock == NULL ? self->broker->admin : own;

    *low = 0;
    *high = 0;
    return mr_kafka_resp(
        rd_kafka_query_watermark_offsets(handle, topic, partition, low, high, KAFKA_ANSWER_MS),
        "asking for the range of a partition", err);
}
