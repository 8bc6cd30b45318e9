#include "processors/detect/detector.h"

#include "processors/detect/sample.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define YEAR_MS (INT64_C(366) * 24 * 60 * MINUTE_MS)

#define SELF struct mr_detector_settings

static const char *const sensitivities[] = {
    [MR_MEDIUM] = "medium", [MR_HIGH] = "high", [MR_LOW] = "low", NULL};
static const char *const directions[] = {
    [MR_BOTH] = "both", [MR_UP] = "up", [MR_DOWN] = "down", NULL};
static const char *const scales[] = {"plain", "log", NULL};
static const char *const againsts[] = {
    [MR_AGAINST_CALM] = "calm", [MR_AGAINST_LAST] = "last", [MR_AGAINST_MEDIAN] = "median", NULL};
static const char *const alarm_ons[] = {[MR_ALARM_ON_ANY] = "any",
                                        [MR_ALARM_ON_REPEAT] = "repeat",
                                        [MR_ALARM_ON_CONFLICT] = "conflict",
                                        NULL};

static const char *const calibrations[] = {"no", "rank", NULL};

/* Thresholds of what is calibrated: one in so many. */
static const double rates[] = {[MR_MEDIUM] = 1000.0, [MR_HIGH] = 300.0, [MR_LOW] = 5000.0};

static const struct mr_option detector_options[] = {
    MR_TEXT(SELF, name, NULL, "Its field in the stamp: detection.<name>. Letters, digits and _."),
    MR_CHOICE(SELF, method, "rcre", mr_method_names,
              "How it judges; docs/detectors.md says which for what."),
    MR_EXPR(SELF, key, "record.key",
            "Each key has a history of its own; must contain what places a record in its "
            "partition."),
    MR_EXPR(SELF, value, "",
            "The number that is judged; null is not. `duplicate` and `missing` can do without."),
    MR_EXPR(SELF, when, "", "Only records for which this holds are judged and learnt."),
    MR_REAL(SELF, threshold, "", 0, 1000000000,
            "In the unit of the method, instead of a sensitivity."),
    MR_CHOICE(SELF, sensitivity, "medium", sensitivities,
              "A threshold by name: high alarms more, low less."),
    MR_CHOICE(SELF, direction, "both", directions, "Whether only larger values count, or smaller."),
    MR_INT(SELF, warmup, "", 1, 1000000,
           "How many values of a key are learnt before one can be an alarm."),
    MR_DURATION(SELF, refractory, "0s", 0, YEAR_MS,
                "After an alarm of a key no other for so long, by event time."),
    MR_INT(SELF, refractory_records, "", 1, 1000000,
           "After an alarm of a key no other for so many of its records."),
    MR_DURATION(SELF, ttl, "0s", 0, 10 * YEAR_MS,
                "A key that is not seen for so long is forgotten; 0s: never."),
    MR_INT(SELF, keys_max, "1000000", 1, 1000000000,
           "Per partition; one more stops the stage instead of eating the memory."),
    MR_INT(SELF, values, "", 1, MR_SAMPLE_WINDOW_MAX,
           "robust_z, rate_of_change: how many of the last values are remembered."),
    MR_DURATION(
        SELF, window, "0s", 0, YEAR_MS,
        "Judges one value for each such span of event time instead of each record; value is "
        "then count(), sum(x), mean(x), min(x), max(x) or quantile(0.95, x)."),
    MR_REAL(SELF, span, "", 1, 1000000,
            "ewma, change_point: over how many records the mean reaches."),
    MR_REAL(SELF, floor, "0", 0, 1000000000,
            "Least scale, in the value's unit: what change is too small to matter."),
    MR_REAL(SELF, floor_percent, "5", 0, 1000,
            "Least scale, as a share of what is expected: so that a price that never changes does "
            "not alarm at one agora."),
    MR_REAL(SELF, ceiling_percent, "0", 0, 1000000,
            "Greatest scale, as a share of what is expected; 0: none. A price that is as often the "
            "one as the other of two spreads so widely that a slipped decimal point would not "
            "stand out."),
    MR_CHOICE(SELF, scale, "plain", scales,
              "robust_z: log judges ratios, so ten times as much lies as far as a tenth."),
    MR_CHOICE(SELF, against, "calm", againsts,
              "rate_of_change: calm takes the last value or the last that was no jump, whichever "
              "is nearer, so that a return to normal is no second jump."),
    MR_DURATION(SELF, per, "0s", 0, YEAR_MS,
                "rate_of_change: the threshold is per this time; 0s: per record."),
    MR_DURATION(
        SELF, within, "", 1, YEAR_MS,
        "duplicate: how far apart two records of a key may be to count as one twice. missing: "
        "how far apart they may be to be one arrival."),
    MR_EXPR(SELF, group, "",
            "missing: whose records move the clock by which a key is overdue; unless told, all "
            "of the partition."),
    MR_EXPR(SELF, complete, "",
            "missing: holds for the record that ends a whole feed of the group, as origin.end == "
            "\"complete\". The clock counts such feeds then, instead of event time."),
    MR_CHOICE(SELF, alarm_on, "any", alarm_ons,
              "duplicate: a repeat says the same value, a conflict another."),
    MR_DURATION(SELF, period, "24h", 1000, YEAR_MS, "seasonal, rcre: what the history repeats by."),
    MR_INT(SELF, bins, "", 1, 168, "seasonal, rcre: into how many parts a period is cut."),
    MR_TEXT(SELF, utc_offset, "+00:00",
            "In which time zone a period (seasonal, rcre) and a window begin, as +02:00."),
    MR_TEXTS(SELF, spans, "", 0, MR_SPAN_COUNT,
             "rcre: over how many records it smooths [the hourly distance, the variance, the fast "
             "mean, the slow one], unless [24, 120, 128, 512]."),
    MR_CHOICE(SELF, calibrate, "no", calibrations,
              "rank: an alarm is what is rare among the key's own records, whatever the method's "
              "unit; the threshold is a rate then: 1000 is one in a thousand."),
    MR_EXPR(SELF, learn, "",
            "Only records for which this holds are learnt; the others are judged all the same."),
    MR_OPTIONS_END,
};

