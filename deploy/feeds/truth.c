#include "deploy/feeds/truth.h"

#include "deploy/feeds/calendar.h"
#include "deploy/feeds/disk.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    const char *kind, *label;
} marks[MR_MARK_COUNT] = {
#define MR_MARK_ROW(name, kind, label) [name] = {kind, label},
    MR_MARKS(MR_MARK_ROW)
#undef MR_MARK_ROW
};

static const char *const labels[] = {"anomaly", "reject", "duplicate", "file", "absence", "normal"};

const char *mr_mark_kind(enum mr_mark mark)
{
    MR_ASSERT(mark < MR_MARK_COUNT);
    return marks[mark].kind;
}

const char *mr_mark_label(enum mr_mark mark)
{
    MR_ASSERT(mark < MR_MARK_COUNT);
    return marks[mark].label;
}

enum mr_mark mr_mark_of(struct mr_span kind)
{
    for (unsigned i = MR_MARK_NONE + 1; i < MR_MARK_COUNT; i++) {
        if (mr_span_is(kind, marks[i].kind)) {
            return (enum mr_mark)i;
        }
    }
    return MR_MARK_NONE;
}

static struct mr_ink line_of(struct mr_truth *self)
{
    return (struct mr_ink){.data = (uint8_t *)self->line, .capacity = sizeof(self->line)};
}

/* A failed write is found when the file is closed. */
static void put_line(struct mr_truth *self, const struct mr_ink *line)
{
    (void)fwrite(line->data, 1, line->size, self->stream);
}

enum mr_code mr_truth_open(struct mr_truth *self, const char *folder, struct mr_error *err)
{
    struct mr_ink line = line_of(self);
    const enum mr_code code = mr_disk_create(folder, "truth.csv", &self->stream, err);

    if (code != MR_OK) {
        return code;
    }
    mr_ink_text(&line, "kind,file,chain_id,store_id,item_code,publication_time,expected,observed,"
                       "label\n");
    put_line(self, &line);
    return MR_OK;
}

void mr_truth_note(struct mr_truth *self, const struct mr_finding *finding)
{
    struct mr_ink line = line_of(self);

    self->counts[finding->mark]++;
    mr_ink_print(&line, "%s,%s,%s,", mr_mark_kind(finding->mark), self->file, self->chain);
    if (finding->store != 0) {
        mr_ink_print(&line, "%" PRIu32, finding->store);
    }
    mr_ink_print(&line, ",%s,", finding->code);
    mr_calendar_put(&line, self->time_s, "%Y-%m-%dT%H:%M:%S");
    mr_ink_print(&line, ",%s,%s,%s\n", finding->expected, finding->observed,
                 mr_mark_label(finding->mark));
    put_line(self, &line);
}

static uint64_t label_count(const struct mr_truth *self, const char *label)
{
    uint64_t count = 0;

    for (unsigned i = MR_MARK_NONE + 1; i < MR_MARK_COUNT; i++) {
        if (mr_span_is(mr_span_text(label), marks[i].label)) {
            count += self->counts[i];
        }
    }
    return count;
}

static void put_summary(struct mr_ink *out, const struct mr_truth *self,
                        const struct mr_world *world)
{
    mr_ink_print(out, "{\n  \"seed\": %" PRIu64 ",\n  \"files\": %" PRIu64 ",\n",
                 world->config.seed, self->file_count);
    mr_ink_print(out, "  \"rows\": %" PRIu64 ",\n  \"keys\": %" PRIu64 ",\n", self->row_count,
                 world->listing_count);
    mr_ink_print(out, "  \"publications\": %" PRIu32 ",\n  \"kinds\": {", world->publication_count);
    for (unsigned i = MR_MARK_NONE + 1; i < MR_MARK_COUNT; i++) {
        mr_ink_print(out, "%s\n    \"%s\": %" PRIu64, i > MR_MARK_NONE + 1 ? "," : "",
                     marks[i].kind, self->counts[i]);
    }
    mr_ink_text(out, "\n  },\n  \"labels\": {");
    for (unsigned i = 0; i < MR_COUNT(labels); i++) {
        mr_ink_print(out, "%s\n    \"%s\": %" PRIu64, i ? "," : "", labels[i],
                     label_count(self, labels[i]));
    }
    mr_ink_text(out, "\n  }\n}\n");
}

enum mr_code mr_truth_close(struct mr_truth *self, const struct mr_world *world,
                            struct mr_error *err)
{
    struct mr_ink summary = line_of(self);
    const char *folder = world->config.folder;
    const enum mr_code code = mr_disk_close(folder, "truth.csv", self->stream, err);

    self->stream = NULL;
    if (code != MR_OK) {
        return code;
    }
    put_summary(&summary, self, world);
    return mr_disk_write(folder, "summary.json", mr_ink_span(&summary), err);
}
