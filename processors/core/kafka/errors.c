#include "processors/core/kafka/kafka_internal.h"

/* What is not listed stops the worker: an error that nobody classified is not safe to repeat. */
static const struct {
    rd_kafka_resp_err_t resp;
    enum mr_code code;
} resp_table[] = {
    {RD_KAFKA_RESP_ERR__FENCED, MR_FENCED},
    {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, MR_FENCED},
    {RD_KAFKA_RESP_ERR_PRODUCER_FENCED, MR_FENCED},
    {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, MR_FENCED},

    {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, MR_ABORTED},
    {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, MR_ABORTED},
    {RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, MR_ABORTED},
    {RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST, MR_ABORTED},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, MR_ABORTED},
    {RD_KAFKA_RESP_ERR__PURGE_QUEUE, MR_ABORTED},
    {RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, MR_ABORTED},

    {RD_KAFKA_RESP_ERR__TIMED_OUT, MR_TIMED_OUT},
    {RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, MR_TIMED_OUT},
    {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, MR_TIMED_OUT},

    {RD_KAFKA_RESP_ERR__TRANSPORT, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR__RESOLVE, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR__WAIT_COORD, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR__RETRY, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_NOT_CONTROLLER, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, MR_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, MR_UNAVAILABLE},

    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, MR_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, MR_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, MR_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, MR_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, MR_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, MR_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, MR_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR__INVALID_ARG, MR_BAD_CONFIG},

    {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, MR_BAD_DATA},
    {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, MR_BAD_DATA},
    {RD_KAFKA_RESP_ERR__BAD_MSG, MR_BAD_DATA},
};

static enum mr_code code_of(rd_kafka_resp_err_t resp)
{
    for (size_t i = 0; i < MR_COUNT(resp_table); i++) {
        if (resp_table[i].resp == resp) {
            return resp_table[i].code;
        }
    }
    return MR_REFUSED;
}

enum mr_code mr_kafka_resp(rd_kafka_resp_err_t resp, const char *doing, struct mr_error *err)
{
    if (resp == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return MR_OK;
    }
    return MR_FAIL(err, code_of(resp), "%s: %s (%s)", doing, rd_kafka_err2str(resp),
                   rd_kafka_err2name(resp));
}

/* After a fatal error only two things matter: whether somebody else goes on with the work, and
 * whether the configuration is to blame. */
static enum mr_code fatal_code_of(rd_kafka_resp_err_t resp)
{
    const enum mr_code code = code_of(resp);

    return code == MR_FENCED || code == MR_BAD_CONFIG ? code : MR_REFUSED;
}

static enum mr_code error_code_of(const rd_kafka_error_t *error)
{
    const enum mr_code code = code_of(rd_kafka_error_code(error));

    if (rd_kafka_error_is_fatal(error)) {
        return fatal_code_of(rd_kafka_error_code(error));
    }
    if (rd_kafka_error_txn_requires_abort(error)) {
        return MR_ABORTED;
    }
    if (rd_kafka_error_is_retriable(error)) {
        return code == MR_TIMED_OUT ? MR_TIMED_OUT : MR_UNAVAILABLE;
    }
    return code;
}

enum mr_code mr_kafka_error_own(rd_kafka_error_t *error, const char *doing, struct mr_error *err)
{
    enum mr_code code;

    if (error == NULL) {
        return MR_OK;
    }
    code = MR_FAIL(err, error_code_of(error), "%s: %s (%s)", doing, rd_kafka_error_string(error),
                   rd_kafka_error_name(error));
    rd_kafka_error_destroy(error);
    return code;
}

enum mr_code mr_kafka_fatal(rd_kafka_t *handle, struct mr_error *err)
{
    char text[256];
    rd_kafka_resp_err_t resp;

    if (handle == NULL) {
        return MR_OK;
    }
    resp = rd_kafka_fatal_error(handle, text, sizeof(text));
    if (resp == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return MR_OK;
    }
    return MR_FAIL(err, fatal_code_of(resp), "%s: %s (%s)", rd_kafka_name(handle), text,
                   rd_kafka_err2name(resp));
}
