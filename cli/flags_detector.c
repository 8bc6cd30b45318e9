#include "cli/flags_detector.h"

#include <stdio.h>
#include <string.h>

/* The words of a detector's options: at most one per flag and operand, and the fallback. */
struct words {
    const char *items[64];
    char texts[32][256]; /* of flags */
    size_t count, text_count;
};

static bool has_word(const struct words *words, const char *word)
{
    const size_t size = (size_t)(strchr(word, '=') - word) + 1;

    for (size_t i = 0; i < words->count; i++) {
        if (strncmp(words->items[i], word, size) == 0) {
            return true;
        }
    }
    return false;
}

enum mr_code flags_detector(const struct flags *flags, const char *fallback,
                            struct mr_series_detector *detector, struct mr_error *err)
{
    static const char *const names[] = {"--method", "--threshold", "--sensitivity"};
    struct words words = {.count = 0};

    for (size_t flag = 0; flags->table[flag].name != NULL; flag++) {
        for (size_t i = 0; i < MR_COUNT(names); i++) {
            if (strcmp(flags->table[flag].name, names[i]) == 0 && flags->values[flag] != NULL) {
                char *text = words.texts[words.text_count++];

                (void)snprintf(text, sizeof(words.texts[0]), "%s=%s", names[i] + 2,
                               flags->values[flag]);
                words.items[words.count++] = text;
            }
        }
    }
    for (size_t i = 1; i < flags->operand_count; i++) {
        words.items[words.count++] = flags->operands[i];
    }
    if (fallback != NULL && !has_word(&words, "threshold=") && !has_word(&words, fallback)) {
        words.items[words.count++] = fallback;
    }
    return mr_series_detector_read(words.items, words.count, detector, err);
}
