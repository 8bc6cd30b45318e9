/* error.h - what failed, and what the caller should do about it.
 *
 * A function that can fail returns an mr_code and takes a struct mr_error as
 * its last argument. The caller owns that struct, normally on its own stack,
 * started as {0}, so reporting an error never allocates. The first failure
 * wins: a cleanup step that also fails cannot hide the cause.
 *
 * A bad RECORD is not an error: it is a verdict (see stage/processor.h).
 * Errors are about the batch or the process.
 */
#ifndef MR_BASE_ERROR_H
#define MR_BASE_ERROR_H

enum mr_advice {
    MR_ADVICE_NONE,   /* nothing failed */
    MR_ADVICE_RETRY,  /* same call, later, may work: wait and repeat */
    MR_ADVICE_REPLAY, /* abort, rewind to the batch's first offset, run it again */
    MR_ADVICE_STOP    /* repeating cannot help: exit and let a human look */
};

/* The only list of codes: name, words, advice and the exit code of a process that stops by it
 * (sysexits.h: 64 usage, 69 unavailable, 70 internal, 75 try again, 78 configuration). */
#define MR_CODES(X) \
    X(MR_OK, "ok", MR_ADVICE_NONE, 0) \
    X(MR_USAGE, "command line is not usable", MR_ADVICE_STOP, 64) \
    X(MR_NO_ROOM, "memory budget used up", MR_ADVICE_STOP, 70) \
    X(MR_BAD_CONFIG, "configuration is not usable", MR_ADVICE_STOP, 78) \
    X(MR_BAD_DATA, "data cannot be read", MR_ADVICE_STOP, 70) \
    X(MR_IO, "file or socket failed", MR_ADVICE_STOP, 70) \
    X(MR_UNAVAILABLE, "remote side not reachable", MR_ADVICE_RETRY, 69) \
    X(MR_TIMED_OUT, "deadline passed", MR_ADVICE_RETRY, 69) \
    X(MR_ABORTED, "transaction was aborted", MR_ADVICE_REPLAY, 75) \
    X(MR_FENCED, "another instance took over", MR_ADVICE_STOP, 75) \
    X(MR_REFUSED, "remote side refused", MR_ADVICE_STOP, 70) \
    X(MR_TOO_MANY_REJECTS, "share of rejected records above its maximum", MR_ADVICE_STOP, 70) \
    X(MR_INTERNAL, "a bug of ours", MR_ADVICE_STOP, 70)

#define MR_CODE_ENUM(name, words, advice, exit_code) name,
enum mr_code { MR_CODES(MR_CODE_ENUM) MR_CODE_COUNT };
#undef MR_CODE_ENUM

struct mr_error {
    enum mr_code code;
    int line;
    const char *file;
    char text[480];
};

const char *mr_code_words(enum mr_code code);
enum mr_advice mr_code_advice(enum mr_code code);
int mr_code_exit(enum mr_code code);

/* Records the failure in *err (err may be NULL) and returns code, so that a
 * failing path is one statement: return MR_FAIL(err, MR_TIMED_OUT, "..."); */
#define MR_FAIL(err, code, ...) mr_fail((err), (code), __FILE__, __LINE__, __VA_ARGS__)
enum mr_code mr_fail(struct mr_error *err, enum mr_code code, const char *file, int line,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Always compiled in. For what only a bug can cause, never for bad input. */
#define MR_ASSERT(truth) ((truth) ? (void)0 : mr_assert_failed(#truth, __FILE__, __LINE__))
#define MR_UNREACHABLE(why) mr_assert_failed((why), __FILE__, __LINE__)
_Noreturn void mr_assert_failed(const char *truth, const char *file, int line);

#define MR_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
