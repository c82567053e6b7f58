/* Streams, both ends: items under item credit, one end (docs/protocol/bus.md §7). */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* Both ends of a stream may be here, when a plugin asks itself. */
struct sn_key sn_stream_key(uint64_t opener, uint64_t id, bool is_opener)
{
    return sn_key(opener, id, is_opener ? "o" : "p", 1);
}

spacenode_stream *sn_new_stream(spacenode *plugin, const spacenode_method *method,
                                const spacenode_origin *origin, bool is_opener)
{
    spacenode_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) return NULL;
    struct sn_key key = sn_stream_key(origin->source, origin->id, is_opener);
    stream->plugin = plugin;
    stream->method = method;
    stream->origin = *origin;
    stream->is_opener = is_opener;
    stream->generation = plugin->generation;
    stream->moved = plugin->now;
    stream->ttl_ms = origin->ttl_ms;
    stream->next = plugin->all_streams;
    if (stream->next != NULL) stream->next->previous = stream;
    plugin->all_streams = stream;
    *(is_opener ? &plugin->opened_streams : &plugin->served_streams) += 1;
    sn_map_add(&plugin->streams, &stream->by_key, &key);
    return stream;
}

static void free_stream(spacenode_stream *stream)
{
    spacenode *plugin = stream->plugin;
    sn_drop_held(plugin, stream->held);
    if (stream->previous != NULL)
        stream->previous->next = stream->next;
    else
        plugin->all_streams = stream->next;
    if (stream->next != NULL) stream->next->previous = stream->previous;
    *(stream->is_opener ? &plugin->opened_streams : &plugin->served_streams) -= 1;
    free(stream);
}

/* The stream is over: its credit goes back, its functions are told, its handle ends. In the loop alone. */
void sn_close_stream(spacenode_stream *stream, const spacenode_outcome *outcome)
{
    spacenode *plugin = stream->plugin;
    sn_map_remove(&plugin->streams, &stream->by_key);
    stream->is_over = true;
    while (stream->later_count > 0) spacenode_stream_taken(stream);
    if (stream->handlers.closed != NULL) stream->handlers.closed(stream, outcome, stream->context);
    free_stream(stream);
}

/* Notes how it ended; `closed` is called in the next round. The first end counts. */
void sn_set_ending(spacenode_stream *stream, uint32_t status, const char *text)
{
    if (stream->is_over) return;
    stream->is_over = true;
    memset(&stream->ending, 0, sizeof stream->ending);
    stream->ending.status = status;
    if (text != NULL) sn_copy_text(stream->ending.text, sizeof stream->ending.text, text, strlen(text));
    stream->plugin->is_pending = true;
}

static void close_with(spacenode_stream *stream)
{
    spacenode_outcome outcome = sn_outcome(&stream->ending);
    sn_close_stream(stream, &outcome);
}

static spacenode_stream *find(const spacenode *plugin, uint64_t opener, uint64_t id, bool is_opener)
{
    struct sn_key key = sn_stream_key(opener, id, is_opener);
    struct sn_node *node = sn_map_find(&plugin->streams, &key);
    return node == NULL ? NULL : SN_OWNER(node, spacenode_stream, by_key);
}

/* --- What comes in --- */

/* Lets the sender go on when half of what it may send was taken. */
void sn_allow_items(spacenode_stream *stream)
{
    spacenode *plugin = stream->plugin;
    if (stream->is_over || stream->input_ended || stream->router_ended
        || stream->generation != plugin->generation)
        return;
    if (stream->allowed - stream->consumed > SPACENODE_ITEM_WINDOW / 2) return;
    stream->allowed = stream->consumed + SPACENODE_ITEM_WINDOW;
    stream->moved = plugin->now;
    Spacenode__Bus__V1__StreamCredit message = SPACENODE__BUS__V1__STREAM_CREDIT__INIT;
    message.opener = stream->origin.source;
    message.id = stream->origin.id;
    message.items = stream->allowed;
    if (sn_has_session(plugin)) sn_control(plugin, SN_CONTROL_LANE, SN_STREAM_CREDIT, &message.base);
}

