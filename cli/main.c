/* main.c - the `millrace` command: a table of verbs. */
#include "cli/verb.h"

#include <stdio.h>
#include <string.h>

static const struct verb verbs[] = {
    {"run", "PIPELINE.yaml [options]", "Runs the stages and sinks of a pipeline.", verb_run},
    {"check", "PIPELINE.yaml [--explain]",
     "Proves a pipeline before it runs: every error that can be known, with its place.",
     verb_check},
    {"show", "FILE [--top N] [--figure STAGE.NAME]",
     "Prints a file of advisories as a table, or a figure of a run's summary.", verb_show},
    {"cat", "TOPIC|STAGE|FILE.avro [options]",
     "Prints the records of a topic or an Avro file, decoded: all of them or those that match.",
     verb_cat},
    {"schema", "check|canonical|fingerprint FILE.avsc ... [--mode MODE]",
     "Whether an Avro schema may follow the versions before it; its canonical form and names.",
     verb_schema},
    {"detect", "SERIES.csv [options] [NAME=VALUE ...]",
     "Judges a series in a file: prints its alarms, draws it.", verb_detect},
    {"nab", "DIR [options] [NAME=VALUE ...]",
     "Scores a detector on the Numenta Anomaly Benchmark, beside the published ones.", verb_nab},
    {"cel", "EXPRESSION... [--schema FILE.avsc] [--record FILE.json]",
     "Checks an expression, evaluates it over records, and tells it step by step.", verb_cel},
    {"reference", "", "Prints the reference of options, metrics and errors (docs/reference.md).",
     verb_reference},
};

static void print_usage(FILE *stream)
{
    (void)fputs("usage: millrace VERB ...\n\n", stream);
    for (size_t i = 0; i < MR_COUNT(verbs); i++) {
        (void)fprintf(stream, "  millrace %s %s\n      %s\n", verbs[i].name, verbs[i].arguments,
                      verbs[i].summary);
    }
    (void)fputs("\nmillrace VERB --help tells more. Exit codes: 0 done, 64 usage, 69 unavailable, "
                "70 internal, 75 try again (fenced), 78 configuration.\n",
                stream);
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < MR_COUNT(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static int unknown_verb(const char *word)
{
    const char *names[MR_COUNT(verbs)];
    const char *nearest;
    struct mr_error err = {0};

    for (size_t i = 0; i < MR_COUNT(verbs); i++) {
        names[i] = verbs[i].name;
    }
    nearest = mr_nearest(word, names, MR_COUNT(verbs));
    (void)MR_FAIL(&err, MR_USAGE, "there is no verb \"%s\"%s%s%s", word,
                  nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "");
    return fail_with(&err);
}

int main(int count, char **arguments)
{
    const struct verb *verb;

    if (count < 2 || strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "help") == 0) {
        print_usage(count < 2 ? stderr : stdout);
        return count < 2 ? mr_code_exit(MR_USAGE) : 0;
    }
    if (strcmp(arguments[1], "--version") == 0) {
        (void)printf("millrace %s\n", MR_VERSION);
        return 0;
    }
    verb = find_verb(arguments[1]);
    return verb != NULL ? verb->run(count - 2, arguments + 2) : unknown_verb(arguments[1]);
}
