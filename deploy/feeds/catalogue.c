#include "deploy/feeds/catalogue.h"

#include "deploy/feeds/dialects.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOM "\xEF\xBB\xBF"
#define XML(name) "<?xml version=\"1.0\" encoding=\"" name "\""

/* Streams of chance. */
enum { STREAM_PRODUCTS = 1, STREAM_CHAINS = 100, STREAM_ASSORTMENT = 200 };

#define BRAND_COUNT 60U

static const struct mr_chain_profile profiles[MR_CHAIN_COUNT] = {
    {
        .dialect = &mr_dialect_root,
        .encoding = MR_UTF_16LE,
        .opening = BOM,
        .name_prefix = "",
        .packings = {MR_PACK_GZIP, MR_PACK_GZIP},
        .plain_suffix = "",
        .store_ids = {1, 4, 12},
        .id_width = 3,
    },
    {
        .dialect = &mr_dialect_root_short,
        .encoding = MR_UTF_8,
        .opening = BOM,
        .name_prefix = "",
        .packings = {MR_PACK_GZIP, MR_PACK_NONE},
        .plain_suffix = "",
        .store_ids = {37, 2, 9},
        .id_width = 1,
        .pads_first_store = true,
    },
    {
        .dialect = &mr_dialect_prices,
        .encoding = MR_WINDOWS_1255,
        .opening = XML("windows-1255") "?>\r\n",
        .name_prefix = "",
        .packings = {MR_PACK_GZIP, MR_PACK_GZIP},
        .plain_suffix = "",
        .store_ids = {1, 2, 5},
        .id_width = 3,
    },
    {
        .dialect = &mr_dialect_prices,
        .encoding = MR_UTF_8,
        .opening = XML("utf-8") "?>\r\n",
        .name_prefix = "NULL",
        .packings = {MR_PACK_ZIP, MR_PACK_NONE},
        .plain_suffix = ".xml",
        .store_ids = {14, 97},
        .id_width = 3,
    },
    {
        .dialect = &mr_dialect_order,
        .encoding = MR_ISO_8859_8,
        .opening = XML("ISO-8859-8") " standalone=\"no\" ?>\r\n",
        .name_prefix = "",
        .packings = {MR_PACK_GZIP, MR_PACK_NONE},
        .plain_suffix = "",
        .store_ids = {31, 120},
        .id_width = 1,
    },
    {
        .dialect = &mr_dialect_csv,
        .encoding = MR_UTF_8,
        .opening = BOM,
        .name_prefix = "",
        .packings = {MR_PACK_GZIP, MR_PACK_NONE},
        .plain_suffix = ".csv",
        .store_ids = {3, 6, 21},
        .id_width = 3,
        .has_one_feed = true,
    },
};

int64_t mr_price_round(int64_t agorot)
{
    int64_t rounded;

    if (agorot >= 2000) {
        rounded = (agorot + 60) / 100 * 100 - 10;
    } else if (agorot >= 500) {
        rounded = (agorot + 35) / 50 * 50 - 10;
    } else {
        rounded = (agorot + 5) / 10 * 10;
    }
    return rounded < 50 ? 50 : rounded;
}

int64_t mr_feed_time(const struct mr_world *world, const struct mr_feed *feed, uint32_t publication)
{
    const uint32_t per_day = (uint32_t)world->config.publications;

    return world->config.start_s + INT64_C(86400) * (publication / per_day) +
           world->slot_s * (publication % per_day) + world->slot_s / 4 + feed->delay_s;
}

/* Twelve digits and GS1's check digit. Israeli chains and makers have ids from 7290 and 7291; what
 * begins with 7299 is ours. */
static void put_gs1(char *out, size_t size, uint32_t middle, uint32_t serial)
{
    unsigned sum = 0;

    (void)snprintf(out, size, "7299%05" PRIu32 "%03" PRIu32 "0", middle % 100000, serial % 1000);
    for (unsigned i = 0; i < 12; i++) {
        sum += (unsigned)(out[i] - '0') * (i % 2 ? 3U : 1U);
    }
    out[12] = (char)('0' + (10 - sum % 10) % 10);
}

static enum mr_measure measure_of(enum mr_sold sold, uint32_t amount)
{
    switch (sold) {
    case MR_SOLD_BY_GRAM:
        return amount < 1000 ? MR_MEASURE_100_GRAM : MR_MEASURE_KILO;
    case MR_SOLD_BY_ML:
        return amount < 1000 ? MR_MEASURE_100_ML : MR_MEASURE_LITRE;
    case MR_SOLD_BY_WEIGHT:
        return MR_MEASURE_KILO;
    case MR_SOLD_BY_PIECE:
        break;
    }
    return MR_MEASURE_PIECE;
}

