/* Requests of ours: exactly one outcome each (docs/protocol/bus.md §5). */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

/* Ids begin at epoch << 32, so that an answer to a request of an earlier session fits none of this one. */
uint64_t sn_next_id(const spacenode *plugin) { return sn_mutant("id") ? 1 : plugin->next_id + 1; }

static void unlink_call(spacenode *plugin, struct sn_call *call)
{
    sn_drop_held(plugin, call->held);
    if (call->is_sent) sn_map_remove(&plugin->calls, &call->by_id);
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        plugin->all_calls = call->next;
    if (call->next != NULL) call->next->previous = call->previous;
    plugin->call_count--;
}

/* Gives a call that was unlinked its outcome. */
static void end_call(spacenode *plugin, struct sn_call *call, const spacenode_outcome *outcome)
{
    if (outcome->status != SPACENODE_OK) sn_fault(plugin, 0, "%s: %s", call->method->name, outcome->text);
    call->handler(plugin, outcome, call->context);
    free(call);
}

static void send_cancel(spacenode *plugin, uint64_t id)
{
    Spacenode__Bus__V1__Cancel cancel = SPACENODE__BUS__V1__CANCEL__INIT;
    cancel.source = plugin->instance;
    cancel.id = id;
    if (sn_has_session(plugin)) sn_control(plugin, SN_CONTROL_LANE, SN_CANCEL, &cancel.base);
}

/* Writes what is known only when the request goes out. */
void sn_prepare_call(const spacenode *plugin, struct sn_call *call, struct sn_header *header)
{
    uint64_t left = call->deadline > plugin->now ? call->deadline - plugin->now : 1;
    header->id = sn_next_id(plugin);
    header->ttl_ms = left < call->ttl_ms ? (uint32_t)left : call->ttl_ms;
    call->id = header->id;
}

void sn_call_sent(spacenode *plugin, struct sn_call *call)
{
    struct sn_key key = sn_key(call->id, 0, NULL, 0);
    plugin->next_id = call->id;
    call->is_sent = true;
    sn_map_add(&plugin->calls, &call->by_id, &key);
}

static int send_or_hold(spacenode *plugin, struct sn_call *call, struct sn_header *header,
                        const void *payload, size_t size)
{
    int index = sn_class(header->traffic_class);
    if (plugin->held[index] == NULL) {
        sn_prepare_call(plugin, call, header);
        if (sn_send_data(plugin, header, payload, size) == 0) {
            sn_call_sent(plugin, call);
            return 0;
        }
    }
    int result = sn_hold(plugin, header, payload, size, false, &call->held);
    if (result == 0) call->held->call = call;
    return result;
}

static struct sn_call *new_call(spacenode *plugin, const spacenode_method *method, uint32_t ttl_ms,
                                spacenode_outcome_handler *handler, void *context)
{
    struct sn_call *call = calloc(1, sizeof *call);
    if (call == NULL) return NULL;
    call->method = method;
    call->handler = handler;
    call->context = context;
    call->ttl_ms = ttl_ms;
    call->deadline = plugin->now + ttl_ms;
    call->number = ++plugin->next_number;
    call->next = plugin->all_calls;
    if (call->next != NULL) call->next->previous = call;
    plugin->all_calls = call;
    plugin->call_count++;
    if (call->deadline < plugin->call_deadline) plugin->call_deadline = call->deadline;
    return call;
}

static int check_call(spacenode *plugin, const spacenode_method *method, const struct sn_header *header,
                      size_t size)
{
    if (plugin->phase == SN_STOPPED) return sn_fault(plugin, SPACENODE_CANCELLED, "this plugin has stopped");
    if (method->pattern != SPACENODE_PATTERN_CALL || sn_class(method->traffic_class) < 0)
        return sn_fault(plugin, SPACENODE_BAD_FRAME, "%s is not a call that plugins serve", method->name);
    if (plugin->call_count >= SPACENODE_MAX_CALLS)
        return sn_fault(plugin, SPACENODE_LIMIT, "%u calls have no outcome yet", SPACENODE_MAX_CALLS);
    return sn_check_size(plugin, method, header, size);
}

int spacenode_call(spacenode *plugin, const spacenode_method *method, const void *payload, size_t size,
                   const spacenode_call_options *options, spacenode_outcome_handler *handler, void *context)
{
    static const spacenode_call_options usual;
    if (options == NULL) options = &usual;
    struct sn_header header = sn_data_header(plugin, SN_REQUEST, method);
    header.dest = options->dest;
    if (options->cause != NULL) {
        header.cause_source = options->cause->source;
        header.cause_id = options->cause->id;
    }
    int result = check_call(plugin, method, &header, size);
    if (result != 0) return result;
    uint32_t ttl_ms = options->ttl_ms != 0 ? options->ttl_ms : method->ttl_ms;
    struct sn_call *call = new_call(plugin, method, ttl_ms, handler, context);
    if (call == NULL) return sn_fault(plugin, SPACENODE_FAILED, "%s: no memory left", method->name);
    result = send_or_hold(plugin, call, &header, payload, size);
    if (result != 0) {
        unlink_call(plugin, call);
        free(call);
        return sn_fault(plugin, result, "%s: no credit, and no room to wait for it", method->name);
    }
    if (options->number != NULL) *options->number = call->number;
    return 0;
}

