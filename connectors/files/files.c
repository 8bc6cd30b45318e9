#include "connectors/files/files.h"

#include "connectors/files/position.h"
#include "connectors/files/reader.h"
#include "connectors/files/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PULL_ROWS_MAX ((size_t)65536)
#define PULL_SOURCES_MAX ((size_t)64)
#define POSITION_ROOM ((size_t)8192) /* more than the position of any file needs */

enum invalid { INVALID_REPLACE, INVALID_REJECT };

struct files_settings {
    struct mr_texts path;
    bool recursive;
    int order;
    bool follow;
    struct mr_texts ignore;
    int encoding;
    int invalid;
    const char *delimiter;
    struct mr_texts columns;
    int64_t row_size_max;
    int64_t source_size_max;
};

struct files_state {
    struct mr_sources_form sources_form;
    struct mr_reader_form reader_form;
    struct mr_sources *sources;          /* owned, as all that follows */
    struct mr_file_positions *positions; /* committed */
    struct mr_reader *reader;
    int fd; /* -1: no source is open */

    size_t next;                    /* source to open next */
    struct mr_source_file *current; /* borrowed from sources; NULL: none */
    bool is_unreadable;             /* current has nothing but one bad row */
    int unreadable_errno;
    int64_t rows;        /* of current: given, or passed over */
    int64_t rows_before; /* that were committed in an earlier life */
    int64_t bad_rows;
    uint64_t bytes_done; /* of the sources before */
};

/* What one pull fills. */
struct pull {
    struct files_state *state;
    struct mr_intake *intake;
    struct mr_arena *arena;
    size_t room;
    size_t reserve; /* of the arena, for the positions */
    size_t positions_max;
    char member[512]; /* of the archive, for which place is */
    const char *place;
    const struct mr_source_file *place_of;
    struct mr_span row_texts;
    bool rejects_invalid;
};

static const char *const order_names[] = {"time", "name", NULL};
static const char *const invalid_names[] = {"replace", "reject", NULL};

static const struct mr_option files_options[] = {
    MR_TEXTS(
        struct files_settings, path, NULL, 1, 1000,
        "Files, patterns (feeds/Price*) or folders. What a file is, its bytes say and not its "
        "name: XML, CSV or an Avro container; plain, gz, xz, zstd, bz2, lz4; zip, tar and 7zip of "
        "any of these."),
    MR_BOOL(struct files_settings, recursive, "false", "Reads folders within folders too."),
    MR_CHOICE(struct files_settings, order, "time", order_names,
              "time: by the time in the files' names, so that publications come one after "
              "another; name: by name only."),
    MR_BOOL(struct files_settings, follow, "false",
            "Waits for more files instead of ending. A file is read once its size has stood still "
            "between two looks."),
    MR_TEXTS(struct files_settings, ignore, "[\".*\", \"*.tmp\", \"*.part\", \"*.crdownload\"]", 0,
             1000, "Patterns of file and folder names that are passed over."),
    MR_CHOICE(struct files_settings, encoding, "auto", mr_charset_names,
              "auto: by byte-order mark, declaration, content. Set it when a source lies about "
              "itself."),
    MR_CHOICE(struct files_settings, invalid, "replace", invalid_names,
              "What to do with bytes that are no characters. replace: the row goes on with U+FFFD "
              "in their place; reject: it is a dead letter."),
    MR_TEXT(struct files_settings, delimiter, "auto",
            "CSV: one character, or tab, or auto: the one of , ; tab | that the first line has "
            "most of."),
    MR_TEXTS(struct files_settings, columns, "", 0, 4096,
             "CSV: the columns' names, when the first line is a row already."),
    MR_SIZE(struct files_settings, row_size_max, "1MiB", 1024, 67108864,
            "A larger row is a dead letter. Each worker keeps two of this size."),
    MR_SIZE(struct files_settings, source_size_max, "64GiB", 1024, INT64_C(1) << 50,
            "A file that unpacks to more is given up: a guard against bombs."),
    MR_OPTIONS_END,
};

static enum mr_code read_delimiter(const char *text, uint8_t *delimiter, struct mr_error *err)
{
    if (strcmp(text, "auto") == 0) {
        *delimiter = 0;
    } else if (strcmp(text, "tab") == 0) {
        *delimiter = '\t';
    } else if (strlen(text) == 1 && (unsigned char)text[0] < 0x80 &&
               strchr("\"\r\n", text[0]) == NULL) {
        *delimiter = (uint8_t)text[0];
    } else {
        return MR_FAIL(err, MR_BAD_CONFIG,
                       "delimiter: \"%s\" is neither one character nor tab or auto", text);
    }
    return MR_OK;
}