static const char *size_words(const struct mr_product *product, struct mr_arena *arena)
{
    const struct mr_measure_words *words = &mr_measure_words[product->measure];

    if (product->is_weighted || product->amount == 1) {
        return "";
    }
    if (product->measure == MR_MEASURE_PIECE) {
        return mr_arena_print(arena, "%" PRIu32 " יח'", product->amount);
    }
    if (product->amount < 1000) {
        return mr_arena_print(arena, "%" PRIu32 " %s", product->amount, words->per + 4);
    }
    return mr_arena_print(arena, "%" PRIu32 "%s %s", product->amount / 1000,
                          product->amount % 1000 ? ".5" : "", words->per);
}

/* A pack of twice the amount costs less than twice: the 0.7. */
static int64_t base_price(const struct mr_shelf *shelf, uint32_t amount, struct mr_dice *dice)
{
    const double scale = (double)amount / shelf->amounts[shelf->amounts[1] ? 1 : 0];
    const double logarithm = shelf->spread * mr_dice_normal(dice) + 0.7 * log(scale);

    return mr_price_round((int64_t)(shelf->median_agorot * exp(logarithm) + 0.5));
}

static uint32_t pick_amount(const struct mr_shelf *shelf, struct mr_dice *dice)
{
    uint32_t count = 0;

    while (count < MR_WORDS_MAX && shelf->amounts[count] != 0) {
        count++;
    }
    return shelf->amounts[mr_dice_below(dice, count)];
}

static bool name_product(struct mr_product *product, const struct mr_shelf *shelf,
                         const char *brand, struct mr_dice *dice, struct mr_arena *arena)
{
    const char *noun = mr_words_pick(dice, shelf->nouns);
    const char *flavour = mr_words_pick(dice, shelf->flavours);
    const char *gap = flavour[0] ? " " : "";

    product->stem = product->is_weighted
                        ? mr_arena_print(arena, "%s%s%s", noun, gap, flavour)
                        : mr_arena_print(arena, "%s%s%s %s", noun, gap, flavour, brand);
    product->size = size_words(product, arena);
    return product->stem != NULL && product->size != NULL;
}

static bool fill_product(struct mr_product *product, const char *const *brands,
                         struct mr_dice *dice, struct mr_arena *arena)
{
    const struct mr_shelf *shelf = &mr_shelves[mr_dice_below(dice, (uint32_t)mr_shelf_count)];
    const uint32_t brand = mr_dice_below(dice, BRAND_COUNT);

    product->is_weighted = shelf->sold == MR_SOLD_BY_WEIGHT;
    product->amount = pick_amount(shelf, dice);
    product->measure = measure_of(shelf->sold, product->amount);
    product->base_agorot = base_price(shelf, product->amount, dice);
    product->is_discountable = !mr_dice_hits(dice, 80000);
    product->country = mr_dice_hits(dice, 150000) ? NULL : mr_words_country(dice);
    if (product->is_weighted) {
        (void)snprintf(product->code, sizeof(product->code), "%" PRIu32, product->id);
    } else {
        /* 7919 has no factor in common with 100000, so no two codes are the same. */
        put_gs1(product->code, sizeof(product->code), product->id % 100000 * 7919,
                1 + product->id / 100000);
    }
    if (!mr_dice_hits(dice, 200000)) {
        product->maker = mr_words_maker(dice, arena, brands[brand]);
        if (product->maker == NULL) {
            return false;
        }
    }
    return name_product(product, shelf, brands[brand], dice, arena);
}

static bool make_products(struct mr_world *world, struct mr_arena *arena)
{
    struct mr_dice dice = mr_dice_of(world->config.seed, STREAM_PRODUCTS);
    const char *brands[BRAND_COUNT];

    for (unsigned i = 0; i < BRAND_COUNT; i++) {
        brands[i] = mr_words_brand(&dice, arena);
        if (brands[i] == NULL) {
            return false;
        }
    }
    world->products = mr_arena_take(arena, world->product_count, sizeof(*world->products));
    for (uint32_t i = 0; world->products != NULL && i < world->product_count; i++) {
        world->products[i].id = i + 1;
        if (!fill_product(&world->products[i], brands, &dice, arena)) {
            return false;
        }
    }
    return world->products != NULL;
}

static int compare_indices(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    return (a > b) - (a < b);
}

