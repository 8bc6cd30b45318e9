/* cel.c - `millrace cel`: an expression checked against a schema, or evaluated over records, told
 * step by step where it is asked.
 *
 *     expressions: operands, or the lines of standard input
 *     records: --record's file or standard input; JSON, one after the other
 *
 * All operands are compiled first, so that a record is decoded once for all of
 * them; a line of standard input is a run of its own over the same records.
 */
#include "cli/verb.h"
#include "processors/core/codec/json.h"
#include "processors/core/codec/layout.h"
#include "processors/core/codec/plan.h"
#include "processors/core/stage/evaluate.h"
#include "processors/core/stage/types.h"

#include <stdlib.h>
#include <string.h>

#define ROOM ((size_t)64 << 20)
#define RECORD_SIZE_MAX ((size_t)16 << 20)
#define EXPRESSIONS_MAX 16
#define READS_MAX 64
#define EXIT_FAULT 1 /* an evaluation ended in an error, or, with --test, not in true */

enum { FLAG_SCHEMA, FLAG_RECORD, FLAG_NAME, FLAG_KEY, FLAG_EXPLAIN, FLAG_TEST, FLAG_HELP };

static const struct flag table[] = {
    [FLAG_SCHEMA] = {"--schema", "FILE",
                     "The record's Avro schema (.avsc): types are checked. Without --record, tells "
                     "type and fields of each expression instead of evaluating it."},
    [FLAG_RECORD] = {"--record", "FILE",
                     "Records as JSON, one or many; - is standard input. With a schema in Avro's "
                     "JSON, where a union's value may also stand bare."},
    [FLAG_NAME] = {"--name", "NAME", "What expressions call the record; default subject."},
    [FLAG_KEY] = {"--key", "TEXT", "What record.key is; default empty."},
    [FLAG_EXPLAIN] = {"--explain", NULL, "Every part that was evaluated, with its value."},
    [FLAG_TEST] = {"--test", NULL, "Exit status 1 also where a value is anything but true."},
    [FLAG_HELP] = {"--help", NULL, "This text."},
    {NULL, NULL, NULL},
};

enum { KEY, RECORD, VARIABLES };

struct session {
    const struct flags *flags;
    const char *name;                  /* of the record */
    struct mr_schema *subject, *topic; /* owned; NULL: records have no schema */
    struct mr_arena *declared;         /* owned: types, for the whole run */
    struct mr_arena *arena;            /* owned: one run of expressions */
    struct mr_arena *scratch;          /* owned: one record */
    struct mr_cel_variable variables[VARIABLES];
    size_t variable_count; /* KEY alone where there is neither schema nor record */
    int exit_code;         /* the gravest so far: 78, 70, 1, 0 */
};

/* Expressions that are evaluated together. */
struct run {
    struct session *session;
    const struct mr_cel_program *programs[EXPRESSIONS_MAX];
    size_t count;
    struct mr_layout *layout; /* owned; with a schema */
    struct mr_plan *plan;     /* owned; with a schema */
    struct mr_value *slots;   /* arena */
    uint32_t key_slot;
    struct mr_cel_path reads[READS_MAX]; /* of the expression that is being compiled */
    size_t read_count;
};

static void note_exit(struct session *self, int exit_code)
{
    self->exit_code = exit_code > self->exit_code ? exit_code : self->exit_code;
}

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    struct run *run = context;
    struct mr_layout_path to = {.depth = path->depth + 1};

    if (run->read_count < READS_MAX) {
        run->reads[run->read_count++] = *path;
    }
    if (path->variable == KEY) {
        *slot = run->key_slot;
        return MR_OK;
    }
    if (run->layout == NULL) {
        *slot = 0;
        return MR_OK;
    }
    if (to.depth > MR_LAYOUT_DEPTH_MAX) {
        return MR_FAIL(err, MR_BAD_CONFIG, "a path of more than %d fields", MR_LAYOUT_DEPTH_MAX);
    }
    memcpy(to.fields + 1, path->fields, path->depth * sizeof(path->fields[0]));
    *slot = mr_layout_slot(run->layout, &to);
    return MR_OK;
}

