#include "sinks/postgres/offsets.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOVES_MAX 64 /* in one statement */
#define NUMBER_ROOM 24
#define TOPIC_ROOM 256

void mr_pg_offsets_free(struct mr_pg_offsets *offsets)
{
    free(offsets->items);
    offsets->items = NULL;
    offsets->count = offsets->room = 0;
}

struct mr_pg_offset *mr_pg_offset_of(struct mr_pg_offsets *offsets, size_t input, const char *topic,
                                     int32_t partition)
{
    for (size_t i = 0; i < offsets->count; i++) {
        if (offsets->items[i].input == input && offsets->items[i].partition == partition) {
            return &offsets->items[i];
        }
    }
    if (offsets->count == offsets->room) {
        const size_t room = offsets->room == 0 ? 64 : 2 * offsets->room;
        struct mr_pg_offset *items = realloc(offsets->items, room * sizeof(*items));

        if (items == NULL) {
            return NULL;
        }
        offsets->items = items;
        offsets->room = room;
    }
    offsets->items[offsets->count] = (struct mr_pg_offset){
        .input = input, .partition = partition, .topic = topic, .known = -1, .next = -1};
    return &offsets->items[offsets->count++];
}

static int64_t number_in(const PGresult *result)
{
    return strtoll(PQgetvalue(result, 0, 0), NULL, 10);
}

/* The update changes nothing; it waits for whoever is about to move the offset. */
enum mr_code mr_pg_offset_read(const struct mr_pg_offsets *offsets, struct mr_pg_offset *offset,
                               struct mr_pg_link *link, struct mr_error *err)
{
    char partition[NUMBER_ROOM];
    const char *const params[] = {offsets->pipeline, offsets->sink, offset->topic, partition};
    PGresult *result;
    enum mr_code code;

    MR_ASSERT(!link->is_open); /* else a rollback would take back what we remember */
    (void)snprintf(partition, sizeof(partition), "%" PRId32, offset->partition);
    code = mr_pg_ask(link,
                     "INSERT INTO millrace_offsets AS o (pipeline, sink, topic, partition, next) "
                     "VALUES ($1, $2, $3, $4::int, -1) ON CONFLICT (pipeline, sink, topic, "
                     "partition) DO UPDATE SET next = o.next RETURNING next",
                     params, MR_COUNT(params), &result, err);
    if (code == MR_OK) {
        offset->known = offset->next = number_in(result);
        offset->is_read = true;
        offset->is_dirty = offset->is_doubtful = false;
        PQclear(result);
    }
    return code;
}

static enum mr_code fenced(const struct mr_pg_offset *offset, struct mr_error *err)
{
    return MR_FAIL(err, MR_FENCED,
                   "another sink writes %s [%" PRId32 "]: its offset is not %" PRId64
                   ", where we left it",
                   offset->topic, offset->partition, offset->known);
}

static enum mr_code resolve(const struct mr_pg_offsets *offsets, struct mr_pg_offset *offset,
                            struct mr_pg_link *link, struct mr_error *err)
{
    char partition[NUMBER_ROOM];
    const char *const params[] = {offsets->pipeline, offsets->sink, offset->topic, partition};
    PGresult *result;
    enum mr_code code;
    int64_t found;

    (void)snprintf(partition, sizeof(partition), "%" PRId32, offset->partition);
    code = mr_pg_ask(link,
                     "SELECT next FROM millrace_offsets WHERE pipeline = $1 AND sink = $2 AND "
                     "topic = $3 AND partition = $4::int FOR UPDATE",
                     params, MR_COUNT(params), &result, err);
    if (code != MR_OK) {
        return code;
    }
    found = PQntuples(result) == 1 ? number_in(result) : -2;
    PQclear(result);
    if (found != offset->known && found != offset->next) {
        return fenced(offset, err);
    }
    offset->known = offset->next = found;
    offset->is_doubtful = false;
    return MR_OK;
}

enum mr_code mr_pg_offsets_resolve(struct mr_pg_offsets *offsets, struct mr_pg_link *link,
                                   struct mr_error *err)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < offsets->count && code == MR_OK; i++) {
        if (offsets->items[i].is_doubtful) {
            code = resolve(offsets, &offsets->items[i], link, err);
        }
    }
    return code;
}

/* Array literals of the moves of one statement. A topic's name has no character that would have to
 * be quoted. */
struct moves {
    char topics[MOVES_MAX * TOPIC_ROOM];
    char partitions[MOVES_MAX * NUMBER_ROOM];
    char known[MOVES_MAX * NUMBER_ROOM];
    char next[MOVES_MAX * NUMBER_ROOM];
    size_t topics_size, partitions_size, known_size, next_size;
    size_t count;
};

