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

enum {
    FIELD_KIND,
    FIELD_FILE,
    FIELD_CHAIN,
    FIELD_STORE,
    FIELD_ITEM,
    FIELD_TIME,
    FIELD_EXPECTED,
    FIELD_OBSERVED
};

/* What an advisory, or a line of the truth, is about. */
enum topic { TOPIC_NONE, TOPIC_PRICE, TOPIC_CUT, TOPIC_ABSENCE };

/* A fault, or a change that is none, at its place in time. */
struct spot {
    char key[KEY_SIZE];
    int64_t from, until; /* minutes, both inclusive */
    enum mr_mark mark;
    bool is_found;
};

struct claim {
    char key[KEY_SIZE];
    int64_t minute;
    enum topic topic;
};

struct truth_index {
    struct spot *spots; /* arena; sorted */
    size_t count, capacity;
};

static int compare_spots(const void *left, const void *right)
{
    const struct spot *a = left, *b = right;
    const int order = strcmp(a->key, b->key);

    return order != 0 ? order : (a->from > b->from) - (a->from < b->from);
}

static enum topic topic_of(enum mr_mark mark)
{
    const char *label = mr_mark_label(mark);

    if (strcmp(label, "anomaly") == 0 || strcmp(label, "normal") == 0) {
        return TOPIC_PRICE;
    }
    if (strcmp(label, "absence") == 0) {
        return TOPIC_ABSENCE;
    }
    return mark == MR_MARK_TRUNCATED_GZ ? TOPIC_CUT : TOPIC_NONE;
}

bool mr_score_is_fault(enum mr_mark mark)
{
    return topic_of(mark) != TOPIC_NONE && strcmp(mr_mark_label(mark), "normal") != 0;
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

static bool put_key(char key[KEY_SIZE], const char *const parts[3])
{
    const int size = snprintf(key, KEY_SIZE, "%s/%s%s%s", parts[0], parts[1],
                              parts[2][0] != '\0' ? "/" : "", parts[2]);

    return size > 0 && size < KEY_SIZE;
}

static bool add_spot(struct truth_index *index, char *line)
{
    char *fields[FIELD_COUNT];
    struct spot spot = {.mark = MR_MARK_NONE};
    int64_t from_s, until_s;

    if (!split_line(line, fields) || !mr_calendar_read(fields[FIELD_TIME], &from_s)) {
        return false;
    }
    spot.mark = mr_mark_of(mr_span_text(fields[FIELD_KIND]));
    if (spot.mark == MR_MARK_NONE || topic_of(spot.mark) == TOPIC_NONE) {
        return spot.mark != MR_MARK_NONE;
    }
    until_s = from_s;
    if (topic_of(spot.mark) == TOPIC_ABSENCE && fields[FIELD_OBSERVED][0] == '\0') {
        until_s = INT64_MAX; /* for good */
    } else if (topic_of(spot.mark) == TOPIC_ABSENCE &&
               !mr_calendar_read(fields[FIELD_OBSERVED], &until_s)) {
        return false;
    }
    if (!put_key(spot.key, (const char *const[]){fields[FIELD_CHAIN], fields[FIELD_STORE],
                                                 fields[FIELD_ITEM]}) ||
        index->count == index->capacity) {
        return false;
    }
    spot.from = from_s / 60;
    spot.until = until_s / 60;
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

static unsigned count_parts(const char *key)
{
    unsigned count = 1;

    for (; *key != '\0'; key++) {
        count += *key == '/';
    }
    return count;
}

struct scoring {
    struct truth_index index;
    struct mr_score *score; /* borrowed */
};

/* The spot that a claim is about; NULL: there is none. */
static struct spot *find_spot(const struct truth_index *index, const struct claim *claim)
{
    size_t low = 0, high = index->count;

    while (low < high) { /* to the first of the key */
        const size_t middle = (low + high) / 2;

        if (strcmp(index->spots[middle].key, claim->key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < index->count && strcmp(index->spots[low].key, claim->key) == 0; low++) {
        struct spot *spot = &index->spots[low];

        if (topic_of(spot->mark) == claim->topic && claim->minute >= spot->from &&
            claim->minute <= spot->until) {
            return spot;
        }
    }
    return NULL;
}

static void judge(struct scoring *scoring, const struct claim *claim)
{
    struct mr_score *score = scoring->score;
    struct spot *spot = find_spot(&scoring->index, claim);
    const enum mr_mark mark = spot != NULL ? spot->mark : MR_MARK_NONE;

    score->advisories++;
    score->flagged[mark] += claim->topic == TOPIC_PRICE || spot != NULL;
    if (spot == NULL || !mr_score_is_fault(mark)) {
        score->wrong++;
        score->wrong_absences += claim->topic == TOPIC_ABSENCE;
        score->wrong_cuts += claim->topic == TOPIC_CUT;
        return;
    }
    score->right++;
    score->found[mark] += !spot->is_found;
    spot->is_found = true;
}

static bool set_key(struct claim *claim, const char *key, size_t size)
{
    if (key == NULL || size >= KEY_SIZE) {
        return false;
    }
    memcpy(claim->key, key, size);
    claim->key[size] = '\0';
    return true;
}

/* list: JSON's text of the keys that do not come. */
static bool judge_absent(struct scoring *scoring, struct claim claim, const char *list)
{
    json_t *keys = list ? json_loads(list, 0, NULL) : NULL;
    bool is_good = json_is_array(keys);
    const json_t *key;
    size_t i;

    claim.topic = TOPIC_ABSENCE;
    json_array_foreach(keys, i, key)
    {
        const char *text = json_string_value(key);

        is_good = is_good && set_key(&claim, text, text ? strlen(text) : 0);
        if (is_good) {
            judge(scoring, &claim);
        }
    }
    json_decref(keys);
    return is_good;
}

/* The feed of the store that the key begins with. */
static bool judge_cut(struct scoring *scoring, struct claim claim, const char *key)
{
    const size_t chain = strcspn(key, "/");
    const size_t store = key[chain] == '/' ? strcspn(key + chain + 1, "/") + 1 : 0;

    claim.topic = TOPIC_CUT;
    if (!set_key(&claim, key, chain + store)) {
        return false;
    }
    judge(scoring, &claim);
    return true;
}

static bool judge_price(struct scoring *scoring, struct claim claim, const char *key,
                        const char *severity)
{
    claim.topic = TOPIC_PRICE;
    if (count_parts(key) != 3 || !set_key(&claim, key, strlen(key))) {
        scoring->score->others++;
    } else if (severity != NULL && strcmp(severity, "info") == 0) {
        scoring->score->told++;
    } else {
        judge(scoring, &claim);
    }
    return true;
}

static bool judge_object(struct scoring *scoring, json_t *object)
{
    const char *key = json_string_value(member(object, "subject_key"));
    const char *severity = json_string_value(member(object, "severity"));
    json_t *evidence = json_object_get(object, "evidence");
    const char *end = json_string_value(json_object_get(evidence, "origin.end"));
    struct claim claim = {.topic = TOPIC_NONE};
    const char *name;
    json_t *value;

    if (key == NULL || !minute_of(member(object, "event_time"), &claim.minute)) {
        return false;
    }
    json_object_foreach(evidence, name, value)
    {
        const char *dot = strrchr(name, '.');

        if (dot != NULL && strcmp(dot, ".absent") == 0) {
            return judge_absent(scoring, claim, json_string_value(value));
        }
    }
    return end != NULL ? judge_cut(scoring, claim, key)
                       : judge_price(scoring, claim, key, severity);
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
        sum += mr_score_is_fault((enum mr_mark)i) ? counts[i] : 0;
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
