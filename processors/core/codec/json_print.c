#include "processors/core/codec/json.h"

#include "processors/core/codec/json_out.h"
#include "processors/core/codec/node.h"
#include "processors/core/codec/scalar.h"
#include "processors/core/codec/schema_internal.h"

#include <inttypes.h>
#include <stdio.h>

/* A walk over the datum by its schema. A scalar is read by the same op as in a plan. */
struct print {
    struct mr_json_out out;
    struct mr_input input;
    enum mr_json_form form;
};

static const uint8_t *print_type(struct print *self, const struct mr_type *type, const uint8_t *at);

static const uint8_t *print_record(struct print *self, const struct mr_type *type,
                                   const uint8_t *at)
{
    mr_json_put_byte(&self->out, '{');
    for (size_t i = 0; i < type->field_count && at != NULL; i++) {
        mr_json_put_text(&self->out, i == 0 ? "\"" : ",\"");
        mr_json_put_text(&self->out, type->fields[i].name);
        mr_json_put_text(&self->out, "\":");
        at = print_type(self, type->fields[i].type, at);
    }
    mr_json_put_byte(&self->out, '}');
    return at;
}

static const uint8_t *print_entry(struct print *self, const struct mr_type *type, bool is_first,
                                  const uint8_t *at)
{
    struct mr_span key;

    mr_json_put_text(&self->out, is_first ? "" : ",");
    if (type->kind == MR_AVRO_MAP) {
        at = mr_wire_string(at, &self->input, &key);
        if (at == NULL) {
            return NULL;
        }
        mr_json_put_string(&self->out, key);
        mr_json_put_byte(&self->out, ':');
    }
    return print_type(self, type->item, at);
}

static const uint8_t *print_block(struct print *self, const struct mr_type *type, bool *is_first,
                                  const uint8_t *at, uint64_t *count)
{
    int64_t size;
    const uint8_t *start = at = mr_wire_block_head(at, &self->input, count, &size);

    for (uint64_t i = 0; at != NULL && i < *count && !self->out.has_failed; i++) {
        const uint8_t *before = at;

        at = print_entry(self, type, *is_first, at);
        *is_first = false;
        if (at == before && !mr_wire_may_be_empty(&self->input, 1)) {
            return NULL;
        }
    }
    if (at != NULL && size >= 0 && at - start != size) {
        return mr_wire_fault(&self->input, "block_size_wrong");
    }
    return at;
}

static const uint8_t *print_blocks(struct print *self, const struct mr_type *type,
                                   const uint8_t *at)
{
    const bool is_map = type->kind == MR_AVRO_MAP;
    bool is_first = true;
    uint64_t count;

    mr_json_put_byte(&self->out, is_map ? '{' : '[');
    do {
        at = print_block(self, type, &is_first, at, &count);
    } while (at != NULL && count > 0 && !self->out.has_failed);
    mr_json_put_byte(&self->out, is_map ? '}' : ']');
    return at;
}

static const uint8_t *print_union(struct print *self, const struct mr_type *type, const uint8_t *at)
{
    const struct mr_type *branch;
    int64_t index = 0;
    bool is_named;

    at = mr_wire_long(at, &self->input, &index);
    if (at == NULL) {
        return NULL;
    }
    if (index < 0 || (uint64_t)index >= type->branch_count) {
        return mr_wire_fault(&self->input, "union_branch_unknown");
    }
    branch = type->branches[index];
    is_named = self->form == MR_JSON_AVRO && branch->kind != MR_AVRO_NULL;
    if (is_named) {
        mr_json_put_text(&self->out, "{\"");
        mr_json_put_text(&self->out,
                         branch->name != NULL ? branch->name : mr_avro_word(branch->kind));
        mr_json_put_text(&self->out, "\":");
    }
    at = print_type(self, branch, at);
    mr_json_put_text(&self->out, is_named ? "}" : "");
    return at;
}

static const uint8_t *print_real(struct print *self, const struct mr_type *type, const uint8_t *at)
{
    double real = 0;
    float half = 0;

    if (type->kind == MR_AVRO_DOUBLE) {
        at = mr_wire_double(at, &self->input, &real);
        mr_json_put_double(&self->out, real);
    } else {
        at = mr_wire_float(at, &self->input, &half);
        mr_json_put_float(&self->out, half);
    }
    return at;
}

static const uint8_t *print_symbol(struct print *self, const struct mr_type *type,
                                   const uint8_t *at)
{
    int64_t index = 0;

    at = mr_wire_long(at, &self->input, &index);
    if (at == NULL) {
        return NULL;
    }
    if (index < 0 || (uint64_t)index >= type->symbol_count) {
        return mr_wire_fault(&self->input, "enum_index_unknown");
    }
    mr_json_put_string(&self->out, mr_span_text(type->symbols[index]));
    return at;
}

