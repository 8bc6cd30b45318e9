/* broker.c - from the pipeline's `kafka:` map to a broker: our own knobs by their table, the rest
 * is librdkafka's. */
#include "cli/verb.h"
#include "processors/core/kafka/kafka.h"

#include <string.h>

#define PROPERTIES_MAX 64

static bool is_ours(const char *name)
{
    for (const struct mr_option *option = mr_kafka_options; option->kind != 0; option++) {
        if (strcmp(option->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Sorts the map's members: ours stay in *ours (a copy), the others become properties. */
static bool split(const struct broker_spec *spec, const struct mr_node *map, struct mr_node *ours,
                  struct mr_kafka_property *properties, size_t *count)
{
    struct mr_node **tail = &ours->child;

    *ours = *map;
    ours->child = NULL;
    for (const struct mr_node *child = map->child; child != NULL; child = child->next) {
        struct mr_node *copy;

        if (is_ours(child->name)) {
            copy = mr_arena_take(spec->pipeline->arena, 1, sizeof(*copy));
            if (copy == NULL) {
                return false;
            }
            *copy = *child;
            copy->next = NULL;
            *tail = copy;
            tail = &copy->next;
        } else if (child->kind != MR_NODE_SCALAR || child->text == NULL ||
                   *count == PROPERTIES_MAX) {
            mr_report_add(spec->report, MR_SEVERITY_ERROR, child->place, child->name, NULL,
                          "a property of the Kafka client is a name and a text, at most %d of them",
                          PROPERTIES_MAX);
        } else {
            properties[(*count)++] = (struct mr_kafka_property){child->name, child->text};
        }
    }
    return true;
}

enum mr_code broker_new(const struct broker_spec *spec, struct mr_broker **broker,
                        struct mr_error *err)
{
    const struct mr_node *map = spec->pipeline->settings->kafka;
    struct mr_kafka_property properties[PROPERTIES_MAX];
    struct mr_kafka_config config = {.properties = properties, .log = spec->log};
    struct mr_error inner = {0};
    struct mr_node ours = {.kind = MR_NODE_MAP};
    enum mr_code code;

    if (map != NULL && !split(spec, map, &ours, properties, &config.property_count)) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the properties of kafka");
    }
    if (!mr_options_read(mr_kafka_options, &ours, "kafka", spec->pipeline->arena, spec->report,
                         &config.settings)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "kafka: see the report");
    }
    code = spec->is_embedded ? mr_kafka_embedded_new(&config, broker, &inner)
                             : mr_kafka_new(&config, broker, &inner);
    if (code == MR_BAD_CONFIG) {
        mr_report_add(spec->report, MR_SEVERITY_ERROR,
                      map ? map->place : (struct mr_place){spec->pipeline->path, 0, 0}, "kafka",
                      NULL, "%s", inner.text);
    }
    return code == MR_OK ? MR_OK : MR_FAIL(err, code, "%s", inner.text);
}
