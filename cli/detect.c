/* detect.c - `millrace detect`: judges a series in a file, prints its alarms, draws it. */
#include "cli/flags_detector.h"
#include "cli/series/axis.h"
#include "cli/series/plot.h"
#include "cli/verb.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLAG_METHOD,
    FLAG_THRESHOLD,
    FLAG_SENSITIVITY,
    FLAG_TIME,
    FLAG_VALUE,
    FLAG_PLOT,
    FLAG_CSV,
    FLAG_HELP
};

static const struct flag table[] = {
    [FLAG_METHOD] = {"--method", "NAME", "How it judges; default rcre."},
    [FLAG_THRESHOLD] = {"--threshold", "X", "In the unit of the method."},
    [FLAG_SENSITIVITY] = {"--sensitivity", "NAME", "A threshold by name: high, medium, low."},
    [FLAG_TIME] = {"--time", "COLUMN", "The column of times; default timestamp, time or date."},
    [FLAG_VALUE] = {"--value", "COLUMN", "The column of values; default value."},
    [FLAG_PLOT] = {"--plot", "FILE.svg", "Draw series, band, alarms and score."},
    [FLAG_CSV] = {"--csv", NULL, "Print what is said of each row, as CSV and nothing else."},
    [FLAG_HELP] = {"--help", NULL, "This text."},
    {NULL, NULL, NULL},
};

static const char usage[] =
    "usage: millrace detect SERIES.csv [options] [NAME=VALUE ...]\n\n"
    "SERIES.csv has a time and a value in each row and names its columns in the first; - is the\n"
    "standard input. NAME=VALUE is an option of a detector as in a pipeline: warmup=50 bins=12\n"
    "direction=up refractory=2h ... (docs/reference.md).\n";

/* In width, blank where there is none. */
static void print_number(double number, int width)
{
    if (isnan(number)) {
        (void)printf("  %*s", width, "");
    } else {
        (void)printf("  %*.6g", width, number);
    }
}

static void print_alarms(const struct mr_series *series, const struct mr_judgement *judgements)
{
    bool is_first = true;

    for (size_t row = 0; row < series->count; row++) {
        const struct mr_judgement *judgement = &judgements[row];
        char time[MR_AXIS_LABEL_SIZE];

        if (!judgement->is_anomaly) {
            continue;
        }
        if (is_first) {
            (void)printf("%-23s  %12s  %12s  %12s  %12s  %6s  %s\n", "time", "value", "expected",
                         "band from", "to", "score", "why");
            is_first = false;
        }
        mr_axis_time((double)series->times_ms[row], time);
        (void)printf("%-23s", time);
        print_number(series->values[row], 12);
        print_number(judgement->expected, 12);
        print_number(judgement->band_low, 12);
        print_number(judgement->band_high, 12);
        (void)printf("  %6.3f  %s", judgement->score, judgement->reason);
        if (!isnan(judgement->one_in)) {
            (void)printf(", 1 in %.0f", judgement->one_in);
        }
        (void)printf("\n");
    }
}

/* A field that reads back as the same double, as short as that allows; empty where there is none.
 */
static void print_field(double number)
{
    char text[40] = "";

    for (int digits = 6; !isnan(number) && digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    (void)printf(",%s", text);
}

static void print_csv(const struct mr_series *series, const struct mr_judgement *judgements)
{
    (void)printf("time,value,expected,band_low,band_high,score,is_anomaly,reason\n");
    for (size_t row = 0; row < series->count; row++) {
        const struct mr_judgement *judgement = &judgements[row];
        char time[MR_AXIS_LABEL_SIZE];

        mr_axis_time((double)series->times_ms[row], time);
        (void)printf("%s", time);
        print_field(series->values[row]);
        print_field(judgement->expected);
        print_field(judgement->band_low);
        print_field(judgement->band_high);
        print_field(judgement->score);
        (void)printf(",%d,%s\n", judgement->is_anomaly, judgement->reason);
    }
}

static enum mr_code draw(const char *path, const struct mr_plot *plot, struct mr_error *err)
{
    FILE *file = fopen(path, "w");
    bool is_written;

    if (file == NULL) {
        return MR_FAIL(err, MR_IO, "%s cannot be written", path);
    }
    mr_plot_write(plot, file);
    is_written = ferror(file) == 0;
    return fclose(file) == 0 && is_written ? MR_OK
                                           : MR_FAIL(err, MR_IO, "%s cannot be written", path);
}

static void print_sum(const struct mr_series *series, const struct mr_judgement *judgements,
                      const struct mr_series_detector *detector)
{
    size_t values = 0, alarms = 0;

    for (size_t row = 0; row < series->count; row++) {
        values += isfinite(series->values[row]) != 0;
        alarms += judgements[row].is_anomaly;
    }
    (void)printf("detect method=%s threshold=%g rows=%zu values=%zu alarms=%zu\n",
                 detector->method->name, mr_series_threshold(detector), series->count, values,
                 alarms);
}

static enum mr_code judge(const struct flags *flags, const struct mr_series *series,
                          const struct mr_series_detector *detector, struct mr_error *err)
{
    struct mr_judgement *judgements = calloc(series->count + 1, sizeof(*judgements));
    const char *path = flags->values[FLAG_PLOT];
    const char *slash = strrchr(flags->operands[0], '/');
    char title[512];
    enum mr_code code;

    if (judgements == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for %zu rows", series->count);
    }
    code = mr_series_judge(series, detector, judgements, err);
    if (code == MR_OK && path != NULL) {
        (void)snprintf(title, sizeof(title), "%s, %s at %g", slash ? slash + 1 : flags->operands[0],
                       detector->method->name, mr_series_threshold(detector));
        code = draw(path, &(struct mr_plot){title, series, judgements}, err);
    }
    if (code == MR_OK && flags->values[FLAG_CSV] != NULL) {
        print_csv(series, judgements);
    } else if (code == MR_OK) {
        print_alarms(series, judgements);
        print_sum(series, judgements, detector);
    }
    free(judgements);
    return code;
}

int verb_detect(int count, char **arguments)
{
    struct flags flags = {.table = table};
    struct mr_error err = {0};
    struct mr_series_detector detector;
    struct mr_series series = {0};
    enum mr_code code = flags_parse(&flags, count, arguments, &err);

    if (code == MR_OK && flags.values[FLAG_HELP] != NULL) {
        (void)puts(usage);
        flags_print(table, stdout);
        return 0;
    }
    if (code == MR_OK && flags.operand_count == 0) {
        code = MR_FAIL(&err, MR_USAGE, "detect takes a file, or - for the standard input");
    }
    if (code == MR_OK) {
        code = flags_detector(&flags, NULL, &detector, &err);
    }
    if (code == MR_OK) {
        const struct mr_series_columns columns = {flags.values[FLAG_TIME],
                                                  flags.values[FLAG_VALUE]};

        code = mr_series_read(flags.operands[0], &columns, &series, &err);
    }
    if (code == MR_OK) {
        code = judge(&flags, &series, &detector, &err);
    }
    mr_series_free(&series);
    return code == MR_OK ? 0 : fail_with(&err);
}
