/* Goal: what is wrong with a pipeline file is said with its place, all of it at once, and never
 * crashes; what is right becomes stages, topics and sinks in order.
 * Method: a table of files with one fault each, and the sentence that it must get. */
#include "tests/support/rig.h"

#include <stdlib.h>
#include <string.h>

#define HEAD "pipeline: rig\nsubject: subject.avsc\n"
#define INGEST "stages:\n  - ingest: {}\n"

/* The file is refused, and the report has the complaint. */
static void expect(const char *yaml, const char *complaint)
{
    struct rig rig;
    char *text;

    rig_init(&rig);
    rig.older = "{\"type\": \"record\", \"name\": \"Item\", \"namespace\": \"rig\","
                "\"fields\": []}";
    assert_int_equal(MR_BAD_CONFIG, rig_load(&rig, yaml));
    assert_null(rig.pipeline);
    text = rig_report(&rig);
    if (strstr(text, complaint) == NULL) {
        fail_msg("not in the report: \"%s\", but: %s", complaint, text);
    }
    free(text);
    rig_close(&rig);
}

static const struct {
    const char *label, *yaml, *complaint;
} faults[] = {
    {"empty file", "", "rig.yaml"},
    {"no map", "- a\n", "rig.yaml:1"},
    {"no YAML", "a: [\n", "rig.yaml:"},
    {"no name", "subject: subject.avsc\n" INGEST, "pipeline"},
    {"no subject", "pipeline: rig\n" INGEST, "subject"},
    {"no stages", HEAD, "stages"},
    {"stages are no list", HEAD "stages: {ingest: {}}\n",
     ":3:9: stages: must be a list of stages, ingest first"},
    {"no stage", HEAD "stages: []\n", "must be a list of stages, ingest first"},
    {"a stage is no map", HEAD "stages:\n  - ingest\n",
     ":4:5: stages: a stage is a map from its processor to settings"},
    {"an item without a processor", HEAD INGEST "  - name: x\n",
     ":5:5: stages: the item names no processor"},
    {"two processors in an item", HEAD INGEST "  - copy: {}\n    sieve: {}\n",
     "a stage item names one processor, and this one names copy already"},
    {"a slip in a processor's name", HEAD INGEST "  - seive: {}\n",
     ":5:5: stages: there is no processor \"seive\" (did you mean sieve?)"},
    {"ingest is not first", HEAD "stages:\n  - copy: {}\n",
     ":4:11: copy: the first stage must be ingest"},
    {"ingest twice", HEAD INGEST "  - ingest: {}\n    name: again\n",
     ":5:13: again: ingest can only be the first stage"},
    {"two stages of one name", HEAD INGEST "  - copy: {}\n  - copy: {}\n",
     ":6:11: copy: there are two stages of this name (give one of them a `name`)"},
    {"a name that is no topic's", HEAD INGEST "  - copy: {}\n    name: a_b\n",
     ":6:11: name: \"a_b\" cannot be part of a topic's name (use letters, digits and -)"},
    {"a name that is a state's topic", HEAD INGEST "  - copy: {}\n    name: copy-state\n",
     "\"copy-state\" would be the topic of another stage's state"},
    {"a pipeline's name that is no topic's", "pipeline: a.b\nsubject: subject.avsc\n" INGEST,
     ":1:11: pipeline: \"a.b\" cannot be the head of topics' names"},
    {"publish is neither", HEAD INGEST "  - copy: {}\n    publish: no\n",
     ":6:14: publish: must be true or false"},
    {"settings are no map", HEAD INGEST "  - count: 5\n", ":5:12: count: must be a map"},
    {"a setting is missing", HEAD INGEST "  - count: {}\n", "count.key"},
    {"an unknown setting", HEAD INGEST "  - count: {key: record.key, kees_max: 3}\n",
     "did you mean"},
    {"a setting outside its bounds", HEAD INGEST "  - count: {key: a, keys_max: 0}\n",
     "count.keys_max: 0 is outside 1..10000000"},
    {"an unknown key", HEAD "partitoins: 3\n" INGEST, ":3:"},
    {"a number that is none", HEAD "partitions: many\n" INGEST, ":3:13: partitions"},
    {"no such subject", "pipeline: rig\nsubject: nothing.avsc\n" INGEST, ":2:10: subject"},
    {"a subject that is no schema", "pipeline: rig\nsubject: rig.yaml\n" INGEST, ":2:10: subject"},
    {"sinks are no list", HEAD INGEST "sinks: {memory: {}}\n", "must be a list of sinks"},
    {"a sink is no map", HEAD INGEST "sinks:\n  - memory\n", ":6:5: sinks: a sink is a map"},
    {"a slip in a sink's name", HEAD INGEST "sinks:\n  - memroy: {}\n",
     ":6:5: sinks: there is no sink \"memroy\" (did you mean memory?)"},
    {"a sink of no stage", HEAD INGEST "sinks:\n  - memory: {stages: [copi]}\n",
     "there is no stage \"copi\" to read from"},
    {"a sink of a stage without topic",
     HEAD INGEST "  - copy: {}\n    publish: false\nsinks:\n  - memory: {stages: [copy]}\n",
     "stage \"copy\" has publish: false, so there is nothing to read"},
    {"two sinks of one name",
     HEAD INGEST "sinks:\n  - memory: {stages: [ingest]}\n  - memory: {stages: [ingest]}\n",
     "there are two sinks of this name (give one of them a `name`)"},
    {"a sink named as a stage",
     HEAD INGEST "sinks:\n  - memory: {stages: [ingest]}\n    name: ingest\n",
     "there is a stage of this name"},
    {"a sink's name that is no topic's",
     HEAD INGEST "sinks:\n  - memory: {stages: [ingest]}\n    name: a/b\n",
     "\"a/b\" cannot be part of a topic's name"},
    {"a sink that is to publish",
     HEAD INGEST "sinks:\n  - memory: {stages: [ingest]}\n    publish: false\n",
     "names memory already"},
    {"a sink without stages", HEAD INGEST "sinks:\n  - memory: {}\n", "sinks.memory.stages"},
};