const struct mr_option mr_detect_options[] = {
    MR_LIST(struct mr_detect_settings, detectors, SELF, detector_options, 1, MR_DETECTORS_MAX,
            "What is looked for: each has its own method, key and value."),
    MR_OPTIONS_END,
};

/* Options that only some methods read; set but not read is a mistake. */
static void check_knobs(const struct mr_detector_settings *settings,
                        const struct mr_misfits *misfits)
{
    const struct mr_method *method = mr_methods[settings->method];
    const struct {
        const char *option;
        unsigned knob;
        bool is_set;
    } rows[] = {
        {"values", MR_KNOB_VALUES, settings->values != 0},
        {"span", MR_KNOB_SPAN, settings->span > 0},
        {"floor", MR_KNOB_FLOOR, settings->floor > 0},
        {"ceiling_percent", MR_KNOB_CEILING, settings->ceiling_percent > 0},
        {"scale", MR_KNOB_SCALE, settings->scale != 0},
        {"within", MR_KNOB_WITHIN, settings->within != 0},
        {"per", MR_KNOB_PER, settings->per != 0},
        {"bins", MR_KNOB_PERIOD, settings->bins != 0},
        {"utc_offset", MR_KNOB_PERIOD,
         settings->window == 0 && strcmp(settings->utc_offset, "+00:00") != 0},
        {"spans", MR_KNOB_SPANS, settings->spans.count > 0},
        {"calibrate", MR_KNOB_CALIBRATE, settings->calibrate != 0},
        {"learn", MR_KNOB_LEARN, settings->learn.text != NULL},
        {"group", MR_KNOB_ABSENCE, settings->group.text != NULL},
        {"complete", MR_KNOB_ABSENCE, settings->complete.text != NULL},
        {"against", MR_KNOB_AGAINST, settings->against != 0},
        {"alarm_on", MR_KNOB_ALARM_ON, settings->alarm_on != 0},
        {"direction", MR_KNOB_DIRECTION, settings->direction != 0},
    };
    char text[120];

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        if (rows[i].is_set && (method->knobs & rows[i].knob) == 0) {
            (void)snprintf(text, sizeof(text), "%s does not use it", method->name);
            misfits->tell(misfits->context, rows[i].option, text);
        }
    }
}

