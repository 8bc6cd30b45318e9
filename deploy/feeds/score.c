#include "deploy/feeds/score.h"

#include "deploy/feeds/calendar.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_SIZE 64
#define FIELD_COUNT 9
#define TRUTH_LINE_SIZE_MIN 60 /* no line of truth.csv that has a price is shorter */

enum { FIELD_KIND, FIELD_FILE, FIELD_CHAIN, FIELD_STORE, FIELD_ITEM, FIELD_TIME };

/* A price fault, or a change that is none, at its place in time. */
struct spot {
    char key[KEY_SIZE];
    int64_t minute;
    enum mr_mark mark;
    bool is_found;
};

struct truth_index {
    struct spot *spots; /* arena; sorted */
    size_t count, capacity;
};

static int compare_spots(const void *left, const void *right)
{
    const struct spot *a = left, *b = right;
    const int order = strcmp(a->key, b->key);

    return order != 0 ? order : (a->minute > b->minute) - (a->minute < b->minute);
}

static bool is_fault(enum mr_mark mark)
{
    return strcmp(mr_mark_label(mark), "anomaly") == 0;
}

static bool is_about_price(enum mr_mark mark)
{
    return is_fault(mark) || strcmp(mr_mark_label(mark), "normal") == 0;
}

/* Cuts line at its commas; truth.csv quotes nothing. */
static bool split_line(char *line, char *fields[FIELD_COUNT])
{
    unsigned count = 0;

    line[strcspn(line, "\r\n")] = '\0';
    for (char *rest = line; rest != NULL && count < FIELD_COUNT;) {
        char *comma = strchr(rest, ',');

        fields[count++] = rest;
        if (comma != NULL) {
            *comma++ = '\0';
        }
        rest = comma;
    }
    return count == FIELD_COUNT;
}

static bool add_spot(struct truth_index *index, char *line)
{
    char *fields[FIELD_COUNT];
    struct spot spot = {.mark = MR_MARK_NONE};
    int64_t time_s;
    int size;

    if (!split_line(line, fields) || !mr_calendar_read(fields[FIELD_TIME], &time_s)) {
        return false;
    }
    spot.mark = mr_mark_of(mr_span_text(fields[FIELD_KIND]));
    if (spot.mark == MR_MARK_NONE || !is_about_price(spot.mark)) {
        return spot.mark != MR_MARK_NONE;
    }
    size = snprintf(spot.key, sizeof(spot.key), "%s/%s/%s", fields[FIELD_CHAIN],
                    fields[FIELD_STORE], fields[FIELD_ITEM]);
    if (size < 0 || (size_t)size >= sizeof(spot.key) || index->count == index->capacity) {
        return false;
    }
    spot.minute = time_s / 60;
    index->spots[index->count++] = spot;
    return true;
}

/* Calls take() for each line that is not blank, until it says no. */
typedef bool line_taker(void *context, char *line, uint64_t number);

static enum mr_code read_lines(const char *path, line_taker *take, void *context,
                               struct mr_error *err)
{
    FILE *stream = fopen(path, "rb");
    enum mr_code code = MR_OK;
    size_t capacity = 0;
    char *line = NULL;

    if (stream == NULL) {
        return MR_FAIL(err, MR_IO, "%s: %s", path, strerror(errno));
    }
    for (uint64_t number = 1; code == MR_OK && getline(&line, &capacity, stream) >= 0; number++) {
        if (line[strspn(line, " \r\n")] != '\0' && !take(context, line, number)) {
            code = MR_FAIL(err, MR_BAD_DATA, "%s:%" PRIu64 ": cannot be read", path, number);
        }
    }
    if (ferror(stream) != 0 && code == MR_OK) {
        code = MR_FAIL(err, MR_IO, "%s: cannot be read to its end", path);
    }
    free(line);
    (void)fclose(stream);
    return code;
}

static bool take_truth(void *context, char *line, uint64_t number)
{
    return number == 1 || add_spot(context, line);
}

static enum mr_code read_truth(const char *path, size_t capacity, struct truth_index *index,
                               struct mr_arena *arena, struct mr_error *err)
{
    enum mr_code code;