static void close_source(struct files_state *state)
{
    mr_reader_close(state->reader);
    if (state->fd >= 0) {
        (void)close(state->fd);
        state->fd = -1;
    }
    state->current = NULL;
}

static enum mr_code make_parts(struct files_state *state, const struct mr_wanted_rows *wanted,
                               struct mr_error *err)
{
    state->sources = mr_sources_new(&state->sources_form);
    state->positions = mr_file_positions_new();
    state->reader = mr_reader_new(wanted, &state->reader_form);
    if (state->sources == NULL || state->positions == NULL || state->reader == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory to read files with row_size_max %zu",
                       state->reader_form.row_size_max);
    }
    return mr_sources_scan(state->sources, err);
}

static enum mr_code files_open(struct mr_connector *self, const struct mr_wanted_rows *wanted,
                               struct mr_error *err)
{
    const struct files_settings *settings = self->settings;
    struct files_state *state = calloc(1, sizeof(*state));
    enum mr_code code;

    if (state == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory to read files");
    }
    self->state = state;
    state->fd = -1;
    state->sources_form =
        (struct mr_sources_form){settings->path, settings->ignore, settings->recursive,
                                 (enum mr_sources_order)settings->order};
    state->reader_form =
        (struct mr_reader_form){.charset = (enum mr_charset)settings->encoding,
                                .csv.columns = settings->columns,
                                .row_size_max = (size_t)settings->row_size_max,
                                .source_size_max = (uint64_t)settings->source_size_max};
    code = read_delimiter(settings->delimiter, &state->reader_form.csv.delimiter, err);
    if (code == MR_OK) {
        code = make_parts(state, wanted, err);
    }
    if (code == MR_OK && mr_sources_count(state->sources) == 0) {
        MR_LOG(self->log, MR_WARN, "files_none_found", "path=\"%s\"", settings->path.items[0]);
    }
    return code;
}

static enum mr_code files_resume(struct mr_connector *self,
                                 const struct mr_source_position *position, struct mr_error *err)
{
    struct files_state *state = self->state;

    return mr_file_positions_add(state->positions, position, err);
}

static enum mr_code files_rewind(struct mr_connector *self, struct mr_error *err)
{
    struct files_state *state = self->state;

    (void)err;
    close_source(state);
    mr_file_positions_clear(state->positions);
    state->next = 0;
    state->bytes_done = 0;
    return MR_OK;
}

/* Opens the file and knows its digest; false: errno. */
static bool open_file(struct files_state *state, struct mr_source_file *file)
{
    struct stat seen;
    int64_t changed_ns;

    state->fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (state->fd < 0 || fstat(state->fd, &seen) != 0) {
        return false;
    }
    changed_ns = (int64_t)seen.st_mtim.tv_sec * 1000000000 + seen.st_mtim.tv_nsec;
    if (file->has_digest && file->size == (uint64_t)seen.st_size &&
        file->changed_ns == changed_ns) {
        return true;
    }
    file->size = (uint64_t)seen.st_size;
    file->changed_ns = changed_ns;
    file->has_digest = mr_source_digest(state->fd, &file->digest);
    return file->has_digest;
}

/* Whether there is anything to read in the file: it is open then. */
static bool begin_file(struct mr_connector *self, struct files_state *state,
                       struct mr_source_file *file)
{
    const struct mr_file_position *position = mr_file_positions_find(state->positions, file->name);
    bool is_same;

    state->is_unreadable = !open_file(state, file);
    state->unreadable_errno = errno;
    if (state->is_unreadable) { /* it has no bytes, so it has the digest of none */
        file->has_digest = false;
        file->digest = mr_digest_of((struct mr_span){NULL, 0});
    }
    is_same =
        position != NULL && memcmp(&position->digest, &file->digest, sizeof(file->digest)) == 0;
    if (position != NULL && !is_same) {
        MR_LOG(self->log, MR_INFO, "source_changed", "source=\"%s\"", file->name);
    }
    if (is_same && position->is_done) {
        return false;
    }
    state->rows = state->bad_rows = 0;
    state->rows_before = is_same ? position->rows : 0;
    return state->is_unreadable || mr_reader_open(state->reader, state->fd);
}

static bool begin_source(struct mr_connector *self, struct files_state *state)
{
    const struct files_settings *settings = self->settings;

    while (state->next < mr_sources_count(state->sources)) {
        struct mr_source_file *file = mr_sources_at(state->sources, state->next);

        if (settings->follow && !file->is_settled && !file->is_gone) {
            return false;
        }
        state->next++;
        if (!file->is_gone && begin_file(self, state, file)) {
            state->current = file;
            return true;
        }
        close_source(state);
        state->bytes_done += file->size;
    }
    return false;
}

