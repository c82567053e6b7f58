/* Credit in both directions, and frames that wait for it (docs/protocol/bus.md §4). */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* Index of a class that uses credit, -1: it does not. */
int sn_class(uint32_t traffic_class)
{
    return traffic_class >= 2 && traffic_class <= 4 ? (int)traffic_class - 2 : -1;
}

bool sn_has_session(const spacenode *plugin)
{
    return (plugin->phase == SN_ESTABLISHED || plugin->phase == SN_DRAINING) && plugin->broken == NULL;
}

bool sn_may_send(const spacenode *plugin, int index, size_t bytes)
{
    const struct sn_credit *credit = &plugin->credit[index];
    if (sn_mutant("credit")) return sn_has_session(plugin);
    return sn_has_session(plugin) && credit->sent_messages < credit->allowed_messages
           && bytes <= credit->allowed_bytes - credit->sent_bytes;
}

/* A new session: what WELCOME allows us, and what our HELLO allowed the router. */
void sn_begin_credit(spacenode *plugin, const Spacenode__Bus__V1__Welcome *welcome)
{
    memset(plugin->credit, 0, sizeof plugin->credit);
    for (int index = 0; index < SN_CLASSES; index++) {
        struct sn_credit *credit = &plugin->credit[index];
        credit->window = plugin->identity.windows[index];
        credit->granted_bytes = credit->window.bytes;
        credit->granted_messages = credit->window.messages;
    }
    for (size_t place = 0; place < welcome->n_windows; place++) {
        int index = sn_class(welcome->windows[place]->traffic_class);
        if (index < 0) continue;
        plugin->credit[index].allowed_bytes = welcome->windows[place]->bytes;
        plugin->credit[index].allowed_messages = welcome->windows[place]->messages;
    }
}

/* Counts a frame that came; false: the router sent more than we allowed. */
bool sn_charge_received(spacenode *plugin, int index, size_t bytes)
{
    struct sn_credit *credit = &plugin->credit[index];
    if (credit->received_messages >= credit->granted_messages
        || bytes > credit->granted_bytes - credit->received_bytes)
        return false;
    credit->received_messages++;
    credit->received_bytes += bytes;
    return true;
}

/* A frame that came is done with; gives credit anew when half a window was used up. */
void sn_processed(spacenode *plugin, uint32_t traffic_class, size_t bytes, uint64_t generation)
{
    int index = sn_class(traffic_class);
    if (index < 0 || bytes == 0 || generation != plugin->generation || !sn_has_session(plugin)) return;
    struct sn_credit *credit = &plugin->credit[index];
    credit->done_bytes += bytes;
    credit->done_messages++;
    if (credit->granted_messages - credit->done_messages > credit->window.messages / 2
        && credit->granted_bytes - credit->done_bytes > credit->window.bytes / 2)
        return;
    credit->granted_bytes = credit->done_bytes + credit->window.bytes;
    credit->granted_messages = credit->done_messages + credit->window.messages;
    Spacenode__Bus__V1__Credit message = SPACENODE__BUS__V1__CREDIT__INIT;
    message.traffic_class = traffic_class;
    message.bytes = credit->granted_bytes;
    message.messages = credit->granted_messages;
    sn_control(plugin, SN_CONTROL_LANE, SN_CREDIT, &message.base);
}

/* --- Frames out --- */

static struct sn_header session_header(const spacenode *plugin, uint32_t kind, uint32_t type)
{
    struct sn_header header = {.wire = 1, .kind = kind, .type = type};
    header.source = plugin->instance;
    header.epoch = plugin->epoch;
    header.role = plugin->identity.role;
    return header;
}

/* Sends a control message; a connection that does not take it has failed. */
void sn_control(spacenode *plugin, int lane, uint32_t number, const ProtobufCMessage *message)
{
    if (plugin->broken != NULL) return;
    uint8_t head[SN_HEAD_BYTES], small[1024];
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *payload = size <= sizeof small ? small : malloc(size);
    if (payload == NULL) {
        plugin->broken = "no memory for a control message";
        plugin->is_pending = true;
        return;
    }
    protobuf_c_message_pack(message, payload);
    struct sn_header header = session_header(plugin, SN_CONTROL_KIND, 1u << 16 | number);
    size_t head_size = sn_head_write(&header, size, head);
    bool is_sent = plugin->transmit(plugin->link, lane, head, head_size, payload, size);
    if (number == SN_ATTACH) {
        /* The data connection may be made later than the other: ATTACH is tried again. */
        plugin->attach_sent = is_sent;
    } else if (!is_sent) {
        plugin->broken = lane == SN_CONTROL_LANE ? "the control connection is full or gone"
                                                 : "the data connection is full or gone";
        plugin->is_pending = true;
    }
    if (payload != small) free(payload);
}

