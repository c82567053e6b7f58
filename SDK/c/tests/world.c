#include "world.h"

unsigned world_passed;
unsigned long world_fail_at;
_Atomic unsigned long world_allocations;

/* --- Memory: our own calls of malloc go through these (Makefile, --wrap) --- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool fails(void) { return ++world_allocations == world_fail_at; }

void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }

void *__wrap_calloc(size_t count, size_t size) { return fails() ? NULL : __real_calloc(count, size); }

void *__wrap_realloc(void *memory, size_t size) { return fails() ? NULL : __real_realloc(memory, size); }

int world_report(void)
{
    printf("PASSED %u\nFAILED 0\n", world_passed);
    return 0;
}

/* --- The link --- */

static bool keep(void *link, int lane, const uint8_t *head, size_t head_size, const void *payload,
                 size_t size)
{
    struct world *world = link;
    struct sn_header header;
    if (world->is_full) return false;
    uint8_t *frame = __real_malloc(head_size + size);
    CHECK(frame != NULL);
    memcpy(frame, head, head_size);
    if (size > 0) memcpy(frame + head_size, payload, size);
    CHECK(sn_header_read(&header, frame, head_size + size) == SN_FRAME_FINE);
    CHECK(header.payload_size == size && header.role == 15);
    CHECK(head_size + size <= (header.kind == SN_CONTROL_KIND ? SN_CONTROL_BYTES : SPACENODE_MAX_FRAME));
    world->sent_frames++;
    if (world->count < sizeof world->seen / sizeof *world->seen) {
        struct seen *seen = &world->seen[world->count++];
        seen->lane = lane;
        seen->header = header;
        if (header.topic_key_size > 0) memcpy(seen->key, header.topic_key, header.topic_key_size);
        seen->payload = __real_malloc(size + 1);
        CHECK(seen->payload != NULL);
        if (size > 0) memcpy(seen->payload, header.payload, size);
    }
    free(frame);
    return true;
}

static void no_log(const char *line, void *context)
{
    (void)line;
    (void)context;
}

void world_make(struct world *world)
{
    static const spacenode_contract *const contracts[] = {&spacenode_example_v1_Example};
    char text[SPACENODE_TEXT_BYTES];
    spacenode_options options = {.bus = "ipc:none", .name = "plugin", .role = "example", .log = no_log};
    options.provides = options.needs = contracts;
    options.provides_count = options.needs_count = 1;
    options.context = world;
    memset(world, 0, sizeof *world);
    world->plugin = sn_new(&options, text);
    if (world->plugin == NULL) return;
    world->plugin->transmit = keep;
    world->plugin->link = world;
    world->plugin->now = world->plugin->heard = 1000;
    sn_connected(world->plugin, 1000);
}

void world_welcome(struct world *world, uint32_t epoch, uint64_t window_bytes, uint64_t window_messages)
{
    Spacenode__Bus__V1__Window windows[3], *pointers[3];
    Spacenode__Bus__V1__Welcome welcome = SPACENODE__BUS__V1__WELCOME__INIT;
    Spacenode__Bus__V1__Attached attached = SPACENODE__BUS__V1__ATTACHED__INIT;
    uint8_t token[] = {1, 2, 3};
    for (int index = 0; index < 3; index++) {
        spacenode__bus__v1__window__init(&windows[index]);
        windows[index].traffic_class = (uint32_t)index + 2;
        windows[index].bytes = window_bytes;
        windows[index].messages = window_messages;
        pointers[index] = &windows[index];
    }
    welcome.session = attached.session = WORLD_SESSION;
    welcome.epoch = epoch;
    welcome.instance = WORLD_INSTANCE;
    welcome.heartbeat_ms = 500;
    welcome.max_topics = 4;
    welcome.attach_token.data = token;
    welcome.attach_token.len = sizeof token;
    welcome.n_windows = 3;
    welcome.windows = pointers;
    world_give_control(world, SN_CONTROL_LANE, SN_WELCOME, &welcome.base);
    world_give_control(world, SN_DATA_LANE, SN_ATTACHED, &attached.base);
}

void world_begin(struct world *world, uint32_t epoch, uint64_t window_bytes, uint64_t window_messages)
{
    world_make(world);
    CHECK(world->plugin != NULL);
    world_welcome(world, epoch, window_bytes, window_messages);
    CHECK(world->plugin->phase == SN_ESTABLISHED);
    /* No beat disturbs what a test counts. */
    world->plugin->beat_at = UINT64_MAX;
}

void world_forget(struct world *world)
{
    for (size_t place = 0; place < world->count; place++) free(world->seen[place].payload);
    world->count = 0;
}

