/* schema.c - `millrace schema`: may this version follow those, and what is a schema called. */
#include "cli/verb.h"
#include "processors/core/codec/compat.h"

#include <inttypes.h>
#include <string.h>

#define BREAKS_SIZE ((size_t)16 << 20)
#define EXIT_BREAKS 1 /* as diff does: the question was answered, and the answer is no */

enum { FLAG_MODE, FLAG_HELP };

static const struct flag table[] = {
    [FLAG_MODE] =
        {"--mode", "MODE",
         "check: BACKWARD (default: the last reads what the one before it wrote), FORWARD "
         "(the one before reads what the last writes), FULL (both), or any of these with "
         "_TRANSITIVE: against every version; NONE."},
    [FLAG_HELP] = {"--help", NULL, "This text."},
    {NULL, NULL, NULL},
};

struct versions {
    const char *const *paths;
    struct mr_schema *schemas[MR_COUNT(((struct flags *)NULL)->operands)]; /* owned */
    size_t count;
};

static enum mr_code load(const char *const *paths, size_t count, struct versions *versions,
                         struct mr_error *err)
{
    versions->paths = paths;
    for (size_t i = 0; i < count; i++) {
        struct mr_error inner = {0};
        const enum mr_code code = mr_schema_load(paths[i], &versions->schemas[i], &inner);

        if (code != MR_OK) {
            return MR_FAIL(err, code, "%s", inner.text);
        }
        versions->count++;
    }
    return MR_OK;
}

static void print_break(const struct versions *versions, const struct mr_compat_break *found)
{
    const char *older = versions->paths[found->version];
    const char *newer = versions->paths[versions->count - 1];

    (void)printf("%s: cannot read what %s %s: %s%s%s\n", found->is_forward ? older : newer,
                 found->is_forward ? newer : older, found->is_forward ? "writes" : "wrote",
                 found->path, found->path[0] == '\0' ? "" : ": ", found->text);
}

static enum mr_code check(const struct versions *versions, enum mr_compat_mode mode,
                          size_t *break_count, struct mr_error *err)
{
    const struct mr_compat_older older = {(const struct mr_schema *const *)versions->schemas,
                                          versions->count - 1};
    struct mr_arena *arena = mr_arena_new(BREAKS_SIZE);
    struct mr_compat_break *breaks = NULL;
    enum mr_code code = arena == NULL ? MR_FAIL(err, MR_NO_ROOM, "no memory to compare schemas")
                                      : mr_compat_check(versions->schemas[versions->count - 1],
                                                        older, mode, arena, &breaks, err);

    for (const struct mr_compat_break *found = breaks; found != NULL; found = found->next) {
        print_break(versions, found);
        (*break_count)++;
    }
    if (code == MR_OK) {
        (void)printf("schema mode=%s versions=%zu breaks=%zu\n", mr_compat_word(mode),
                     versions->count, *break_count);
    }
    mr_arena_free(arena);
    return code;
}

static enum mr_code run_check(const struct flags *flags, struct versions *versions, int *exit_code,
                              struct mr_error *err)
{
    const char *word = flags->values[FLAG_MODE];
    enum mr_compat_mode mode = MR_COMPAT_BACKWARD;
    size_t break_count = 0;
    enum mr_code code;

    if (word != NULL && !mr_compat_find(word, &mode)) {
        return MR_FAIL(err, MR_USAGE,
                       "--mode: \"%s\" is none of NONE, BACKWARD, FORWARD, FULL and these with "
                       "_TRANSITIVE",
                       word);
    }
    if (versions->count < 2) {
        return MR_FAIL(err, MR_USAGE,
                       "check takes two versions or more, oldest first: the last is the new one");
    }
    code = check(versions, mode, &break_count, err);
    *exit_code = break_count > 0 ? EXIT_BREAKS : 0;
    return code;
}

static void print_bytes(const char *name, const uint8_t *bytes, size_t size)
{
    (void)printf(" %s=", name);
    for (size_t i = 0; i < size; i++) {
        (void)printf("%02x", bytes[i]);
    }
}

static void print_fingerprints(const struct versions *versions)
{
    for (size_t i = 0; i < versions->count; i++) {
        const struct mr_schema *schema = versions->schemas[i];
        const struct mr_digest sha256 = mr_schema_sha256(schema);
        uint8_t md5[16];

        mr_schema_md5(schema, md5);
        (void)printf("%s: crc-64-avro=%016" PRIx64, versions->paths[i],
                     mr_schema_fingerprint(schema));
        print_bytes("md5", md5, sizeof(md5));
        print_bytes("sha-256", sha256.bytes, sizeof(sha256.bytes));
        (void)printf(" id=%" PRId32 "\n", mr_schema_id(schema));
    }
}

static void print_canonical(const struct versions *versions)
{
    for (size_t i = 0; i < versions->count; i++) {
        (void)printf("%s\n", mr_schema_canonical(versions->schemas[i]));
    }
}

static enum mr_code run(const struct flags *flags, int *exit_code, struct mr_error *err)
{
    const char *what = flags->operand_count > 0 ? flags->operands[0] : "";
    struct versions versions = {0};
    enum mr_code code;

    if (flags->operand_count < 2) {
        return MR_FAIL(err, MR_USAGE, "schema takes check, canonical or fingerprint, and files");
    }
    code = load(flags->operands + 1, flags->operand_count - 1, &versions, err);
    if (code == MR_OK && strcmp(what, "check") == 0) {
        code = run_check(flags, &versions, exit_code, err);
    } else if (code == MR_OK && strcmp(what, "canonical") == 0) {
        print_canonical(&versions);
    } else if (code == MR_OK && strcmp(what, "fingerprint") == 0) {
        print_fingerprints(&versions);
    } else if (code == MR_OK) {
        code = MR_FAIL(err, MR_USAGE, "schema takes check, canonical or fingerprint, not \"%s\"",
                       what);
    }
    for (size_t i = 0; i < versions.count; i++) {
        mr_schema_free(versions.schemas[i]);
    }
    return code;
}

int verb_schema(int count, char **arguments)
{
    struct flags flags = {.table = table};
    struct mr_error err = {0};
    int exit_code = 0;
    enum mr_code code = flags_parse(&flags, count, arguments, &err);

    if (code == MR_OK && flags.values[FLAG_HELP] != NULL) {
        (void)puts("usage: millrace schema check OLDEST.avsc ... NEW.avsc [--mode MODE]\n"
                   "       millrace schema canonical FILE.avsc ...\n"
                   "       millrace schema fingerprint FILE.avsc ...\n\n"
                   "check prints each break with its path and reason and exits 1 when there is "
                   "one.\n");
        flags_print(table, stdout);
        return 0;
    }
    if (code == MR_OK) {
        code = run(&flags, &exit_code, &err);
    }
    return code == MR_OK ? exit_code : fail_with(&err);
}
