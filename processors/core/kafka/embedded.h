/* embedded.h - the mock cluster's handle, for tests that make its requests fail.
 *
 * Nobody but this folder and its tests includes this.
 */
#ifndef MR_KAFKA_EMBEDDED_H
#define MR_KAFKA_EMBEDDED_H

#include "processors/core/stage/transport.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

/* broker comes from mr_kafka_embedded_new(). Borrowed. */
rd_kafka_mock_cluster_t *mr_kafka_mock_of(const struct mr_broker *broker);

#endif
