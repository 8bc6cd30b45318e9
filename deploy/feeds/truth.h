/* truth.h - truth.csv and summary.json: what was planted, and what came of it by chance.
 *
 *     kind,file,chain_id,store_id,item_code,publication_time,expected,observed,label
 *
 * One line for everything that a reader of the feeds might notice. label says what
 * it should make of it: "anomaly" (a wrong price), "reject" (a row that cannot be
 * used), "duplicate", "file" (about a whole file: expected and observed count rows), "absence"
 * (what used to be in every publication and is not, from this one on: a store whose file holds
 * nothing or does not come, an item; expected counts publications, observed says when it is back,
 * or nothing) and "normal" (a change of a fifth or more that is no fault: a promotion, its end, or
 * the end of a planted fault). The store's id has no leading zeros. A missing item code is missing
 * here too. publication_time is that of the feed.
 */
#ifndef MR_FEEDS_TRUTH_H
#define MR_FEEDS_TRUTH_H

#include "deploy/feeds/catalogue.h"

#include <stdio.h>

#define MR_MARKS(X) \
    X(MR_MARK_NONE, "", "") \
    X(MR_MARK_PRICE_X10, "price_x10", "anomaly") \
    X(MR_MARK_DECIMAL_SLIP, "decimal_slip", "anomaly") \
    X(MR_MARK_UNIT_SWAPPED, "unit_swapped", "anomaly") \
    X(MR_MARK_BAD_ROW, "bad_row", "reject") \
    X(MR_MARK_INVALID_UTF8, "invalid_utf8", "reject") \
    X(MR_MARK_DUPLICATE_ROW, "duplicate_row", "duplicate") \
    X(MR_MARK_TRUNCATED_GZ, "truncated_gz", "file") \
    X(MR_MARK_HTML_PAGE, "html_page", "file") \
    X(MR_MARK_EMPTY_FEED, "empty_feed", "file") \
    X(MR_MARK_FEED_GONE, "feed_gone", "absence") \
    X(MR_MARK_STORE_SILENT, "store_silent", "absence") \
    X(MR_MARK_ITEMS_VANISH, "items_vanish", "absence") \
    X(MR_MARK_NATURAL_CHANGE, "natural_change", "normal") \
    X(MR_MARK_FAULT_RETURN, "fault_return", "normal")

#define MR_MARK_ENUM(name, kind, label) name,
enum mr_mark { MR_MARKS(MR_MARK_ENUM) MR_MARK_COUNT };
#undef MR_MARK_ENUM

const char *mr_mark_kind(enum mr_mark mark);
const char *mr_mark_label(enum mr_mark mark);
enum mr_mark mr_mark_of(struct mr_span kind); /* MR_MARK_NONE for any other word */

struct mr_truth {
    FILE *stream;      /* owned */
    const char *file;  /* borrowed; of the feed now being written */
    const char *chain; /* borrowed; its id */
    int64_t time_s;    /* of its publication */
    uint64_t counts[MR_MARK_COUNT];
    uint64_t file_count;
    uint64_t row_count; /* whole rows that a reader can get at */
    char line[1024];
};

/* A row's line. store 0 and code "" are left empty. expected and observed are text. */
struct mr_finding {
    enum mr_mark mark;
    uint32_t store;
    const char *code;
    const char *expected;
    const char *observed;
};

enum mr_code mr_truth_open(struct mr_truth *self, const char *folder, struct mr_error *err);
void mr_truth_note(struct mr_truth *self, const struct mr_finding *finding);
/* Ends truth.csv and writes summary.json beside it. */
enum mr_code mr_truth_close(struct mr_truth *self, const struct mr_world *world,
                            struct mr_error *err);

#endif
