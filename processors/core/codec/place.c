#include "processors/core/codec/place.h"

#include <stdio.h>
#include <string.h>

#define PLACE_DEPTH_SHOWN 32

static void add_link(const struct mr_place *place, char *out)
{
    const size_t used = strlen(out);
    const size_t room = MR_PLACE_WORDS_SIZE - used;

    if (place->key != NULL) {
        (void)snprintf(out + used, room, "%s%s", used == 0 ? "" : ".", place->key);
    }
    if (place->index != MR_PLACE_NO_INDEX) {
        const size_t again = strlen(out);

        (void)snprintf(out + again, MR_PLACE_WORDS_SIZE - again, "[%zu]", place->index);
    }
}

const char *mr_place_words(const struct mr_place *place, char out[MR_PLACE_WORDS_SIZE])
{
    const struct mr_place *links[PLACE_DEPTH_SHOWN];
    size_t count = 0;

    out[0] = '\0';
    for (; place != NULL && count < PLACE_DEPTH_SHOWN; place = place->up) {
        links[count++] = place;
    }
    while (count > 0) {
        add_link(links[--count], out);
    }
    if (out[0] == '\0') {
        (void)snprintf(out, MR_PLACE_WORDS_SIZE, "schema");
    }
    return out;
}
