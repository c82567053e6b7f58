/* Plugins for Spacenode's bus in C: libzmq and libprotobuf-c, one thread, callbacks.
 *
 * The protocol is docs/protocol/bus.md; examples/example.c and examples/client.c use all of this.
 *
 * Rules of this header:
 *   - Everything but spacenode_post belongs to one thread, the one that calls spacenode_run.
 *   - A function of yours is called by spacenode_run (and spacenode_close) alone, never from inside another
 *     call that you make. So nothing that you hold vanishes under your hands: a request lives until you
 *     answered it, a stream until its `closed` returned.
 *   - Bytes given to your functions are valid until they return. Copy what you need longer.
 *   - Functions that return int give 0, or a number of enum spacenode_status; spacenode_text says more.
 *   - Nothing waits for ever and nothing grows without bound: the limits are below.
 */
#ifndef SPACENODE_H
#define SPACENODE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Limits --- */

#define SPACENODE_MAX_FRAME (4u << 20)         /* bytes of any frame */
#define SPACENODE_MAX_TOPIC_KEY 32u            /* bytes */
#define SPACENODE_HELD_BYTES (16u << 20)       /* calls and answers that wait for credit, all together */
#define SPACENODE_HELD_FRAMES 4096u            /* their number */
#define SPACENODE_MAX_CALLS 16384u             /* calls without an outcome */
#define SPACENODE_MAX_REQUESTS 16384u /* handles that were not answered, those of lost sessions too */
#define SPACENODE_MAX_STREAMS 256u             /* streams served at once, and as many opened */
#define SPACENODE_MAX_SUBSCRIPTIONS 256u
#define SPACENODE_MAX_POSITIONS 4096u          /* topics whose last number is remembered */
#define SPACENODE_MAX_HANDLERS 1024u           /* methods served */
#define SPACENODE_MAX_TIMERS 65536u
#define SPACENODE_MAX_POSTED 4096u             /* functions that wait for the bus thread */
#define SPACENODE_ITEM_WINDOW 16u              /* items that a sender may be ahead of us */
#define SPACENODE_DECODE_DEPTH 64              /* nesting that spacenode_decode accepts */
#define SPACENODE_DECODE_BYTES (64u << 20)     /* memory that one spacenode_decode may take */
#define SPACENODE_TEXT_BYTES 512u              /* room for a text of ours */

/* spacenode.bus.v1.Status. As a result: 0 is "done", any of these is "not done, because". */
enum spacenode_status {
    SPACENODE_OK = 1,
    SPACENODE_BUSY =
        2, /* no credit or no room now: try again when spacenode_when_room or `writable` says so */
    SPACENODE_NO_ROUTE = 3,
    SPACENODE_NOT_READY = 4,
    SPACENODE_EXPIRED = 5,
    SPACENODE_PEER_LOST = 6, /* whether it was carried out is unknown */
    SPACENODE_ROUTER_LOST = 7, /* the session is over; of a call: whether it was carried out is unknown */
    SPACENODE_FORBIDDEN = 8,
    SPACENODE_TOO_LARGE = 9,
    SPACENODE_VERSION = 10,
    SPACENODE_SCHEMA = 11,
    SPACENODE_CANCELLED = 12,
    SPACENODE_UNKNOWN_TYPE = 13,
    SPACENODE_UNKNOWN_SESSION = 14,
    SPACENODE_BAD_FRAME = 15, /* as a result: an argument is wrong */
    SPACENODE_DUPLICATE = 16,
    SPACENODE_CREDIT = 17,
    SPACENODE_LOST = 18,
    SPACENODE_SUPERSEDED = 19,
    SPACENODE_UNAUTHORIZED = 20,
    SPACENODE_KEY_HELD = 21,
    SPACENODE_LIMIT = 22, /* as a result: one of the limits above */
    SPACENODE_FAILED = 24, /* as a result: no memory, or libzmq refused */
    SPACENODE_LATE = 25
};

/* --- Contracts: tables that contracts.py makes of contracts.json (docs/protocol/bus.md §9) --- */

enum spacenode_pattern {
    SPACENODE_PATTERN_CALL = 1,
    SPACENODE_PATTERN_EVENT = 2,
    SPACENODE_PATTERN_DOWN_STREAM = 3,
    SPACENODE_PATTERN_UP_STREAM = 4
};

typedef struct spacenode_method {
    const char *name; /* spacenode.example.v1.Example/Echo */
    const char *input, *output; /* full names of its messages */
    uint32_t type, pattern, traffic_class, ttl_ms, max_bytes, schema;
    bool idempotent, sensitive;
} spacenode_method;