static void print_read(const struct session *self, const struct mr_cel_path *path)
{
    const struct mr_cel_type *type = &self->variables[path->variable].type;

    (void)printf("reads       %s", self->variables[path->variable].name);
    for (uint32_t i = 0; i < path->depth; i++) {
        const struct mr_cel_field *field = &type->record->fields[path->fields[i]];

        (void)printf(".%s", field->name);
        type = &field->type;
    }
    (void)printf("  %s\n", mr_cel_type_text(type, self->arena));
}

static void print_program(const struct run *run, const struct mr_cel_program *program)
{
    const struct mr_cel_type type = mr_cel_program_type(program);

    (void)printf("expression  %s\ntype        %s\n", mr_cel_program_text(program),
                 mr_cel_type_text(&type, run->session->arena));
    for (size_t i = 0; i < run->read_count; i++) {
        print_read(run->session, &run->reads[i]);
    }
}

/* A refusal is told and noted; only want of room is an error. */
static enum mr_code compile(struct run *run, const char *text, struct mr_error *err)
{
    struct session *self = run->session;
    const struct mr_cel_env env = {self->variables, self->variable_count, bind, run};
    const struct mr_span source = mr_span_text(text);
    struct mr_cel_diagnosis why = {0};
    struct mr_error inner = {0};
    enum mr_code code;

    run->read_count = 0;
    code =
        mr_cel_compile(&env, source, NULL, self->arena, &run->programs[run->count], &why, &inner);
    if (code == MR_OK) {
        run->count++;
        return MR_OK;
    }
    if (code == MR_BAD_CONFIG) {
        const char *told;

        if (self->variable_count < VARIABLES && strstr(why.text, "variable") != NULL) {
            (void)snprintf(why.hint, sizeof(why.hint), "give --record or --schema");
        }
        told = mr_cel_diagnosis_text(&why, source, self->arena);
        (void)fprintf(stderr, "%s\n", why.text[0] != '\0' && told != NULL ? told : inner.text);
        note_exit(self, mr_code_exit(code));
        return MR_OK;
    }
    return MR_FAIL(err, code, "%s", inner.text);
}

static void print_value(struct session *self, struct mr_value value)
{
    const char *text = value.kind == MR_KIND_ERROR ? mr_cel_fault_text(value)
                                                   : mr_json_value(&value, self->scratch);

    (void)printf("%s%s", value.kind == MR_KIND_ERROR ? "error: " : "",
                 text == NULL ? "(too large to print)" : text);
}

static void tell(void *context, uint32_t depth, const char *text, struct mr_value value)
{
    struct session *self = context;

    (void)printf("%*s%s = ", (int)(2 * depth), "", text);
    print_value(self, value);
    (void)putchar('\n');
}

static void note_value(struct session *self, struct mr_value value)
{
    const bool is_true = value.kind == MR_KIND_BOOL && value.number != 0;

    if (value.kind == MR_KIND_ERROR || (self->flags->values[FLAG_TEST] != NULL && !is_true)) {
        note_exit(self, EXIT_FAULT);
    }
}

/* Of one record, or of none: its values, separated by tabs; or how they came about. */
static void evaluate(struct run *run)
{
    struct session *self = run->session;
    const bool is_told = self->flags->values[FLAG_EXPLAIN] != NULL;

    run->slots[run->key_slot] = mr_value_string(mr_span_text(self->flags->values[FLAG_KEY]));
    for (size_t i = 0; i < run->count; i++) {
        const struct mr_value value = mr_cel_eval(run->programs[i], run->slots, self->scratch);

        note_value(self, value);
        if (is_told) {
            mr_cel_explain(run->programs[i], run->slots, self->scratch, tell, self);
            continue;
        }
        (void)fputs(i > 0 ? "\t" : "", stdout);
        print_value(self, value);
    }
    (void)fputs(is_told ? "" : "\n", stdout);
}

static enum mr_code value_of(const json_t *json, struct mr_arena *arena, struct mr_value *value,
                             struct mr_error *err);