/* Two digits; -1: they are none. */
static int64_t read_pair(const char *at)
{
    return isdigit((unsigned char)at[0]) && isdigit((unsigned char)at[1])
               ? (at[0] - '0') * 10 + (at[1] - '0')
               : -1;
}

/* "+02:00" */
static bool read_offset(const char *text, int64_t *offset_ms)
{
    const bool is_shaped =
        strlen(text) == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
    const int64_t hours = is_shaped ? read_pair(text + 1) : -1;
    const int64_t minutes = is_shaped ? read_pair(text + 4) : -1;

    if (hours < 0 || hours > 24 || minutes < 0 || minutes > 59) {
        return false;
    }
    *offset_ms = (hours * 60 + minutes) * (text[0] == '-' ? -MINUTE_MS : MINUTE_MS);
    return true;
}

static bool read_spans(const struct mr_texts *texts, uint32_t spans[MR_SPAN_COUNT])
{
    for (size_t i = 0; i < texts->count; i++) {
        char *end;
        const unsigned long span = strtoul(texts->items[i], &end, 10);

        if (!isdigit((unsigned char)texts->items[i][0]) || *end != '\0' || span < 1 ||
            span > 1000000) {
            return false;
        }
        spans[i] = (uint32_t)span;
    }
    return texts->count == 0 ||
           (texts->count == MR_SPAN_COUNT && spans[MR_SPAN_FAST] < spans[MR_SPAN_SLOW]);
}

static void check_texts(const struct mr_detector_settings *settings,
                        const struct mr_misfits *misfits)
{
    uint32_t spans[MR_SPAN_COUNT];
    int64_t offset_ms;

    if (!read_offset(settings->utc_offset, &offset_ms)) {
        misfits->tell(misfits->context, "utc_offset", "is not written as +02:00");
    }
    if (!read_spans(&settings->spans, spans)) {
        misfits->tell(misfits->context, "spans",
                      "are four whole numbers, 1 to 1000000, the third less than the fourth");
    }
}

static void check_bounds(const struct mr_detector_settings *settings,
                         const struct mr_misfits *misfits)
{
    const struct mr_method *method = mr_methods[settings->method];
    const bool is_absence = (method->knobs & MR_KNOB_ABSENCE) != 0;
    char text[120];

    if ((method->knobs & MR_KNOB_WITHIN) != 0 && settings->within == 0 && !is_absence) {
        misfits->tell(misfits->context, "within", "duplicate must be told within what time");
    }
    if (is_absence &&
        (settings->refractory != 0 || settings->refractory_records != 0 || settings->ttl != 0)) {
        misfits->tell(misfits->context, "method",
                      "missing tells each outage once and forgets the key: no refractory, no ttl");
    }
    if (settings->bins > method->bins_max && (method->knobs & MR_KNOB_PERIOD) != 0) {
        (void)snprintf(text, sizeof(text), "%s has at most %u", method->name,
                       (unsigned)method->bins_max);
        misfits->tell(misfits->context, "bins", text);
    }
    if (settings->ceiling_percent > 0 && settings->ceiling_percent < settings->floor_percent) {
        misfits->tell(misfits->context, "ceiling_percent", "it is less than floor_percent");
    }
    if (settings->value.text == NULL && !method->takes_null) {
        (void)snprintf(text, sizeof(text), "%s judges a value: say which", method->name);
        misfits->tell(misfits->context, "value", text);
    }
}

static void check_window(const struct mr_detector_settings *settings,
                         const struct mr_misfits *misfits)
{
    struct mr_window window;
    struct mr_span inner;
    const bool is_aggregate =
        settings->value.text != NULL && mr_window_read(settings->value.text, &window, &inner);

    if (settings->window > 0 && mr_methods[settings->method]->takes_null) {
        misfits->tell(misfits->context, "window", "is for methods that judge a value");
    } else if (settings->window > 0 && !is_aggregate) {
        misfits->tell(misfits->context, "value",
                      "with a window, one of count(), sum(x), mean(x), min(x), max(x), "
                      "quantile(0.95, x)");
    } else if (settings->window == 0 && is_aggregate) {
        misfits->tell(misfits->context, "window", "over what time does value reach?");
    }
}