typedef struct spacenode_contract {
    const char *name; /* spacenode.example.v1.Example */
    uint32_t number, minor, schema;
    const spacenode_method *methods;
    size_t method_count;
    const uint8_t *descriptors; /* a FileDescriptorSet that covers the methods' messages */
    size_t descriptor_bytes;
} spacenode_contract;

/* --- A plugin --- */

typedef struct spacenode spacenode;
typedef struct spacenode_request spacenode_request;
typedef struct spacenode_stream spacenode_stream;

/* Room in one class. */
typedef struct spacenode_window {
    uint64_t bytes, messages;
} spacenode_window;

typedef struct spacenode_label {
    const char *name, *value; /* at most 32 and 64 bytes */
} spacenode_label;

/* Who a plugin is. Zero is the default of every field but bus, name and role. Read at spacenode_open and
 * not kept. */
typedef struct spacenode_options {
    const char *bus; /* ipc:DIR or tcp://HOST:PORT */
    const char *name; /* instance, 1 to 48 of a-z 0-9 . - */
    const char *role; /* name of a role of Protos/contracts.json, or of tokens/NAME */
    uint32_t role_number; /* for a role that config/router.yaml names */
    const spacenode_contract *const *provides; /* `system` is added */
    size_t provides_count;
    const spacenode_contract *const *needs; /* contracts called or read here */
    size_t needs_count;
    const char *token_file; /* ipc; default DIR/tokens/ROLE, read at each HELLO */
    const char *key_file; /* tcp: this machine's secret key in Z85 */
    const char *server_key; /* tcp: the router's public key in Z85 */
    spacenode_window windows[3]; /* what is held unprocessed: URGENT, NORMAL, BULK */
    uint32_t max_frame; /* largest frame that is taken */
    const char *build; /* version text for people */
    const spacenode_label *labels;
    size_t label_count;
    const ProtobufCBinaryData *held_keys; /* public keys that must have one holder */
    size_t held_key_count;
    uint32_t drain_ms; /* how long handlers may go on after a drain began; 10,000 */
    void (*session)(spacenode *plugin, bool is_established, void *context);
    void (*log)(const char *line, void *context); /* default: standard error */
    void *context;
} spacenode_options;

/* Reads --bus, --name, --token, --key, --server-key (also as --flag=value), else SPACENODE_BUS and so on,
 * over what the options hold already. The texts stay where they are. Returns 0, or a status with its
 * reason in `text`. */
int spacenode_arguments(spacenode_options *options, int count, char *const *words,
                        char text[SPACENODE_TEXT_BYTES]);

/* Checks the options and opens the sockets. NULL with the reason in `text`. No core file will be written
 * from here on: what a plugin holds may be secret. */
spacenode *spacenode_open(const spacenode_options *options, char text[SPACENODE_TEXT_BYTES]);

/* Keeps the session until SIGTERM, SIGINT, DRAIN, spacenode_drain, or a refusal. Returns 0 after an
 * orderly end, else the status of the refusal. The signal handlers are those of before again when it
 * returns. */
int spacenode_run(spacenode *plugin);

/* One round of spacenode_run, without its signals, for a loop of your own: waits at most so long.
 * Returns false when the session is over for good; spacenode_status_of then says why. */
bool spacenode_step(spacenode *plugin, int timeout_ms);
int spacenode_status_of(const spacenode *plugin);

/* What went wrong last, for people. Never NULL. */
const char *spacenode_text(const spacenode *plugin);

/* Ends what is open and frees everything: handles end here. What is open still is told so, from inside
 * this call. Not to be called by a function that spacenode_run called. NULL is allowed. */
void spacenode_close(spacenode *plugin);

/* Finishes what was taken, says GOODBYE and lets spacenode_run return 0. */
void spacenode_drain(spacenode *plugin);

/* What we say of ourselves: READY (from the start), STARTING or DEGRADED with a reason of at most 128
 * bytes. */
enum { SPACENODE_STATE_STARTING = 1, SPACENODE_STATE_READY = 2, SPACENODE_STATE_DEGRADED = 3 };
int spacenode_set_state(spacenode *plugin, int state, const char *reason);

/* Our instance number, 0 without a session. */
uint64_t spacenode_instance(const spacenode *plugin);

/* Milliseconds of the clock that timers and deadlines follow. */
uint64_t spacenode_now(const spacenode *plugin);