void world_end(struct world *world)
{
    sn_free(world->plugin);
    world_forget(world);
}

/* --- Frames --- */

struct frame world_frame(const struct sn_header *header, const void *payload, size_t size)
{
    uint8_t head[SN_HEAD_BYTES];
    size_t head_size = sn_head_write(header, size, head);
    struct frame frame = {__real_malloc(head_size + size), head_size + size};
    CHECK(frame.bytes != NULL);
    memcpy(frame.bytes, head, head_size);
    if (size > 0) memcpy(frame.bytes + head_size, payload, size);
    return frame;
}

struct frame world_control(uint32_t number, const ProtobufCMessage *message)
{
    uint8_t payload[4096];
    struct sn_header header = {
        .wire = 1, .kind = SN_CONTROL_KIND, .type = 1u << 16 | number, .source = 1, .role = 1};
    CHECK(protobuf_c_message_get_packed_size(message) <= sizeof payload);
    return world_frame(&header, payload, protobuf_c_message_pack(message, payload));
}

void world_give(struct world *world, int lane, struct frame frame)
{
    sn_receive(world->plugin, lane, frame.bytes, frame.size, world->plugin->now);
    free(frame.bytes);
    sn_settle(world->plugin);
}

void world_give_control(struct world *world, int lane, uint32_t number, const ProtobufCMessage *message)
{
    world_give(world, lane, world_control(number, message));
}

void world_pass(struct world *world, uint64_t milliseconds)
{
    uint64_t end = world->plugin->now + milliseconds;
    while (world->plugin->now < end) {
        uint64_t step = end - world->plugin->now < 10 ? end - world->plugin->now : 10;
        sn_tick(world->plugin, world->plugin->now + step);
        sn_settle(world->plugin);
    }
}

const struct seen *world_find(const struct world *world, uint32_t kind, uint32_t number)
{
    for (size_t place = world->count; place > 0; place--) {
        const struct seen *seen = &world->seen[place - 1];
        if (seen->header.kind == kind && (kind != SN_CONTROL_KIND || (seen->header.type & 0xffff) == number))
            return seen;
    }
    return NULL;
}

size_t world_count(const struct world *world, uint32_t kind, uint32_t number)
{
    size_t count = 0;
    for (size_t place = 0; place < world->count; place++)
        if (world->seen[place].header.kind == kind
            && (kind != SN_CONTROL_KIND || (world->seen[place].header.type & 0xffff) == number))
            count++;
    return count;
}

struct sn_header world_asked(uint32_t kind, const spacenode_method *method, uint64_t id)
{
    struct sn_header header = {
        .wire = 1, .kind = kind, .type = method->type, .source = WORLD_PEER, .epoch = 6};
    header.role = 15;
    header.id = id;
    header.ttl_ms = 3000;
    header.traffic_class = method->traffic_class;
    return header;
}

struct sn_header world_answer(uint32_t kind, const spacenode_method *method, uint64_t id)
{
    struct sn_header header = world_asked(kind, method, 0);
    header.ttl_ms = 0;
    header.dest = WORLD_INSTANCE;
    header.reply_to = id;
    return header;
}

/* --- Chance --- */

uint32_t world_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

static size_t change_once(uint64_t *state, uint8_t *bytes, size_t size, size_t room)
{
    size_t place = size == 0 ? 0 : world_random(state) % size;
    uint8_t byte = (uint8_t)world_random(state);
    switch (world_random(state) % 6) {
    case 0: /* one bit */
        if (size > 0) bytes[place] ^= (uint8_t)(1u << (byte & 7));
        return size;
    case 1: /* one byte, often an extreme */
        if (size > 0) bytes[place] = (byte & 3) == 0 ? 0xff : (byte & 3) == 1 ? 0 : byte;
        return size;
    case 2: /* one more */
        if (size == room) return size;
        memmove(bytes + place + 1, bytes + place, size - place);
        bytes[place] = byte;
        return size + 1;
    case 3: /* one less */
        if (size == 0) return 0;
        memmove(bytes + place, bytes + place + 1, size - place - 1);
        return size - 1;
    case 4: /* the end cut off */ return place;
    default: { /* a piece twice */
        size_t count = size == 0 ? 0 : byte % (size - place + 1);
        if (size + count > room) return size;
        memmove(bytes + place + count, bytes + place, size - place);
        return size + count;
    }
    }
}

size_t world_mutate(uint64_t *state, uint8_t *bytes, size_t size, size_t room)
{
    uint32_t changes = 1 + world_random(state) % 4;
    for (uint32_t change = 0; change < changes; change++) size = change_once(state, bytes, size, room);
    return size;
}
