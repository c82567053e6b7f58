/* What a plugin does with its streams: serve, open, send, end. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_WANTED 1u

static struct sn_header stream_header(const spacenode_stream *stream, uint32_t kind)
{
    struct sn_header header = sn_data_header(stream->plugin, kind, stream->method);
    header.dest = stream->is_opener ? 0 : stream->origin.source;
    header.reply_to = stream->origin.id;
    if (kind == SN_STREAM_END && !stream->is_opener) {
        header.cause_source = stream->origin.source;
        header.cause_id = stream->origin.id;
    }
    return header;
}

/* STREAM_OPEN of another: it is processed once it is set up, as the number of streams is bounded. */
void sn_open_served(spacenode *plugin, const struct sn_handler *handler, const struct sn_header *header,
                    size_t frame_bytes)
{
    spacenode_origin origin = {.source = header->source, .id = header->id, .role = header->role};
    origin.ttl_ms = header->ttl_ms != 0 ? header->ttl_ms : handler->method->ttl_ms;
    struct sn_key key = sn_stream_key(origin.source, origin.id, false);
    struct sn_node *node = sn_map_find(&plugin->streams, &key);
    spacenode_stream *stream = NULL;
    if (node != NULL) {
        /* The opener has a new session; the end of the old stream is still on the other lane. */
        spacenode_outcome outcome = {.status = SPACENODE_LOST, .text = "the opener began anew"};
        sn_close_stream(SN_OWNER(node, spacenode_stream, by_key), &outcome);
    }
    if (plugin->served_streams < SPACENODE_MAX_STREAMS)
        stream = sn_new_stream(plugin, handler->method, &origin, false);
    if (stream == NULL) {
        sn_refuse(plugin, header, SPACENODE_FAILED, "this plugin has no room for one more stream");
        sn_processed(plugin, header->traffic_class, frame_bytes, plugin->generation);
        return;
    }
    stream->handlers = handler->stream;
    stream->context = handler->context;
    bool is_download = handler->method->pattern == SPACENODE_PATTERN_DOWN_STREAM;
    stream->out_allowed = is_download ? header->seq : 0;
    stream->wanted = is_download ? FIRST_WANTED : 0;
    plugin->is_pending = true;
    if (stream->handlers.opened != NULL)
        stream->handlers.opened(stream, header->payload, header->payload_size, stream->context);
    sn_processed(plugin, header->traffic_class, frame_bytes, plugin->generation);
    if (!is_download) sn_allow_items(stream);
}

static int check_opening(spacenode *plugin, const spacenode_method *method, const struct sn_header *header,
                         size_t size)
{
    if (plugin->phase == SN_STOPPED) return sn_fault(plugin, SPACENODE_CANCELLED, "this plugin has stopped");
    if (method->pattern != SPACENODE_PATTERN_DOWN_STREAM && method->pattern != SPACENODE_PATTERN_UP_STREAM)
        return sn_fault(plugin, SPACENODE_BAD_FRAME, "%s is not a stream", method->name);
    if (plugin->opened_streams >= SPACENODE_MAX_STREAMS)
        return sn_fault(plugin, SPACENODE_LIMIT, "%u streams are open", SPACENODE_MAX_STREAMS);
    if (plugin->held[sn_class(method->traffic_class)] != NULL || !sn_has_session(plugin))
        return sn_fault(plugin, SPACENODE_BUSY, "%s: no session or credit now", method->name);
    return sn_check_size(plugin, method, header, size);
}

static spacenode_stream *open_stream(spacenode *plugin, struct sn_header *header,
                                     const spacenode_method *method, const void *payload, size_t size,
                                     int *status)
{
    spacenode_origin origin = {.source = plugin->instance, .id = header->id, .ttl_ms = header->ttl_ms};
    origin.role = plugin->identity.role;
    spacenode_stream *stream = sn_new_stream(plugin, method, &origin, true);
    if (stream == NULL) {
        *status = sn_fault(plugin, SPACENODE_FAILED, "%s: no memory left", method->name);
        return NULL;
    }
    stream->allowed = header->seq;
    *status = sn_send_data(plugin, header, payload, size);
    if (*status == 0) {
        plugin->next_id = header->id;
        return stream;
    }
    sn_fault(plugin, *status, "%s: no credit now", method->name);
    spacenode_outcome unused = {.status = SPACENODE_BUSY, .text = ""};
    sn_close_stream(stream, &unused);
    return NULL;
}

spacenode_stream *spacenode_open_stream(spacenode *plugin, const spacenode_method *method,
                                        const void *payload, size_t size,
                                        const spacenode_call_options *options,
                                        const spacenode_stream_handlers *handlers, void *context, int *status)
{
    static const spacenode_call_options usual;
    int unused;
    if (options == NULL) options = &usual;
    if (status == NULL) status = &unused;
    bool is_download = method->pattern == SPACENODE_PATTERN_DOWN_STREAM;
    struct sn_header header = sn_data_header(plugin, SN_STREAM_OPEN, method);
    header.dest = options->dest;
    header.ttl_ms = options->ttl_ms != 0 ? options->ttl_ms : method->ttl_ms;
    header.seq = is_download ? SPACENODE_ITEM_WINDOW : 0;
    header.id = sn_next_id(plugin);
    if (options->cause != NULL) {
        header.cause_source = options->cause->source;
        header.cause_id = options->cause->id;
    }
    *status = check_opening(plugin, method, &header, size);
    if (*status != 0) return NULL;
    spacenode_stream *stream = open_stream(plugin, &header, method, payload, size, status);
    if (stream == NULL) return NULL;
    stream->handlers = *handlers;
    stream->context = context;
    stream->wanted = is_download ? 0 : FIRST_WANTED;
    return stream;
}