static void give_up(spacenode_stream *stream)
{
    Spacenode__Bus__V1__Cancel cancel = SPACENODE__BUS__V1__CANCEL__INIT;
    cancel.source = stream->origin.source;
    cancel.id = stream->origin.id;
    if (stream->is_opener && sn_has_session(stream->plugin))
        sn_control(stream->plugin, SN_CONTROL_LANE, SN_CANCEL, &cancel.base);
}

static void take_item(spacenode_stream *stream, const struct sn_header *header, size_t frame_bytes)
{
    spacenode *plugin = stream->plugin;
    if (header->seq != stream->received + 1 || stream->received >= stream->allowed) {
        /* The router checks this: who sends it is no router. */
        sn_processed(plugin, stream->method->traffic_class, frame_bytes, stream->generation);
        give_up(stream);
        sn_set_ending(stream, SPACENODE_LOST, "an item came out of order, or beyond what was allowed");
        return;
    }
    stream->received++;
    int later = SPACENODE_TAKEN;
    if (stream->handlers.item != NULL)
        later = stream->handlers.item(stream, header->payload, header->payload_size, stream->context);
    if (later == SPACENODE_LATER && stream->later_count < SPACENODE_ITEM_WINDOW) {
        stream->later[(stream->later_first + stream->later_count) % SPACENODE_ITEM_WINDOW] = frame_bytes;
        stream->later_count++;
    } else {
        stream->consumed++;
        sn_processed(plugin, stream->method->traffic_class, frame_bytes, stream->generation);
        sn_allow_items(stream);
    }
    if (!stream->is_over && stream->router_ended && stream->received >= stream->ends_after)
        close_with(stream);
}

void spacenode_stream_taken(spacenode_stream *stream)
{
    if (stream->later_count == 0) return;
    size_t bytes = stream->later[stream->later_first];
    stream->later_first = (stream->later_first + 1) % SPACENODE_ITEM_WINDOW;
    stream->later_count--;
    stream->consumed++;
    sn_processed(stream->plugin, stream->method->traffic_class, bytes, stream->generation);
    sn_allow_items(stream);
}

static void take_end(spacenode_stream *stream, const struct sn_header *header)
{
    if (!stream->is_opener) {
        if (stream->input_ended) return;
        stream->input_ended = true;
        if (stream->handlers.input_ended != NULL) stream->handlers.input_ended(stream, stream->context);
        return;
    }
    if (header->status == SPACENODE_OK) {
        spacenode_outcome outcome = {.status = SPACENODE_OK, .text = ""};
        outcome.payload = header->payload;
        outcome.size = header->payload_size;
        sn_close_stream(stream, &outcome);
        return;
    }
    sn_read_fault(header, &stream->ending);
    close_with(stream);
}

/* STREAM_ITEM or STREAM_END of the other end. */
void sn_stream_frame(spacenode *plugin, const struct sn_header *header, size_t frame_bytes)
{
    bool is_opener = header->dest != 0;
    spacenode_stream *stream =
        find(plugin, is_opener ? plugin->instance : header->source, header->reply_to, is_opener);
    bool is_known = stream != NULL && !stream->is_over && stream->method->type == header->type
                    && stream->method->traffic_class == header->traffic_class;
    if (is_known) stream->moved = plugin->now;
    if (is_known && header->kind == SN_STREAM_ITEM) {
        take_item(stream, header, frame_bytes);
        return;
    }
    sn_processed(plugin, header->traffic_class, frame_bytes, plugin->generation);
    if (is_known) take_end(stream, header);
}

