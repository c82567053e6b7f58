/* Requests that others make of us: answered once (docs/protocol/bus.md §5). */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static int add_handler(spacenode *plugin, const struct sn_handler *wanted)
{
    struct sn_key key = sn_key(wanted->method->type, 0, NULL, 0);
    struct sn_node *known = sn_map_find(&plugin->handlers, &key);
    if (known != NULL) {
        struct sn_handler *handler = SN_OWNER(known, struct sn_handler, by_type);
        handler->method = wanted->method;
        handler->call = wanted->call;
        handler->stream = wanted->stream;
        handler->context = wanted->context;
        return 0;
    }
    if (plugin->handler_count >= SPACENODE_MAX_HANDLERS)
        return sn_fault(plugin, SPACENODE_LIMIT, "at most %u methods are served", SPACENODE_MAX_HANDLERS);
    struct sn_handler *handler = malloc(sizeof *handler);
    if (handler == NULL)
        return sn_fault(plugin, SPACENODE_FAILED, "%s: no memory left", wanted->method->name);
    *handler = *wanted;
    sn_map_add(&plugin->handlers, &handler->by_type, &key);
    plugin->handler_count++;
    return 0;
}

int spacenode_serve(spacenode *plugin, const spacenode_method *method, spacenode_handler *handler,
                    void *context)
{
    if (method->pattern != SPACENODE_PATTERN_CALL || handler == NULL)
        return sn_fault(plugin, SPACENODE_BAD_FRAME, "%s is not a call", method->name);
    struct sn_handler wanted = {.method = method, .call = handler, .context = context};
    return add_handler(plugin, &wanted);
}

int spacenode_serve_stream(spacenode *plugin, const spacenode_method *method,
                           const spacenode_stream_handlers *handlers, void *context)
{
    if (method->pattern != SPACENODE_PATTERN_DOWN_STREAM && method->pattern != SPACENODE_PATTERN_UP_STREAM)
        return sn_fault(plugin, SPACENODE_BAD_FRAME, "%s is not a stream", method->name);
    struct sn_handler wanted = {.method = method, .stream = *handlers, .context = context};
    return add_handler(plugin, &wanted);
}

/* --- What arrives --- */

static struct sn_handler *handler_of(const spacenode *plugin, const struct sn_header *header)
{
    struct sn_key key = sn_key(header->type, 0, NULL, 0);
    struct sn_node *node = sn_map_find(&plugin->handlers, &key);
    if (node == NULL) return NULL;
    struct sn_handler *handler = SN_OWNER(node, struct sn_handler, by_type);
    bool fits = (handler->call != NULL) == (header->kind == SN_REQUEST)
                && handler->method->traffic_class == header->traffic_class;
    return fits ? handler : NULL;
}

static struct sn_header answer_header(const spacenode *plugin, const spacenode_method *method, uint32_t kind,
                                      const spacenode_origin *origin)
{
    struct sn_header header = sn_data_header(plugin, kind, method);
    header.dest = header.cause_source = origin->source;
    header.reply_to = header.cause_id = origin->id;
    return header;
}

/* Answers what no handler takes. Without credit nobody is told: the caller's deadline ends it. */
void sn_refuse(spacenode *plugin, const struct sn_header *request, uint32_t status, const char *text)
{
    uint8_t payload[SN_FAULT_TEXT + 64];
    spacenode_method method = {.type = request->type, .traffic_class = request->traffic_class};
    spacenode_origin origin = {.source = request->source, .id = request->id};
    /* An opening that fails is an ended stream, not an ERROR. */
    uint32_t kind = request->kind == SN_STREAM_OPEN ? SN_STREAM_END : SN_ERROR;
    struct sn_header header = answer_header(plugin, &method, kind, &origin);
    header.status = status;
    sn_send_data(plugin, &header, payload, sn_pack_fault(payload, text, 0, 0, 0));
}

