#include "processors/core/registry/registry_internal.h"

#include <stdlib.h>
#include <string.h>

/* Both ends; a slash there would be doubled by the path. */
static struct mr_span trim(struct mr_span url)
{
    url = mr_span_trim(url);
    while (url.size > 0 && url.data[url.size - 1] == '/') {
        url.size--;
    }
    return url;
}

struct mr_span mr_registry_next_url(struct mr_span *rest)
{
    struct mr_span url = {NULL, 0};

    while (url.size == 0 && rest->size > 0) {
        const uint8_t *comma = memchr(rest->data, ',', rest->size);
        const size_t size = comma != NULL ? (size_t)(comma - rest->data) : rest->size;
        const size_t taken = size + (comma != NULL);

        url = trim((struct mr_span){rest->data, size});
        *rest = (struct mr_span){rest->data + taken, rest->size - taken};
    }
    return url;
}

static size_t count_urls(const struct mr_texts *texts)
{
    size_t count = 0;

    for (size_t i = 0; i < texts->count; i++) {
        struct mr_span rest = mr_span_text(texts->items[i]);

        while (mr_registry_next_url(&rest).size > 0) {
            count++;
        }
    }
    return count;
}

/* false: no memory. */
static bool copy_urls(struct mr_registry_urls *self, const struct mr_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        struct mr_span rest = mr_span_text(texts->items[i]);
        struct mr_span url;

        while ((url = mr_registry_next_url(&rest)).size > 0) {
            self->items[self->count] = strndup((const char *)url.data, url.size);
            if (self->items[self->count] == NULL) {
                return false;
            }
            self->count++;
        }
    }
    return true;
}

enum mr_code mr_registry_urls_new(const struct mr_texts *texts, struct mr_registry_urls **out,
                                  struct mr_error *err)
{
    const size_t count = count_urls(texts);
    struct mr_registry_urls *self;

    *out = NULL;
    if (count == 0) {
        return MR_FAIL(err, MR_BAD_CONFIG, "registry.url: names no registry");
    }
    self = calloc(1, sizeof(*self) + count * sizeof(self->items[0]));
    if (self == NULL || !copy_urls(self, texts)) {
        mr_registry_urls_free(self);
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a registry client");
    }
    *out = self;
    return MR_OK;
}

void mr_registry_urls_free(struct mr_registry_urls *urls)
{
    if (urls == NULL) {
        return;
    }
    for (size_t i = 0; i < urls->count; i++) {
        free(urls->items[i]);
    }
    free(urls);
}

const char *mr_registry_name(const struct mr_registry *registry)
{
    return registry->urls->items[atomic_load(&registry->urls->current)];
}
