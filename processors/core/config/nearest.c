/* Damerau-Levenshtein distance in its restricted form (a pair of neighbours is swapped at most
 * once), row by row: only the last three rows of the matrix are ever looked at. */
#include "processors/core/config/report.h"

#include <string.h>

#define WORD_SIZE_MAX 64 /* nobody mistypes a longer one by a letter or two */

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter | 0x20) : letter;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_swap(const char *a, const char *b, size_t i, size_t j)
{
    return i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
           lower(a[i - 2]) == lower(b[j - 1]);
}

/* Both are at most WORD_SIZE_MAX bytes. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_SIZE_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    const size_t a_size = strlen(a), b_size = strlen(b);

    memset(rows, 0, sizeof(rows));
    for (size_t j = 0; j <= b_size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t *const spare = before;

        before = last;
        last = row;
        row = spare;
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            row[j] = least(least(last[j], row[j - 1]) + 1,
                           last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1])));
            if (is_swap(a, b, i, j)) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
    }
    return row[b_size];
}

const char *mr_nearest(const char *word, const char *const *candidates, size_t count)
{
    const size_t size = strlen(word);
    size_t best = size / 3 + 1;
    const char *nearest = NULL;

    for (size_t i = 0; size <= WORD_SIZE_MAX && i < count; i++) {
        size_t here;

        if (strlen(candidates[i]) > WORD_SIZE_MAX) {
            continue;
        }
        here = distance(word, candidates[i]);
        if (here < best) {
            best = here;
            nearest = candidates[i];
        }
    }
    return nearest;
}
