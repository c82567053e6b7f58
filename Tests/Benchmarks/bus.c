#include "bus.h"

/* How long a receive may wait before it looks at the control lane, in milliseconds. */
#define CONTROL_TURN_MS 20
#define SENTINEL_ID 0x1111111111111111u
#define SENTINEL_SEQ 0x2222222222222222u
#define SENTINEL_DEST 0x3333333333333333u
#define SENTINEL_REPLY 0x4444444444444444u

static size_t put_varint(uint8_t *out, uint64_t value)
{
    size_t used = 0;
    while (value >= 0x80) {
        out[used++] = (uint8_t)value | 0x80;
        value >>= 7;
    }
    out[used++] = (uint8_t)value;
    return used;
}

static size_t get_varint(const uint8_t *in, size_t size, uint64_t *value)
{
    *value = 0;
    for (size_t used = 0; used < size && used < 10; used++) {
        *value |= (uint64_t)(in[used] & 0x7f) << (7 * used);
        if (in[used] < 0x80) return used + 1;
    }
    return 0;
}

static void *open_lane(void *context, const char *endpoint)
{
    void *socket = zmq_socket(context, ZMQ_DEALER);
    int64_t largest = 4259840;
    set_int(socket, ZMQ_IMMEDIATE, 1);
    set_int(socket, ZMQ_LINGER, 500);
    set_int(socket, ZMQ_SNDHWM, 8192);
    set_int(socket, ZMQ_RCVHWM, 8192);
    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    set_curve_client(socket);
    if (zmq_connect(socket, endpoint) != 0) die("%s: %s", endpoint, zmq_strerror(errno));
    return socket;
}

static void send_control(bus_client *bus, void *lane, uint32_t number, const ProtobufCMessage *payload)
{
    uint8_t body[1024], frame[1024];
    Spacenode__Bus__V1__Header header = SPACENODE__BUS__V1__HEADER__INIT;
    Spacenode__Bus__V1__Envelope envelope = SPACENODE__BUS__V1__ENVELOPE__INIT;
    header.wire = 1;
    header.kind = SPACENODE__BUS__V1__KIND__KIND_CONTROL;
    header.type = 1u << 16 | number;
    header.source = bus->instance;
    header.epoch = bus->epoch;
    header.traffic_class = SPACENODE__BUS__V1__TRAFFIC_CLASS__TRAFFIC_CLASS_CONTROL;
    header.role = ROLE_EXAMPLE;
    envelope.header = &header;
    envelope.payload.len = protobuf_c_message_pack(payload, body);
    envelope.payload.data = body;
    size_t size = spacenode__bus__v1__envelope__pack(&envelope, frame);
    if (zmq_send(lane, frame, size, 0) < 0) die("zmq_send: %s", zmq_strerror(errno));
}

Spacenode__Bus__V1__Header *frame_header(zmq_msg_t *message, const uint8_t **payload, size_t *payload_size)
{
    const uint8_t *bytes = zmq_msg_data(message);
    size_t size = zmq_msg_size(message);
    uint64_t length = 0;
    if (size < 2 || bytes[0] != 0x0a) die("a frame without a header");
    size_t used = 1 + get_varint(bytes + 1, size - 1, &length);
    if (length > size - used) die("a header over the frame's end");
    Spacenode__Bus__V1__Header *header = spacenode__bus__v1__header__unpack(NULL, length, bytes + used);
    if (header == NULL) die("a header that cannot be read");
    used += length;
    if (payload != NULL) {
        uint64_t rest = 0;
        if (used < size) used += 1 + get_varint(bytes + used + 1, size - used - 1, &rest);
        *payload = bytes + used;
        *payload_size = size - used;
    }
    return header;
}

static void on_credit(bus_client *bus, const uint8_t *payload, size_t size)
{
    Spacenode__Bus__V1__Credit *credit = spacenode__bus__v1__credit__unpack(NULL, size, payload);
    if (credit != NULL && credit->traffic_class == CLASS_NORMAL) {
        bus->allowed_bytes = credit->bytes;
        bus->allowed_messages = credit->messages;
    }
    if (credit != NULL) spacenode__bus__v1__credit__free_unpacked(credit, NULL);
}

