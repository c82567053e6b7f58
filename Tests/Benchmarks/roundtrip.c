/* Round trips of Echo between two processes. The caller measures and prints JSON.
 *
 *   roundtrip call|serve bus|raw ADDRESS BYTES CALLS WARM OUTSTANDING PAGE
 *
 * bus: two C clients through the router. raw: DEALER to DEALER, the server binds ADDRESS. Same frames.
 */
#include "bus.h"

static struct {
    const char *address;
    size_t bytes;
    uint64_t calls, warm, outstanding;
    shared_page *page;
} job;

/* The payload of EchoRequest and EchoReply alike: field 1, `bytes` bytes. */
static size_t echo_payload(uint8_t *out, size_t bytes)
{
    size_t used = 0;
    uint64_t rest = bytes;
    out[used++] = 0x0a;
    for (; rest >= 0x80; rest >>= 7) out[used++] = (uint8_t)rest | 0x80;
    out[used++] = (uint8_t)rest;
    memset(out + used, 0x5a, bytes);
    return used + bytes;
}

static void make_frame(bus_frame *frame, const bus_client *bus, int is_reply)
{
    uint8_t *payload = malloc(job.bytes + 16);
    frame_wish wish = {SPACENODE__BUS__V1__KIND__KIND_REQUEST, TYPE_ECHO, 1, 0, 0, 0, 0, payload, 0};
    wish.payload_size = echo_payload(payload, job.bytes);
    if (is_reply) {
        wish.kind = SPACENODE__BUS__V1__KIND__KIND_REPLY;
        wish.has_id = 0;
        wish.has_dest = wish.has_reply_to = 1;
    }
    frame_make(frame, bus, &wish);
    free(payload);
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* Times of calls, by id: begun at begun[id % ring]. */
static uint64_t *times, *begun, ended, started;

static void call_begins(uint64_t id) { begun[id % 4096] = now_ns(); }

static void call_ends(uint64_t id)
{
    uint64_t now = now_ns();
    if (ended >= job.warm) times[ended - job.warm] = now - begun[id % 4096];
    if (++ended == job.warm) started = now;
}

static void report(uint64_t failures)
{
    double seconds = (double)(now_ns() - started) / 1e9;
    qsort(times, job.calls, sizeof *times, compare);
    printf("{\"p50_us\": %.2f, \"p99_us\": %.2f, \"per_second\": %.1f, \"failed\": %lu}\n",
           (double)times[job.calls / 2] / 1e3, (double)times[job.calls * 99 / 100] / 1e3,
           (double)job.calls / seconds, (unsigned long)failures);
    fflush(stdout);
    atomic_store(&job.page->done, 1);
}

static uint64_t reply_to(zmq_msg_t *message)
{
    Spacenode__Bus__V1__Header *header = frame_header(message, NULL, NULL);
    uint64_t id = header->reply_to;
    if (header->kind != SPACENODE__BUS__V1__KIND__KIND_REPLY) die("kind %u is no reply", header->kind);
    spacenode__bus__v1__header__free_unpacked(header, NULL);
    return id;
}

static void call_bus(void)
{
    bus_client bus;
    bus_frame frame;
    zmq_msg_t message;
    uint64_t sent = 0;
    bus_open(&bus, job.address, "bench-caller-c", 0, 8 << 20, 1024);
    make_frame(&frame, &bus, 0);
    zmq_msg_init(&message);
    while (ended < job.warm + job.calls) {
        while (sent < job.warm + job.calls && sent - ended < job.outstanding) {
            sent += 1;
            frame_patch(&frame, frame.id, sent);
            call_begins(sent);
            bus_send(&bus, &frame);
        }
        if (!bus_receive(&bus, &message, 10000)) die("no reply for 10 s");
        call_ends(reply_to(&message));
        bus_processed(&bus, zmq_msg_size(&message));
    }
    report(bus.failures);
    zmq_msg_close(&message);
    bus_close(&bus);
}

static void serve_bus(void)
{
    bus_client bus;
    bus_frame frame;
    zmq_msg_t message;
    bus_open(&bus, job.address, "bench-provider-c", 1, 8 << 20, 1024);
    make_frame(&frame, &bus, 1);
    zmq_msg_init(&message);
    atomic_store(&job.page->ready, 1);
    while (!atomic_load(&job.page->done)) {
        if (!bus_receive(&bus, &message, 100)) continue;
        Spacenode__Bus__V1__Header *header = frame_header(&message, NULL, NULL);
        frame_patch(&frame, frame.dest, header->source);
        frame_patch(&frame, frame.reply_to, header->id);
        spacenode__bus__v1__header__free_unpacked(header, NULL);
        bus_send(&bus, &frame);
        bus_processed(&bus, zmq_msg_size(&message));
    }
    zmq_msg_close(&message);
    bus_close(&bus);
}

static void call_raw(void)
{
    bus_client nobody = {.instance = 0x8123456789abcdefu, .epoch = 0x12345678};
    bus_frame frame;
    zmq_msg_t message;
    uint64_t sent = 0;
    void *context = zmq_ctx_new(), *socket = raw_dealer(context);
    if (zmq_connect(socket, job.address) != 0) die("%s: %s", job.address, zmq_strerror(errno));
    set_int(socket, ZMQ_RCVTIMEO, 10000);
    make_frame(&frame, &nobody, 0);
    zmq_msg_init(&message);
    while (ended < job.warm + job.calls) {
        while (sent < job.warm + job.calls && sent - ended < job.outstanding) {
            sent += 1;
            frame_patch(&frame, frame.id, sent);
            call_begins(sent);
            zmq_send(socket, frame.bytes, frame.size, 0);
        }
        if (zmq_msg_recv(&message, socket, 0) < 0) die("no reply for 10 s");
        call_ends(reply_to(&message));
    }
    report(0);
    zmq_msg_close(&message);
    zmq_close(socket);
    zmq_ctx_term(context);
}

static void serve_raw(void)
{
    bus_client nobody = {.instance = 0x8123456789abcdeeu, .epoch = 0x12345678};
    bus_frame frame;
    zmq_msg_t message;
    void *context = zmq_ctx_new(), *socket = raw_dealer(context);
    if (zmq_bind(socket, job.address) != 0) die("%s: %s", job.address, zmq_strerror(errno));
    set_int(socket, ZMQ_RCVTIMEO, 100);
    make_frame(&frame, &nobody, 1);
    zmq_msg_init(&message);
    atomic_store(&job.page->ready, 1);
    while (!atomic_load(&job.page->done)) {
        if (zmq_msg_recv(&message, socket, 0) < 0) continue;
        Spacenode__Bus__V1__Header *header = frame_header(&message, NULL, NULL);
        frame_patch(&frame, frame.dest, header->source);
        frame_patch(&frame, frame.reply_to, header->id);
        spacenode__bus__v1__header__free_unpacked(header, NULL);
        zmq_send(socket, frame.bytes, frame.size, 0);
    }
    zmq_msg_close(&message);
    zmq_close(socket);
    zmq_ctx_term(context);
}

int main(int argc, char **argv)
{
    if (argc < 9) die("usage: roundtrip call|serve bus|raw ADDRESS BYTES CALLS WARM OUTSTANDING PAGE");
    job.address = argv[3];
    job.bytes = strtoul(argv[4], NULL, 10);
    job.calls = strtoul(argv[5], NULL, 10);
    job.warm = strtoul(argv[6], NULL, 10);
    job.outstanding = strtoul(argv[7], NULL, 10);
    job.page = map_file(argv[8], sizeof *job.page);
    if (job.warm == 0 || job.calls == 0 || job.outstanding > 1000) die("WARM, CALLS >= 1, OUTSTANDING <= 1000");
    times = calloc(job.calls, sizeof *times);
    begun = calloc(4096, sizeof *begun);
    int call = strcmp(argv[1], "call") == 0;
    if (strcmp(argv[2], "bus") == 0) (call ? call_bus : serve_bus)();
    else (call ? call_raw : serve_raw)();
    return 0;
}
