/* The bus protocol (docs/protocol/bus.md) over two raw DEALERs, as far as the measurements need it. */
#ifndef BENCH_BUS_H
#define BENCH_BUS_H

#include "common.h"
#include "spacenode/bus/v1/bus.pb-c.h"

#define TYPE_ECHO 0x400001u
#define TYPE_TICKS 0x400005u
#define ROLE_EXAMPLE 15u
#define CLASS_NORMAL 3u
#define CONTRACT_EXAMPLE 64u

typedef struct {
    void *context, *control, *data;
    uint64_t instance, session;
    uint32_t epoch;
    /* Credit of class NORMAL: to the router, and what we allowed it. */
    uint64_t allowed_bytes, allowed_messages, sent_bytes, sent_messages;
    uint64_t window_bytes, window_messages, done_bytes, done_messages, granted_bytes, granted_messages;
    uint64_t failures;
    int over;
} bus_client;

/* A frame made once with protobuf-c; the fixed64 fields that change are patched in place. */
typedef struct {
    uint8_t *bytes;
    size_t size;
    size_t id, seq, dest, reply_to; /* offsets, 0: the field is not there */
} bus_frame;

typedef struct {
    uint32_t kind, type;
    int has_id, has_seq, has_dest, has_reply_to, is_long;
    const uint8_t *payload;
    size_t payload_size;
} frame_wish;

/* Opens a session; `endpoints` is CONTROL,DATA and BENCH_TOKEN names the token's file. */
void bus_open(bus_client *bus, const char *endpoints, const char *name, int provides, uint64_t window_bytes,
              uint64_t window_messages);
/* Reads the control lane until it is empty: PING, CREDIT, refusals. */
void bus_service(bus_client *bus);
/* Counts a frame as processed and grants credit when a quarter of the window is. */
void bus_processed(bus_client *bus, size_t bytes);
/* Waits for credit, then sends a frame of class NORMAL. */
void bus_send(bus_client *bus, const bus_frame *frame);
/* Waits for a data frame; the message is initialised. 0 when `milliseconds` passed without one. */
int bus_receive(bus_client *bus, zmq_msg_t *message, int milliseconds);
void bus_subscribe(bus_client *bus, uint32_t type);
void bus_close(bus_client *bus);

void frame_make(bus_frame *frame, const bus_client *bus, const frame_wish *wish);
static inline void frame_patch(bus_frame *frame, size_t offset, uint64_t value)
{
    memcpy(frame->bytes + offset, &value, sizeof value);
}
/* Header of a frame, to be freed with spacenode__bus__v1__header__free_unpacked; payload may be NULL. */
Spacenode__Bus__V1__Header *frame_header(zmq_msg_t *message, const uint8_t **payload, size_t *payload_size);

#endif
