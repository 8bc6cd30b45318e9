/* Goal: no text makes the schema parser crash, leak or run away; what it accepts it can write in
 * its canonical form, which it accepts again with the same fingerprint.
 * Method: libFuzzer over the text. */
#include "processors/core/codec/encode.h"
#include "processors/core/codec/schema.h"

#include <string.h>

/* The canonical form has full names and no namespaces: where a type of no namespace lies inside one
 * that has, it does not say what it said. */
static bool has_plain_names(const struct mr_schema *schema)
{
    const struct mr_type *type;
    bool has_plain = false, has_full = false;

    for (uint16_t id = 1; (type = mr_schema_type(schema, id)) != NULL; id++) {
        const bool is_full = strchr(type->name, '.') != NULL;

        has_full = has_full || is_full;
        has_plain = has_plain || !is_full;
    }
    return has_plain && has_full;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_error err = {0};
    struct mr_schema *schema, *again, *composed;
    struct mr_encoder *encoder;

    if (mr_schema_parse((struct mr_span){data, size}, &schema, &err) != MR_OK) {
        MR_ASSERT(err.text[0] != '\0');
        return 0;
    }
    if (mr_schema_parse(mr_span_text(mr_schema_canonical(schema)), &again, &err) == MR_OK) {
        MR_ASSERT(has_plain_names(schema) ||
                  mr_schema_fingerprint(schema) == mr_schema_fingerprint(again));
        mr_schema_free(again);
    }
    if (mr_encoder_new(schema, &encoder, &err) == MR_OK) {
        mr_encoder_free(encoder);
    }
    if (mr_schema_compose("T", "a.b", (const struct mr_schema_part[]){{"x", schema}, {"y", schema}},
                          2, &composed, &err) == MR_OK) {
        mr_schema_free(composed);
    }
    mr_schema_free(schema);
    return 0;
}
