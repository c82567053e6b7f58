/* What the files of the SDK share. Decisions (everything but loop.c and options.c) know neither sockets
 * nor clocks: frames and time come in by sn_receive and sn_tick, frames go out by the link. */
#ifndef SPACENODE_INTERNAL_H
#define SPACENODE_INTERNAL_H

#include <spacenode.h>
#include <spacenode/bus/v1/bus.pb-c.h>

#include "map.h"
#include "wire.h"

#define SN_CLASSES 3
#define SN_CONTROL_BYTES 65536u /* largest control message */
#define SN_CONTROL_MEMORY (1u << 20) /* memory that one decoded control message may take */
#define SN_FAULT_TEXT 256u
#define SN_MAX_SUBSCRIBE_POSITIONS 1000u
#define SN_SILENCE_MS 10000u
#define SN_ATTACH_MS 2000u

enum { SN_CONTROL_LANE = 0, SN_DATA_LANE = 1 };

enum sn_control_number {
    SN_HELLO = 1,
    SN_WELCOME,
    SN_REJECT,
    SN_ATTACH,
    SN_ATTACHED,
    SN_PING,
    SN_PONG,
    SN_CREDIT,
    SN_CANCEL,
    SN_DRAIN,
    SN_STATE,
    SN_SUBSCRIBE,
    SN_SUBSCRIBED,
    SN_UNSUBSCRIBE,
    SN_GAP,
    SN_RESYNC,
    SN_NOTICE,
    SN_STREAM_CREDIT,
    SN_GOODBYE
};

/* How far the session has come. */
enum sn_phase { SN_CONNECTING, SN_GREETING, SN_ATTACHING, SN_ESTABLISHED, SN_DRAINING, SN_STOPPED };

/* Takes one frame for a lane; false: the connection is full or gone, and the frame still the caller's. */
typedef bool sn_transmit(void *context, int lane, const uint8_t *head, size_t head_size, const void *payload,
                         size_t size);

/* Credit of one class, as totals since the session began. */
struct sn_credit {
    uint64_t allowed_bytes, allowed_messages, sent_bytes, sent_messages;
    spacenode_window window;
    uint64_t granted_bytes, granted_messages, received_bytes, received_messages, done_bytes, done_messages;
};

/* A frame that waits for credit, and whose it is: exactly one owner. */
struct sn_held {
    struct sn_held *next, *previous;
    struct sn_header header;
    struct sn_call *call;
    spacenode_request *request;
    spacenode_stream *stream;
    size_t size;
    uint8_t payload[];
};

struct sn_call {
    struct sn_node by_id; /* in `calls` once it was sent */
    struct sn_call *next, *previous;
    const spacenode_method *method;
    spacenode_outcome_handler *handler;
    void *context;
    struct sn_held *held;
    uint64_t number, id, deadline;
    uint32_t ttl_ms;
    bool is_sent, is_given_up;
};

struct spacenode_request {
    struct sn_node by_key;
    spacenode_request *next, *previous;
    spacenode *plugin;
    const spacenode_method *method;
    spacenode_origin origin;
    struct sn_held *held; /* the answer, when it waits */
    void (*on_cancel)(spacenode_request *, void *);
    void *cancel_context;
    uint64_t generation;
    size_t frame_bytes;
    bool is_cancelled;
};

/* What a stream's end says, kept until `closed` is called. */
struct sn_ending {
    uint32_t status, retry_after_ms, code;
    uint64_t limit, actual;
    char text[SN_FAULT_TEXT + 1];
};

struct spacenode_stream {
    struct sn_node by_key;
    spacenode_stream *next, *previous;
    spacenode *plugin;
    const spacenode_method *method;
    spacenode_stream_handlers handlers;
    void *context;
    spacenode_origin origin;
    struct sn_held *held; /* its STREAM_END, when it waits */
    uint64_t generation, moved;
    uint64_t received, consumed, allowed, out_sent, out_allowed;
    uint64_t ends_after; /* items that the router passed on before it ended the stream */
    size_t later[SPACENODE_ITEM_WINDOW]; /* sizes of items left for later, a ring */
    size_t later_first, later_count;
    size_t wanted; /* bytes that `writable` waits for, 0: it does not */
    uint32_t ttl_ms;
    bool is_opener, router_ended, input_ended, has_ended_output;
    bool is_over; /* `closed` is due */
    struct sn_ending ending;
};

struct sn_handler {
    struct sn_node by_type;
    const spacenode_method *method;
    spacenode_handler *call;
    spacenode_stream_handlers stream;
    void *context;
};

struct sn_subscription {
    struct sn_subscription *next;
    const spacenode_method *method;
    spacenode_event_handler *handler;
    void *context;
    uint64_t number;
    uint8_t key[SPACENODE_MAX_TOPIC_KEY];
    size_t key_size;
    bool is_dead;
};