static void each_fault_gets_its_sentence_and_place(void **state)
{

    (void)state;
    for (size_t i = 0; i < MR_COUNT(faults); i++) {
        print_message("  %s\n", faults[i].label);
        expect(faults[i].yaml, faults[i].complaint);
    }
}

static void schemas_and_registry_are_checked(void **state)
{
    static const struct {
        const char *label, *yaml, *complaint;
    } rows[] = {
        {"an older subject that is not there", HEAD "older_subjects: [gone.avsc]\n" INGEST,
         ":3:18: older_subjects[0]"},
        {"an older subject that is no schema", HEAD "older_subjects: rig.yaml\n" INGEST,
         ":3:17: older_subjects"},
        {"an older subject that cannot be read as the subject",
         HEAD "older_subjects: [subject.avsc, older.avsc]\n" INGEST,
         ":3:32: older_subjects: the subject cannot read what"},
        {"a registry that is no map", HEAD "registry: http://r\n" INGEST,
         ":3:11: registry: must be a map of settings"},
        {"a registry without a URL", HEAD "registry: {}\n" INGEST, "registry.url"},
        {"a slip in a registry's setting", HEAD "registry: {url: http://r, usr: x}\n" INGEST,
         "registry.usr: is not known here (did you mean user?)"},
        {"a registry's URL that is none", HEAD "registry: {url: registry:8081}\n" INGEST,
         ":3:17: registry.url: must be http:// or https://"},
        {"a URL with a question", HEAD "registry: {url: \"http://r/?a=b\"}\n" INGEST,
         ":3:18: registry.url: must be http:// or https://"},
        {"a password in a URL", HEAD "registry: {url: \"http://a:b@r\"}\n" INGEST,
         ":3:18: registry.url: a password in a URL ends in logs (say user and password_file)"},
        {"one of several URLs", HEAD "registry: {url: [http://r, r:8081]}\n" INGEST,
         ":3:28: registry.url: must be http:// or https://"},
        {"one of several URLs with commas", HEAD "registry: {url: \"http://r/, r:8081\"}\n" INGEST,
         ":3:18: registry.url: must be http:// or https://"},
        {"no URL at all", HEAD "registry: {url: []}\n" INGEST, "registry.url"},
        {"a context with colons", HEAD "registry: {url: http://r, context: \":.a:\"}\n" INGEST,
         "registry.context: is a name without colons"},
        {"a user and a token", HEAD "registry: {url: http://r, user: a, token: b}\n" INGEST,
         "registry.token: either user and password, or a token"},
        {"a password of nobody", HEAD "registry: {url: http://r, password: b}\n" INGEST,
         "registry.user: there is a password, and no user"},
        {"a certificate without a key",
         HEAD "registry: {url: http://r, cert_file: subject.avsc}\n" INGEST,
         "registry.cert_file: cert_file and key_file go together"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        expect(rows[i].yaml, rows[i].complaint);
    }
}

static void all_faults_are_said_at_once(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    assert_int_equal(MR_BAD_CONFIG,
                     rig_load(&rig, HEAD "partitions: 0\nstages:\n  - ingest: {}\n  - seive: {}\n"
                                         "  - count: {keys_max: 0}\n"));
    assert_true(mr_report_errors(rig.report) >= 4);
    rig_close(&rig);
}

static void seventeen_stages_are_one_too_many(void **state)
{
    char yaml[2048] = HEAD INGEST;
    struct rig rig;
    char *text;

    (void)state;
    for (size_t i = 1; i < 17; i++) {
        const size_t size = strlen(yaml);

        (void)snprintf(yaml + size, sizeof(yaml) - size, "  - copy: {}\n    name: copy-%zu\n", i);
    }
    rig_init(&rig);
    assert_int_equal(MR_BAD_CONFIG, rig_load(&rig, yaml));
    text = rig_report(&rig);
    assert_non_null(strstr(text, "more than 16 stages"));
    free(text);
    rig_close(&rig);
}

static void a_good_file_becomes_stages_topics_and_sinks(void **state)
{
    static const struct {
        const char *name;
        bool is_compacted;
    } expected[] = {
        {"rig.ingest", false},    {"rig.ingest.dlq", false}, {"rig.ingest-state", true},
        {"rig.sieve.dlq", false}, {"rig.sieve-state", true}, {"rig.tally", false},
        {"rig.tally.dlq", false}, {"rig.tally-state", true}, {"rig.table.dlq", false},
    };
    struct mr_topic_spec topics[4 * (MR_STAGES_MAX + MR_SINKS_MAX)];
    struct rig rig;
    size_t count;

    (void)state;
    rig_init(&rig);
    rig_open(&rig, "partitions: 5\n" INGEST "  - sieve:\n    publish: false\n"
                   "  - count: {key: record.key}\n    name: tally\n"
                   "sinks:\n  - memory: {stages: tally}\n    name: table\n");
    assert_int_equal(3, rig.pipeline->stage_count);
    assert_int_equal(2, mr_pipeline_stage(rig.pipeline, "tally"));
    assert_int_equal(-1, mr_pipeline_stage(rig.pipeline, "count"));
    assert_false(rig.pipeline->stages[1].is_published);
    assert_string_equal("table", rig.pipeline->sinks[0].name);
    assert_int_equal(MR_EXACTLY_ONCE, rig.pipeline->settings->delivery);
    count = mr_pipeline_topics(rig.pipeline, topics, MR_COUNT(topics));
    assert_int_equal(MR_COUNT(expected), count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(expected[i].name, topics[i].name);
        assert_int_equal(expected[i].is_compacted, topics[i].is_compacted);
        assert_int_equal(5, topics[i].partitions);
    }
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_gets_its_sentence_and_place),
        cmocka_unit_test(schemas_and_registry_are_checked),
        cmocka_unit_test(all_faults_are_said_at_once),
        cmocka_unit_test(seventeen_stages_are_one_too_many),
        cmocka_unit_test(a_good_file_becomes_stages_topics_and_sinks),
    };
    return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
