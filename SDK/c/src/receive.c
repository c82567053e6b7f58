/* What arrives: frames to their places, control messages read and carried out. */
#include "internal.h"

#include <string.h>

/* --- Control messages: flat, at most 64 KiB, read by protobuf-c --- */

static void on_welcome(spacenode *plugin, const void *message) { sn_welcome(plugin, message); }
static void on_reject(spacenode *plugin, const void *message) { sn_reject(plugin, message); }
static void on_attached(spacenode *plugin, const void *message) { sn_attached(plugin, message); }

static void on_ping(spacenode *plugin, const void *message)
{
    const Spacenode__Bus__V1__Ping *ping = message;
    Spacenode__Bus__V1__Pong pong = SPACENODE__BUS__V1__PONG__INIT;
    if (plugin->phase != SN_ATTACHING && !sn_has_session(plugin)) return;
    if (sn_mutant("pong")) return;
    pong.stamp = ping->stamp;
    pong.state = plugin->phase == SN_DRAINING ? SPACENODE__BUS__V1__SESSION_STATE__SESSION_STATE_DRAINING
                                              : (uint32_t)plugin->stated_state;
    pong.queued = (uint32_t)(plugin->request_count + plugin->served_streams);
    sn_control(plugin, SN_CONTROL_LANE, SN_PONG, &pong.base);
}

static void on_credit(spacenode *plugin, const void *message)
{
    const Spacenode__Bus__V1__Credit *credit = message;
    int index = sn_class(credit->traffic_class);
    if (index < 0 || !sn_has_session(plugin)) return;
    /* Totals never fall. */
    struct sn_credit *own = &plugin->credit[index];
    if (credit->bytes > own->allowed_bytes) own->allowed_bytes = credit->bytes;
    if (credit->messages > own->allowed_messages) own->allowed_messages = credit->messages;
}

static void on_cancel(spacenode *plugin, const void *message)
{
    const Spacenode__Bus__V1__Cancel *cancel = message;
    sn_cancel_request(plugin, cancel->source, cancel->id);
    sn_cancel_stream(plugin, cancel->source, cancel->id);
}

static void on_drain(spacenode *plugin, const void *message)
{
    (void)message;
    sn_log(plugin, "the router asks us to drain");
    spacenode_drain(plugin);
}

static void on_notice(spacenode *plugin, const void *message)
{
    const Spacenode__Bus__V1__Notice *notice = message;
    char text[SN_FAULT_TEXT + 1];
    if (notice->status == SPACENODE_UNKNOWN_SESSION) {
        sn_lose(plugin, "the router does not know this session");
        /* At once: the connection is there, only the session is not. */
        if (plugin->phase == SN_CONNECTING) plugin->greet_at = plugin->now + 1;
        return;
    }
    /* LATE is the ordinary end of an answer that nobody waits for. */
    if (notice->status == SPACENODE_LATE) return;
    sn_copy_text(text, sizeof text, notice->text.data, notice->text.len);
    sn_fault(plugin, 0, "the router refused a frame, kind %u of type %u, status %u: %s", notice->kind,
             notice->type, notice->status, text);
    if (plugin->now < plugin->logged_at) return;
    plugin->logged_at = plugin->now + 1000;
    sn_log(plugin, "%s", plugin->text);
}

static void on_subscribed(spacenode *plugin, const void *message) { sn_subscribed(plugin, message); }
static void on_gap(spacenode *plugin, const void *message) { sn_gap(plugin, message); }
static void on_resync(spacenode *plugin, const void *message) { sn_resync(plugin, message); }
static void on_stream_credit(spacenode *plugin, const void *message) { sn_stream_credit(plugin, message); }

enum { CONTROL_LANE = 1, DATA_LANE = 2, NEEDS_SESSION = 4 };

/* Which control messages are read, and on which lane; all others are of a later version, and ignored. */
static const struct {
    enum sn_control_number number;
    int where;
    const ProtobufCMessageDescriptor *descriptor;
    void (*handle)(spacenode *, const void *);
} control_messages[] = {
    {SN_WELCOME, CONTROL_LANE, &spacenode__bus__v1__welcome__descriptor, on_welcome},
    {SN_REJECT, CONTROL_LANE, &spacenode__bus__v1__reject__descriptor, on_reject},
    {SN_ATTACHED, DATA_LANE, &spacenode__bus__v1__attached__descriptor, on_attached},
    {SN_PING, CONTROL_LANE, &spacenode__bus__v1__ping__descriptor, on_ping},
    {SN_CREDIT, CONTROL_LANE, &spacenode__bus__v1__credit__descriptor, on_credit},
    {SN_CANCEL, CONTROL_LANE | NEEDS_SESSION, &spacenode__bus__v1__cancel__descriptor, on_cancel},
    {SN_DRAIN, CONTROL_LANE | NEEDS_SESSION, &spacenode__bus__v1__drain__descriptor, on_drain},
    {SN_NOTICE, CONTROL_LANE | DATA_LANE, &spacenode__bus__v1__notice__descriptor, on_notice},
    {SN_SUBSCRIBED, CONTROL_LANE | NEEDS_SESSION, &spacenode__bus__v1__subscribed__descriptor, on_subscribed},
    {SN_GAP, DATA_LANE | NEEDS_SESSION, &spacenode__bus__v1__gap__descriptor, on_gap},
    {SN_RESYNC, DATA_LANE | NEEDS_SESSION, &spacenode__bus__v1__resync__descriptor, on_resync},
    {SN_STREAM_CREDIT, CONTROL_LANE | NEEDS_SESSION, &spacenode__bus__v1__stream_credit__descriptor,
     on_stream_credit},
};