static void end_source(struct mr_connector *self, struct files_state *state)
{
    const bool is_whole = state->bad_rows == 0 && mr_reader_replaced(state->reader) == 0;

    /* Thousands of files a day: only those that somebody may want to look at are told. */
    MR_LOG(self->log, is_whole ? MR_DEBUG : MR_INFO, "source_read",
           "source=\"%s\" rows=%" PRId64 " bad=%" PRId64 " replaced=%" PRIu64, state->current->name,
           state->rows, state->bad_rows, mr_reader_replaced(state->reader));
    state->bytes_done += state->current->size;
    close_source(state);
}

/* The name of a row's source: the file's, and that of the member of an archive. */
static const char *place_of(struct pull *pull)
{
    const struct mr_source_file *file = pull->state->current;
    const char *member = pull->state->is_unreadable ? NULL : mr_reader_member(pull->state->reader);

    MR_ASSERT(file != NULL);
    if (member == NULL) {
        return file->name;
    }
    if (pull->place_of != file || strcmp(pull->member, member) != 0) {
        pull->place_of = file;
        (void)snprintf(pull->member, sizeof(pull->member), "%s", member);
        pull->place = mr_arena_print(pull->arena, "%s/%s", file->name, member);
    }
    return pull->place;
}

/* With `invalid: reject` a row with U+FFFD in a text of its own is bad. */
static bool has_replacement(const struct pull *pull, const struct mr_row *row)
{
    static const struct mr_span replacement = MR_SPAN("\xEF\xBF\xBD");

    return pull->rejects_invalid && row->reason == NULL &&
           mr_span_find(pull->row_texts, replacement) < pull->row_texts.size;
}

static bool fill_row(struct pull *pull, struct mr_row *row)
{
    struct files_state *state = pull->state;

    if (state->is_unreadable) {
        *row = (struct mr_row){.reason = "source_unreadable",
                               .detail = strerror(state->unreadable_errno)};
        return true;
    }
    pull->row_texts = mr_shelf_texts(mr_reader_shelf(state->reader));
    if (!mr_shelf_peek(mr_reader_shelf(state->reader), pull->arena, row)) {
        return false;
    }
    if (has_replacement(pull, row)) {
        row->texts = NULL;
        row->reason = "row_encoding";
        row->detail = "it has bytes that are no characters";
    }
    return true;
}

/* false: the batch is full. */
static bool take_row(struct pull *pull)
{
    struct files_state *state = pull->state;
    const size_t mark = mr_arena_mark(pull->arena);
    struct mr_row *row = &pull->intake->rows[pull->intake->count];

    if (!fill_row(pull, row) || (row->place.source = place_of(pull)) == NULL ||
        mr_arena_room(pull->arena) < pull->reserve) {
        mr_arena_release(pull->arena, mark);
        pull->place_of = NULL;
        return false;
    }
    row->place.digest = &state->current->digest;
    row->place.index = state->rows++;
    state->bad_rows += row->reason != NULL;
    pull->intake->count++;
    return true;
}

/* How the source ends, if the row that was taken last is its last: looks at what follows, so that
 * no pull ends between a last row and the knowledge that it is one. */
static const char *end_of(const struct pull *pull)
{
    struct mr_reader *reader = pull->state->reader;
    const char *member, *reason;

    if (!mr_reader_next(reader)) {
        return "complete";
    }
    member = mr_reader_member(reader);
    if (member != NULL && strcmp(member, pull->member) != 0) {
        return "complete";
    }
    reason = mr_shelf_reason(mr_reader_shelf(reader));
    return reason != NULL && strncmp(reason, "source_", 7) == 0 ? reason : NULL;
}

/* The row on the shelf is given, or was before. */
static void pass_row(struct pull *pull, bool is_before)
{
    struct mr_intake *intake = pull->intake;

    mr_reader_pop(pull->state->reader);
    if (!is_before && intake->rows[intake->count - 1].reason == NULL) {
        intake->rows[intake->count - 1].place.end = end_of(pull);
    }
}

/* Room for it was kept. */
static bool note_position(struct pull *pull, bool is_done)
{
    const struct files_state *state = pull->state;
    struct mr_intake *intake = pull->intake;

    pull->reserve = 0;
    return mr_file_position_print(state->current->name, &state->current->digest, state->rows,
                                  is_done, pull->arena,
                                  &intake->positions[intake->position_count++]);
}

