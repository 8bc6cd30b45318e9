#include "deploy/feeds/publish.h"

#include "deploy/feeds/calendar.h"
#include "deploy/feeds/dialects.h"
#include "deploy/feeds/disk.h"
#include "deploy/feeds/faults.h"
#include "deploy/feeds/market.h"

#include <inttypes.h>
#include <stdio.h>

#define STREAM_OF_FEED(feed, publication) \
    ((uint64_t)(feed) << 32 | (publication) | UINT64_C(1) << 62)
#define TEXT_SIZE 24

static const char html_page[] =
    "<!DOCTYPE html>\r\n<html dir=\"rtl\" lang=\"he\">\r\n<head>\r\n"
    "  <meta charset=\"utf-8\">\r\n  <title>הקישור אינו בתוקף</title>\r\n"
    "  <link rel=\"stylesheet\" href=\"/style.css\">\r\n</head>\r\n<body>\r\n"
    "  <h1>הקישור אינו בתוקף</h1>\r\n"
    "  <p>The link that you followed has expired. Please go back to the list of files and try "
    "again.</p>\r\n  <p><a href=\"/\">חזרה לעמוד הראשי</a></p>\r\n</body>\r\n</html>\r\n";

/* One file that is being written. */
struct sheet {
    struct mr_truth *truth; /* borrowed, as all here */
    const struct mr_world *world;
    const struct mr_fault_plan *plan;
    const struct mr_feed *feed;
    struct mr_arena *arena;
    struct mr_turn turn;
    struct mr_dice dice;
    struct mr_ink out, scratch;
    enum mr_mark fate;        /* of the whole file */
    uint32_t row_count;       /* that the file would have */
    uint32_t break_at;        /* from this row on, the first that is quiet has a broken name */
    uint32_t rows_before_cut; /* whole ones */
    uint32_t rows_put;
    char name[96];
    char store_id[TEXT_SIZE]; /* of the store that is being written, as the feed spells it */
};

static const char *price_text(char out[TEXT_SIZE], int64_t agorot)
{
    struct mr_ink ink = {.data = (uint8_t *)out, .capacity = TEXT_SIZE};

    mr_ink_price(&ink, agorot);
    mr_ink_byte(&ink, '\0');
    return out;
}

static void note_move(struct sheet *sheet, const struct mr_store *store,
                      const struct mr_listing *listing, const struct mr_move *move)
{
    char before[TEXT_SIZE], now[TEXT_SIZE];

    if (move->mark != MR_MARK_NONE) {
        mr_truth_note(sheet->truth, &(struct mr_finding){
                                        .mark = move->mark,
                                        .store = store->id,
                                        .code = listing->product->code,
                                        .expected = price_text(before, move->before),
                                        .observed = price_text(now, listing->agorot),
                                    });
    }
}

static void note_flaw(struct sheet *sheet, const struct mr_store *store, const struct mr_row *row)
{
    char expected[TEXT_SIZE], observed[TEXT_SIZE];
    struct mr_ink ink = {.data = (uint8_t *)observed, .capacity = sizeof(observed)};

    if (row->flaw == MR_FLAW_NONE) {
        return;
    }
    mr_row_put_price(&ink, row);
    mr_ink_byte(&ink, '\0');
    mr_truth_note(sheet->truth,
                  &(struct mr_finding){
                      .mark = mr_flaw_mark(row->flaw),
                      .store = store->id,
                      .code = row->flaw == MR_FLAW_NO_CODE ? "" : row->listing->product->code,
                      .expected = price_text(expected, row->listing->agorot),
                      .observed = observed,
                  });
}

static void put_row(struct sheet *sheet, const struct mr_row *row)
{
    mr_row_put(&sheet->out, &sheet->scratch, row);
    sheet->rows_put++;
}

static void put_repeat(struct sheet *sheet, const struct mr_store *store, struct mr_row row)
{
    if (row.flaw == MR_FLAW_CONFLICT) {
        row.agorot = mr_price_round(row.agorot * 108 / 100 + 50);
    }
    put_row(sheet, &row);
    note_flaw(sheet, store, &row);
}

static enum mr_flaw draw_flaw(struct sheet *sheet)
{
    if (sheet->rows_put >= sheet->break_at) {
        sheet->break_at = UINT32_MAX;
        return MR_FLAW_BYTE;
    }
    return mr_fault_of_row(sheet->plan, &sheet->dice);
}

