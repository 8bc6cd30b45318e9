/* Goal: the checker neither crashes nor lies, whatever the types of the names. What it accepts
 * gives a value of the type that it told, or an error; it asks once for each path, and only for
 * paths that are there; what it refuses it refuses with a place and words.
 * Method: the first eight bytes declare types for a to h, the rest is an expression over them,
 * run over one row made from the same types. */
#include "processors/core/cel/cel.h"

#include <string.h>

#define ROOM ((size_t)16 << 20)
#define NAMES 8
#define SLOTS_MAX 256
#define DEPTH_MAX 3

struct world {
    struct mr_arena *arena;
    struct mr_cel_variable variables[NAMES];
    struct mr_cel_path paths[SLOTS_MAX];
    uint32_t path_count;
};

/* A type drawn from a byte; what it holds is drawn from the byte's other bits. */
static struct mr_cel_type draw_type(struct mr_arena *arena, unsigned seed, int depth)
{
    static const char *const names[] = {"n", "s", "size", "inner"};
    struct mr_cel_type type = {.kind = (enum mr_cel_kind)(seed % (MR_CEL_RECORD + 1)),
                               .is_nullable = (seed & 0x40) != 0};
    struct mr_cel_type *items;

    if (type.kind == MR_CEL_DYN || type.kind == MR_CEL_NULL) {
        type.is_nullable = false;
    }
    if (type.kind < MR_CEL_LIST) {
        return type;
    }
    if (depth == DEPTH_MAX) {
        return (struct mr_cel_type){.kind = MR_CEL_INT};
    }
    items = mr_arena_take(arena, 2, sizeof(*items));
    items[0] = draw_type(arena, seed / 3, depth + 1);
    items[1] = (struct mr_cel_type){.kind = (seed & 1) != 0 ? MR_CEL_STRING : MR_CEL_INT};
    type.item = &items[0];
    type.key = type.kind == MR_CEL_MAP ? &items[1] : NULL;
    if (type.kind == MR_CEL_RECORD) {
        struct mr_cel_field *fields = mr_arena_take(arena, MR_COUNT(names), sizeof(*fields));
        struct mr_cel_record *record = mr_arena_take(arena, 1, sizeof(*record));

        for (size_t i = 0; i < MR_COUNT(names); i++) {
            fields[i] = (struct mr_cel_field){
                names[i], draw_type(arena, seed / 2 + (unsigned)i * 5, depth + 1)};
        }
        *record = (struct mr_cel_record){"t.Record", MR_COUNT(names), fields};
        type = (struct mr_cel_type){MR_CEL_RECORD, type.is_nullable, NULL, NULL, record};
    }
    return type;
}

static struct mr_value make_value(struct mr_arena *arena, const struct mr_cel_type *type,
                                  unsigned seed);

static struct mr_value make_items(struct mr_arena *arena, const struct mr_cel_type *type,
                                  unsigned seed)
{
    const bool is_map = type->kind == MR_CEL_MAP;
    const uint32_t count = type->kind == MR_CEL_RECORD ? (uint32_t)type->record->field_count : 1;
    struct mr_value *items = mr_arena_take(arena, 2 * (size_t)count, sizeof(*items));

    for (uint32_t i = 0; type->kind == MR_CEL_RECORD && i < count; i++) {
        items[i] = make_value(arena, &type->record->fields[i].type, seed + i);
    }
    if (type->kind != MR_CEL_RECORD) {
        items[0] = make_value(arena, is_map ? type->key : type->item, 1);
        items[1] = is_map ? make_value(arena, type->item, seed) : items[0];
    }
    return (struct mr_value){.kind = is_map                        ? MR_KIND_MAP
                                     : type->kind == MR_CEL_RECORD ? MR_KIND_RECORD
                                                                   : MR_KIND_LIST,
                             .size = count,
                             .items = items};
}

static struct mr_value make_value(struct mr_arena *arena, const struct mr_cel_type *type,
                                  unsigned seed)
{
    static const uint8_t bytes[] = {0x6b, 0x32};
    const struct mr_span text = {bytes, 1 + (seed & 1)};

    if (type->is_nullable && seed % 3 == 0) {
        return (struct mr_value){0};
    }
    switch (type->kind) {
    case MR_CEL_BOOL:
        return mr_value_bool(seed & 1);
    case MR_CEL_DYN:
    case MR_CEL_INT:
        return mr_value_int((int64_t)seed - 3);
    case MR_CEL_UINT:
        return (struct mr_value){.kind = MR_KIND_UINT, .positive = seed};
    case MR_CEL_DOUBLE:
        return mr_value_double((double)seed / 4);
    case MR_CEL_STRING:
        return mr_value_string(text);
    case MR_CEL_BYTES:
        return mr_value_bytes(text);
    case MR_CEL_TIMESTAMP:
        return mr_value_timestamp_ms((int64_t)seed * 1234567);
    case MR_CEL_DURATION:
        return (struct mr_value){.kind = MR_KIND_DURATION, .number = (int64_t)seed * 98765};
    case MR_CEL_DECIMAL:
        return (struct mr_value){
            .kind = MR_KIND_DECIMAL, .aux = (uint16_t)(seed % 9), .size = 2, .data = bytes};
    case MR_CEL_LIST:
    case MR_CEL_MAP:
    case MR_CEL_RECORD:
        return make_items(arena, type, seed);
    default:
        return (struct mr_value){0};
    }
}