/* The caller of a request that we still have began anew, or does not wait any more. */
static void cancel(spacenode *plugin, spacenode_request *request)
{
    sn_map_remove(&plugin->requests, &request->by_key);
    request->is_cancelled = true;
    if (request->held != NULL) {
        sn_drop_held(plugin, request->held);
        sn_request_sent(request);
        return;
    }
    if (request->on_cancel != NULL) request->on_cancel(request, request->cancel_context);
}

void sn_cancel_request(spacenode *plugin, uint64_t source, uint64_t id)
{
    struct sn_key key = sn_key(source, id, NULL, 0);
    struct sn_node *node = sn_map_find(&plugin->requests, &key);
    if (node != NULL) cancel(plugin, SN_OWNER(node, spacenode_request, by_key));
}

static spacenode_request *new_request(spacenode *plugin, const struct sn_handler *handler,
                                      const struct sn_header *header, size_t frame_bytes)
{
    if (plugin->request_count >= SPACENODE_MAX_REQUESTS) return NULL;
    spacenode_request *request = calloc(1, sizeof *request);
    if (request == NULL) return NULL;
    struct sn_key key = sn_key(header->source, header->id, NULL, 0);
    request->plugin = plugin;
    request->method = handler->method;
    request->origin.source = header->source;
    request->origin.id = header->id;
    request->origin.role = header->role;
    request->origin.ttl_ms = header->ttl_ms != 0 ? header->ttl_ms : handler->method->ttl_ms;
    request->generation = plugin->generation;
    request->frame_bytes = frame_bytes;
    request->next = plugin->all_requests;
    if (request->next != NULL) request->next->previous = request;
    plugin->all_requests = request;
    plugin->request_count++;
    sn_map_add(&plugin->requests, &request->by_key, &key);
    return request;
}

/* REQUEST or STREAM_OPEN: given to its handler, or refused. */
void sn_accept(spacenode *plugin, const struct sn_header *header, size_t frame_bytes)
{
    struct sn_handler *handler = handler_of(plugin, header);
    if (handler == NULL) {
        sn_refuse(plugin, header, SPACENODE_UNKNOWN_TYPE, "this plugin has no handler for that type");
        sn_processed(plugin, header->traffic_class, frame_bytes, plugin->generation);
        return;
    }
    if (header->kind == SN_STREAM_OPEN) {
        sn_open_served(plugin, handler, header, frame_bytes);
        return;
    }
    /* The same number again: the caller has a new session, and its CANCEL is still on the other lane. */
    sn_cancel_request(plugin, header->source, header->id);
    spacenode_request *request = new_request(plugin, handler, header, frame_bytes);
    if (request == NULL) {
        sn_refuse(plugin, header, SPACENODE_FAILED, "this plugin has no room for one more request");
        sn_processed(plugin, header->traffic_class, frame_bytes, plugin->generation);
        return;
    }
    handler->call(request, header->payload, header->payload_size, handler->context);
}

/* --- Answers --- */

/* The end of a request: its credit goes back. */
void sn_request_sent(spacenode_request *request)
{
    spacenode *plugin = request->plugin;
    if (!request->is_cancelled) sn_map_remove(&plugin->requests, &request->by_key);
    if (request->previous != NULL)
        request->previous->next = request->next;
    else
        plugin->all_requests = request->next;
    if (request->next != NULL) request->next->previous = request->previous;
    plugin->request_count--;
    sn_processed(plugin, request->method->traffic_class, request->frame_bytes, request->generation);
    free(request);
}

/* Sends an answer, or holds it; what is held ends the request when it goes out. */
static int answer(spacenode_request *request, struct sn_header *header, const void *payload, size_t size,
                  bool must)
{
    spacenode *plugin = request->plugin;
    int result = SPACENODE_BUSY;
    if (plugin->held[sn_class(header->traffic_class)] == NULL) {
        result = sn_send_data(plugin, header, payload, size);
        if (result == 0 && sn_mutant("duplicate") && header->kind == SN_REPLY)
            sn_send_data(plugin, header, payload, size);
    }
    if (result == 0) {
        sn_request_sent(request);
        return 0;
    }
    struct sn_held *held;
    result = sn_hold(plugin, header, payload, size, must, &held);
    if (result != 0) return result;
    held->request = request;
    request->held = held;
    return 0;
}