static bool is_gone(const struct mr_listing *listing, uint32_t publication)
{
    return publication >= listing->gone_from && publication < listing->gone_until;
}

/* What is missing from now on. until: the publication that brings it back. */
static void note_absence(struct sheet *sheet, enum mr_mark mark, uint32_t store, const char *code,
                         uint32_t until)
{
    const struct mr_world *world = sheet->world;
    char count[TEXT_SIZE], back[TEXT_SIZE] = "";
    struct mr_ink ink = {.data = (uint8_t *)back, .capacity = sizeof(back)};

    if (until < world->publication_count) {
        mr_calendar_put(&ink, mr_feed_time(world, sheet->feed, until), "%Y-%m-%dT%H:%M:%S");
        mr_ink_byte(&ink, '\0');
    }
    (void)snprintf(count, sizeof(count), "%" PRIu32, until - sheet->turn.publication);
    mr_truth_note(
        sheet->truth,
        &(struct mr_finding){
            .mark = mark, .store = store, .code = code, .expected = count, .observed = back});
}

/* A row is flawed only where its price did nothing: a reader who cannot read it misses nothing. */
static void put_present(struct sheet *sheet, const struct mr_store *store,
                        struct mr_listing *listing)
{
    const struct mr_move move = mr_market_move(listing, &sheet->turn);
    const bool is_quiet = move.mark == MR_MARK_NONE && !move.is_changed;
    struct mr_row row = {
        .dialect = sheet->feed->chain->profile->dialect,
        .chain = sheet->feed->chain,
        .listing = listing,
        .store_id = sheet->store_id,
        .agorot = listing->agorot,
        .flaw = is_quiet ? draw_flaw(sheet) : MR_FLAW_NONE,
    };
    const enum mr_mark mark = mr_flaw_mark(row.flaw);

    put_row(sheet, &row);
    note_move(sheet, store, listing, &move);
    if (mark == MR_MARK_DUPLICATE_ROW) {
        put_repeat(sheet, store, row);
    } else {
        note_flaw(sheet, store, &row);
    }
    listing->shown += mark == MR_MARK_NONE || mark == MR_MARK_DUPLICATE_ROW;
}

static void put_listing(struct sheet *sheet, const struct mr_store *store,
                        struct mr_listing *listing)
{
    if (!is_gone(listing, sheet->turn.publication)) {
        put_present(sheet, store, listing);
    } else if (sheet->turn.publication == listing->gone_from) {
        note_absence(sheet, MR_MARK_ITEMS_VANISH, store->id, listing->product->code,
                     listing->gone_until);
    }
}

static void spell_store(struct sheet *sheet, const struct mr_store *store)
{
    const struct mr_chain_profile *profile = sheet->feed->chain->profile;
    const bool is_padded = profile->pads_first_store && store->id == profile->store_ids[0] &&
                           sheet->turn.publication % 2 == 1 && sheet->plan->row_ppm > 0;

    (void)snprintf(sheet->store_id, sizeof(sheet->store_id), "%0*" PRIu32,
                   is_padded ? 4 : profile->id_width, store->id);
}

static void put_head(struct sheet *sheet)
{
    const struct mr_chain *chain = sheet->feed->chain;

    spell_store(sheet, &sheet->feed->stores[0]);
    mr_ink_text(&sheet->out, chain->profile->opening);
    chain->profile->dialect->put_head(&sheet->out,
                                      &(struct mr_head){chain, sheet->store_id, sheet->row_count});
}

static void put_whole(struct sheet *sheet)
{
    put_head(sheet);
    for (uint32_t i = 0; i < sheet->feed->store_count; i++) {
        struct mr_store *store = &sheet->feed->stores[i];

        spell_store(sheet, store);
        for (uint32_t j = 0; j < store->listing_count; j++) {
            put_listing(sheet, store, &store->listings[j]);
        }
    }
    mr_ink_text(&sheet->out, sheet->feed->chain->profile->dialect->tail);
}

/* Breaks off three quarters into a row, so that the loss of the gzip's last few hundred bytes
 * does not reach the row before it. */
static void put_half(struct sheet *sheet)
{
    const struct mr_store *store = &sheet->feed->stores[0];
    size_t start = 0;

    put_head(sheet);
    for (uint32_t i = 0; i <= sheet->rows_before_cut; i++) {
        const struct mr_row row = {
            .dialect = sheet->feed->chain->profile->dialect,
            .chain = sheet->feed->chain,
            .listing = &store->listings[i],
            .store_id = sheet->store_id,
            .agorot = store->listings[i].agorot,
        };

        start = sheet->out.size;
        put_row(sheet, &row);
    }
    sheet->rows_put--;
    sheet->out.size = start + (sheet->out.size - start) * 3 / 4;
    while ((sheet->out.data[sheet->out.size] & 0xC0) == 0x80) {
        sheet->out.size--; /* not inside a letter */
    }
}