void spacenode_cancel_call(spacenode *plugin, uint64_t number)
{
    for (struct sn_call *call = plugin->all_calls; call != NULL; call = call->next) {
        if (call->number != number || call->is_given_up) continue;
        call->is_given_up = true;
        if (call->is_sent) send_cancel(plugin, call->id);
        sn_drop_held(plugin, call->held);
        call->deadline = plugin->call_deadline = 0;
        plugin->is_pending = true;
        return;
    }
}

/* REPLY or ERROR: the outcome of one call, or of an opening that was refused. */
void sn_finish_call(spacenode *plugin, const struct sn_header *header)
{
    struct sn_key key = sn_key(header->reply_to, 0, NULL, 0);
    struct sn_node *node = sn_map_find(&plugin->calls, &key);
    if (node == NULL) {
        if (header->kind == SN_ERROR) sn_stream_refused(plugin, header);
        return;
    }
    struct sn_call *call = SN_OWNER(node, struct sn_call, by_id);
    struct sn_ending ending;
    spacenode_outcome outcome = {.status = SPACENODE_OK, .text = ""};
    if (call->is_given_up) return; /* its outcome is CANCELLED, in this round */
    if (header->kind == SN_REPLY) {
        outcome.payload = header->payload;
        outcome.size = header->payload_size;
    } else {
        sn_read_fault(header, &ending);
        outcome = sn_outcome(&ending);
    }
    unlink_call(plugin, call);
    end_call(plugin, call, &outcome);
}

static spacenode_outcome lateness(const spacenode *plugin, const struct sn_call *call)
{
    spacenode_outcome outcome = {.status = SPACENODE_EXPIRED};
    if (call->is_given_up) {
        outcome.status = SPACENODE_CANCELLED;
        outcome.text = "the call was given up";
    } else if (call->is_sent) {
        outcome.text = "no answer within the deadline; whether it was carried out is unknown";
    } else if (sn_has_session(plugin)) {
        outcome.text = "no credit within the deadline; it was not sent";
    } else {
        outcome.status = SPACENODE_ROUTER_LOST;
        outcome.text = "no session with the router within the deadline; it was not sent";
    }
    return outcome;
}

/* Unlinks calls first and ends them then: their handlers may begin and give up others. */
static struct sn_call *take_out(spacenode *plugin,
                                bool (*is_wanted)(const spacenode *, const struct sn_call *))
{
    struct sn_call *taken = NULL, *call = plugin->all_calls;
    plugin->call_deadline = UINT64_MAX;
    while (call != NULL) {
        struct sn_call *next = call->next;
        if (is_wanted(plugin, call)) {
            unlink_call(plugin, call);
            call->next = taken;
            taken = call;
        } else if (call->deadline < plugin->call_deadline) {
            plugin->call_deadline = call->deadline;
        }
        call = next;
    }
    return taken;
}

static bool is_over(const spacenode *plugin, const struct sn_call *call)
{
    return plugin->now >= call->deadline;
}

static bool was_sent(const spacenode *plugin, const struct sn_call *call)
{
    return call->is_sent || plugin->phase == SN_STOPPED;
}

/* Calls whose deadline is over, and those that were given up. */
void sn_expire_calls(spacenode *plugin)
{
    if (plugin->now < plugin->call_deadline) return;
    struct sn_call *call = take_out(plugin, is_over);
    while (call != NULL) {
        struct sn_call *next = call->next;
        spacenode_outcome outcome = lateness(plugin, call);
        if (outcome.status == SPACENODE_EXPIRED && call->is_sent) send_cancel(plugin, call->id);
        end_call(plugin, call, &outcome);
        call = next;
    }
}

/* The session is over: what was sent has its outcome. What waits for credit was not sent, and waits for
 * the next session; when this plugin has stopped, all has its outcome. */
void sn_lose_calls(spacenode *plugin, const char *text)
{
    char words[SPACENODE_TEXT_BYTES + 64];
    spacenode_outcome outcome = {.status = SPACENODE_CANCELLED, .text = words};
    if (plugin->phase == SN_STOPPED) {
        snprintf(words, sizeof words, "%s", text);
    } else {
        outcome.status = SPACENODE_ROUTER_LOST;
        snprintf(words, sizeof words, "%s; whether the request was carried out is unknown", text);
    }
    struct sn_call *call = take_out(plugin, was_sent);
    while (call != NULL) {
        struct sn_call *next = call->next;
        end_call(plugin, call, &outcome);
        call = next;
    }
}
