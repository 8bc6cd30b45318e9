/* catalogue.h - the made-up world: products, chains, their stores, and what each store lists.
 *
 *     product --sold by--> chain --has--> store --has--> listing (a product and its price there)
 *     feed = the file that a chain publishes for one store, or for all of its stores
 *
 * Made once from the seed; afterwards only listings change (market.h). Everything
 * lies in the arena that mr_world_new is given. Prices are in agorot, 100 to a shekel.
 */
#ifndef MR_FEEDS_CATALOGUE_H
#define MR_FEEDS_CATALOGUE_H

#include "deploy/feeds/encode.h"
#include "deploy/feeds/pack.h"
#include "deploy/feeds/words.h"
#include "processors/core/base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define MR_STORES_MAX 3
#define MR_CHAIN_COUNT 6
#define MR_CHAIN_ID_SIZE 14
#define MR_ITEM_CODE_SIZE 14

struct mr_dialect;

struct mr_feeds_config {
    const char *folder; /* borrowed */
    uint64_t seed;
    int64_t rows; /* about this many, over all files */
    int64_t days;
    int64_t publications; /* a day */
    int64_t start_s;      /* the first day's midnight */
    uint32_t fault_ppm;   /* of rows, for each kind of fault; 0: nothing at all is wrong */
};

struct mr_product {
    const char *stem;  /* all text: arena or literal */
    const char *size;  /* "500 גרם", or "" when sold by weight */
    const char *maker; /* NULL: not known */
    const struct mr_country *country;
    char code[MR_ITEM_CODE_SIZE];
    uint32_t id;
    uint32_t amount; /* pieces, grams or millilitres in a pack */
    enum mr_measure measure;
    bool is_weighted;
    bool is_discountable;
    int64_t base_agorot;
};

struct mr_listing {
    const struct mr_product *product;
    int64_t agorot;  /* what the next feed says */
    int64_t regular; /* while promoted: the price to go back to */
    int64_t before;  /* while is_faulty: the price before the fault */
    int64_t updated_s;
    uint32_t shown;         /* publications in which a reader saw it */
    uint32_t faulted_at;    /* publication of the last price fault; see is_faulted */
    uint32_t gone_from;     /* publications in which it is missing; 0: none */
    uint32_t gone_until;    /* back in this one */
    uint8_t promotion_left; /* publications; 0: no promotion */
    bool is_faulted;        /* ever */
    bool is_faulty;         /* now, and to be put right by the next publication */
    bool is_swapped;        /* the unit given is the wrong one */
};

struct mr_store {
    uint32_t id;
    double factor; /* of the chain's prices */
    struct mr_listing *listings;
    uint32_t listing_count;
};

/* What is fixed about a chain; the rest is chance. */
struct mr_chain_profile {
    const struct mr_dialect *dialect;
    const char *opening; /* byte-order mark or XML declaration */
    const char *name_prefix;
    const char *plain_suffix; /* of a file that is not packed */
    enum mr_encoding encoding;
    int id_width;                /* digits of a store's id in the feed, at least */
    enum mr_packing packings[2]; /* in even and odd publications */
    uint32_t store_ids[MR_STORES_MAX];
    bool has_one_feed;
    bool pads_first_store; /* in odd publications its first store's id gets leading zeros */
};

struct mr_chain {
    const struct mr_chain_profile *profile;
    const char *name;
    char id[MR_CHAIN_ID_SIZE];
    double factor;
    struct mr_store stores[MR_STORES_MAX];
    uint32_t store_count;
};

struct mr_feed {
    const struct mr_chain *chain;
    struct mr_store *stores;
    uint32_t store_count;
    uint32_t chain_index;
    int64_t delay_s; /* after the chain's slot of the day begins */
};

struct mr_world {
    struct mr_feeds_config config;
    struct mr_product *products;
    uint32_t product_count;
    uint32_t publication_count;
    int64_t slot_s; /* from one publication to the next */
    struct mr_chain chains[MR_CHAIN_COUNT];
    struct mr_feed feeds[MR_CHAIN_COUNT * MR_STORES_MAX];
    uint32_t feed_count;
    uint64_t listing_count;
};

/* How much room mr_world_new needs. */
size_t mr_world_size(const struct mr_feeds_config *config);
enum mr_code mr_world_new(const struct mr_feeds_config *config, struct mr_arena *arena,
                          struct mr_world **world, struct mr_error *err);

/* A shop's way with prices: ...90, or full tens of agorot for what is cheap. Never below 50. */
int64_t mr_price_round(int64_t agorot);
int64_t mr_feed_time(const struct mr_world *world, const struct mr_feed *feed,
                     uint32_t publication);

#endif
