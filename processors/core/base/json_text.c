#include "processors/core/base/json_text.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>

/* A text that is being read. What jansson has taken and freed is only noted: a text that is no JSON
 * is freed in any order, and looking each block up would take the square of its size. */
struct load {
    jmp_buf out;           /* where to go when memory ends */
    void **taken, **freed; /* owned; an address may be there more than once */
    size_t taken_count, freed_count;
    size_t room; /* of each */
};

/* Of the process, as jansson's allocator is. */
static pthread_once_t is_watched = PTHREAD_ONCE_INIT;
static _Thread_local struct load *loading; /* NULL: this thread reads nothing */
static _Thread_local uint64_t shortages;

static bool grow(void ***blocks, size_t room)
{
    void **longer = realloc(*blocks, room * sizeof(*longer));

    *blocks = longer != NULL ? longer : *blocks;
    return longer != NULL;
}

/* For one more block, and for its being freed, which cannot fail. */
static bool make_place(struct load *load)
{
    const size_t room = load->room == 0 ? 64 : load->room * 2;

    if (load->taken_count < load->room) {
        return true;
    }
    if (!grow(&load->taken, room) || !grow(&load->freed, room)) {
        return false;
    }
    load->room = room;
    return true;
}

static void *watched_malloc(size_t size)
{
    const bool has_place = loading == NULL || make_place(loading);
    void *bytes = has_place ? malloc(size) : NULL;

    if (bytes == NULL) {
        shortages++;
        if (loading != NULL) {
            longjmp(loading->out, 1);
        }
    } else if (loading != NULL) {
        loading->taken[loading->taken_count++] = bytes;
    }
    return bytes;
}

static void watched_free(void *bytes)
{
    if (loading != NULL) {
        MR_ASSERT(loading->freed_count < loading->taken_count);
        loading->freed[loading->freed_count++] = bytes;
    }
    free(bytes);
}

static int compare(const void *a, const void *b)
{
    const uintptr_t one = (uintptr_t) * (void *const *)a, other = (uintptr_t) * (void *const *)b;

    return (one > other) - (one < other);
}

/* Frees what was taken more often than freed. */
static void give_back(struct load *load)
{
    size_t freed = 0;

    if (load->taken_count == 0) {
        return; /* and there may be no lists yet */
    }
    qsort(load->taken, load->taken_count, sizeof(*load->taken), compare);
    qsort(load->freed, load->freed_count, sizeof(*load->freed), compare);
    for (size_t i = 0; i < load->taken_count; i++) {
        if (freed < load->freed_count && load->freed[freed] == load->taken[i]) {
            freed++;
        } else {
            free(load->taken[i]);
        }
    }
}

/* Both are the C library's at heart: what was taken before is freed as before. */
static void watch(void)
{
    json_set_alloc_funcs(watched_malloc, watched_free);
}

uint64_t mr_json_shortages(void)
{
    (void)pthread_once(&is_watched, watch);
    return shortages;
}

/* A function of its own, so that nothing which the jump could clobber is used after it. */
static enum mr_code try_load(struct load *load, struct mr_span text, size_t flags, json_t **json,
                             json_error_t *fault)
{
    if (setjmp(load->out) != 0) {
        loading = NULL;
        return MR_NO_ROOM;
    }
    loading = load;
    *json = json_loadb((const char *)text.data, text.size, flags, fault);
    loading = NULL;
    return MR_OK;
}

enum mr_code mr_json_load(struct mr_span text, size_t flags, json_t **json, json_error_t *fault,
                          struct mr_error *err)
{
    struct load load = {.room = 0};
    enum mr_code code;

    (void)pthread_once(&is_watched, watch);
    *json = NULL;
    code = try_load(&load, text, flags, json, fault);
    if (code != MR_OK) {
        give_back(&load);
    }
    free(load.taken);
    free(load.freed);
    return code == MR_OK ? MR_OK : MR_FAIL(err, code, "no memory for JSON of %zu bytes", text.size);
}

char *mr_json_dump(const json_t *json, size_t flags)
{
    const uint64_t before = mr_json_shortages();
    char *text = json_dumps(json, flags);

    if (mr_json_shortages() != before) {
        free(text);
        text = NULL;
    }
    return text;
}
