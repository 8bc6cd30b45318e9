#include "tests/sim/log_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim_membership *sim_membership(struct sim_log *log, const char *group,
                                      const struct sim_topic *topic, int32_t partition)
{
    struct sim_membership *found = log->memberships;

    while (found != NULL && (found->topic != topic || found->partition != partition ||
                             strcmp(found->group, group) != 0)) {
        found = found->next;
    }
    if (found == NULL) {
        found = calloc(1, sizeof(*found));
        MR_ASSERT(found != NULL);
        (void)snprintf(found->group, sizeof(found->group), "%s", group);
        found->topic = topic;
        found->partition = partition;
        found->committed = -1;
        found->worker = -1;
        found->next = log->memberships;
        log->memberships = found;
    }
    return found;
}

static bool is_mine(const struct sim_transport *self, const struct sim_membership *membership)
{
    const int32_t owner = membership->worker >= 0 ? membership->worker
                                                  : membership->partition % self->spec.worker_count;

    return owner == self->spec.worker;
}

static int64_t committed_of(const struct sim_membership *membership)
{
    return membership->committed >= 0
               ? membership->committed
               : sim_start(&membership->topic->partitions[membership->partition]);
}

static struct sim_assigned *add_assigned(struct sim_transport *self, uint32_t input,
                                         int32_t partition)
{
    struct sim_assigned *assigned;

    self->assigned = sim_more(self->assigned, &self->assigned_room, self->assigned_count,
                              sizeof(*self->assigned));
    assigned = &self->assigned[self->assigned_count++];
    *assigned =
        (struct sim_assigned){.topic = self->inputs[input], .input = input, .partition = partition};
    return assigned;
}

/* Says to the listener which of assigned[from..) this is about. */
static enum mr_code tell(struct sim_transport *self, bool is_assigned, bool is_lost, size_t from,
                         struct mr_error *err)
{
    const struct mr_transport_listener *listener = &self->spec.listener;
    const size_t count = self->assigned_count - from;
    struct mr_position *positions = calloc(count + 1, sizeof(*positions));
    enum mr_code code = MR_OK;

    MR_ASSERT(positions != NULL);
    for (size_t i = 0; i < count; i++) {
        const struct sim_assigned *assigned = &self->assigned[from + i];

        positions[i] = (struct mr_position){assigned->input, assigned->partition, assigned->next};
    }
    if (count > 0 && is_assigned) {
        code = listener->assigned(listener->context, positions, count, err);
    } else if (count > 0) {
        code = listener->revoked(listener->context, positions, count, is_lost, err);
    }
    free(positions);
    return code;
}

/* The sink keeps the positions: no group, partitions by their number, for ever. */
static enum mr_code settle_positions(struct sim_transport *self, struct mr_error *err)
{
    if (self->assigned_count > 0) {
        return MR_OK;
    }
    for (uint32_t input = 0; input < self->spec.input_count; input++) {
        for (int32_t i = 0; i < self->inputs[input]->partition_count; i++) {
            if (i % self->spec.worker_count == self->spec.worker) {
                (void)add_assigned(self, input, i);
            }
        }
    }
    if (sim_group_rewind(self, err) != MR_OK) {
        self->assigned_count = 0; /* asked again at the next poll */
        return err->code;
    }
    return tell(self, true, false, 0, err);
}

enum mr_code sim_group_rewind(struct sim_transport *self, struct mr_error *err)
{
    for (size_t i = 0; i < self->assigned_count; i++) {
        struct sim_assigned *assigned = &self->assigned[i];
        enum mr_code code;

        if (assigned->membership != NULL) {
            assigned->next = committed_of(assigned->membership);
            continue;
        }
        code = self->spec.position(self->spec.context, assigned->input, assigned->partition,
                                   &assigned->next, err);
        if (code != MR_OK) {
            return code;
        }
        if (assigned->next < 0) {
            assigned->next = sim_start(&assigned->topic->partitions[assigned->partition]);
        }
    }
    return MR_OK;
}