/* A topic that we publish, or one that we follow. */
struct sn_topic {
    struct sn_node node;
    uint64_t seq;
    uint32_t epoch;
};

struct sn_room {
    struct sn_room *next;
    int index;
    spacenode_timer *function;
    void *context;
};

struct sn_timer {
    uint64_t due, number;
    spacenode_timer *function;
    void *context;
};

struct sn_posted {
    struct sn_posted *next;
    spacenode_timer *function;
    void *context;
};

/* The options, copied. */
struct sn_identity {
    char name[49], role_name[64], build[65];
    uint32_t role, max_frame, drain_ms;
    spacenode_window windows[SN_CLASSES];
    const spacenode_contract **provides, **needs;
    size_t provides_count, needs_count;
    char *token_path; /* NULL on tcp */
    Spacenode__Bus__V1__Hello *hello; /* all of it but the token */
};

struct sn_loop;

struct spacenode {
    struct sn_identity identity;
    struct sn_loop *loop; /* sockets, NULL in tests */
    sn_transmit *transmit;
    void *link;
    void (*session_changed)(spacenode *, bool, void *);
    void (*log)(const char *, void *);
    void *context;

    uint64_t now, began;
    enum sn_phase phase;
    int result; /* why it stopped, 0: in order */
    char text[SPACENODE_TEXT_BYTES];
    int stated_state;
    char stated_reason[129];

    /* The session. */
    uint64_t session, instance, generation, next_id, heard, pinged, greet_at, greeted, drain_from,
        drain_until, beat_at;
    uint32_t epoch, heartbeat_ms, max_frame, max_topics;
    uint8_t attach_token[64];
    size_t attach_token_size;
    bool attach_sent, stop_requested;
    const char *broken; /* the connection failed inside a call: the session ends at the next round */
    struct sn_credit credit[SN_CLASSES];
    size_t refused_bytes[SN_CLASSES]; /* the frame that was tried last: what spacenode_when_room waits for */

    /* What is open. */
    bool is_pending; /* the next round has something to do without a frame */
    struct sn_held *held[SN_CLASSES], *held_last[SN_CLASSES];
    size_t held_bytes, held_frames;
    struct sn_map calls, requests, streams, handlers, published, positions;
    struct sn_call *all_calls;
    spacenode_request *all_requests;
    spacenode_stream *all_streams;
    struct sn_subscription *subscriptions;
    struct sn_room *rooms, *rooms_last;
    size_t call_count, request_count, served_streams, opened_streams, subscription_count, handler_count;
    uint64_t next_number, call_deadline, dropped_frames, logged_at;

    struct sn_timer *timers; /* a heap, the next one first */
    size_t timer_count, timer_room;
};

/* Bugs for the test of the conformance kit, compiled in by -DSPACENODE_MUTANTS
 * (Tests/IntegrationTests) */
#ifdef SPACENODE_MUTANTS
bool sn_mutant(const char *name);
#else
#define sn_mutant(name) false
#endif

/* --- text.c --- */
#if defined(__GNUC__)
#define SN_FORMAT(position) __attribute__((format(printf, position, position + 1)))
#else
#define SN_FORMAT(position)
#endif
int sn_fault(spacenode *plugin, int status, const char *format, ...) SN_FORMAT(3);
void sn_log(spacenode *plugin, const char *format, ...) SN_FORMAT(2);
void sn_copy_text(char *to, size_t room, const void *from, size_t size);
bool sn_is_name(const char *name);

/* --- decode.c --- */
size_t sn_utf8_length(const uint8_t *bytes, size_t size);
void *sn_unpack(const ProtobufCMessageDescriptor *descriptor, const void *payload, size_t size,
                size_t memory);

/* --- credit.c --- */
int sn_class(uint32_t traffic_class);
bool sn_has_session(const spacenode *plugin);
bool sn_may_send(const spacenode *plugin, int index, size_t bytes);
void sn_begin_credit(spacenode *plugin, const Spacenode__Bus__V1__Welcome *welcome);
bool sn_charge_received(spacenode *plugin, int index, size_t bytes);
void sn_processed(spacenode *plugin, uint32_t traffic_class, size_t bytes, uint64_t generation);
void sn_control(spacenode *plugin, int lane, uint32_t number, const ProtobufCMessage *message);
struct sn_header sn_data_header(const spacenode *plugin, uint32_t kind, const spacenode_method *method);
size_t sn_frame_size(const struct sn_header *header, size_t size);
int sn_send_data(spacenode *plugin, struct sn_header *header, const void *payload, size_t size);
int sn_hold(spacenode *plugin, const struct sn_header *header, const void *payload, size_t size, bool must,
            struct sn_held **held);