static enum mr_code items_of(const json_t *json, struct mr_arena *arena, struct mr_value *value,
                             struct mr_error *err)
{
    const size_t count = json_array_size(json);
    struct mr_value *items = mr_arena_take(arena, count + 1, sizeof(*items));
    enum mr_code code = MR_OK;

    if (items == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the record");
    }
    for (size_t i = 0; i < count && code == MR_OK; i++) {
        code = value_of(json_array_get(json, i), arena, &items[i], err);
    }
    *value = (struct mr_value){.kind = MR_KIND_LIST, .size = (uint32_t)count, .items = items};
    return code;
}

static enum mr_code entries_of(const json_t *json, struct mr_arena *arena, struct mr_value *value,
                               struct mr_error *err)
{
    json_t *object = (json_t *)(uintptr_t)json; /* jansson's iterators do not change it */
    const size_t count = json_object_size(json);
    struct mr_value *items = mr_arena_take(arena, 2 * count + 1, sizeof(*items)), *next = items;
    enum mr_code code = MR_OK;

    if (items == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the record");
    }
    for (void *entry = json_object_iter(object); entry != NULL && code == MR_OK; next += 2) {
        next[0] = mr_value_string((struct mr_span){(const uint8_t *)json_object_iter_key(entry),
                                                   json_object_iter_key_len(entry)});
        code = value_of(json_object_iter_value(entry), arena, &next[1], err);
        entry = json_object_iter_next(object, entry);
    }
    *value = (struct mr_value){.kind = MR_KIND_MAP, .size = (uint32_t)count, .items = items};
    return code;
}

/* JSON without a schema: a whole number is an int, any other a double. Depth: jansson's bound. */
static enum mr_code value_of(const json_t *json, struct mr_arena *arena, struct mr_value *value,
                             struct mr_error *err)
{
    *value = (struct mr_value){0};
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return entries_of(json, arena, value, err);
    case JSON_ARRAY:
        return items_of(json, arena, value, err);
    case JSON_STRING:
        *value = mr_value_string(
            (struct mr_span){(const uint8_t *)json_string_value(json), json_string_length(json)});
        return MR_OK;
    case JSON_INTEGER:
        *value = mr_value_int(json_integer_value(json));
        return MR_OK;
    case JSON_REAL:
        *value = mr_value_double(json_real_value(json));
        return MR_OK;
    case JSON_NULL:
        return MR_OK;
    default:
        *value = mr_value_bool(json_is_true(json));
        return MR_OK;
    }
}

static enum mr_code decode(struct run *run, const json_t *json, struct mr_error *err)
{
    struct session *self = run->session;
    struct mr_span datum = {NULL, 0};
    const char *fault;
    enum mr_code code;

    if (run->plan == NULL) {
        return value_of(json, self->scratch, &run->slots[0], err);
    }
    code = mr_json_read_bare(self->subject, json, self->scratch, &datum, err);
    if (code != MR_OK) {
        return code;
    }
    fault = mr_plan_decode(run->plan, datum, run->slots, self->scratch);
    return fault == NULL ? MR_OK : MR_FAIL(err, MR_BAD_DATA, "%s", fault);
}

struct reader {
    const char *path;
    FILE *file;
    char *text; /* owned: the lines of a record that has not ended */
    size_t size;
    size_t line;
};

/* A record that cannot be read is told, and the others go on. */
static void take_record(struct run *run, const struct reader *reader, const json_t *json,
                        const char *fault)
{
    struct session *self = run->session;
    struct mr_error inner = {0};

    if (json == NULL) {
        (void)MR_FAIL(&inner, MR_BAD_DATA, "%s", fault);
    }
    mr_arena_reset(self->scratch);
    if (json != NULL && decode(run, json, &inner) == MR_OK) {
        evaluate(run);
        return;
    }
    (void)fprintf(stderr, "%s:%zu: %s\n", reader->path, reader->line, inner.text);
    note_exit(self, mr_code_exit(inner.code));
}