/* Calls a function once after so long, unless the plugin has stopped by then. Returns a number for
 * spacenode_cancel_timer, 0 without memory or room. */
typedef void spacenode_timer(spacenode *plugin, void *context);
uint64_t spacenode_after(spacenode *plugin, uint32_t milliseconds, spacenode_timer *function, void *context);
void spacenode_cancel_timer(spacenode *plugin, uint64_t number);

/* From any thread: calls a function once on the bus thread, in spacenode_close at the latest. This is how
 * work that takes long, done in a thread of yours, comes back to answer its request. End your threads
 * before spacenode_close. */
int spacenode_post(spacenode *plugin, spacenode_timer *function, void *context);

/* Calls a function once: when the frame that found no credit last could be sent, or when the plugin has
 * stopped. */
int spacenode_when_room(spacenode *plugin, const spacenode_method *method, spacenode_timer *function,
                        void *context);

/* Where a request, stream or event comes from. As `cause` it names the message that made you send another. */
typedef struct spacenode_origin {
    uint64_t source, id;
    uint32_t role, ttl_ms;
} spacenode_origin;

/* How a call or a stream ended. */
typedef struct spacenode_outcome {
    uint32_t status; /* SPACENODE_OK, or why not */
    const char *text; /* printable, never NULL */
    uint32_t retry_after_ms, code; /* code: the provider's own number with SPACENODE_FAILED */
    uint64_t limit, actual;
    const void *payload; /* with SPACENODE_OK: the reply */
    size_t size;
} spacenode_outcome;

/* --- Serving calls --- */

/* Answer each request exactly once, now or later, by spacenode_reply or spacenode_fail; the handle ends
 * with that. */
typedef void spacenode_handler(spacenode_request *request, const void *payload, size_t size, void *context);
int spacenode_serve(spacenode *plugin, const spacenode_method *method, spacenode_handler *handler,
                    void *context);

/* An answer that must wait for credit is held. One that is over its limit, or has no room, becomes an
 * ERROR; the result says so, and the request is answered all the same. */
int spacenode_reply(spacenode_request *request, const void *payload, size_t size);
int spacenode_fail(spacenode_request *request, uint32_t code, const char *text);

spacenode *spacenode_request_plugin(const spacenode_request *request);
const spacenode_origin *spacenode_request_origin(const spacenode_request *request);

/* Whether nobody waits any more: CANCEL, or a lost session. The request must still be ended, in any way. */
bool spacenode_request_is_cancelled(const spacenode_request *request);

/* Called once when that happens before the answer; it may end the request. */
void spacenode_on_cancel(spacenode_request *request, void (*function)(spacenode_request *, void *),
                         void *context);

/* --- Calling --- */

typedef struct spacenode_call_options {
    uint64_t dest; /* instance, 0: any provider */
    uint32_t ttl_ms; /* 0: the contract's */
    const spacenode_origin *cause; /* may be NULL */
    uint64_t *number; /* gets a number for spacenode_cancel_call; may be NULL */
} spacenode_call_options;

/* Exactly one outcome comes, unless this returns a status. Without session or credit the call is held
 * until its deadline. `options` may be NULL. */
typedef void spacenode_outcome_handler(spacenode *plugin, const spacenode_outcome *outcome, void *context);
int spacenode_call(spacenode *plugin, const spacenode_method *method, const void *payload, size_t size,
                   const spacenode_call_options *options, spacenode_outcome_handler *handler, void *context);

/* Gives a call up; its outcome is SPACENODE_CANCELLED, a moment later. */
void spacenode_cancel_call(spacenode *plugin, uint64_t number);

/* --- Events --- */

/* SPACENODE_BUSY without a session or credit: nothing is held. `key` may be NULL. */
int spacenode_publish(spacenode *plugin, const spacenode_method *method, const void *key, size_t key_size,
                      const void *payload, size_t size, const spacenode_origin *cause);

enum spacenode_event_kind {
    SPACENODE_EVENT = 1,
    SPACENODE_GAP =
        2, /* events seq…to will not come; is_reported false: nobody named the hole, a bug somewhere */
    SPACENODE_RESYNC =
        3, /* the publisher began anew with `epoch`, 0: it is gone. Take a snapshot, then follow */
    SPACENODE_REFUSED = 4 /* the subscription is over: `refusal` says why */
};