static const struct mr_cel_type *follow(const struct world *world, const struct mr_cel_path *path)
{
    const struct mr_cel_type *type;

    MR_ASSERT(path->variable < NAMES);
    type = &world->variables[path->variable].type;
    for (uint32_t i = 0; i < path->depth; i++) {
        MR_ASSERT(type->kind == MR_CEL_RECORD && !type->is_nullable);
        MR_ASSERT(path->fields[i] < type->record->field_count);
        type = &type->record->fields[path->fields[i]].type;
    }
    return type;
}

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    struct world *world = context;

    (void)follow(world, path);
    for (uint32_t i = 0; i < world->path_count; i++) {
        const struct mr_cel_path *known = &world->paths[i];

        MR_ASSERT(known->variable != path->variable || known->depth != path->depth ||
                  memcmp(known->fields, path->fields, path->depth * sizeof(path->fields[0])) != 0);
    }
    if (world->path_count == SLOTS_MAX) {
        return MR_FAIL(err, MR_NO_ROOM, "too many paths");
    }
    world->paths[world->path_count] = *path;
    *slot = world->path_count++;
    return MR_OK;
}

static bool fits(const struct mr_value *value, const struct mr_cel_type *type);

static bool do_items_fit(const struct mr_value *value, const struct mr_cel_type *type)
{
    const bool is_map = type->kind == MR_CEL_MAP;

    for (uint32_t i = 0; i < value->size; i++) {
        if (is_map ? !fits(&value->items[2 * (size_t)i], type->key) ||
                         !fits(&value->items[2 * (size_t)i + 1], type->item)
                   : !fits(&value->items[i], type->item)) {
            return false;
        }
    }
    return true;
}

static bool fits(const struct mr_value *value, const struct mr_cel_type *type)
{
    static const uint8_t kinds[] = {
        [MR_CEL_NULL] = MR_KIND_NULL,         [MR_CEL_BOOL] = MR_KIND_BOOL,
        [MR_CEL_INT] = MR_KIND_INT,           [MR_CEL_UINT] = MR_KIND_UINT,
        [MR_CEL_DOUBLE] = MR_KIND_DOUBLE,     [MR_CEL_STRING] = MR_KIND_STRING,
        [MR_CEL_BYTES] = MR_KIND_BYTES,       [MR_CEL_TIMESTAMP] = MR_KIND_TIMESTAMP,
        [MR_CEL_DURATION] = MR_KIND_DURATION, [MR_CEL_DECIMAL] = MR_KIND_DECIMAL,
        [MR_CEL_LIST] = MR_KIND_LIST,         [MR_CEL_MAP] = MR_KIND_MAP,
        [MR_CEL_RECORD] = MR_KIND_RECORD,     [MR_CEL_OPTIONAL] = MR_KIND_OPTIONAL,
        [MR_CEL_TYPE] = MR_KIND_TYPE,
    };

    if (type->kind == MR_CEL_DYN || (type->is_nullable && value->kind == MR_KIND_NULL)) {
        return true;
    }
    if (value->kind != kinds[type->kind]) {
        return false;
    }
    return (type->kind != MR_CEL_LIST && type->kind != MR_CEL_MAP &&
            type->kind != MR_CEL_OPTIONAL) ||
           do_items_fit(value, type);
}

static void run(const struct world *world, const struct mr_cel_program *program)
{
    static struct mr_arena *scratch; /* one process, one thread: kept between inputs */
    struct mr_value slots[SLOTS_MAX];
    const struct mr_cel_type type = mr_cel_program_type(program);

    if (scratch == NULL) {
        scratch = mr_arena_new(ROOM);
    }
    mr_arena_reset(scratch);
    for (uint32_t i = 0; i < world->path_count; i++) {
        slots[i] = make_value(world->arena, follow(world, &world->paths[i]), i);
    }
    for (int i = 0; i < 2; i++) {
        const struct mr_value value = i == 0 ? mr_cel_eval_reference(program, slots, scratch)
                                             : mr_cel_eval(program, slots, scratch);

        MR_ASSERT(value.kind == MR_KIND_ERROR || fits(&value, &type));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[NAMES] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    static struct world world; /* one process, one thread: its arena is kept between inputs */
    const struct mr_cel_env env = {world.variables, NAMES, bind, &world};
    const struct mr_cel_program *program;
    struct mr_cel_diagnosis why = {0};
    struct mr_error err = {0};
    enum mr_code code;

    if (size < NAMES) {
        return 0;
    }
    if (world.arena == NULL) {
        world.arena = mr_arena_new(ROOM);
    }
    mr_arena_reset(world.arena);
    world.path_count = 0;
    for (size_t i = 0; i < NAMES; i++) {
        world.variables[i] = (struct mr_cel_variable){names[i], draw_type(world.arena, data[i], 0)};
    }
    code = mr_cel_compile(&env, (struct mr_span){data + NAMES, size - NAMES}, NULL, world.arena,
                          &program, &why, &err);
    if (code == MR_OK) {
        run(&world, program);
    } else if (code == MR_BAD_CONFIG) {
        MR_ASSERT(why.text[0] != '\0' && why.line >= 1 && why.column >= 1);
        MR_ASSERT(mr_utf8_is_valid(mr_span_text(why.text)) &&
                  mr_utf8_is_valid(mr_span_text(why.hint)));
    }
    return 0;
}