static bool is_change_due(const struct sim_transport *self)
{
    for (size_t i = 0; i < self->assigned_count; i++) {
        const struct sim_membership *membership = self->assigned[i].membership;

        if (membership->holder != self || !is_mine(self, membership)) {
            return true;
        }
    }
    for (uint32_t input = 0; input < self->spec.input_count; input++) {
        for (int32_t i = 0; i < self->inputs[input]->partition_count; i++) {
            const struct sim_membership *membership =
                sim_membership(self->log, self->group, self->inputs[input], i);

            if (membership->holder == NULL && is_mine(self, membership)) {
                return true;
            }
        }
    }
    return false;
}

/* First those that are gone already, last: what is left is revoked in good order. */
static enum mr_code revoke_all(struct sim_transport *self, struct mr_error *err)
{
    size_t held = 0;
    enum mr_code code, later;

    for (size_t i = 0; i < self->assigned_count; i++) {
        const struct sim_assigned assigned = self->assigned[i];

        if (assigned.membership->holder == self) {
            self->assigned[i] = self->assigned[held];
            self->assigned[held++] = assigned;
        }
    }
    code = tell(self, false, true, held, err);
    self->assigned_count = held;
    later = tell(self, false, false, 0, err); /* also where the first one failed: they do go */
    sim_group_leave(self);
    return code != MR_OK ? code : later;
}

static enum mr_code assign_all(struct sim_transport *self, struct mr_error *err)
{
    for (uint32_t input = 0; input < self->spec.input_count; input++) {
        for (int32_t i = 0; i < self->inputs[input]->partition_count; i++) {
            struct sim_membership *membership =
                sim_membership(self->log, self->group, self->inputs[input], i);
            struct sim_assigned *assigned;

            if (membership->holder != NULL || !is_mine(self, membership)) {
                continue;
            }
            membership->holder = self;
            assigned = add_assigned(self, input, i);
            assigned->membership = membership;
            assigned->next = committed_of(membership);
        }
    }
    return tell(self, true, false, 0, err);
}

enum mr_code sim_group_settle(struct sim_transport *self, struct mr_error *err)
{
    enum mr_code code;

    if (self->spec.position != NULL) {
        return settle_positions(self, err);
    }
    if (self->spec.group == NULL || !is_change_due(self)) {
        return MR_OK;
    }
    code = revoke_all(self, err);
    return code == MR_OK ? assign_all(self, err) : code;
}

bool sim_group_has_all(const struct sim_transport *self)
{
    for (const struct sim_membership *membership = self->log->memberships; membership != NULL;
         membership = membership->next) {
        if (self->spec.position == NULL && strcmp(membership->group, self->group) == 0 &&
            is_mine(self, membership) && membership->holder != self) {
            return false;
        }
    }
    return true;
}

void sim_group_leave(struct sim_transport *self)
{
    for (struct sim_membership *membership = self->log->memberships; membership != NULL;
         membership = membership->next) {
        if (membership->holder == self) {
            membership->holder = NULL;
        }
    }
    self->assigned_count = 0;
}

struct sim_assigned *sim_assigned(const struct sim_transport *self, uint32_t input,
                                  int32_t partition)
{
    for (size_t i = 0; i < self->assigned_count; i++) {
        if (self->assigned[i].input == input && self->assigned[i].partition == partition) {
            return &self->assigned[i];
        }
    }
    return NULL;
}

bool sim_group_holds(const struct sim_transport *self, uint32_t input, int32_t partition)
{
    const struct sim_assigned *assigned = sim_assigned(self, input, partition);

    return assigned != NULL &&
           (assigned->membership == NULL || assigned->membership->holder == self);
}

void sim_log_move(struct sim_log *log, const char *group, int32_t partition, int32_t worker,
                  bool is_lost)
{
    for (struct sim_membership *membership = log->memberships; membership != NULL;
         membership = membership->next) {
        if (strcmp(membership->group, group) == 0 && membership->partition == partition) {
            membership->worker = worker;
            membership->holder = is_lost ? NULL : membership->holder;
        }
    }
}