typedef struct spacenode_event {
    enum spacenode_event_kind kind;
    spacenode_origin origin; /* source: the publisher */
    uint32_t epoch; /* of the publisher's session */
    const void *key;
    size_t key_size;
    uint64_t seq, to;
    bool is_reported;
    const void *payload;
    size_t size;
    const spacenode_outcome *refusal;
} spacenode_event;

/* The subscription outlives sessions; topics beyond SPACENODE_MAX_POSITIONS are given as they come,
 * without a check for holes, and after a lost session their GAP begins at 1. `number` may be NULL. */
typedef void spacenode_event_handler(spacenode *plugin, const spacenode_event *event, void *context);
int spacenode_subscribe(spacenode *plugin, const spacenode_method *method, const void *key, size_t key_size,
                        spacenode_event_handler *handler, void *context, uint64_t *number);
void spacenode_unsubscribe(spacenode *plugin, uint64_t number);

/* --- Streams --- */

enum { SPACENODE_TAKEN = 0, SPACENODE_LATER = 1 };

/* What a stream calls; any may be NULL. The order: opened, then items and writable, input_ended, closed
 * once. */
typedef struct spacenode_stream_handlers {
    /* Provider: a stream was opened; `payload` is the request of a download. */
    void (*opened)(spacenode_stream *stream, const void *payload, size_t size, void *context);
    /* An item came. SPACENODE_TAKEN: it is processed; SPACENODE_LATER: you will call
     * spacenode_stream_taken. */
    int (*item)(spacenode_stream *stream, const void *payload, size_t size, void *context);
    /* Provider of an upload: no more items come; end it with the reply. */
    void (*input_ended)(spacenode_stream *stream, void *context);
    /* At the beginning, and after SPACENODE_BUSY: there is room for an item. */
    void (*writable)(spacenode_stream *stream, void *context);
    /* The stream is over, in whatever way; the handle ends when this returns. */
    void (*closed)(spacenode_stream *stream, const spacenode_outcome *outcome, void *context);
} spacenode_stream_handlers;

int spacenode_serve_stream(spacenode *plugin, const spacenode_method *method,
                           const spacenode_stream_handlers *handlers, void *context);

/* Opens a stream; `closed` has its outcome. NULL: not opened, spacenode_status_of the reason in `status`
 * if given. Needs credit at once: SPACENODE_BUSY else. `options->number` is not used. */
spacenode_stream *spacenode_open_stream(spacenode *plugin, const spacenode_method *method,
                                        const void *payload, size_t size,
                                        const spacenode_call_options *options,
                                        const spacenode_stream_handlers *handlers, void *context,
                                        int *status);

/* Sends an item, or returns SPACENODE_BUSY: `writable` is called when there is room for it. */
int spacenode_stream_send(spacenode_stream *stream, const void *payload, size_t size);

/* Provider: the outcome is OK; of an upload, with its reply. Opener of an upload: no more items. */
int spacenode_stream_end(spacenode_stream *stream, const void *payload, size_t size);

/* Provider: the outcome is FAILED. Opener: gives the stream up. */
int spacenode_stream_fail(spacenode_stream *stream, uint32_t code, const char *text);

/* The oldest item that was left for later is processed. */
void spacenode_stream_taken(spacenode_stream *stream);

/* The context that the stream's functions get from now on. */
void spacenode_stream_set_context(spacenode_stream *stream, void *context);
spacenode *spacenode_stream_plugin(const spacenode_stream *stream);
const spacenode_origin *spacenode_stream_origin(const spacenode_stream *stream);

/* --- Messages of protobuf-c --- */

/* Reads a message with checks that protobuf-c leaves out: nesting, UTF-8 of strings, memory. NULL: it
 * cannot be read. Release it with spacenode_release. */
void *spacenode_decode(const ProtobufCMessageDescriptor *descriptor, const void *payload, size_t size);
void spacenode_release(void *message);

/* The functions above with a message in place of bytes. */
int spacenode_reply_message(spacenode_request *request, const ProtobufCMessage *reply);
int spacenode_call_message(spacenode *plugin, const spacenode_method *method, const ProtobufCMessage *request,
                           const spacenode_call_options *options, spacenode_outcome_handler *handler,
                           void *context);
int spacenode_publish_message(spacenode *plugin, const spacenode_method *method, const void *key,
                              size_t key_size, const ProtobufCMessage *event, const spacenode_origin *cause);
int spacenode_stream_send_message(spacenode_stream *stream, const ProtobufCMessage *item);
int spacenode_stream_end_message(spacenode_stream *stream, const ProtobufCMessage *reply);

#ifdef __cplusplus
}
#endif
#endif