static void on_ping(bus_client *bus, const uint8_t *payload, size_t size)
{
    Spacenode__Bus__V1__Ping *ping = spacenode__bus__v1__ping__unpack(NULL, size, payload);
    if (ping == NULL) return;
    Spacenode__Bus__V1__Pong pong = SPACENODE__BUS__V1__PONG__INIT;
    pong.stamp = ping->stamp;
    pong.state = SPACENODE__BUS__V1__SESSION_STATE__SESSION_STATE_READY;
    send_control(bus, bus->control, SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_PONG, &pong.base);
    spacenode__bus__v1__ping__free_unpacked(ping, NULL);
}

/* Takes one frame of the control lane. */
static void on_control(bus_client *bus, zmq_msg_t *message)
{
    const uint8_t *payload;
    size_t size;
    Spacenode__Bus__V1__Header *header = frame_header(message, &payload, &size);
    if (header->kind == SPACENODE__BUS__V1__KIND__KIND_ERROR) {
        if (bus->failures++ == 0) fprintf(stderr, "bench: ERROR status %u\n", header->status);
    } else if (header->kind == SPACENODE__BUS__V1__KIND__KIND_CONTROL) {
        switch (header->type & 0xffff) {
        case SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_PING: on_ping(bus, payload, size); break;
        case SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_CREDIT: on_credit(bus, payload, size); break;
        case SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_DRAIN: bus->over = 1; break;
        case SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_REJECT:
        case SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_NOTICE:
            die("the router says: %.*s", (int)size, (const char *)payload);
        default: break;
        }
    }
    spacenode__bus__v1__header__free_unpacked(header, NULL);
}

void bus_service(bus_client *bus)
{
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (zmq_msg_recv(&message, bus->control, ZMQ_DONTWAIT) >= 0) on_control(bus, &message);
    zmq_msg_close(&message);
}

/* Waits for one control message of a type on a lane and gives its payload in `message`. */
static const uint8_t *expect(void *lane, uint32_t number, zmq_msg_t *message, size_t *size)
{
    set_int(lane, ZMQ_RCVTIMEO, 10000);
    for (;;) {
        const uint8_t *payload;
        if (zmq_msg_recv(message, lane, 0) < 0) die("no control message %u: %s", number, zmq_strerror(errno));
        Spacenode__Bus__V1__Header *header = frame_header(message, &payload, size);
        uint32_t type = header->type;
        spacenode__bus__v1__header__free_unpacked(header, NULL);
        if (type == (1u << 16 | number)) return payload;
        if (type == (1u << 16 | SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_REJECT))
            die("refused: %.*s", (int)*size, (const char *)payload);
    }
}

static size_t read_token(uint8_t *token)
{
    const char *path = getenv("BENCH_TOKEN");
    if (path == NULL) return 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) die("%s: %s", path, strerror(errno));
    size_t size = fread(token, 1, 32, file);
    fclose(file);
    return size;
}

static void say_hello(bus_client *bus, const char *name, int provides)
{
    uint8_t token[32];
    Spacenode__Bus__V1__Hello hello = SPACENODE__BUS__V1__HELLO__INIT;
    Spacenode__Bus__V1__ContractRange range = SPACENODE__BUS__V1__CONTRACT_RANGE__INIT;
    Spacenode__Bus__V1__ContractRange *ranges[] = {&range};
    Spacenode__Bus__V1__Window window = SPACENODE__BUS__V1__WINDOW__INIT;
    Spacenode__Bus__V1__Window *windows[] = {&window};
    range.contract = CONTRACT_EXAMPLE;
    range.minor_max = 1;
    window.traffic_class = CLASS_NORMAL;
    window.bytes = bus->window_bytes;
    window.messages = bus->window_messages;
    hello.name.data = (uint8_t *)name;
    hello.name.len = strlen(name);
    hello.role = ROLE_EXAMPLE;
    hello.token.len = read_token(token);
    hello.token.data = token;
    if (provides) {
        hello.provides = ranges;
        hello.n_provides = 1;
    } else {
        hello.requires = ranges;
        hello.n_requires = 1;
    }
    hello.windows = windows;
    hello.n_windows = 1;
    send_control(bus, bus->control, SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_HELLO, &hello.base);
}

