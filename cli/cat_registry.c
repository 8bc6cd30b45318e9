#include "cli/cat.h"
#include "processors/core/base/clock.h"

#include <string.h>

/* An address, or a map of the settings of `registry:`, in which ${VAR} is replaced. */
static const struct mr_node *read_map(const char *text, struct mr_arena *arena,
                                      struct mr_report *report)
{
    const char *yaml = text[0] == '{' ? text : mr_arena_print(arena, "{url: \"%s\"}", text);

    return yaml == NULL ? NULL : mr_node_parse("--registry", mr_span_text(yaml), arena, report);
}

enum mr_code cat_registry_open(const char *text, struct mr_arena *arena, struct mr_report *report,
                               struct mr_registry **registry, struct mr_error *err)
{
    struct mr_registry_settings *settings = mr_arena_take(arena, 1, sizeof(*settings));
    const struct mr_node *map = read_map(text, arena, report);

    if (settings == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the settings of a registry");
    }
    if (map == NULL ||
        !mr_options_read(mr_registry_options, map, "registry", arena, report, settings)) {
        return MR_FAIL(err, MR_USAGE, "--registry: see above");
    }
    return mr_registry_new(settings, &mr_clock_system, registry, err);
}

enum mr_code cat_registry_find(struct mr_registry *registry, const struct mr_frame *frame,
                               const struct mr_schema **schema, const char **fault,
                               struct mr_error *err)
{
    struct mr_registry_found found = {0};
    const enum mr_code code = frame->guid != NULL
                                  ? mr_registry_by_guid(registry, frame->guid, &found, err)
                                  : mr_registry_by_id(registry, frame->schema_id, &found, err);

    *schema = found.schema;
    *fault = found.schema == NULL ? found.reason : NULL;
    return code;
}
