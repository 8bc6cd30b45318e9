/* main.c - the command `millrace-feeds`: makes feeds, or scores advisories against their truth. */
#include "deploy/feeds/calendar.h"
#include "deploy/feeds/disk.h"
#include "deploy/feeds/publish.h"
#include "deploy/feeds/score.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: millrace-feeds --out DIR [--seed N] [--rows N] [--days N] [--publications N]\n"
    "                      [--start YYYY-MM-DD] [--faults RATE] [--clean]\n"
    "       millrace-feeds --score TRUTH.csv ADVISORIES.jsonl\n"
    "\n"
    "Writes made-up PriceFull feeds in five dialects, with faults planted, and beside them\n"
    "truth.csv, which lists the faults, and summary.json. The same seed gives the same bytes.\n"
    "\n"
    "  --out DIR           made if absent; must be empty\n"
    "  --seed N            1 unless told\n"
    "  --rows N            about so many rows in all; 200000\n"
    "  --days N            2\n"
    "  --publications N    of each feed, a day; 6\n"
    "  --start YYYY-MM-DD  the first day; 2026-03-01\n"
    "  --faults RATE       of rows, for each kind of fault; 0.001, at most 0.02\n"
    "  --clean             plants nothing; the same as --faults 0\n"
    "  --score             precision and recall of price advisories against a truth.csv\n";

struct arguments {
    struct mr_feeds_config config;
    const char *truth; /* borrowed from argv; not NULL: score */
    const char *advisories;
};

/* One row for each option that takes a number. */
static const struct number_option {
    const char *name;
    size_t offset;
    int64_t min, max;
} number_options[] = {
    {"--rows", offsetof(struct mr_feeds_config, rows), 500, 10000000},
    {"--days", offsetof(struct mr_feeds_config, days), 1, 366},
    {"--publications", offsetof(struct mr_feeds_config, publications), 1, 96},
};

static bool read_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *number >= min && *number <= max;
}

static enum mr_code set_number(struct mr_feeds_config *config, const char *name, const char *text,
                               struct mr_error *err)
{
    for (size_t i = 0; i < MR_COUNT(number_options); i++) {
        const struct number_option *option = &number_options[i];
        int64_t number;

        if (strcmp(name, option->name) != 0) {
            continue;
        }
        if (!read_number(text, option->min, option->max, &number)) {
            return MR_FAIL(err, MR_USAGE, "%s: %s is outside %" PRId64 "..%" PRId64, name, text,
                           option->min, option->max);
        }
        memcpy((char *)config + option->offset, &number, sizeof(number));
        return MR_OK;
    }
    return MR_FAIL(err, MR_USAGE, "%s: no such option", name);
}

static enum mr_code set_rate(struct mr_feeds_config *config, const char *text, struct mr_error *err)
{
    char *end;
    const double rate = strtod(text, &end);

    if (end == text || *end != '\0' || !(rate >= 0 && rate <= 0.02)) {
        return MR_FAIL(err, MR_USAGE, "--faults: %s is outside 0..0.02", text);
    }
    config->fault_ppm = (uint32_t)(rate * 1e6 + 0.5);
    return MR_OK;
}

static enum mr_code set_option(struct mr_feeds_config *config, const char *name, const char *text,
                               struct mr_error *err)
{
    int64_t number;

    if (strcmp(name, "--out") == 0) {
        config->folder = text;
        return MR_OK;
    }
    if (strcmp(name, "--faults") == 0) {
        return set_rate(config, text, err);
    }
    if (strcmp(name, "--start") == 0) {
        if (!mr_calendar_read(text, &config->start_s) || config->start_s % 86400 != 0) {
            return MR_FAIL(err, MR_USAGE, "--start: %s is not a date", text);
        }
        return MR_OK;
    }
    if (strcmp(name, "--seed") == 0) {
        if (!read_number(text, 0, INT64_MAX, &number)) {
            return MR_FAIL(err, MR_USAGE, "--seed: %s is not a number", text);
        }
        config->seed = (uint64_t)number;
        return MR_OK;
    }
    return set_number(config, name, text, err);
}

static enum mr_code read_options(int argc, char **argv, struct mr_feeds_config *config,
                                 struct mr_error *err)
{
    enum mr_code code = MR_OK;

    for (int i = 1; i < argc && code == MR_OK; i++) {
        if (strcmp(argv[i], "--clean") == 0) {
            config->fault_ppm = 0;
        } else if (i + 1 < argc) {
            code = set_option(config, argv[i], argv[i + 1], err);
            i++;
        } else {
            code = MR_FAIL(err, MR_USAGE, "%s: no such option, or its value is missing", argv[i]);
        }
    }
    if (code == MR_OK && config->folder == NULL) {
        return MR_FAIL(err, MR_USAGE, "--out is missing");
    }
    return code;
}

