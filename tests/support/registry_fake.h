/* registry_fake.h - a schema registry in memory, that answers as the real ones do, or not at all.
 *
 * Real servers differ (docs/registry.md); a flavour is what one of them was seen to say. A request
 * that a test names by its number goes wrong: with a status, or with a fault of the stub's.
 */
#ifndef MR_TESTS_REGISTRY_FAKE_H
#define MR_TESTS_REGISTRY_FAKE_H

#include "tests/support/http_stub.h"

#include <jansson.h>

enum registry_flavour {
    FLAVOUR_CONFLUENT, /* ids, versions and GUIDs in answers; a level of its own or 404 */
    FLAVOUR_APICURIO,  /* the id alone; no GUIDs; the global level where there is none */
    FLAVOUR_KARAPACE,  /* the id alone; no GUIDs; error_code 409 */
    FLAVOUR_SRFAKE,    /* takes anything */
    FLAVOUR_COUNT
};

struct registry_fake {
    enum registry_flavour flavour;
    bool is_strict; /* a second version of a subject is not compatible */
    /* The fail_at-th request (from 1) and those up to fail_until go wrong; 0: none does. */
    unsigned fail_at, fail_until;
    enum stub_fault fault;
    unsigned status;         /* instead of a fault */
    const char *retry_after; /* "Retry-After: 1\r\n" */
    const char *body;        /* instead of any answer; status is its status */

    unsigned requests;
    char seen[256];   /* the last request: method and path */
    char head[2048];  /* and its header lines */
    json_t *schemas;  /* the answers to /schemas/ids/N, N from 1 */
    json_t *subjects; /* name -> list of ids */
    json_t *levels;   /* name -> level */
    struct http_stub *stub;
};

void registry_fake_open(struct registry_fake *fake); /* flavour may be set before */
void registry_fake_close(struct registry_fake *fake);
const char *registry_fake_url(const struct registry_fake *fake);
/* Adds a schema to a subject by hand; members are more of its answer ("references", "schemaType"),
 * or NULL. Returns its id. */
int registry_fake_add(struct registry_fake *fake, const char *subject, const char *schema,
                      json_t *members);
/* The GUID of an id, 16 bytes. */
void registry_fake_guid(int id, uint8_t out[16]);

#endif