static void put_bytes(struct print *self, const struct mr_type *type, struct mr_span bytes)
{
    const struct mr_value decimal = {.kind = MR_KIND_DECIMAL,
                                     .aux = (uint16_t)type->scale,
                                     .size = (uint32_t)bytes.size,
                                     .data = bytes.data};

    if (self->form == MR_JSON_AVRO) {
        mr_json_put_code_points(&self->out, bytes);
    } else if (type->logical == MR_LOGICAL_DECIMAL) {
        mr_json_put_decimal(&self->out, &decimal);
    } else if (type->logical == MR_LOGICAL_DURATION) {
        mr_json_put_duration(&self->out, bytes.data);
    } else if (type->logical == MR_LOGICAL_UUID) {
        mr_json_put_uuid(&self->out, bytes.data);
    } else {
        mr_json_put_base64(&self->out, bytes);
    }
}

static const uint8_t *print_bytes(struct print *self, const struct mr_type *type, const uint8_t *at)
{
    struct mr_span bytes = {0};

    at = type->kind == MR_AVRO_FIXED ? mr_wire_fixed(at, &self->input, type->size, &bytes)
                                     : mr_wire_bytes(at, &self->input, &bytes);
    if (at != NULL) {
        put_bytes(self, type, bytes);
    }
    return at;
}

static const uint8_t *print_string(struct print *self, const uint8_t *at)
{
    struct mr_span text = {0};

    at = mr_wire_string(at, &self->input, &text);
    if (at != NULL) {
        mr_json_put_string(&self->out, text);
    }
    return at;
}

/* int and long: as the base type, or as the text of its logical type. */
static const uint8_t *print_whole(struct print *self, const struct mr_type *type, const uint8_t *at)
{
    struct mr_value value = {0};

    if (self->form == MR_JSON_AVRO || type->logical == MR_LOGICAL_NONE) {
        at = type->kind == MR_AVRO_INT ? mr_wire_int(at, &self->input, &value.number)
                                       : mr_wire_long(at, &self->input, &value.number);
        mr_json_put_long(&self->out, value.number);
        return at;
    }
    at = mr_time_read(type, at, &self->input, &value);
    if (at == NULL) {
        return NULL;
    }
    if (value.kind == MR_KIND_DURATION) {
        mr_json_put_time(&self->out, &value);
    } else {
        mr_json_put_moment(&self->out, type->logical, &value);
    }
    return at;
}

static const uint8_t *print_boolean(struct print *self, const uint8_t *at)
{
    int64_t truth = 0;

    at = mr_wire_boolean(at, &self->input, &truth);
    mr_json_put_text(&self->out, truth != 0 ? "true" : "false");
    return at;
}

static const uint8_t *print_scalar(struct print *self, const struct mr_type *type,
                                   const uint8_t *at)
{
    switch (type->kind) {
    case MR_AVRO_NULL:
        mr_json_put_text(&self->out, "null");
        return at;
    case MR_AVRO_BOOLEAN:
        return print_boolean(self, at);
    case MR_AVRO_INT:
    case MR_AVRO_LONG:
        return print_whole(self, type, at);
    case MR_AVRO_FLOAT:
    case MR_AVRO_DOUBLE:
        return print_real(self, type, at);
    case MR_AVRO_STRING:
        return print_string(self, at);
    case MR_AVRO_ENUM:
        return print_symbol(self, type, at);
    default:
        return print_bytes(self, type, at);
    }
}

static const uint8_t *print_type(struct print *self, const struct mr_type *type, const uint8_t *at)
{
    if (self->input.depth == MR_WIRE_DEPTH_MAX) {
        return mr_wire_fault(&self->input, "nested_too_deep");
    }
    if (self->out.has_failed) {
        return mr_wire_fault(&self->input, "no_room");
    }
    self->input.depth++;
    switch (type->kind) {
    case MR_AVRO_RECORD:
        at = print_record(self, type, at);
        break;
    case MR_AVRO_ARRAY:
    case MR_AVRO_MAP:
        at = print_blocks(self, type, at);
        break;
    case MR_AVRO_UNION:
        at = print_union(self, type, at);
        break;
    default:
        at = print_scalar(self, type, at);
    }
    self->input.depth--;
    return at;
}

const char *mr_json_print(const struct mr_schema *schema, struct mr_span datum,
                          enum mr_json_form form, struct mr_arena *arena, struct mr_span *text)
{
    static const uint8_t no_bytes[1];
    const uint8_t *at = datum.data == NULL ? no_bytes : datum.data;
    struct print self = {.out = {.arena = arena}, .input = {.end = at + datum.size}, .form = form};

    if (datum.size > UINT32_MAX) {
        return "datum_too_large";
    }
    at = print_type(&self, mr_schema_root(schema), at);
    if (at == NULL) {
        return self.input.fault;
    }
    if (self.out.has_failed) {
        return "no_room";
    }
    *text = (struct mr_span){self.out.data, self.out.size};
    return NULL;
}
