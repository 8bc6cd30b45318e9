#include "processors/core/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *words;
    enum mr_advice advice;
    int exit_code;
} code_table[MR_CODE_COUNT] = {
#define MR_CODE_ROW(name, words, advice, exit_code) [name] = {words, advice, exit_code},
    MR_CODES(MR_CODE_ROW)
#undef MR_CODE_ROW
};

const char *mr_code_words(enum mr_code code)
{
    MR_ASSERT(code < MR_CODE_COUNT);
    return code_table[code].words;
}

enum mr_advice mr_code_advice(enum mr_code code)
{
    MR_ASSERT(code < MR_CODE_COUNT);
    return code_table[code].advice;
}

int mr_code_exit(enum mr_code code)
{
    MR_ASSERT(code < MR_CODE_COUNT);
    return code_table[code].exit_code;
}

enum mr_code mr_fail(struct mr_error *err, enum mr_code code, const char *file, int line,
                     const char *format, ...)
{
    va_list args;

    MR_ASSERT(code != MR_OK);
    if (err == NULL || err->code != MR_OK) {
        return code;
    }
    err->code = code;
    err->file = file;
    err->line = line;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return code;
}

_Noreturn void mr_assert_failed(const char *truth, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: not true: %s\n", file, line, truth);
    abort();
}