void mr_detector_check(const struct mr_detector_settings *settings,
                       const struct mr_misfits *misfits)
{
    check_knobs(settings, misfits);
    check_bounds(settings, misfits);
    check_texts(settings, misfits);
    check_window(settings, misfits);
}

static uint32_t set_or(int64_t set, uint32_t fallback)
{
    return set > 0 ? (uint32_t)set : fallback;
}

void mr_detector_tune(const struct mr_detector_settings *settings, struct mr_tuning *tuning)
{
    *tuning =
        mr_tuning_of(mr_methods[settings->method], (enum mr_sensitivity)settings->sensitivity);
    if (settings->calibrate != 0) {
        tuning->one_in =
            settings->threshold > 0 ? settings->threshold : rates[settings->sensitivity];
    } else if (settings->threshold > 0) {
        tuning->threshold = settings->threshold;
    }
    tuning->span = settings->span > 0 ? settings->span : tuning->span;
    tuning->floor = settings->floor;
    tuning->floor_share = settings->floor_percent / 100.0;
    tuning->ceiling_share = settings->ceiling_percent / 100.0;
    tuning->refractory_ms = settings->refractory;
    tuning->within_ms = settings->within;
    tuning->per_ms = settings->per;
    tuning->period_ms = settings->period;
    (void)read_offset(settings->utc_offset, &tuning->offset_ms);
    (void)read_spans(&settings->spans, tuning->spans);
    tuning->refractory_count = set_or(settings->refractory_records, tuning->refractory_count);
    tuning->warmup = set_or(settings->warmup, tuning->warmup);
    tuning->values = set_or(settings->values, tuning->values);
    tuning->bins = set_or(settings->bins, tuning->bins);
    tuning->direction = (enum mr_direction)settings->direction;
    tuning->against = (enum mr_against)settings->against;
    tuning->alarm_on = (enum mr_alarm_on)settings->alarm_on;
    tuning->is_log = settings->scale != 0;
    tuning->is_counted = settings->complete.text != NULL;
}

/* What opening one detector needs, and whether it has found a problem. */
struct opening {
    struct mr_scope *scope;
    const struct mr_detector_settings *settings;
    struct mr_detector *detector;
    bool is_bad;
};

/* option beside `key`, whose dotted name and place are known whether it was set or not. */
static void complain(void *context, const char *option, const char *text)
{
    struct opening *self = context;
    const struct mr_source *beside = &self->settings->key;
    const char *dot = strrchr(beside->key, '.');
    const char *key = mr_arena_print(mr_scope_arena(self->scope), "%.*s.%s",
                                     dot ? (int)(dot - beside->key) : 0, beside->key, option);

    mr_scope_complain(self->scope, MR_SEVERITY_ERROR, beside->place, key, NULL, "%s", text);
    self->is_bad = true;
}

static bool is_number(const struct mr_cel_type *type)
{
    return type->kind == MR_CEL_DOUBLE || type->kind == MR_CEL_INT || type->kind == MR_CEL_UINT;
}

/* What is in the brackets of an aggregate, with a place of its own; false: no room. */
static bool take_inner(struct opening *self, struct mr_source *source)
{
    struct mr_span inner;

    if (!mr_window_read(source->text, &self->detector->window, &inner)) {
        return true; /* the check has complained */
    }
    source->place.column += inner.size > 0 ? (int)(inner.data - (const uint8_t *)source->text) : 0;
    source->text = inner.size > 0 ? mr_arena_text(mr_scope_arena(self->scope), inner) : NULL;
    return inner.size == 0 || source->text != NULL;
}

static enum mr_code compile_value(struct opening *self, struct mr_error *err)
{
    struct mr_source copy = self->settings->value;
    const struct mr_source *source = &copy;
    struct mr_cel_type type;
    enum mr_code code;