static enum mr_code read_arguments(int argc, char **argv, struct arguments *arguments,
                                   struct mr_error *err)
{
    arguments->config = (struct mr_feeds_config){
        .seed = 1, .rows = 200000, .days = 2, .publications = 6, .fault_ppm = 1000};
    MR_ASSERT(mr_calendar_read("2026-03-01", &arguments->config.start_s));
    if (argc > 1 && strcmp(argv[1], "--score") == 0) {
        if (argc != 4) {
            return MR_FAIL(err, MR_USAGE, "--score takes a truth.csv and a file of advisories");
        }
        arguments->truth = argv[2];
        arguments->advisories = argv[3];
        return MR_OK;
    }
    return read_options(argc, argv, &arguments->config, err);
}

static enum mr_code write_feeds(struct mr_world *world, struct mr_error *err)
{
    struct mr_arena *arena = mr_arena_new(mr_publish_size(world));
    struct mr_truth truth = {0};
    enum mr_code code;

    if (arena == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the largest feed");
    }
    code = mr_truth_open(&truth, world->config.folder, err);
    if (code == MR_OK) {
        code = mr_publish(world, &truth, arena, err);
        if (mr_truth_close(&truth, world, err) != MR_OK) {
            code = err->code;
        }
    }
    mr_arena_free(arena);
    if (code == MR_OK) {
        printf("feeds files=%" PRIu64 " rows=%" PRIu64 " keys=%" PRIu64 "\n", truth.file_count,
               truth.row_count, world->listing_count);
    }
    return code;
}

static enum mr_code make_feeds(const struct mr_feeds_config *config, struct mr_error *err)
{
    struct mr_arena *arena = mr_arena_new(mr_world_size(config));
    struct mr_world *world;
    enum mr_code code;

    if (arena == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the catalogue");
    }
    code = mr_disk_prepare(config->folder, err);
    if (code == MR_OK) {
        code = mr_world_new(config, arena, &world, err);
    }
    if (code == MR_OK) {
        code = write_feeds(world, err);
    }
    mr_arena_free(arena);
    return code;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0.0;
}

static uint64_t right_absences(const struct mr_score *score)
{
    return score->flagged[MR_MARK_FEED_GONE] + score->flagged[MR_MARK_STORE_SILENT] +
           score->flagged[MR_MARK_ITEMS_VANISH];
}

static void print_score(const struct mr_score *score)
{
    const uint64_t planted = mr_score_planted(score), found = mr_score_found(score);

    for (unsigned i = MR_MARK_NONE + 1; i < MR_MARK_COUNT; i++) {
        const char *kind = mr_mark_kind((enum mr_mark)i);

        if (mr_score_is_fault((enum mr_mark)i)) {
            printf("kind=%s planted=%" PRIu64 " found=%" PRIu64 " recall=%.3f\n", kind,
                   score->planted[i], score->found[i], share(score->found[i], score->planted[i]));
        } else if (score->planted[i] > 0) {
            printf("kind=%s seen=%" PRIu64 " wrongly_flagged=%" PRIu64 "\n", kind,
                   score->planted[i], score->flagged[i]);
        }
    }
    printf("absences right=%" PRIu64 " wrong=%" PRIu64 "\n", right_absences(score),
           score->wrong_absences);
    printf("feeds_broken_off right=%" PRIu64 " wrong=%" PRIu64 "\n",
           score->flagged[MR_MARK_TRUNCATED_GZ], score->wrong_cuts);
    printf("kind=small_or_no_change wrongly_flagged=%" PRIu64 "\n", score->flagged[MR_MARK_NONE]);
    printf("not_about_prices=%" PRIu64 " told_without_a_claim=%" PRIu64 "\n", score->others,
           score->told);
    printf("score advisories=%" PRIu64 " right=%" PRIu64 " wrong=%" PRIu64 " planted=%" PRIu64
           " found=%" PRIu64 " precision=%.3f recall=%.3f\n",
           score->advisories, score->right, score->wrong, planted, found,
           share(score->right, score->advisories), share(found, planted));
}

static enum mr_code score_advisories(const struct arguments *arguments, struct mr_error *err)
{
    struct mr_score score = {0};
    const enum mr_code code = mr_score(arguments->truth, arguments->advisories, &score, err);

    if (code == MR_OK) {
        print_score(&score);
    }
    return code;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct mr_error err = {0};
    enum mr_code code;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    code = read_arguments(argc, argv, &arguments, &err);
    if (code == MR_OK) {
        code = arguments.truth ? score_advisories(&arguments, &err)
                               : make_feeds(&arguments.config, &err);
    }
    if (code != MR_OK) {
        fprintf(stderr, "millrace-feeds: %s\n", err.text);
    }
    return mr_code_exit(code);
}