static void add_text(char *out, size_t room, size_t *size, const char *text)
{
    *size += (size_t)snprintf(out + *size, room - *size, "%c%s", *size == 0 ? '{' : ',', text);
    MR_ASSERT(*size + 2 <= room);
}

static void add_number(char *out, size_t room, size_t *size, int64_t number)
{
    char text[NUMBER_ROOM];

    (void)snprintf(text, sizeof(text), "%" PRId64, number);
    add_text(out, room, size, text);
}

static void add_move(struct moves *moves, const struct mr_pg_offset *offset)
{
    add_text(moves->topics, sizeof(moves->topics), &moves->topics_size, offset->topic);
    add_number(moves->partitions, sizeof(moves->partitions), &moves->partitions_size,
               offset->partition);
    add_number(moves->known, sizeof(moves->known), &moves->known_size, offset->known);
    add_number(moves->next, sizeof(moves->next), &moves->next_size, offset->next);
    moves->count++;
}

static void end_moves(struct moves *moves)
{
    moves->topics[moves->topics_size] = moves->partitions[moves->partitions_size] =
        moves->known[moves->known_size] = moves->next[moves->next_size] = '}';
    moves->topics[moves->topics_size + 1] = moves->partitions[moves->partitions_size + 1] =
        moves->known[moves->known_size + 1] = moves->next[moves->next_size + 1] = '\0';
}

static enum mr_code move(const struct mr_pg_offsets *offsets, struct moves *moves,
                         struct mr_pg_link *link, struct mr_error *err)
{
    const char *const params[] = {offsets->pipeline, offsets->sink, moves->topics,
                                  moves->partitions, moves->known,  moves->next};
    PGresult *result;
    enum mr_code code;

    end_moves(moves);
    code = mr_pg_ask(
        link,
        "UPDATE millrace_offsets AS o SET next = v.next, written_at = now() FROM "
        "unnest($3::text[], $4::int[], $5::bigint[], $6::bigint[]) AS v(topic, partition, known, "
        "next) WHERE o.pipeline = $1 AND o.sink = $2 AND o.topic = v.topic AND o.partition = "
        "v.partition AND o.next = v.known",
        params, MR_COUNT(params), &result, err);
    if (code == MR_OK && strtoull(PQcmdTuples(result), NULL, 10) != moves->count) {
        code = MR_FAIL(err, MR_FENCED,
                       "another sink \"%s\" of pipeline %s writes in our place (%s of %zu offsets "
                       "of %s are where we left them)",
                       offsets->sink, offsets->pipeline, PQcmdTuples(result), moves->count,
                       moves->topics);
    }
    PQclear(result);
    return code;
}

enum mr_code mr_pg_offsets_move(struct mr_pg_offsets *offsets, struct mr_pg_link *link,
                                struct mr_error *err)
{
    enum mr_code code = MR_OK;
    struct moves moves = {.count = 0};

    for (size_t i = 0; i < offsets->count && code == MR_OK; i++) {
        if (offsets->items[i].is_dirty) {
            add_move(&moves, &offsets->items[i]);
        }
        if (moves.count == MOVES_MAX) {
            code = move(offsets, &moves, link, err);
            moves.count = moves.topics_size = moves.partitions_size = moves.known_size =
                moves.next_size = 0;
        }
    }
    return code == MR_OK && moves.count > 0 ? move(offsets, &moves, link, err) : code;
}

void mr_pg_offsets_settle(struct mr_pg_offsets *offsets)
{
    for (size_t i = 0; i < offsets->count; i++) {
        struct mr_pg_offset *offset = &offsets->items[i];

        if (offset->is_dirty) {
            offset->known = offset->next;
            offset->is_dirty = false;
        }
    }
}

void mr_pg_offsets_doubt(struct mr_pg_offsets *offsets)
{
    for (size_t i = 0; i < offsets->count; i++) {
        struct mr_pg_offset *offset = &offsets->items[i];

        offset->is_doubtful = offset->is_doubtful || offset->is_dirty;
        offset->is_dirty = false;
    }
}

void mr_pg_offsets_forget(struct mr_pg_offsets *offsets)
{
    for (size_t i = 0; i < offsets->count; i++) {
        struct mr_pg_offset *offset = &offsets->items[i];

        offset->is_dirty = false;
        if (!offset->is_doubtful) {
            offset->next = offset->known;
        }
    }
}