    self->detector->window.size_ms = self->settings->window;
    if (source->text != NULL && self->settings->window > 0 && !take_inner(self, &copy)) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %s", source->key);
    }
    if (source->text == NULL || self->is_bad) {
        return MR_OK;
    }
    code = mr_scope_compile(self->scope, source, NULL, &self->detector->value, err);
    if (code != MR_OK) {
        return code;
    }
    type = mr_cel_program_type(self->detector->value);
    if (!is_number(&type)) {
        mr_scope_complain(self->scope, MR_SEVERITY_ERROR, source->place, source->key,
                          "double(...) converts", "a number is judged, and this is %s",
                          mr_cel_type_text(&type, mr_scope_arena(self->scope)));
        return MR_FAIL(err, MR_BAD_CONFIG, "%s is not a number", source->key);
    }
    return MR_OK;
}

/* A condition that may be left out: *program is NULL then. */
static enum mr_code compile_condition(struct opening *self, const struct mr_source *source,
                                      const struct mr_cel_program **program, struct mr_error *err)
{
    return source->text != NULL ? mr_scope_compile(self->scope, source, &mr_cel_bool, program, err)
                                : MR_OK;
}

/* All of them, so that all their problems are reported; the first code that is not MR_OK. */
static enum mr_code compile(struct opening *self, struct mr_error *err)
{
    const struct mr_detector_settings *settings = self->settings;
    struct mr_detector *detector = self->detector;
    const enum mr_code codes[] = {
        mr_scope_compile_key(self->scope, &settings->key, &detector->key, err),
        compile_value(self, err),
        compile_condition(self, &settings->when, &detector->when, err),
        compile_condition(self, &settings->learn, &detector->learn, err),
        compile_condition(self, &settings->complete, &detector->complete, err),
        settings->group.text != NULL
            ? mr_scope_compile_key(self->scope, &settings->group, &detector->group, err)
            : MR_OK,
    };

    for (size_t i = 0; i < MR_COUNT(codes); i++) {
        if (codes[i] != MR_OK) {
            return codes[i];
        }
    }
    return MR_OK;
}

static enum mr_code open_absence(struct opening *self, struct mr_error *err)
{
    struct mr_detector *detector = self->detector;
    struct mr_absence_spec spec = {
        .method = detector->method, .tuning = &detector->tuning, .keys = detector->store};
    const struct mr_store_spec groups = {
        .name = mr_arena_print(mr_scope_arena(self->scope), "%s.groups", detector->name),
        .state_size = (uint32_t)mr_absence_group_size(),
        .version = 1,
        .keys_max = (size_t)self->settings->keys_max};
    enum mr_code code;

    if (groups.name == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the name of a store");
    }
    code = mr_scope_store(self->scope, &groups, &spec.groups, err);
    if (code != MR_OK) {
        return code;
    }
    detector->absence = mr_absence_new(&spec);
    return detector->absence ? MR_OK : MR_FAIL(err, MR_NO_ROOM, "no memory to watch keys");
}

static enum mr_code open_store(struct opening *self, struct mr_error *err)
{
    const struct mr_detector_settings *settings = self->settings;
    struct mr_detector *detector = self->detector;
    const struct mr_store_spec spec = {
        .name = settings->name,
        .state_size = (uint32_t)(mr_window_state_size(&detector->window) +
                                 mr_judge_state_size(detector->method, &detector->tuning)),
        .version = detector->method->version,
        .ttl_ms = settings->ttl,
        .keys_max = (size_t)settings->keys_max};
    const enum mr_code code = mr_scope_store(self->scope, &spec, &detector->store, err);

    return code == MR_OK && (detector->method->knobs & MR_KNOB_ABSENCE) != 0
               ? open_absence(self, err)
               : code;
}

enum mr_code mr_detector_open(struct mr_scope *scope, const struct mr_detector_settings *settings,
                              struct mr_detector *detector, struct mr_error *err)
{
    struct opening self = {scope, settings, detector, false};
    enum mr_code code;

    detector->name = settings->name;
    detector->method = mr_methods[settings->method];
    mr_detector_check(settings, &(struct mr_misfits){complain, &self});
    code = compile(&self, err);
    if (code != MR_OK || self.is_bad) {
        return code != MR_OK ? code
                             : MR_FAIL(err, MR_BAD_CONFIG, "%s: see the report", settings->name);
    }
    mr_detector_tune(settings, &detector->tuning);
    return open_store(&self, err);
}

void mr_detector_close(struct mr_detector *detector)
{
    mr_absence_free(detector->absence);
    detector->absence = NULL;
}