static void put_fate(struct sheet *sheet)
{
    const struct mr_chain_profile *profile = sheet->feed->chain->profile;

    switch (sheet->fate) {
    case MR_MARK_HTML_PAGE:
        mr_ink_text(&sheet->out, html_page);
        break;
    case MR_MARK_EMPTY_FEED:
        mr_ink_text(&sheet->out, profile->opening);
        mr_ink_text(&sheet->out, profile->dialect->empty);
        break;
    case MR_MARK_TRUNCATED_GZ:
        put_half(sheet);
        break;
    default:
        put_whole(sheet);
    }
}

static void note_fate(struct sheet *sheet)
{
    const struct mr_feed *feed = sheet->feed;
    char expected[TEXT_SIZE], observed[TEXT_SIZE];

    if (sheet->fate == MR_MARK_NONE) {
        return;
    }
    (void)snprintf(expected, sizeof(expected), "%" PRIu32, sheet->row_count);
    (void)snprintf(observed, sizeof(observed), "%" PRIu32, sheet->rows_put);
    mr_truth_note(sheet->truth, &(struct mr_finding){
                                    .mark = sheet->fate,
                                    .store = feed->store_count == 1 ? feed->stores[0].id : 0,
                                    .code = "",
                                    .expected = expected,
                                    .observed = observed,
                                });
    if (sheet->fate != MR_MARK_TRUNCATED_GZ) {
        note_absence(sheet, MR_MARK_FEED_GONE, feed->stores[0].id, "", sheet->turn.publication + 1);
    }
}

static enum mr_packing packing_of(const struct sheet *sheet)
{
    return sheet->feed->chain->profile->packings[sheet->turn.publication % 2];
}

static struct mr_span seal(struct sheet *sheet)
{
    const struct mr_chain_profile *profile = sheet->feed->chain->profile;
    const struct mr_span text = mr_ink_span(&sheet->out);
    struct mr_span bytes;

    if (sheet->fate == MR_MARK_HTML_PAGE) {
        return text;
    }
    bytes = mr_encode(profile->encoding, text, sheet->arena);
    if (bytes.data == NULL) {
        return bytes;
    }
    return sheet->fate == MR_MARK_TRUNCATED_GZ
               ? mr_pack_cut(bytes, sheet->arena)
               : mr_pack(packing_of(sheet), bytes, "PriceFull.xml", sheet->arena);
}

static void name_file(struct sheet *sheet)
{
    static const char *const suffixes[] = {
        [MR_PACK_NONE] = "", [MR_PACK_GZIP] = ".gz", [MR_PACK_ZIP] = ".zip"};
    const struct mr_chain *chain = sheet->feed->chain;
    const enum mr_packing packing = packing_of(sheet);
    struct mr_ink ink = {.data = (uint8_t *)sheet->name, .capacity = sizeof(sheet->name)};

    spell_store(sheet, &sheet->feed->stores[0]);
    mr_ink_print(&ink, "%sPriceFull%s-", chain->profile->name_prefix, chain->id);
    if (chain->profile->has_one_feed) {
        mr_ink_text(&ink, "000");
    } else if (sheet->store_id[0] == '0') {
        mr_ink_text(&ink, sheet->store_id);
    } else {
        mr_ink_print(&ink, "%03" PRIu32, sheet->feed->stores[0].id);
    }
    mr_calendar_put(&ink, sheet->turn.time_s, "-%Y%m%d%H%M");
    mr_ink_text(&ink, packing == MR_PACK_ZIP ? "" : chain->profile->plain_suffix);
    mr_ink_text(&ink, suffixes[packing]);
    mr_ink_byte(&ink, '\0');
}

static uint32_t listings_of(const struct mr_feed *feed)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < feed->store_count; i++) {
        count += feed->stores[i].listing_count;
    }
    return count;
}

static uint32_t rows_of(const struct mr_feed *feed, uint32_t publication)
{
    uint32_t count = listings_of(feed);

    for (uint32_t i = 0; i < feed->store_count; i++) {
        for (uint32_t j = 0; j < feed->stores[i].listing_count; j++) {
            count -= is_gone(&feed->stores[i].listings[j], publication);
        }
    }
    return count;
}

