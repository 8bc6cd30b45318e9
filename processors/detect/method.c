#include "processors/detect/method.h"

#define METHOD_ROW(name) [MR_METHOD_##name] = &mr_method_##name,
const struct mr_method *const mr_methods[MR_METHOD_COUNT] = {MR_METHODS(METHOD_ROW)};

#define METHOD_NAME(name) [MR_METHOD_##name] = #name,
const char *const mr_method_names[MR_METHOD_COUNT + 1] = {MR_METHODS(METHOD_NAME)};

struct mr_tuning mr_tuning_of(const struct mr_method *method, enum mr_sensitivity sensitivity)
{
    return (struct mr_tuning){
        .threshold = method->thresholds[sensitivity],
        .span = method->span,
        .floor_share = 0.05,
        .within_ms = 1,
        .period_ms = INT64_C(86400000),
        .refractory_count = method->refractory_count,
        .warmup = method->warmup,
        .values = method->values,
        .bins = method->bins > 0 ? method->bins : 1,
        .spans = {[MR_SPAN_SEASON] = 24,
                  [MR_SPAN_VARIANCE] = 120,
                  [MR_SPAN_FAST] = 128,
                  [MR_SPAN_SLOW] = 512},
    };
}