/* STREAM_END of the router: final once all that it passed on has arrived. */
void sn_stream_router_end(spacenode *plugin, const struct sn_header *header)
{
    uint64_t opener = header->cause_source != 0 ? header->cause_source : plugin->instance;
    bool is_opener = opener == plugin->instance;
    spacenode_stream *stream = find(plugin, opener, header->reply_to, is_opener);
    spacenode_stream *served = is_opener ? find(plugin, opener, header->reply_to, false) : NULL;
    /* A plugin that asks itself is told once. */
    if (served != NULL) sn_set_ending(served, SPACENODE_LOST, "the router ended the stream");
    if (stream == NULL || stream->is_over || stream->router_ended) return;
    sn_read_fault(header, &stream->ending);
    stream->router_ended = true;
    stream->ends_after = header->seq;
    if (stream->received >= header->seq) close_with(stream);
}

/* ERROR for a STREAM_OPEN: it never became a stream. */
bool sn_stream_refused(spacenode *plugin, const struct sn_header *header)
{
    spacenode_stream *stream = find(plugin, plugin->instance, header->reply_to, true);
    if (stream == NULL || stream->is_over) return false;
    sn_read_fault(header, &stream->ending);
    close_with(stream);
    return true;
}

static void raise_allowed(spacenode_stream *stream, uint64_t items)
{
    if (stream == NULL) return;
    stream->moved = stream->plugin->now;
    if (items > stream->out_allowed) stream->out_allowed = items;
    stream->plugin->is_pending = true;
}

void sn_stream_credit(spacenode *plugin, const Spacenode__Bus__V1__StreamCredit *message)
{
    raise_allowed(find(plugin, message->opener, message->id, false), message->items);
    if (message->opener == plugin->instance)
        raise_allowed(find(plugin, message->opener, message->id, true), message->items);
}

/* CANCEL: the opener gave the stream up. */
void sn_cancel_stream(spacenode *plugin, uint64_t opener, uint64_t id)
{
    spacenode_stream *stream = find(plugin, opener, id, false);
    if (stream == NULL || stream->is_over) return;
    sn_set_ending(stream, SPACENODE_CANCELLED, "the opener gave the stream up");
}

/* --- Rounds --- */

/* A held STREAM_END went out: for a provider that is the end. */
void sn_stream_sent(spacenode_stream *stream)
{
    if (!stream->is_opener) {
        stream->is_over = true;
        stream->plugin->is_pending = true;
    }
}

static bool may_write(const spacenode_stream *stream)
{
    int index = sn_class(stream->method->traffic_class);
    return stream->wanted > 0 && !stream->is_over && !stream->router_ended && !stream->has_ended_output
           && stream->out_sent < stream->out_allowed && stream->plugin->held[index] == NULL
           && sn_may_send(stream->plugin, index, stream->wanted);
}

/* Calls `closed` and `writable` where they are due. */
void sn_settle_streams(spacenode *plugin)
{
    spacenode_stream *stream = plugin->all_streams;
    while (stream != NULL) {
        spacenode_stream *next = stream->next;
        if (stream->is_over) {
            close_with(stream);
        } else if (may_write(stream)) {
            stream->wanted = 0;
            if (stream->handlers.writable != NULL) stream->handlers.writable(stream, stream->context);
        }
        stream = next;
    }
}

/* The session, or this plugin, is over. */
void sn_lose_streams(spacenode *plugin, uint32_t status, const char *text)
{
    for (spacenode_stream *stream = plugin->all_streams; stream != NULL; stream = stream->next)
        sn_set_ending(stream, status, text);
    while (plugin->all_streams != NULL) close_with(plugin->all_streams);
}

/* The router ends a stream that is silent for too long; this one it has ended, and its word was lost: it
 * came by the control lane before the opening came by the other. */
void sn_expire_streams(spacenode *plugin)
{
    for (spacenode_stream *stream = plugin->all_streams; stream != NULL; stream = stream->next)
        if (!stream->is_over && plugin->now > stream->moved + stream->ttl_ms + 2000) {
            give_up(stream);
            sn_set_ending(stream, SPACENODE_EXPIRED, "nothing moved for longer than ttl_ms");
        }
}
