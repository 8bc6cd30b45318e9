#include "processors/detect/method.h"

#define METHOD_ROW(name) [MR_METHOD_##name] = &mr_method_##name,
const struct mr_method *const mr_methods[MR_METHOD_COUNT] = {MR_METHODS(METHOD_ROW)};

#define METHOD_NAME(name) [MR_METHOD_##name] = #name,
const char *const mr_method_names[MR_METHOD_COUNT + 1] = {MR_METHODS(METHOD_NAME)};
