/* Damerau-Levenshtein distance in its restricted form (a pair of neighbours is swapped at most
 * once), row by row: only the last three rows of the matrix are ever looked at. */
#include "processors/core/config/report.h"

#include <string.h>

#define WORD_SIZE_MAX 64 /* nobody mistypes a longer one by a letter or two */

static int lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? letter | 0x20 : letter;
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

/* Row i of the matrix, from the one above it and the one above that. */
static void fill_row(const char *a, const char *b, size_t i, size_t *const rows[3])
{
    const size_t *before = rows[0], *last = rows[1];
    size_t *row = rows[2];

    row[0] = i;
    for (size_t j = 1; b[j - 1] != '\0'; j++) {
        row[j] = least(least(last[j], row[j - 1]) + 1,
                       last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1])));
        if (is_swap(a, b, i, j)) {
            row[j] = least(row[j], before[j - 2] + 1);
        }
    }
}

/* Both are at most WORD_SIZE_MAX bytes. */
static size_t distance(const char *a, const char *b)
{
    size_t cells[3][WORD_SIZE_MAX + 1] = {{0}};
    size_t *rows[3] = {cells[0], cells[1], cells[2]};
    const size_t a_size = strlen(a), b_size = strlen(b);

    for (size_t j = 0; j <= b_size; j++) {
        rows[2][j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t *const spare = rows[0];

        rows[0] = rows[1];
        rows[1] = rows[2];
        rows[2] = spare;
        fill_row(a, b, i, rows);
    }
    return rows[2][b_size];
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
