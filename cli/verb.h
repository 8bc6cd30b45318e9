/* verb.h - what a verb of the command is: a row of the table in main.c, a file of its own.
 *
 * cli/ is the composition root: it alone knows which connectors, processors, sinks
 * and brokers there are. Nothing includes it.
 */
#ifndef MR_CLI_VERB_H
#define MR_CLI_VERB_H

#include "processors/core/base/error.h"
#include "processors/core/stage/pipeline.h"

struct verb {
    const char *name;
    const char *arguments; /* "pipeline.yaml [options]" */
    const char *summary;
    int (*run)(int count, char **arguments); /* arguments after the verb; returns the exit code */
};

int verb_run(int count, char **arguments);
int verb_check(int count, char **arguments);
int verb_show(int count, char **arguments);
int verb_cat(int count, char **arguments);
int verb_schema(int count, char **arguments);
int verb_detect(int count, char **arguments);
int verb_nab(int count, char **arguments);
int verb_cel(int count, char **arguments);
int verb_reference(int count, char **arguments);

/* One option of a verb. */
struct flag {
    const char *name;  /* "--once" */
    const char *value; /* "N": it takes a value; NULL: it does not */
    const char *help;
};

#define FLAGS_MAX 24

struct flags {
    const struct flag *table; /* ends with name NULL */
    const char
        *values[FLAGS_MAX]; /* by index in the table; "" for one without value; NULL: not given */
    const char *operands[16];
    size_t operand_count;
    const char *repeated[16]; /* values of the first flag of the table, which may be repeated */
    size_t repeated_count;
};

/* MR_USAGE names the argument and the nearest flag. */
enum mr_code flags_parse(struct flags *flags, int count, char **arguments, struct mr_error *err);
void flags_print(const struct flag *table, FILE *stream);
/* The flag's value as a whole number in 1..max; *out stays as it is where the flag is not given. */
enum mr_code flag_number(const struct flags *flags, int flag, long max, long *out,
                         struct mr_error *err);

/* Prints the error and returns the exit code of its code. */
int fail_with(const struct mr_error *err);

extern const struct mr_plugins plugins;

/* The broker that a pipeline's `kafka:` map describes, or the embedded one. Nothing is connected
 * yet; problems of the map go to report with their places. */
struct broker_spec {
    const struct mr_pipeline *pipeline;
    const struct mr_log *log;
    struct mr_report *report;
    bool is_embedded;
};
enum mr_code broker_new(const struct broker_spec *spec, struct mr_broker **broker,
                        struct mr_error *err);

#endif