/* prices[i] is the chain's own price of product i; order is room to shuffle in. */
static bool stock_store(struct mr_world *world, struct mr_store *store, const int64_t *prices,
                        uint32_t *order, struct mr_dice *dice, struct mr_arena *arena)
{
    const int64_t start_s = world->config.start_s;

    store->listings = mr_arena_take(arena, store->listing_count, sizeof(*store->listings));
    if (store->listings == NULL) {
        return false;
    }
    mr_dice_shuffle(dice, order, world->product_count);
    qsort(order, store->listing_count, sizeof(*order), compare_indices);
    for (uint32_t i = 0; i < store->listing_count; i++) {
        struct mr_listing *listing = &store->listings[i];

        listing->product = &world->products[order[i]];
        listing->agorot = mr_price_round((int64_t)((double)prices[order[i]] * store->factor + 0.5));
        listing->regular = listing->agorot;
        listing->updated_s = start_s - mr_dice_between(dice, 3600, 400 * INT64_C(86400));
    }
    world->listing_count += store->listing_count;
    return true;
}

static bool stock_chain(struct mr_world *world, struct mr_chain *chain, struct mr_dice *dice,
                        struct mr_arena *arena)
{
    int64_t *prices = mr_arena_take(arena, world->product_count, sizeof(*prices));
    uint32_t *order = mr_arena_take(arena, world->product_count, sizeof(*order));

    if (prices == NULL || order == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < world->product_count; i++) {
        order[i] = i;
        prices[i] = (int64_t)((double)world->products[i].base_agorot * chain->factor *
                                  exp(0.05 * mr_dice_normal(dice)) +
                              0.5);
    }
    for (uint32_t i = 0; i < chain->store_count; i++) {
        if (!stock_store(world, &chain->stores[i], prices, order, dice, arena)) {
            return false;
        }
    }
    return true;
}

static void add_feeds(struct mr_world *world, uint32_t chain_index, struct mr_dice *dice)
{
    struct mr_chain *chain = &world->chains[chain_index];
    const uint32_t per_feed = chain->profile->has_one_feed ? chain->store_count : 1;

    for (uint32_t i = 0; i < chain->store_count; i += per_feed) {
        world->feeds[world->feed_count++] = (struct mr_feed){
            .chain = chain,
            .stores = &chain->stores[i],
            .store_count = per_feed,
            .chain_index = chain_index,
            .delay_s = 60 * mr_dice_between(dice, 0, world->slot_s / 240),
        };
    }
}

static bool make_chain(struct mr_world *world, uint32_t index, uint32_t listings_per_store,
                       struct mr_arena *arena)
{
    struct mr_dice dice = mr_dice_of(world->config.seed, STREAM_CHAINS + index);
    struct mr_dice assortment = mr_dice_of(world->config.seed, STREAM_ASSORTMENT + index);
    struct mr_chain *chain = &world->chains[index];

    chain->profile = &profiles[index];
    chain->name = mr_words_chain(&dice, arena);
    chain->factor = 0.92 + 0.02 * (double)mr_dice_below(&dice, 10);
    put_gs1(chain->id, sizeof(chain->id), index * 10000 + mr_dice_below(&dice, 10000), 0);
    for (uint32_t i = 0; i < MR_STORES_MAX && profiles[index].store_ids[i] != 0; i++) {
        chain->stores[chain->store_count++] = (struct mr_store){
            .id = profiles[index].store_ids[i],
            .factor = 0.97 + 0.01 * (double)mr_dice_below(&dice, 7),
            .listing_count =
                listings_per_store * (uint32_t)mr_dice_between(&dice, 75, 125) / 100 + 1,
        };
    }
    add_feeds(world, index, &dice);
    return chain->name != NULL && stock_chain(world, chain, &assortment, arena);
}

static uint32_t listings_per_store(const struct mr_feeds_config *config)
{
    int64_t store_count = 0, count;

    for (uint32_t i = 0; i < MR_CHAIN_COUNT * MR_STORES_MAX; i++) {
        store_count += profiles[i / MR_STORES_MAX].store_ids[i % MR_STORES_MAX] != 0;
    }
    count = config->rows / (config->days * config->publications * store_count);
    return count < 1 ? 1 : (uint32_t)count;
}

size_t mr_world_size(const struct mr_feeds_config *config)
{
    return ((size_t)4 << 20) + (size_t)listings_per_store(config) * 8192;
}

enum mr_code mr_world_new(const struct mr_feeds_config *config, struct mr_arena *arena,
                          struct mr_world **world, struct mr_error *err)
{
    const uint32_t per_store = listings_per_store(config);
    struct mr_world *self = mr_arena_take(arena, 1, sizeof(*self));
    bool is_whole = self != NULL;

    if (is_whole) {
        self->config = *config;
        self->publication_count = (uint32_t)(config->days * config->publications);
        self->slot_s = 86400 / config->publications;
        self->product_count = per_store * 8 / 5 + 2;
        is_whole = make_products(self, arena);
    }
    for (uint32_t i = 0; is_whole && i < MR_CHAIN_COUNT; i++) {
        is_whole = make_chain(self, i, per_store, arena);
    }
    *world = self;
    return is_whole ? MR_OK : MR_FAIL(err, MR_NO_ROOM, "no room for the catalogue");
}