/* Records end where their JSON ends: a line each, or laid out over several. */
static void end_line(struct run *run, struct reader *reader, bool is_last)
{
    const int flags = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
    json_error_t why;
    json_t *json;

    if (strspn(reader->text, " \t\r\n") == reader->size) {
        reader->size = 0;
        return;
    }
    json = json_loadb(reader->text, reader->size, flags, &why);
    if (json == NULL && !is_last && json_error_code(&why) == json_error_premature_end_of_input) {
        return;
    }
    take_record(run, reader, json, why.text);
    reader->size = 0;
    json_decref(json);
}

static enum mr_code add_line(struct reader *reader, const char *line, size_t size,
                             struct mr_error *err)
{
    char *grown = reader->size + size < RECORD_SIZE_MAX
                      ? realloc(reader->text, reader->size + size + 1)
                      : NULL;

    if (grown == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "%s:%zu: a record of more than %zu bytes", reader->path,
                       reader->line, RECORD_SIZE_MAX);
    }
    reader->text = grown;
    memcpy(reader->text + reader->size, line, size);
    reader->size += size;
    reader->text[reader->size] = '\0';
    reader->line++;
    return MR_OK;
}

static enum mr_code read_records(struct run *run, struct mr_error *err)
{
    const char *path = run->session->flags->values[FLAG_RECORD];
    const bool is_input = strcmp(path, "-") == 0;
    struct reader reader = {is_input ? "stdin" : path, is_input ? stdin : fopen(path, "r"), NULL, 0,
                            0};
    char *line = NULL;
    size_t room = 0;
    enum mr_code code = MR_OK;
    ssize_t size;

    if (reader.file == NULL) {
        return MR_FAIL(err, MR_USAGE, "--record: %s cannot be opened", path);
    }
    while (code == MR_OK && (size = getline(&line, &room, reader.file)) > 0) {
        code = add_line(&reader, line, (size_t)size, err);
        if (code == MR_OK) {
            end_line(run, &reader, false);
        }
    }
    if (code == MR_OK && reader.size > 0) {
        end_line(run, &reader, true);
    }
    if (!is_input) {
        (void)fclose(reader.file);
    }
    free(reader.text);
    free(line);
    return code;
}

static enum mr_code open_run(struct run *run, struct mr_error *err)
{
    const struct session *self = run->session;

    if (self->topic == NULL) {
        run->key_slot = 1;
        return MR_OK;
    }
    run->layout = mr_layout_new(self->topic);
    if (run->layout == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the record's fields");
    }
    run->key_slot = mr_layout_reserve(run->layout, 1);
    return MR_OK;
}

static enum mr_code finish_run(struct run *run, struct mr_error *err)
{
    struct session *self = run->session;
    const uint32_t slot_count = run->layout == NULL ? 2 : mr_layout_slot_count(run->layout);
    enum mr_code code = MR_OK;

    run->slots = mr_arena_take(self->arena, slot_count, sizeof(*run->slots));
    if (run->slots == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %u fields", slot_count);
    }
    if (run->layout != NULL) {
        code = mr_plan_new(self->topic, run->layout, &run->plan, err);
    }
    if (code == MR_OK && self->flags->values[FLAG_RECORD] != NULL) {
        return read_records(run, err);
    }
    if (code == MR_OK && run->count > 0) {
        evaluate(run);
    }
    return code;
}

/* Without a record but with a schema there is nothing to evaluate: the check is the answer. */
static bool is_check(const struct session *self)
{
    return self->topic != NULL && self->flags->values[FLAG_RECORD] == NULL;
}

static enum mr_code run_all(struct session *self, const char *const *texts, size_t count,
                            struct mr_error *err)
{
    struct run run = {.session = self};
    enum mr_code code;

    mr_arena_reset(self->arena);
    mr_arena_reset(self->scratch);
    code = open_run(&run, err);
    for (size_t i = 0; i < count && code == MR_OK; i++) {
        const size_t before = run.count;

        code = compile(&run, texts[i], err);
        if (run.count > before && is_check(self)) {
            print_program(&run, run.programs[before]);
        }
    }
    if (code == MR_OK && run.count == count && !is_check(self)) {
        code = finish_run(&run, err);
    }
    mr_plan_free(run.plan);
    mr_layout_free(run.layout);
    return code;
}