static size_t text_size_max(uint32_t row_count)
{
    return ((size_t)row_count * 11 / 10 + 64) * MR_ROW_SIZE_MAX;
}

static void begin_sheet(struct sheet *sheet, const struct mr_world *world, uint32_t feed,
                        uint32_t publication)
{
    const struct mr_fault_plan *plan = sheet->plan;
    uint32_t until;
    const bool is_before_fate = mr_fault_of_file(plan, feed, publication + 1) != MR_MARK_NONE ||
                                mr_fault_is_silent(plan, feed, publication + 1, &until);

    sheet->world = world;
    sheet->feed = &world->feeds[feed];
    sheet->dice = mr_dice_of(world->config.seed, STREAM_OF_FEED(feed, publication));
    sheet->turn = (struct mr_turn){
        .dice = &sheet->dice,
        .time_s = mr_feed_time(world, sheet->feed, publication),
        .slot_s = world->slot_s,
        .publication = publication,
        .change_ppm = publication > 0 ? (uint32_t)mr_dice_between(&sheet->dice, 5000, 15000) : 0,
        .fault_ppm = is_before_fate ? 0 : plan->row_ppm,
    };
    sheet->fate = mr_fault_of_file(plan, feed, publication);
    sheet->row_count = rows_of(sheet->feed, publication);
    sheet->rows_before_cut = sheet->row_count / 2;
    sheet->break_at = mr_fault_breaks_byte(plan, feed, publication)
                          ? mr_dice_below(&sheet->dice, sheet->row_count / 2 + 1)
                          : UINT32_MAX;
    name_file(sheet);
    sheet->truth->file = sheet->name;
    sheet->truth->chain = sheet->feed->chain->id;
    sheet->truth->time_s = sheet->turn.time_s;
}

static enum mr_code write_sheet(struct sheet *sheet, const char *folder, struct mr_error *err)
{
    struct mr_span bytes;

    sheet->out = mr_ink_of(sheet->arena, text_size_max(sheet->row_count));
    sheet->scratch = mr_ink_of(sheet->arena, MR_ROW_SIZE_MAX);
    MR_ASSERT(sheet->out.data != NULL && sheet->scratch.data != NULL);
    put_fate(sheet);
    note_fate(sheet);
    bytes = seal(sheet);
    MR_ASSERT(bytes.data != NULL);
    sheet->truth->file_count++;
    sheet->truth->row_count += sheet->rows_put;
    return mr_disk_write(folder, sheet->name, bytes, err);
}

/* Whether the file does not come; the first that does not is noted. */
static bool is_silent(struct sheet *sheet, uint32_t feed)
{
    const uint32_t publication = sheet->turn.publication;
    uint32_t until, before;

    if (!mr_fault_is_silent(sheet->plan, feed, publication, &until)) {
        return false;
    }
    if (publication == 0 || !mr_fault_is_silent(sheet->plan, feed, publication - 1, &before)) {
        note_absence(sheet, MR_MARK_STORE_SILENT, sheet->feed->stores[0].id, "", until);
    }
    return true;
}

size_t mr_publish_size(const struct mr_world *world)
{
    uint32_t row_count = 0;

    for (uint32_t i = 0; i < world->feed_count; i++) {
        const uint32_t rows = listings_of(&world->feeds[i]);

        row_count = rows > row_count ? rows : row_count;
    }
    /* The text, twice as much encoded, and that with an eighth on top packed; a zip is of UTF-8,
     * where two packed copies are less than that. */
    return text_size_max(row_count) * 11 / 2 + ((size_t)1 << 20);
}

enum mr_code mr_publish(struct mr_world *world, struct mr_truth *truth, struct mr_arena *arena,
                        struct mr_error *err)
{
    const struct mr_fault_plan plan = mr_fault_plan_of(world);
    enum mr_code code = MR_OK;

    mr_fault_vanish(world);
    for (uint32_t i = 0; i < world->publication_count; i++) {
        for (uint32_t j = 0; j < world->feed_count && code == MR_OK; j++) {
            struct sheet sheet = {.truth = truth, .plan = &plan, .arena = arena};

            mr_arena_reset(arena);
            begin_sheet(&sheet, world, j, i);
            if (is_silent(&sheet, j)) {
                continue;
            }
            code = write_sheet(&sheet, world->config.folder, err);
        }
    }
    return code;
}