static void take_welcome(bus_client *bus)
{
    zmq_msg_t message;
    size_t size;
    zmq_msg_init(&message);
    const uint8_t *payload =
        expect(bus->control, SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_WELCOME, &message, &size);
    Spacenode__Bus__V1__Welcome *welcome = spacenode__bus__v1__welcome__unpack(NULL, size, payload);
    if (welcome == NULL) die("WELCOME cannot be read");
    bus->instance = welcome->instance;
    bus->session = welcome->session;
    bus->epoch = welcome->epoch;
    for (size_t index = 0; index < welcome->n_windows; index++) {
        if (welcome->windows[index]->traffic_class != CLASS_NORMAL) continue;
        bus->allowed_bytes = welcome->windows[index]->bytes;
        bus->allowed_messages = welcome->windows[index]->messages;
    }
    Spacenode__Bus__V1__Attach attach = SPACENODE__BUS__V1__ATTACH__INIT;
    attach.session = bus->session;
    attach.attach_token = welcome->attach_token;
    send_control(bus, bus->data, SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_ATTACH, &attach.base);
    spacenode__bus__v1__welcome__free_unpacked(welcome, NULL);
    expect(bus->data, SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_ATTACHED, &message, &size);
    set_int(bus->data, ZMQ_RCVTIMEO, CONTROL_TURN_MS);
    zmq_msg_close(&message);
}

void bus_open(bus_client *bus, const char *endpoints, const char *name, int provides, uint64_t window_bytes,
              uint64_t window_messages)
{
    char first[256];
    const char *comma = strchr(endpoints, ',');
    if (comma == NULL || (size_t)(comma - endpoints) >= sizeof first) die("endpoints: CONTROL,DATA");
    memcpy(first, endpoints, (size_t)(comma - endpoints));
    first[comma - endpoints] = 0;
    memset(bus, 0, sizeof *bus);
    bus->window_bytes = bus->granted_bytes = window_bytes;
    bus->window_messages = bus->granted_messages = window_messages;
    bus->context = zmq_ctx_new();
    bus->control = open_lane(bus->context, first);
    bus->data = open_lane(bus->context, comma + 1);
    say_hello(bus, name, provides);
    take_welcome(bus);
    Spacenode__Bus__V1__State state = SPACENODE__BUS__V1__STATE__INIT;
    state.state = SPACENODE__BUS__V1__SESSION_STATE__SESSION_STATE_READY;
    send_control(bus, bus->control, SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_STATE, &state.base);
}

void bus_processed(bus_client *bus, size_t bytes)
{
    bus->done_bytes += bytes;
    bus->done_messages += 1;
    uint64_t free_messages = bus->granted_messages - bus->done_messages;
    uint64_t free_bytes = bus->granted_bytes - bus->done_bytes;
    if (free_messages > bus->window_messages / 4 * 3 && free_bytes > bus->window_bytes / 4 * 3) return;
    bus->granted_bytes = bus->done_bytes + bus->window_bytes;
    bus->granted_messages = bus->done_messages + bus->window_messages;
    Spacenode__Bus__V1__Credit credit = SPACENODE__BUS__V1__CREDIT__INIT;
    credit.traffic_class = CLASS_NORMAL;
    credit.bytes = bus->granted_bytes;
    credit.messages = bus->granted_messages;
    send_control(bus, bus->control, SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_CREDIT, &credit.base);
}

static void wait_control(bus_client *bus, long milliseconds)
{
    zmq_pollitem_t item = {bus->control, 0, ZMQ_POLLIN, 0};
    if (zmq_poll(&item, 1, milliseconds) == 0) die("nothing from the router for %ld ms", milliseconds);
    bus_service(bus);
}

void bus_send(bus_client *bus, const bus_frame *frame)
{
    if ((bus->sent_messages & 63) == 63) bus_service(bus);
    while (bus->sent_messages >= bus->allowed_messages || bus->sent_bytes + frame->size > bus->allowed_bytes)
        wait_control(bus, 10000);
    if (zmq_send(bus->data, frame->bytes, frame->size, 0) < 0) die("zmq_send: %s", zmq_strerror(errno));
    bus->sent_bytes += frame->size;
    bus->sent_messages += 1;
}

int bus_receive(bus_client *bus, zmq_msg_t *message, int milliseconds)
{
    /* A blocking receive, as the peers have it; CONTROL_TURN_MS is its longest. */
    uint64_t end = 0;
    while (zmq_msg_recv(message, bus->data, 0) < 0) {
        if (errno != EAGAIN && errno != EINTR) die("zmq_msg_recv: %s", zmq_strerror(errno));
        bus_service(bus);
        uint64_t now = now_ns();
        if (end == 0) end = now + (uint64_t)milliseconds * 1000000u;
        if (now >= end || bus->over) return 0;
    }
    return 1;
}

