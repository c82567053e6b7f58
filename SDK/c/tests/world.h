/* A plugin without sockets: frames of a router go in by hand, what it sends is kept and checked. */
#ifndef WORLD_H
#define WORLD_H

#include "internal.h"

#include <contracts.h>
#include <spacenode/example/v1/example.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORLD_INSTANCE 77u
#define WORLD_PEER 88u
#define WORLD_SESSION 9u

/* A frame that the plugin sent. */
struct seen {
    int lane;
    struct sn_header header;
    uint8_t key[SPACENODE_MAX_TOPIC_KEY];
    uint8_t *payload;
};

struct world {
    spacenode *plugin;
    struct seen seen[256];          /* the newest are left out when it is full */
    size_t count;
    bool is_full;                   /* the link takes nothing */
    uint64_t sent_frames;
    /* What the plugin's own functions saw. */
    unsigned outcomes, closed, items, events, holes, resyncs, refusals, requests, cancelled;
    uint32_t last_status;
    uint64_t last_from, last_to;
    bool last_reported;
    spacenode_request *kept;        /* the request that the handler left for later */
    spacenode_stream *stream;
};

/* A frame of a router, in memory of malloc. */
struct frame {
    uint8_t *bytes;
    size_t size;
};

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                          \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

/* Runs a test and counts it. */
#define RUN(test) (test(), world_passed++)
extern unsigned world_passed;
int world_report(void);

/* A plugin that has said HELLO; windows of WELCOME in every class. */
void world_begin(struct world *world, uint32_t epoch, uint64_t window_bytes, uint64_t window_messages);
/* The same without WELCOME. */
void world_make(struct world *world);
void world_welcome(struct world *world, uint32_t epoch, uint64_t window_bytes, uint64_t window_messages);
void world_end(struct world *world);
void world_forget(struct world *world);

struct frame world_frame(const struct sn_header *header, const void *payload, size_t size);
struct frame world_control(uint32_t number, const ProtobufCMessage *message);
void world_give(struct world *world, int lane, struct frame frame);
void world_give_control(struct world *world, int lane, uint32_t number, const ProtobufCMessage *message);
void world_pass(struct world *world, uint64_t milliseconds);
const struct seen *world_find(const struct world *world, uint32_t kind, uint32_t number);
size_t world_count(const struct world *world, uint32_t kind, uint32_t number);

/* Headers of what others send us. */
struct sn_header world_asked(uint32_t kind, const spacenode_method *method, uint64_t id);
struct sn_header world_answer(uint32_t kind, const spacenode_method *method, uint64_t id);

/* Random numbers that are the same each time. */
uint32_t world_random(uint64_t *state);
/* Changes bytes a little; returns the new size, at most `room`. */
size_t world_mutate(uint64_t *state, uint8_t *bytes, size_t size, size_t room);

/* The allocation with this number from now on fails, 0: none. */
extern unsigned long world_fail_at;
extern _Atomic unsigned long world_allocations;

#endif