static void receive_control(spacenode *plugin, int lane, const struct sn_header *header)
{
    int here = lane == SN_CONTROL_LANE ? CONTROL_LANE : DATA_LANE;
    for (size_t place = 0; place < sizeof control_messages / sizeof *control_messages; place++) {
        if ((header->type & 0xffff) != (uint32_t)control_messages[place].number) continue;
        if ((control_messages[place].where & here) == 0) return;
        if ((control_messages[place].where & NEEDS_SESSION) != 0 && !sn_has_session(plugin)) return;
        void *message = header->payload_size > SN_CONTROL_BYTES
                            ? NULL
                            : sn_unpack(control_messages[place].descriptor, header->payload,
                                        header->payload_size, SN_CONTROL_MEMORY);
        if (message == NULL) {
            sn_fault(plugin, 0, "control message %u cannot be read", header->type & 0xffff);
            return;
        }
        control_messages[place].handle(plugin, message);
        spacenode_release(message);
        return;
    }
}

/* --- Faults --- */

/* The fault of an ERROR or STREAM_END; one that cannot be read has the status alone. */
void sn_read_fault(const struct sn_header *header, struct sn_ending *ending)
{
    memset(ending, 0, sizeof *ending);
    /* OK would be no fault. */
    ending->status = header->status > SPACENODE_OK ? header->status : SPACENODE_FAILED;
    ending->retry_after_ms = header->retry_after_ms;
    Spacenode__Bus__V1__Fault *fault = NULL;
    if (header->payload_size <= SN_CONTROL_BYTES)
        fault = sn_unpack(&spacenode__bus__v1__fault__descriptor, header->payload, header->payload_size,
                          SN_CONTROL_MEMORY);
    if (fault == NULL) return;
    sn_copy_text(ending->text, sizeof ending->text, fault->text.data, fault->text.len);
    ending->limit = fault->limit;
    ending->actual = fault->actual;
    ending->code = fault->code;
    spacenode_release(fault);
}

spacenode_outcome sn_outcome(const struct sn_ending *ending)
{
    spacenode_outcome outcome = {.status = ending->status, .text = ending->text, .code = ending->code};
    outcome.retry_after_ms = ending->retry_after_ms;
    outcome.limit = ending->limit;
    outcome.actual = ending->actual;
    return outcome;
}

/* --- Frames --- */

static void receive_data(spacenode *plugin, const struct sn_header *header, size_t size)
{
    int index = sn_class(header->traffic_class);
    /* Before ATTACHED, what arrives is of a session that is over. */
    if (!sn_has_session(plugin) || index < 0) return;
    if (!sn_charge_received(plugin, index, size)) {
        plugin->broken = "the router sent more than CREDIT allowed";
        plugin->is_pending = true;
        return;
    }
    switch (header->kind) {
    case SN_REQUEST:
    case SN_STREAM_OPEN: sn_accept(plugin, header, size); return;
    case SN_STREAM_ITEM:
    case SN_STREAM_END: sn_stream_frame(plugin, header, size); return;
    case SN_REPLY:
    case SN_ERROR: sn_finish_call(plugin, header); break;
    case SN_EVENT_KIND: sn_deliver(plugin, header); break;
    default: break;
    }
    sn_processed(plugin, header->traffic_class, size, plugin->generation);
}

static void drop(spacenode *plugin, enum sn_frame_fault fault)
{
    plugin->dropped_frames++;
    sn_fault(plugin, 0, "a frame was dropped: %s (%llu so far)", sn_frame_fault_name(fault),
             (unsigned long long)plugin->dropped_frames);
    if (plugin->now < plugin->logged_at) return;
    plugin->logged_at = plugin->now + 1000;
    sn_log(plugin, "%s", plugin->text);
}

/* Takes one frame. Bytes that are no envelope are dropped and logged: the router checks before it
 * forwards. */
void sn_receive(spacenode *plugin, int lane, const uint8_t *frame, size_t size, uint64_t now)
{
    struct sn_header header;
    plugin->now = now;
    if (plugin->phase == SN_STOPPED) return;
    enum sn_frame_fault fault = sn_header_read(&header, frame, size);
    if (fault != SN_FRAME_FINE) {
        drop(plugin, fault);
        return;
    }
    plugin->heard = now;
    if (header.kind == SN_CONTROL_KIND)
        receive_control(plugin, lane, &header);
    else if (lane == SN_DATA_LANE)
        receive_data(plugin, &header, size);
    else if (!sn_has_session(plugin))
        return;
    else if (header.kind == SN_ERROR || header.kind == SN_REPLY)
        sn_finish_call(plugin, &header);
    else if (header.kind == SN_STREAM_END)
        sn_stream_router_end(plugin, &header);
}
