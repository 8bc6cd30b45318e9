#include "processors/core/cel/regex_sequence.h"

#include <string.h>

#define CLASSES_MAX 8
#define DEPTH_MAX 100

struct maker {
    const struct cel_regex_tree *tree;
    struct cel_regex_sequence *out;
    struct {
        uint16_t first, count;
    } classes[CLASSES_MAX];
    uint32_t class_count;
    bool has_begin;
};

static bool is_same_class(const struct maker *self, uint32_t i, const struct cel_regex_node *node)
{
    return self->classes[i].count == node->count &&
           memcmp(&self->tree->ranges[self->classes[i].first], &self->tree->ranges[node->first],
                  node->count * sizeof(self->tree->ranges[0])) == 0;
}

/* The bit of the class of a node; 0: not ASCII, or too many of them. */
static uint8_t class_bit(struct maker *self, const struct cel_regex_node *node)
{
    const struct cel_regex_range *ranges = &self->tree->ranges[node->first];
    uint32_t i = 0;

    while (i < self->class_count && !is_same_class(self, i, node)) {
        i++;
    }
    if (i < self->class_count) {
        return (uint8_t)(1U << i);
    }
    if (i == CLASSES_MAX || node->count == 0 || ranges[node->count - 1].last > 0x7F) {
        return 0;
    }
    self->classes[i].first = node->first;
    self->classes[i].count = node->count;
    self->class_count++;
    for (uint16_t r = 0; r < node->count; r++) {
        for (uint32_t byte = ranges[r].first; byte <= ranges[r].last; byte++) {
            self->out->members[byte] |= (uint8_t)(1U << i);
        }
    }
    return (uint8_t)(1U << i);
}

static bool add(struct maker *self, int index, int depth)
{
    const struct cel_regex_node *node = &self->tree->nodes[index];
    struct cel_regex_sequence *out = self->out;
    bool fits = depth < DEPTH_MAX;

    switch ((enum cel_regex_kind)node->kind) {
    case CEL_REGEX_BEGIN:
        fits = fits && !self->has_begin && out->count == 0;
        self->has_begin = true;
        return fits;
    case CEL_REGEX_END:
        fits = fits && !out->has_end;
        out->has_end = true;
        return fits;
    case CEL_REGEX_CONCAT:
        return fits && add(self, node->a, depth + 1) && add(self, node->b, depth + 1);
    case CEL_REGEX_REPEAT:
        fits = fits && node->least == node->most && node->least <= CEL_REGEX_SEQUENCE_MAX &&
               self->tree->nodes[node->a].kind == CEL_REGEX_CLASS;
        for (int i = 0; i < node->least && fits; i++) {
            fits = add(self, node->a, depth + 1);
        }
        return fits;
    case CEL_REGEX_CLASS:
        if (!fits || !self->has_begin || out->has_end || out->count == CEL_REGEX_SEQUENCE_MAX) {
            return false;
        }
        out->masks[out->count] = class_bit(self, node);
        return out->masks[out->count++] != 0;
    default:
        return false;
    }
}

/* The one run of bytes that has a bit; false: they are several. */
static bool find_range(const uint8_t members[256], uint8_t bit, uint8_t *first, uint8_t *last)
{
    uint32_t count = 0;

    *first = *last = 0;
    for (uint32_t byte = 0; byte < 128; byte++) {
        if ((members[byte] & bit) != 0) {
            *first = count == 0 ? (uint8_t)byte : *first;
            *last = (uint8_t)byte;
            count++;
        }
    }
    return *last - *first + 1U == count;
}

static void make_words(struct cel_regex_sequence *self)
{
    uint8_t least[CEL_REGEX_SEQUENCE_MAX], most[CEL_REGEX_SEQUENCE_MAX];
    const uint32_t word_count = (self->count + 7) / 8;

    for (uint32_t i = 0; i < self->count; i++) {
        if (!find_range(self->members, self->masks[i], &least[i], &most[i])) {
            return;
        }
        most[i] |= 0x80;
    }
    for (uint32_t i = 0; i < word_count && self->count >= 8; i++) {
        const uint32_t at = i + 1 < word_count ? 8 * i : self->count - 8;

        memcpy(&self->least[i], least + at, 8);
        memcpy(&self->most[i], most + at, 8);
        self->word_count = word_count;
    }
}

bool cel_regex_sequence_make(struct cel_regex_sequence *sequence, const struct cel_regex_tree *tree)
{
    struct maker self = {.tree = tree, .out = sequence};

    memset(sequence, 0, sizeof(*sequence));
    if (!add(&self, tree->root, 0) || !self.has_begin || sequence->count == 0) {
        return false;
    }
    make_words(sequence);
    return true;
}
