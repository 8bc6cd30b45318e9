#include "processors/core/config/report.h"

#include "processors/core/base/arena.h"
#include "processors/core/base/error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEM_COUNT_MAX 200
#define PROBLEM_SIZE_MAX 1024 /* of one problem's words, with their NUL */
#define REPORT_ROOM ((size_t)1024 * 1024)

struct problem {
    enum mr_severity severity;
    struct mr_place place; /* its file lies in the report's arena */
    const char *words;     /* arena: "key: text (hint)" */
    size_t index;          /* in order of coming: what stands at one place stays in that order */
};

struct mr_report {
    struct mr_arena *arena; /* owned */
    size_t count, errors, warnings;
    struct problem problems[PROBLEM_COUNT_MAX];
};

struct mr_report *mr_report_new(void)
{
    struct mr_report *report = calloc(1, sizeof(*report));

    if (report == NULL) {
        return NULL;
    }
    report->arena = mr_arena_new(REPORT_ROOM);
    if (report->arena == NULL) {
        free(report);
        return NULL;
    }
    return report;
}

void mr_report_free(struct mr_report *report)
{
    if (report != NULL) {
        mr_arena_free(report->arena);
        free(report);
    }
}

/* Cut at PROBLEM_SIZE_MAX, but never inside a character. */
static void clip(char *words, size_t wanted)
{
    size_t end = PROBLEM_SIZE_MAX - 1;

    if (wanted <= end) {
        return;
    }
    end -= 3;
    while (end > 0 && ((unsigned char)words[end] & 0xC0) == 0x80) {
        end--;
    }
    memcpy(words + end, "...", 4);
}

/* One problem is one line, and a file that is checked cannot write to the terminal. */
static void flatten(char *words)
{
    for (; *words != '\0'; words++) {
        if ((unsigned char)*words < 0x20 || *words == 0x7F) {
            *words = *words == '\n' || *words == '\t' ? ' ' : '?';
        }
    }
}

/* Most problems are in the file of the one before. */
static const char *keep_file(struct mr_report *report, const char *file)
{
    const struct problem *last = report->count > 0 ? &report->problems[report->count - 1] : NULL;

    if (file == NULL ||
        (last != NULL && last->place.file != NULL && strcmp(last->place.file, file) == 0)) {
        return file == NULL ? NULL : last->place.file;
    }
    return mr_arena_text(report->arena, mr_span_text(file));
}

static void keep(struct mr_report *report, enum mr_severity severity, struct mr_place place,
                 const char *words)
{
    struct problem *problem = &report->problems[report->count];
    const char *file = keep_file(report, place.file);
    const char *kept = mr_arena_text(report->arena, mr_span_text(words));

    if (kept == NULL || (place.file != NULL && file == NULL)) {
        return; /* it stays counted */
    }
    place.file = file;
    *problem = (struct problem){severity, place, kept, report->count};
    report->count++;
}

void mr_report_add(struct mr_report *report, enum mr_severity severity, struct mr_place place,
                   const char *key, const char *hint, const char *format, ...)
{
    char text[PROBLEM_SIZE_MAX], words[PROBLEM_SIZE_MAX];
    va_list args;
    int size;

    report->errors += severity == MR_SEVERITY_ERROR;
    report->warnings += severity == MR_SEVERITY_WARNING;
    if (report->count == PROBLEM_COUNT_MAX) {
        return;
    }
    va_start(args, format);
    size = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    MR_ASSERT(size >= 0);
    clip(text, (size_t)size);
    size = snprintf(words, sizeof(words), "%s%s%s%s%s%s", key ? key : "", key ? ": " : "", text,
                    hint ? " (" : "", hint ? hint : "", hint ? ")" : "");
    MR_ASSERT(size >= 0);
    clip(words, (size_t)size);
    flatten(words);
    keep(report, severity, place, words);
}

size_t mr_report_errors(const struct mr_report *report)
{
    return report->errors;
}

size_t mr_report_warnings(const struct mr_report *report)
{
    return report->warnings;
}

static int compare_problems(const void *left, const void *right)
{
    const struct problem *a = *(const struct problem *const *)left;
    const struct problem *b = *(const struct problem *const *)right;
    const int order =
        strcmp(a->place.file ? a->place.file : "", b->place.file ? b->place.file : "");

    if (order != 0) {
        return order;
    }
    if (a->place.line != b->place.line) {
        return a->place.line < b->place.line ? -1 : 1;
    }
    if (a->place.column != b->place.column) {
        return a->place.column < b->place.column ? -1 : 1;
    }
    return a->index < b->index ? -1 : 1;
}

static void sort_problems(const struct mr_report *report, const struct problem **sorted)
{
    for (size_t i = 0; i < report->count; i++) {
        sorted[i] = &report->problems[i];
    }
    qsort(sorted, report->count, sizeof(*sorted), compare_problems);
}

/* ":34:15", or as much of it as is known. */
static const char *print_position(struct mr_place place, char out[32])
{
    out[0] = '\0';
    if (place.line > 0 && place.column > 0) {
        (void)snprintf(out, 32, ":%d:%d", place.line, place.column);
    } else if (place.line > 0) {
        (void)snprintf(out, 32, ":%d", place.line);
    }
    return out;
}

static int print_problem(const struct problem *problem, char *out, size_t size)
{
    const char *file = problem->place.file;
    const char *level = problem->severity == MR_SEVERITY_WARNING ? "warning: " : "";
    char position[32];

    if (file == NULL) {
        return snprintf(out, size, "%s%s", level, problem->words);
    }
    return snprintf(out, size, "%s%s: %s%s", file, print_position(problem->place, position), level,
                    problem->words);
}

void mr_report_print(const struct mr_report *report, FILE *stream)
{
    const struct problem *sorted[PROBLEM_COUNT_MAX];
    const size_t total = report->errors + report->warnings;
    char line[2 * PROBLEM_SIZE_MAX];

    sort_problems(report, sorted);
    for (size_t i = 0; i < report->count; i++) {
        (void)print_problem(sorted[i], line, sizeof(line));
        (void)fprintf(stream, "%s\n", line);
    }
    if (total > report->count) {
        (void)fprintf(stream, "and %zu more problems\n", total - report->count);
    }
}

void mr_report_first(const struct mr_report *report, char *out, size_t size)
{
    const struct problem *sorted[PROBLEM_COUNT_MAX];

    MR_ASSERT(size > 0);
    sort_problems(report, sorted);
    for (size_t i = 0; i < report->count; i++) {
        if (sorted[i]->severity == MR_SEVERITY_ERROR) {
            (void)print_problem(sorted[i], out, size);
            return;
        }
    }
    out[0] = '\0';
    if (report->errors > 0) { /* warnings took all the room */
        (void)snprintf(out, size, "%zu errors", report->errors);
    }
}