static enum mr_code run_lines(struct session *self, struct mr_error *err)
{
    char *line = NULL;
    size_t room = 0;
    enum mr_code code = MR_OK;

    while (code == MR_OK && getline(&line, &room, stdin) > 0) {
        const char *text = line + strspn(line, " \t\r\n");

        line[strcspn(line, "\r\n")] = '\0';
        if (*text != '\0' && strncmp(text, "//", 2) != 0) {
            code = run_all(self, &text, 1, err);
        }
    }
    free(line);
    return code;
}

static enum mr_code load_schema(struct session *self, const char *path, struct mr_error *err)
{
    struct mr_schema_part part = {.field = self->name};
    enum mr_code code = mr_schema_load(path, &self->subject, err);

    if (code != MR_OK) {
        return code;
    }
    part.schema = self->subject;
    code = mr_schema_compose("Record", "millrace", &part, 1, &self->topic, err);
    if (code != MR_OK) {
        return code;
    }
    return mr_cel_type_of(mr_schema_root(self->subject), self->declared,
                          &self->variables[RECORD].type, err);
}

static enum mr_code open_session(struct session *self, struct mr_error *err)
{
    const char *path = self->flags->values[FLAG_SCHEMA];
    const char *name = self->flags->values[FLAG_NAME];

    self->declared = mr_arena_new(ROOM);
    self->arena = mr_arena_new(ROOM);
    self->scratch = mr_arena_new(ROOM);
    if (self->declared == NULL || self->arena == NULL || self->scratch == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory to evaluate in");
    }
    self->name = name == NULL ? "subject" : name;
    self->variables[KEY] = (struct mr_cel_variable){"record.key", mr_cel_string};
    self->variables[RECORD] = (struct mr_cel_variable){self->name, {.kind = MR_CEL_DYN}};
    self->variable_count = path != NULL || self->flags->values[FLAG_RECORD] != NULL ? VARIABLES : 1;
    return path == NULL ? MR_OK : load_schema(self, path, err);
}

static void close_session(struct session *self)
{
    mr_schema_free(self->topic);
    mr_schema_free(self->subject);
    mr_arena_free(self->declared);
    mr_arena_free(self->arena);
    mr_arena_free(self->scratch);
}

static enum mr_code run_cel(struct session *self, struct mr_error *err)
{
    const struct flags *flags = self->flags;
    const char *record = flags->values[FLAG_RECORD];
    const bool reads_lines = flags->operand_count == 0 ||
                             (flags->operand_count == 1 && strcmp(flags->operands[0], "-") == 0);
    enum mr_code code;

    if (reads_lines && record != NULL && strcmp(record, "-") == 0) {
        return MR_FAIL(err, MR_USAGE, "standard input can be the expressions or the records");
    }
    code = open_session(self, err);
    if (code != MR_OK) {
        return code;
    }
    return reads_lines ? run_lines(self, err)
                       : run_all(self, flags->operands, flags->operand_count, err);
}

int verb_cel(int count, char **arguments)
{
    struct flags flags = {.table = table};
    struct session session = {.flags = &flags};
    struct mr_error err = {0};
    enum mr_code code = flags_parse(&flags, count, arguments, &err);

    if (code == MR_OK && flags.values[FLAG_HELP] != NULL) {
        (void)puts("usage: millrace cel EXPRESSION... [options]\n"
                   "       millrace cel [options] <EXPRESSIONS   one a line\n");
        flags_print(table, stdout);
        (void)puts("\n-- ends the options: millrace cel -- '-1 + 2'.\n"
                   "Exit status: 0 every expression has a value; 1 one ended in an error (with "
                   "--test: or is\nnot true); 64 usage; 70 a record cannot be read; 78 an "
                   "expression or the schema is refused.");
        return 0;
    }
    if (code == MR_OK) {
        code = run_cel(&session, &err);
    }
    close_session(&session);
    return code == MR_OK ? session.exit_code : fail_with(&err);
}