    index->capacity = capacity;
    index->spots = mr_arena_take(arena, capacity, sizeof(*index->spots));
    MR_ASSERT(index->spots != NULL);
    code = read_lines(path, take_truth, index, err);
    qsort(index->spots, index->count, sizeof(*index->spots), compare_spots);
    return code;
}

/* A member, out of the one-member object that Avro's JSON makes of a union's value. */
static const json_t *member(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);

    if (json_is_object(value) && json_object_size(value) == 1) {
        return json_object_iter_value(json_object_iter(value));
    }
    return value;
}

static bool minute_of(const json_t *value, int64_t *minute)
{
    int64_t time_s;

    if (json_is_integer(value)) {
        *minute = json_integer_value(value) / 60000;
        return true;
    }
    if (!json_is_string(value) || !mr_calendar_read(json_string_value(value), &time_s)) {
        return false;
    }
    *minute = time_s / 60;
    return true;
}

static bool has_three_parts(const char *key)
{
    unsigned slashes = 0;

    for (; *key != '\0'; key++) {
        slashes += *key == '/';
    }
    return slashes == 2;
}

struct scoring {
    struct truth_index index;
    struct mr_score *score; /* borrowed */
};

static void judge(struct scoring *scoring, const struct spot *wanted)
{
    struct mr_score *score = scoring->score;
    struct spot *spot =
        bsearch(wanted, scoring->index.spots, scoring->index.count, sizeof(*wanted), compare_spots);
    const enum mr_mark mark = spot != NULL ? spot->mark : MR_MARK_NONE;

    score->advisories++;
    score->flagged[mark]++;
    if (spot == NULL || !is_fault(mark)) {
        score->wrong++;
        return;
    }
    score->right++;
    score->found[mark] += !spot->is_found;
    spot->is_found = true;
}

static bool judge_object(struct scoring *scoring, json_t *object)
{
    const char *key = json_string_value(member(object, "subject_key"));
    const char *severity = json_string_value(member(object, "severity"));
    struct spot wanted = {.mark = MR_MARK_NONE};

    if (key == NULL || !minute_of(member(object, "event_time"), &wanted.minute)) {
        return false;
    }
    if (!has_three_parts(key) || strlen(key) >= sizeof(wanted.key)) {
        scoring->score->others++;
        return true;
    }
    if (severity != NULL && strcmp(severity, "info") == 0) {
        scoring->score->told++;
        return true;
    }
    memcpy(wanted.key, key, strlen(key) + 1);
    judge(scoring, &wanted);
    return true;
}

static bool take_advisory(void *context, char *line, uint64_t number)
{
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    const bool is_good = judge_object(context, object);

    (void)number;
    json_decref(object);
    return is_good;
}

enum mr_code mr_score(const char *truth_path, const char *advisories_path, struct mr_score *score,
                      struct mr_error *err)
{
    struct scoring scoring = {.score = score};
    struct mr_arena *arena;
    struct stat status;
    enum mr_code code;
    size_t capacity;

    if (stat(truth_path, &status) != 0) {
        return MR_FAIL(err, MR_IO, "%s: %s", truth_path, strerror(errno));
    }
    capacity = (size_t)status.st_size / TRUTH_LINE_SIZE_MIN + 1;
    arena = mr_arena_new((capacity + 1) * sizeof(struct spot));
    if (arena == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %s", truth_path);
    }
    code = read_truth(truth_path, capacity, &scoring.index, arena, err);
    for (size_t i = 0; i < scoring.index.count; i++) {
        score->planted[scoring.index.spots[i].mark]++;
    }
    if (code == MR_OK) {
        code = read_lines(advisories_path, take_advisory, &scoring, err);
    }
    mr_arena_free(arena);
    return code;
}

static uint64_t sum_faults(const uint64_t counts[MR_MARK_COUNT])
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < MR_MARK_COUNT; i++) {
        sum += is_fault((enum mr_mark)i) ? counts[i] : 0;
    }
    return sum;
}

uint64_t mr_score_planted(const struct mr_score *score)
{
    return sum_faults(score->planted);
}

uint64_t mr_score_found(const struct mr_score *score)
{
    return sum_faults(score->found);
}