static int answer_fault(spacenode_request *request, const char *text, uint64_t limit, uint64_t actual,
                        uint32_t code)
{
    uint8_t payload[SN_FAULT_TEXT + 64];
    size_t size = sn_pack_fault(payload, text, limit, actual, code);
    struct sn_header header = answer_header(request->plugin, request->method, SN_ERROR, &request->origin);
    header.status = SPACENODE_FAILED;
    int result = answer(request, &header, payload, size, true);
    /* No memory even for this: the caller's deadline ends its wait. */
    if (result != 0) sn_request_sent(request);
    return result;
}

/* Whether there is still somebody to answer; if not, the request ends here. */
static int check_open(spacenode_request *request)
{
    spacenode *plugin = request->plugin;
    if (request->held != NULL)
        return sn_fault(plugin, SPACENODE_DUPLICATE, "this request was answered already");
    if (!request->is_cancelled && request->generation == plugin->generation) return 0;
    sn_request_sent(request);
    return SPACENODE_CANCELLED;
}

int spacenode_reply(spacenode_request *request, const void *payload, size_t size)
{
    spacenode *plugin = request->plugin;
    const spacenode_method *method = request->method;
    int result = check_open(request);
    if (result != 0) return result;
    struct sn_header header = answer_header(plugin, method, SN_REPLY, &request->origin);
    result = sn_check_size(plugin, method, &header, size);
    if (result != 0) {
        answer_fault(request, "the answer is over the contract's limit", method->max_bytes, size, 0);
        return result;
    }
    result = answer(request, &header, payload, size, false);
    if (result == 0) return 0;
    answer_fault(request, "no room to keep the answer until there is credit: ask for less at once",
                 SPACENODE_HELD_BYTES, size, 0);
    return sn_fault(plugin, result, "%s: no room to keep the answer", method->name);
}

int spacenode_fail(spacenode_request *request, uint32_t code, const char *text)
{
    int result = check_open(request);
    return result != 0 ? result : answer_fault(request, text, 0, 0, code);
}

/* A Fault; its text is cut to what the protocol allows. */
size_t sn_pack_fault(uint8_t *out, const char *text, uint64_t limit, uint64_t actual, uint32_t code)
{
    Spacenode__Bus__V1__Fault fault = SPACENODE__BUS__V1__FAULT__INIT;
    size_t size = text == NULL ? 0 : strnlen(text, SN_FAULT_TEXT);
    fault.text.data = (uint8_t *)(uintptr_t)text;
    fault.text.len = size;
    fault.limit = limit;
    fault.actual = actual;
    fault.code = code;
    return spacenode__bus__v1__fault__pack(&fault, out);
}

spacenode *spacenode_request_plugin(const spacenode_request *request) { return request->plugin; }

const spacenode_origin *spacenode_request_origin(const spacenode_request *request)
{
    return &request->origin;
}

bool spacenode_request_is_cancelled(const spacenode_request *request) { return request->is_cancelled; }

void spacenode_on_cancel(spacenode_request *request, void (*function)(spacenode_request *, void *),
                         void *context)
{
    request->on_cancel = function;
    request->cancel_context = context;
}

/* The session is over: nobody waits for any of these. */
void sn_lose_requests(spacenode *plugin)
{
    struct sn_node *node;
    while ((node = sn_map_any(&plugin->requests)) != NULL)
        cancel(plugin, SN_OWNER(node, spacenode_request, by_key));
}

/* The very end: handles that were never answered. */
void sn_free_requests(spacenode *plugin)
{
    while (plugin->all_requests != NULL) sn_request_sent(plugin->all_requests);
}