void bus_subscribe(bus_client *bus, uint32_t type)
{
    zmq_msg_t message;
    size_t size;
    Spacenode__Bus__V1__Subscribe subscribe = SPACENODE__BUS__V1__SUBSCRIBE__INIT;
    subscribe.type = type;
    send_control(bus, bus->control, SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_SUBSCRIBE, &subscribe.base);
    zmq_msg_init(&message);
    const uint8_t *payload =
        expect(bus->control, SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_SUBSCRIBED, &message, &size);
    Spacenode__Bus__V1__Subscribed *answer = spacenode__bus__v1__subscribed__unpack(NULL, size, payload);
    if (answer == NULL || answer->status != SPACENODE__BUS__V1__STATUS__STATUS_OK) die("not subscribed");
    spacenode__bus__v1__subscribed__free_unpacked(answer, NULL);
    zmq_msg_close(&message);
}

void bus_close(bus_client *bus)
{
    Spacenode__Bus__V1__State state = SPACENODE__BUS__V1__STATE__INIT;
    Spacenode__Bus__V1__Goodbye goodbye = SPACENODE__BUS__V1__GOODBYE__INIT;
    state.state = SPACENODE__BUS__V1__SESSION_STATE__SESSION_STATE_DRAINING;
    send_control(bus, bus->control, SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_STATE, &state.base);
    send_control(bus, bus->data, SPACENODE__BUS__V1__CONTROL_TYPE__CONTROL_TYPE_GOODBYE, &goodbye.base);
    zmq_close(bus->control);
    zmq_close(bus->data);
    zmq_ctx_term(bus->context);
}

static size_t find(const uint8_t *bytes, size_t size, uint64_t sentinel)
{
    for (size_t offset = 0; offset + 8 <= size; offset++)
        if (memcmp(bytes + offset, &sentinel, 8) == 0) return offset;
    return 0;
}

void frame_make(bus_frame *frame, const bus_client *bus, const frame_wish *wish)
{
    static const uint8_t key[20] = "twenty-byte-topic-k";
    uint8_t packed[512];
    Spacenode__Bus__V1__Header header = SPACENODE__BUS__V1__HEADER__INIT;
    header.wire = 1;
    header.kind = wish->kind;
    header.type = wish->type;
    header.source = bus->instance;
    header.epoch = bus->epoch;
    header.traffic_class = CLASS_NORMAL;
    header.role = ROLE_EXAMPLE;
    if (wish->has_id) header.id = SENTINEL_ID;
    if (wish->has_seq) header.seq = SENTINEL_SEQ;
    if (wish->has_dest) header.dest = SENTINEL_DEST;
    if (wish->has_reply_to) header.reply_to = SENTINEL_REPLY;
    if (wish->is_long) { /* a cause and a topic key: a header of about 80 bytes */
        header.cause_source = 7;
        header.cause_id = 8;
        header.topic_key.data = (uint8_t *)key;
        header.topic_key.len = sizeof key;
    }
    size_t length = spacenode__bus__v1__header__pack(&header, packed);
    frame->bytes = malloc(length + wish->payload_size + 16);
    size_t used = 0;
    frame->bytes[used++] = 0x0a;
    used += put_varint(frame->bytes + used, length);
    memcpy(frame->bytes + used, packed, length);
    used += length;
    size_t head = used;
    if (wish->payload_size > 0) {
        frame->bytes[used++] = 0x12;
        used += put_varint(frame->bytes + used, wish->payload_size);
        memcpy(frame->bytes + used, wish->payload, wish->payload_size);
        used += wish->payload_size;
    }
    frame->size = used;
    frame->id = wish->has_id ? find(frame->bytes, head, SENTINEL_ID) : 0;
    frame->seq = wish->has_seq ? find(frame->bytes, head, SENTINEL_SEQ) : 0;
    frame->dest = wish->has_dest ? find(frame->bytes, head, SENTINEL_DEST) : 0;
    frame->reply_to = wish->has_reply_to ? find(frame->bytes, head, SENTINEL_REPLY) : 0;
}