struct sn_header sn_data_header(const spacenode *plugin, uint32_t kind, const spacenode_method *method)
{
    struct sn_header header = session_header(plugin, kind, method->type);
    header.traffic_class = method->traffic_class;
    header.schema = method->schema;
    return header;
}

size_t sn_frame_size(const struct sn_header *header, size_t size)
{
    uint8_t head[SN_HEAD_BYTES];
    return sn_head_write(header, size, head) + size;
}

/* Sends a data frame if there is a session and credit; else SPACENODE_BUSY. */
int sn_send_data(spacenode *plugin, struct sn_header *header, const void *payload, size_t size)
{
    uint8_t head[SN_HEAD_BYTES];
    int index = sn_class(header->traffic_class);
    header->source = plugin->instance;
    header->epoch = plugin->epoch;
    size_t head_size = sn_head_write(header, size, head);
    plugin->refused_bytes[index] = head_size + size;
    if (!sn_may_send(plugin, index, head_size + size)) return SPACENODE_BUSY;
    if (!plugin->transmit(plugin->link, SN_DATA_LANE, head, head_size, payload, size)) {
        plugin->broken = "the data connection is full or gone";
        plugin->is_pending = true;
        return SPACENODE_BUSY;
    }
    plugin->credit[index].sent_bytes += head_size + size;
    plugin->credit[index].sent_messages++;
    return 0;
}

/* Whether a frame keeps the limit of its type and of the session. */
int sn_check_size(spacenode *plugin, const spacenode_method *method, const struct sn_header *header,
                  size_t size)
{
    struct sn_header full = *header;
    /* Fields that are written later must count. */
    full.source = full.id = full.seq = UINT64_MAX;
    full.epoch = full.ttl_ms = UINT32_MAX;
    size_t limit = method->max_bytes < SPACENODE_MAX_FRAME ? method->max_bytes : SPACENODE_MAX_FRAME;
    if (plugin->max_frame > 0 && plugin->max_frame < limit) limit = plugin->max_frame;
    size_t actual = size > limit ? size : sn_frame_size(&full, size);
    if (actual <= limit) return 0;
    return sn_fault(plugin, SPACENODE_TOO_LARGE, "%s: the frame has %zu bytes, %zu are allowed: use a stream",
                    method->name, actual, limit);
}

/* --- Waiting for credit --- */

/* Keeps a frame until there is credit. `must`: an answer of ours, whose number the windows bound. */
int sn_hold(spacenode *plugin, const struct sn_header *header, const void *payload, size_t size, bool must,
            struct sn_held **result)
{
    bool is_full = plugin->held_frames >= SPACENODE_HELD_FRAMES || plugin->held_bytes > SPACENODE_HELD_BYTES
                   || size > SPACENODE_HELD_BYTES - plugin->held_bytes;
    if (is_full && !must) return SPACENODE_BUSY;
    struct sn_held *held = malloc(sizeof *held + size);
    if (held == NULL) return SPACENODE_FAILED;
    memset(held, 0, sizeof *held);
    held->header = *header;
    held->size = size;
    if (size > 0) memcpy(held->payload, payload, size);
    int index = sn_class(header->traffic_class);
    held->previous = plugin->held_last[index];
    if (held->previous != NULL)
        held->previous->next = held;
    else
        plugin->held[index] = held;
    plugin->held_last[index] = held;
    plugin->held_frames++;
    plugin->held_bytes += size;
    *result = held;
    return 0;
}

/* Takes a held frame out of its queue, and from its owner. NULL is allowed. */
void sn_drop_held(spacenode *plugin, struct sn_held *held)
{
    if (held == NULL) return;
    int index = sn_class(held->header.traffic_class);
    if (held->previous != NULL)
        held->previous->next = held->next;
    else
        plugin->held[index] = held->next;
    if (held->next != NULL)
        held->next->previous = held->previous;
    else
        plugin->held_last[index] = held->previous;
    plugin->held_frames--;
    plugin->held_bytes -= held->size;
    if (held->call != NULL) held->call->held = NULL;
    if (held->request != NULL) held->request->held = NULL;
    if (held->stream != NULL) held->stream->held = NULL;
    free(held);
}

static bool send_held(spacenode *plugin, struct sn_held *held)
{
    struct sn_call *call = held->call;
    spacenode_request *request = held->request;
    spacenode_stream *stream = held->stream;
    if (call != NULL) sn_prepare_call(plugin, call, &held->header);
    if (sn_send_data(plugin, &held->header, held->payload, held->size) != 0) return false;
    sn_drop_held(plugin, held);
    if (call != NULL) sn_call_sent(plugin, call);
    if (request != NULL) sn_request_sent(request);
    if (stream != NULL) sn_stream_sent(stream);
    return true;
}

/* Sends what was held, oldest first, as far as the credit reaches. */
void sn_flush_held(spacenode *plugin)
{
    for (int index = 0; index < SN_CLASSES; index++)
        while (plugin->held[index] != NULL && send_held(plugin, plugin->held[index])) {}
}
