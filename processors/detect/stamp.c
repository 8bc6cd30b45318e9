#include "processors/detect/detector.h"

#include "schemas/stamps/detector.h"

#include <math.h>

#define HEAD \
    "{\"type\": \"record\", \"name\": \"Detection\", \"namespace\": \"millrace\", \"doc\": " \
    "\"What the detectors say of a record.\", \"fields\": [{\"name\": \"config\", \"type\": " \
    "{\"type\": \"fixed\", \"name\": \"Config\", \"size\": 8}, \"doc\": \"First 8 bytes of the " \
    "SHA-256 of the stage's configuration.\"}"

/* The first names the type by its whole schema, the others by its name. */
const char *mr_detection_schema(const struct mr_detect_settings *settings, struct mr_arena *arena)
{
    const struct mr_detector_settings *detectors = settings->detectors.items;
    const char *text = HEAD;

    for (size_t i = 0; i < settings->detectors.count && text != NULL; i++) {
        text = mr_arena_print(arena, "%s, {\"name\": \"%s\", \"type\": %s}", text,
                              detectors[i].name, i == 0 ? MR_SCHEMA_DETECTOR : "\"Detector\"");
    }
    return text ? mr_arena_print(arena, "%s]}", text) : NULL;
}

static struct mr_value real_or_null(double x)
{
    return isnan(x) ? (struct mr_value){.kind = MR_KIND_NULL} : mr_value_double(x);
}

static struct mr_value time_or_null(const struct mr_judgement *judgement, int64_t ms)
{
    return judgement->has_window ? mr_value_timestamp_ms(ms)
                                 : (struct mr_value){.kind = MR_KIND_NULL};
}

static struct mr_value list_of(const struct mr_judgement *judgement)
{
    const uint32_t most = MR_ABSENT_MAX;
    const uint32_t count = judgement->absent_count < most ? judgement->absent_count : most;

    return (struct mr_value){.kind = MR_KIND_LIST, .size = count, .items = judgement->absent};
}

void mr_detection_fill(const struct mr_judgement *judgement,
                       struct mr_value leaves[MR_DETECTOR_LEAVES])
{
    const struct mr_value filled[MR_DETECTOR_LEAVES] = {
        mr_value_bool(judgement->is_anomaly),
        mr_value_double(judgement->score),
        real_or_null(judgement->observed),
        real_or_null(judgement->expected),
        real_or_null(judgement->band_low),
        real_or_null(judgement->band_high),
        real_or_null(judgement->ratio),
        real_or_null(judgement->change_percent),
        mr_value_int(judgement->seen),
        mr_value_string(mr_span_text(judgement->reason)),
        real_or_null(judgement->one_in),
        mr_value_int(judgement->absent_count),
        list_of(judgement),
        time_or_null(judgement, judgement->window_start_ms),
        time_or_null(judgement, judgement->window_end_ms),
    };

    for (size_t i = 0; i < MR_DETECTOR_LEAVES; i++) {
        leaves[i] = filled[i];
    }
}
