#include "tests/support/memory.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

/* The linker gives these two names to each function that it wraps. NOLINTBEGIN(bugprone-*) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *bytes, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void *__real_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *bytes, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);

static _Thread_local unsigned left; /* 0: none is to fail */
static _Thread_local bool has_failed;

static bool fails(void)
{
    if (left == 0 || --left > 0) {
        return false;
    }
    has_failed = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *bytes, size_t size)
{
    return fails() ? NULL : __real_realloc(bytes, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size)
{
    return fails() ? NULL : __real_strndup(text, size);
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    return fails() ? MAP_FAILED : __real_mmap(address, size, protection, flags, file, offset);
}
/* NOLINTEND(bugprone-*) */

void memory_open(void)
{
    assert_int_equal(CURLE_OK, curl_global_init_mem(CURL_GLOBAL_DEFAULT, __wrap_malloc, free,
                                                    __wrap_realloc, __wrap_strdup, __wrap_calloc));
}

void memory_fail_at(unsigned at)
{
    has_failed = false;
    left = at;
}

bool memory_stop(void)
{
    left = 0;
    return has_failed;
}