void sn_drop_held(spacenode *plugin, struct sn_held *held);
void sn_flush_held(spacenode *plugin);
int sn_check_size(spacenode *plugin, const spacenode_method *method, const struct sn_header *header,
                  size_t size);

/* --- session.c --- */
void sn_connected(spacenode *plugin, uint64_t now);
void sn_lose(spacenode *plugin, const char *reason);
void sn_stop(spacenode *plugin, int status, const char *reason);
void sn_tick(spacenode *plugin, uint64_t now);
void sn_welcome(spacenode *plugin, const Spacenode__Bus__V1__Welcome *welcome);
void sn_attached(spacenode *plugin, const Spacenode__Bus__V1__Attached *attached);
void sn_reject(spacenode *plugin, const Spacenode__Bus__V1__Reject *reject);
void sn_settle(spacenode *plugin);
int sn_wait_ms(const spacenode *plugin, int at_most);

/* --- receive.c --- */
void sn_receive(spacenode *plugin, int lane, const uint8_t *frame, size_t size, uint64_t now);
void sn_read_fault(const struct sn_header *header, struct sn_ending *ending);
spacenode_outcome sn_outcome(const struct sn_ending *ending);

/* --- requests.c --- */
void sn_accept(spacenode *plugin, const struct sn_header *header, size_t frame_bytes);
void sn_refuse(spacenode *plugin, const struct sn_header *request, uint32_t status, const char *text);
void sn_request_sent(spacenode_request *request);
void sn_cancel_request(spacenode *plugin, uint64_t source, uint64_t id);
void sn_lose_requests(spacenode *plugin);
void sn_free_requests(spacenode *plugin);
size_t sn_pack_fault(uint8_t *out, const char *text, uint64_t limit, uint64_t actual, uint32_t code);

/* --- calls.c --- */
uint64_t sn_next_id(const spacenode *plugin);
void sn_prepare_call(const spacenode *plugin, struct sn_call *call, struct sn_header *header);
void sn_call_sent(spacenode *plugin, struct sn_call *call);
void sn_finish_call(spacenode *plugin, const struct sn_header *header);
void sn_lose_calls(spacenode *plugin, const char *text);
void sn_expire_calls(spacenode *plugin);

/* --- streams.c, serve_streams.c --- */
void sn_open_served(spacenode *plugin, const struct sn_handler *handler, const struct sn_header *header,
                    size_t frame_bytes);
void sn_stream_frame(spacenode *plugin, const struct sn_header *header, size_t frame_bytes);
void sn_stream_router_end(spacenode *plugin, const struct sn_header *header);
bool sn_stream_refused(spacenode *plugin, const struct sn_header *header);
void sn_stream_credit(spacenode *plugin, const Spacenode__Bus__V1__StreamCredit *message);
void sn_cancel_stream(spacenode *plugin, uint64_t opener, uint64_t id);
void sn_stream_sent(spacenode_stream *stream);
void sn_lose_streams(spacenode *plugin, uint32_t status, const char *text);
void sn_settle_streams(spacenode *plugin);
void sn_expire_streams(spacenode *plugin);
struct sn_key sn_stream_key(uint64_t opener, uint64_t id, bool is_opener);
spacenode_stream *sn_new_stream(spacenode *plugin, const spacenode_method *method,
                                const spacenode_origin *origin, bool is_opener);
void sn_set_ending(spacenode_stream *stream, uint32_t status, const char *text);
void sn_close_stream(spacenode_stream *stream, const spacenode_outcome *outcome);
void sn_allow_items(spacenode_stream *stream);

/* --- events.c --- */
void sn_deliver(spacenode *plugin, const struct sn_header *header);
void sn_gap(spacenode *plugin, const Spacenode__Bus__V1__Gap *gap);
void sn_resync(spacenode *plugin, const Spacenode__Bus__V1__Resync *resync);
void sn_subscribed(spacenode *plugin, const Spacenode__Bus__V1__Subscribed *message);
void sn_subscribe_all(spacenode *plugin);
void sn_sweep_subscriptions(spacenode *plugin);
void sn_free_events(spacenode *plugin);
void sn_forget_published(spacenode *plugin);

/* --- system.c --- */
bool sn_serve_system(spacenode *plugin);
void sn_beat(spacenode *plugin);

/* --- timers.c --- */
void sn_run_timers(spacenode *plugin);
void sn_run_rooms(spacenode *plugin);
void sn_free_timers(spacenode *plugin);

/* --- loop.c --- */
bool sn_loop_open(spacenode *plugin, const spacenode_options *options, char *text);
void sn_loop_close(spacenode *plugin);

/* --- plugin.c --- */
spacenode *sn_new(const spacenode_options *options, char *text);
void sn_free(spacenode *plugin);

#endif
