#include "processors/core/registry/registry.h"

static const char *const strategies[] = {"topic", "record", "topic_record", NULL};

const char *const mr_registry_levels[] = {
    "keep",     "NONE",
    "BACKWARD", "BACKWARD_TRANSITIVE",
    "FORWARD",  "FORWARD_TRANSITIVE",
    "FULL",     "FULL_TRANSITIVE",
    NULL,
};

const struct mr_option mr_registry_options[] = {
    MR_TEXTS(struct mr_registry_settings, url, NULL, 1, 16,
             "Where the registry answers, with the path before /subjects: "
             "https://registry:8081, http://apicurio:8080/apis/ccompat/v7. Of several instances "
             "(a list, or commas between) the next is asked where one is away."),
    MR_TEXT(struct mr_registry_settings, context, "",
            "The schema context that our subjects and ids are in: .team makes :.team:<subject>."),
    MR_TEXT(struct mr_registry_settings, user, "", "Who we are: basic authentication."),
    MR_SECRET(struct mr_registry_settings, password, "", "The user's password."),
    MR_SECRET(struct mr_registry_settings, token, "",
              "A bearer token, where the registry wants one instead of user and password."),
    MR_PATH(struct mr_registry_settings, ca_file, "",
            "Certificates (PEM) to trust instead of the system's."),
    MR_PATH(struct mr_registry_settings, cert_file, "",
            "Our own certificate (PEM), where the registry asks for one."),
    MR_PATH(struct mr_registry_settings, key_file, "", "The private key of cert_file (PEM)."),
    MR_CHOICE(struct mr_registry_settings, strategy, "topic", strategies,
              "What a subject is called: <topic>-value, the record's full name, or "
              "<topic>-<full name>. The readers' setting has to be the same."),
    MR_BOOL(struct mr_registry_settings, auto_register, "true",
            "false: schemas are only looked up, and a pipeline whose schemas are not registered "
            "does not start; for where registering is a review's task."),
    MR_CHOICE(struct mr_registry_settings, compatibility, "keep", mr_registry_levels,
              "Set on each of our subjects when its schema is registered; keep leaves what the "
              "registry has. Registries differ in their default: some check nothing."),
    MR_DURATION(
        struct mr_registry_settings, deadline, "10s", 100, 60000,
        "A question and its repetitions take at most this long. Records wait meanwhile, so it "
        "should stay well below kafka.transaction_timeout."),
    MR_DURATION(struct mr_registry_settings, attempt_deadline, "5s", 50, 60000,
                "One attempt takes at most this long: less finds a hanging registry's sound "
                "neighbour sooner."),
    MR_INT(struct mr_registry_settings, attempts, "4", 1, 20,
           "How often a question is asked at most; where there are several addresses, each of "
           "them."),
    MR_DURATION(struct mr_registry_settings, absent_for, "10s", 0, 3600000,
                "That the registry does not know an id is believed for so long: longer spares it "
                "questions, shorter sees a schema sooner that was registered late."),
    MR_OPTIONS_END,
};