/* Whether this end may still send. */
static int check_output(spacenode_stream *stream)
{
    spacenode *plugin = stream->plugin;
    if (stream->is_over || stream->router_ended || stream->generation != plugin->generation)
        return sn_fault(plugin, SPACENODE_LOST, "the stream is over");
    if (stream->has_ended_output)
        return sn_fault(plugin, SPACENODE_BAD_FRAME, "this end of the stream was ended");
    return 0;
}

int spacenode_stream_send(spacenode_stream *stream, const void *payload, size_t size)
{
    spacenode *plugin = stream->plugin;
    int result = check_output(stream);
    if (result != 0) return result;
    bool may_send = stream->is_opener == (stream->method->pattern == SPACENODE_PATTERN_UP_STREAM);
    if (!may_send) return sn_fault(plugin, SPACENODE_BAD_FRAME, "items go the other way in this stream");
    struct sn_header header = stream_header(stream, SN_STREAM_ITEM);
    header.seq = stream->out_sent + 1;
    result = sn_check_size(plugin, stream->method, &header, size);
    if (result != 0) return result;
    result = SPACENODE_BUSY;
    if (stream->out_sent < stream->out_allowed && plugin->held[sn_class(header.traffic_class)] == NULL)
        result = sn_send_data(plugin, &header, payload, size);
    if (result == 0) {
        stream->out_sent++;
        stream->moved = plugin->now;
    } else {
        stream->wanted = sn_frame_size(&header, size);
        sn_fault(plugin, result, "%s: no room for an item now", stream->method->name);
    }
    return result;
}

/* Sends STREAM_END, or holds it until there is credit. */
static int send_end(spacenode_stream *stream, uint32_t status, const void *payload, size_t size)
{
    spacenode *plugin = stream->plugin;
    struct sn_header header = stream_header(stream, SN_STREAM_END);
    header.seq = stream->out_sent;
    header.status = status;
    int result = SPACENODE_BUSY;
    if (plugin->held[sn_class(header.traffic_class)] == NULL)
        result = sn_send_data(plugin, &header, payload, size);
    if (result == 0) {
        stream->has_ended_output = true;
        sn_stream_sent(stream);
        return 0;
    }
    result = sn_hold(plugin, &header, payload, size, status != SPACENODE_OK || size == 0, &stream->held);
    if (result != 0) return result;
    stream->has_ended_output = true;
    stream->held->stream = stream;
    return 0;
}

int spacenode_stream_end(spacenode_stream *stream, const void *payload, size_t size)
{
    spacenode *plugin = stream->plugin;
    int result = check_output(stream);
    if (result != 0) return result;
    bool is_upload = stream->method->pattern == SPACENODE_PATTERN_UP_STREAM;
    if (stream->is_opener && !is_upload)
        return sn_fault(plugin, SPACENODE_BAD_FRAME,
                        "a download is ended by its provider; spacenode_stream_fail gives it up");
    if (!is_upload || stream->is_opener) size = 0;
    struct sn_header header = stream_header(stream, SN_STREAM_END);
    if (sn_check_size(plugin, stream->method, &header, size) != 0) {
        spacenode_stream_fail(stream, 0, "the answer is over the contract's limit");
        return SPACENODE_TOO_LARGE;
    }
    if (!stream->is_opener) stream->ending.status = SPACENODE_OK;
    result = send_end(stream, SPACENODE_OK, payload, size);
    if (result == 0 || stream->is_opener) return result;
    spacenode_stream_fail(stream, 0, "no room to keep the answer until there is credit");
    return result;
}

int spacenode_stream_fail(spacenode_stream *stream, uint32_t code, const char *text)
{
    spacenode *plugin = stream->plugin;
    int result = check_output(stream);
    if (text == NULL) text = "";
    if (stream->is_opener) {
        if (stream->is_over) return result;
        Spacenode__Bus__V1__Cancel cancel = SPACENODE__BUS__V1__CANCEL__INIT;
        cancel.source = stream->origin.source;
        cancel.id = stream->origin.id;
        if (sn_has_session(plugin)) sn_control(plugin, SN_CONTROL_LANE, SN_CANCEL, &cancel.base);
        sn_set_ending(stream, SPACENODE_CANCELLED, "the stream was given up");
        return 0;
    }
    if (result != 0) return result;
    uint8_t payload[SN_FAULT_TEXT + 64];
    stream->ending.status = SPACENODE_FAILED;
    stream->ending.code = code;
    sn_copy_text(stream->ending.text, sizeof stream->ending.text, text, strlen(text));
    result = send_end(stream, SPACENODE_FAILED, payload, sn_pack_fault(payload, text, 0, 0, code));
    /* No memory even for this: the caller's deadline ends the stream. */
    if (result != 0) sn_set_ending(stream, SPACENODE_FAILED, text);
    return result;
}

void spacenode_stream_set_context(spacenode_stream *stream, void *context) { stream->context = context; }

spacenode *spacenode_stream_plugin(const spacenode_stream *stream) { return stream->plugin; }

const spacenode_origin *spacenode_stream_origin(const spacenode_stream *stream) { return &stream->origin; }
