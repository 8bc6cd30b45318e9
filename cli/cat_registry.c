#include "cli/cat.h"

/* An address, or a map of the settings of `registry:`, in which ${VAR} is replaced. */
static const struct mr_node *read_map(const char *text, struct mr_arena *arena,
                                      struct mr_report *report)
{
    const char *yaml = text[0] == '{' ? text : mr_arena_print(arena, "{url: \"%s\"}", text);

    return yaml == NULL ? NULL : mr_node_parse("--registry", mr_span_text(yaml), arena, report);
}

enum mr_code cat_registry_settings(const char *text, struct mr_arena *arena,
                                   struct mr_report *report,
                                   const struct mr_registry_settings **settings,
                                   struct mr_error *err)
{
    struct mr_registry_settings *made = mr_arena_take(arena, 1, sizeof(*made));
    const struct mr_node *map = read_map(text, arena, report);

    if (made == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the settings of a registry");
    }
    if (map == NULL ||
        !mr_options_read(mr_registry_options, map, "registry", arena, report, made)) {
        return MR_FAIL(err, MR_USAGE, "--registry: see above");
    }
    *settings = made;
    return MR_OK;
}