/* One row, or the end of the source. false: the batch is full. */
static bool step_source(struct mr_connector *self, struct pull *pull)
{
    struct files_state *state = pull->state;
    const bool has_row = state->is_unreadable ? state->rows == 0 : mr_reader_next(state->reader);
    const bool is_before = state->rows < state->rows_before;

    if (!has_row) {
        if (!note_position(pull, true)) {
            return false;
        }
        end_source(self, state);
        return true;
    }
    if (is_before) {
        state->rows++;
    } else if (!take_row(pull)) {
        return false;
    }
    if (!state->is_unreadable) {
        pass_row(pull, is_before);
    }
    return true;
}

/* The arena must hold a position for every source that is touched. */
static bool has_room_for_source(const struct pull *pull)
{
    return pull->intake->position_count < pull->positions_max &&
           mr_arena_room(pull->arena) > POSITION_ROOM;
}

static bool step(struct mr_connector *self, struct pull *pull)
{
    struct files_state *state = pull->state;

    if (state->current == NULL) {
        if (!has_room_for_source(pull) || !begin_source(self, state)) {
            return false;
        }
    }
    pull->reserve = mr_file_position_size_max(state->current->name);
    return step_source(self, pull);
}

static enum mr_code begin_pull(struct files_state *state, struct pull *pull, struct mr_error *err)
{
    const size_t left = mr_sources_count(state->sources) - state->next + 1;

    pull->room = pull->room < PULL_ROWS_MAX ? pull->room : PULL_ROWS_MAX;
    pull->positions_max = left < PULL_SOURCES_MAX ? left : PULL_SOURCES_MAX;
    *pull->intake = (struct mr_intake){0};
    pull->intake->rows = mr_arena_take(pull->arena, pull->room, sizeof(struct mr_row));
    pull->intake->positions =
        mr_arena_take(pull->arena, pull->positions_max, sizeof(struct mr_source_position));
    if (pull->intake->rows == NULL || pull->intake->positions == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "the arena has no room for %zu rows", pull->room);
    }
    return MR_OK;
}

static uint64_t bytes_total(struct files_state *state)
{
    uint64_t total = 0;

    for (size_t i = 0; i < mr_sources_count(state->sources); i++) {
        total += mr_sources_at(state->sources, i)->size;
    }
    return total;
}

static enum mr_code end_pull(struct mr_connector *self, struct pull *pull, struct mr_error *err)
{
    const struct files_settings *settings = self->settings;
    struct files_state *state = pull->state;
    struct mr_intake *intake = pull->intake;

    if (state->current != NULL && intake->count == 0) {
        return MR_FAIL(err, MR_NO_ROOM, "the arena has no room for a row of %s",
                       state->current->name);
    }
    if (state->current != NULL && !note_position(pull, false)) {
        return MR_FAIL(err, MR_NO_ROOM, "the arena has no room for the position of %s",
                       state->current->name);
    }
    intake->is_done = !settings->follow && state->current == NULL &&
                      state->next == mr_sources_count(state->sources);
    intake->source_bytes =
        state->bytes_done + (state->fd >= 0 ? mr_reader_offset(state->reader) : 0);
    intake->source_bytes_total = bytes_total(state);
    return MR_OK;
}

static enum mr_code files_pull(struct mr_connector *self, size_t room, struct mr_arena *arena,
                               struct mr_intake *intake, struct mr_error *err)
{
    const struct files_settings *settings = self->settings;
    struct files_state *state = self->state;
    struct pull pull = {.state = state,
                        .intake = intake,
                        .arena = arena,
                        .room = room,
                        .rejects_invalid = settings->invalid == INVALID_REJECT};
    enum mr_code code = MR_OK;

    if (settings->follow && state->current == NULL) {
        code = mr_sources_scan(state->sources, err);
    }
    if (code == MR_OK) {
        code = begin_pull(state, &pull, err);
    }
    if (code != MR_OK) {
        return code;
    }
    while (intake->count < pull.room && step(self, &pull)) {
    }
    return end_pull(self, &pull, err);
}

static void files_close(struct mr_connector *self)
{
    struct files_state *state = self->state;

    if (state == NULL) {
        return;
    }
    if (state->reader != NULL) {
        close_source(state);
    }
    mr_reader_free(state->reader);
    mr_file_positions_free(state->positions);
    mr_sources_free(state->sources);
    free(state);
    self->state = NULL;
}

const struct mr_connector_ops mr_files_ops = {
    .name = "files",
    .summary = "Reads XML and CSV files, packed or not, in any encoding.",
    .options = files_options,
    .settings_size = sizeof(struct files_settings),
    .open = files_open,
    .resume = files_resume,
    .pull = files_pull,
    .rewind = files_rewind,
    .close = files_close,
};
