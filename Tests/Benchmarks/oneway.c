/* One way: producer -> broker -> consumer, each a process. The consumer measures and prints JSON.
 *
 *   oneway produce|consume bus|raw|nats ADDRESS BYTES COUNT WARM PACE PAGE [BROKER-PID [MALLOC-PAGE]]
 *
 * ADDRESS: CONTROL,DATA for bus, an endpoint for raw, a URL for nats. At most PACE messages are under way (0: as
 * many as the queues of the peer hold); PAGE is the file by which both know. All three carry the same frames.
 */
#include "bus.h"
#ifndef WITHOUT_NATS
#include <nats/nats.h>
#endif
#include <pthread.h>

static struct {
    const char *address;
    size_t bytes;
    uint64_t count, warm, pace;
    shared_page *page;
    pid_t broker;
    malloc_page *mallocs;
} job;

/* --- producing --- */

static void event_frame(bus_frame *frame, const bus_client *bus)
{
    uint8_t *payload = malloc(job.bytes);
    memset(payload, 0x5a, job.bytes);
    frame_wish wish = {SPACENODE__BUS__V1__KIND__KIND_EVENT, TYPE_TICKS, 0, 1, 0, 0, 1, payload, job.bytes};
    frame_make(frame, bus, &wish);
    free(payload);
}

/* Waits while too many are under way; lets them sink to half, so that nobody is woken for each message. */
static void pace(uint64_t sent, bus_client *bus)
{
    uint64_t received = atomic_load_explicit(&job.page->received, memory_order_acquire);
    if (job.pace == 0 || sent - received < job.pace) return;
    uint64_t end = now_ns() + 20000000000u;
    while (sent - atomic_load_explicit(&job.page->received, memory_order_acquire) > job.pace / 2) {
        nap_us(20);
        if (bus != NULL) bus_service(bus);
        if (now_ns() > end) die("the consumer stands still at %lu of %lu",
                                (unsigned long)atomic_load(&job.page->received), (unsigned long)sent);
    }
}

static void wait_for(_Atomic uint64_t *flag, bus_client *bus, int seconds)
{
    for (int turn = 0; atomic_load(flag) == 0; turn++) {
        if (turn > seconds * 1000) die("the other side did not come");
        nap_us(1000);
        if (bus != NULL) bus_service(bus);
    }
}

static void produce_bus(void)
{
    bus_client bus;
    bus_frame frame;
    bus_open(&bus, job.address, "bench-producer", 1, 8 << 20, 1024);
    event_frame(&frame, &bus);
    wait_for(&job.page->ready, &bus, 20);
    for (uint64_t number = 0; number < job.warm + job.count; number++) {
        pace(number, &bus);
        frame_patch(&frame, frame.seq, number + 1);
        bus_send(&bus, &frame);
    }
    wait_for(&job.page->done, &bus, 20);
    bus_close(&bus);
}

static void produce_raw(void)
{
    bus_client nobody = {.instance = 0x8123456789abcdefu, .epoch = 0x12345678};
    bus_frame frame;
    void *context = zmq_ctx_new(), *socket = raw_dealer(context);
    if (zmq_connect(socket, job.address) != 0) die("%s: %s", job.address, zmq_strerror(errno));
    event_frame(&frame, &nobody);
    wait_for(&job.page->ready, NULL, 20);
    for (uint64_t number = 0; number < job.warm + job.count; number++) {
        pace(number, NULL);
        frame_patch(&frame, frame.seq, number + 1);
        if (zmq_send(socket, frame.bytes, frame.size, 0) < 0) die("zmq_send: %s", zmq_strerror(errno));
    }
    wait_for(&job.page->done, NULL, 20);
    zmq_close(socket);
    zmq_ctx_term(context);
}

#ifndef WITHOUT_NATS
static void produce_nats(void)
{
    natsConnection *connection = NULL;
    uint8_t *payload = malloc(job.bytes);
    memset(payload, 0x5a, job.bytes);
    natsStatus status = natsConnection_ConnectTo(&connection, job.address);
    if (status != NATS_OK) die("nats: %s", natsStatus_GetText(status));
    wait_for(&job.page->ready, NULL, 20);
    for (uint64_t number = 0; number < job.warm + job.count; number++) {
        pace(number, NULL);
        status = natsConnection_Publish(connection, "bench.ticks", payload, (int)job.bytes);
        if (status != NATS_OK) die("nats: %s", natsStatus_GetText(status));
    }
    natsConnection_FlushTimeout(connection, 20000);
    wait_for(&job.page->done, NULL, 20);
    natsConnection_Destroy(connection);
}

#else
static void produce_nats(void) { die("built without NATS"); }
#endif

/* --- consuming --- */

static struct {
    uint64_t received, started, cpu, ours, zmq, other;
} seen;

/* Counts one message; true when it was the last. */
static int count_one(void)
{
    seen.received += 1;
    atomic_store_explicit(&job.page->received, seen.received, memory_order_release);
    if (seen.received == job.warm) {
        seen.started = now_ns();
        seen.cpu = process_cpu_ns(job.broker);
        if (job.mallocs != NULL) {
            seen.ours = atomic_load(&job.mallocs->ours);
            seen.zmq = atomic_load(&job.mallocs->zmq);
            seen.other = atomic_load(&job.mallocs->other);
        }
    }
    return seen.received == job.warm + job.count;
}

static void report(void)
{
    double seconds = (double)(now_ns() - seen.started) / 1e9;
    double cpu = (double)(process_cpu_ns(job.broker) - seen.cpu) / 1e3;
    printf("{\"messages\": %lu, \"seconds\": %.6f, \"per_second\": %.1f, \"cpu_us\": %.5f",
           (unsigned long)job.count, seconds, (double)job.count / seconds, cpu / (double)job.count);
    if (job.mallocs != NULL)
        printf(", \"mallocs_ours\": %lu, \"mallocs_zmq\": %lu, \"mallocs_other\": %lu",
               (unsigned long)(atomic_load(&job.mallocs->ours) - seen.ours),
               (unsigned long)(atomic_load(&job.mallocs->zmq) - seen.zmq),
               (unsigned long)(atomic_load(&job.mallocs->other) - seen.other));
    printf("}\n");
    fflush(stdout);
    atomic_store(&job.page->done, 1);
}

static void consume_bus(void)
{
    bus_client bus;
    zmq_msg_t message;
    int last = 0;
    bus_open(&bus, job.address, "bench-consumer", 0, 32 << 20, 8000);
    bus_subscribe(&bus, TYPE_TICKS);
    zmq_msg_init(&message);
    atomic_store(&job.page->ready, 1);
    while (!last) {
        if (!bus_receive(&bus, &message, 15000)) die("nothing came for 15 s after %lu messages",
                                                      (unsigned long)seen.received);
        const uint8_t *frame = zmq_msg_data(&message);
        size_t size = zmq_msg_size(&message);
        if (size < 6 || frame[5] != SPACENODE__BUS__V1__KIND__KIND_EVENT)
            die("a GAP after %lu messages: the pace is over the window", (unsigned long)seen.received);
        last = count_one();
        bus_processed(&bus, size);
        if ((seen.received & 255) == 0) bus_service(&bus);
    }
    report();
    zmq_msg_close(&message);
    bus_close(&bus);
}

static void consume_raw(void)
{
    void *context = zmq_ctx_new(), *socket = raw_dealer(context);
    zmq_msg_t message;
    int last = 0;
    zmq_msg_init(&message);
    if (zmq_connect(socket, job.address) != 0) die("%s: %s", job.address, zmq_strerror(errno));
    set_int(socket, ZMQ_RCVTIMEO, 15000);
    nap_us(200000); /* the proxy must know us before the first message */
    atomic_store(&job.page->ready, 1);
    while (!last) {
        do {
            if (zmq_msg_recv(&message, socket, 0) < 0) die("zmq_msg_recv: %s", zmq_strerror(errno));
        } while (zmq_msg_more(&message));
        last = count_one();
    }
    report();
    zmq_msg_close(&message);
    zmq_close(socket);
    zmq_ctx_term(context);
}

#ifndef WITHOUT_NATS
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t finished = PTHREAD_COND_INITIALIZER;
static int is_finished;

static void on_message(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *unused)
{
    (void)connection;
    (void)subscription;
    (void)unused;
    natsMsg_Destroy(message);
    if (!count_one()) return;
    report();
    pthread_mutex_lock(&lock);
    is_finished = 1;
    pthread_cond_signal(&finished);
    pthread_mutex_unlock(&lock);
}

static void consume_nats(void)
{
    natsConnection *connection = NULL;
    natsSubscription *subscription = NULL;
    struct timespec end;
    natsStatus status = natsConnection_ConnectTo(&connection, job.address);
    if (status == NATS_OK)
        status = natsConnection_Subscribe(&subscription, connection, "bench.ticks", on_message, NULL);
    if (status == NATS_OK) status = natsSubscription_SetPendingLimits(subscription, -1, -1);
    if (status == NATS_OK) status = natsConnection_FlushTimeout(connection, 5000);
    if (status != NATS_OK) die("nats: %s", natsStatus_GetText(status));
    atomic_store(&job.page->ready, 1);
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 40;
    pthread_mutex_lock(&lock);
    while (!is_finished)
        if (pthread_cond_timedwait(&finished, &lock, &end) != 0) die("nats lost messages: %lu came",
                                                                     (unsigned long)seen.received);
    pthread_mutex_unlock(&lock);
    natsSubscription_Destroy(subscription);
    natsConnection_Destroy(connection);
}

#else
static void consume_nats(void) { die("built without NATS"); }
#endif

int main(int argc, char **argv)
{
    if (argc < 9) die("usage: oneway produce|consume bus|raw|nats ADDRESS BYTES COUNT WARM PACE PAGE [PID [PAGE]]");
    job.address = argv[3];
    job.bytes = strtoul(argv[4], NULL, 10);
    job.count = strtoul(argv[5], NULL, 10);
    job.warm = strtoul(argv[6], NULL, 10);
    job.pace = strtoul(argv[7], NULL, 10);
    job.page = map_file(argv[8], sizeof *job.page);
    if (argc > 9) job.broker = (pid_t)strtol(argv[9], NULL, 10);
    if (argc > 10) job.mallocs = map_file(argv[10], sizeof *job.mallocs);
    if (job.warm == 0) die("WARM must be at least 1");
    int produce = strcmp(argv[1], "produce") == 0;
    if (strcmp(argv[2], "bus") == 0) (produce ? produce_bus : consume_bus)();
    else if (strcmp(argv[2], "raw") == 0) (produce ? produce_raw : consume_raw)();
    else (produce ? produce_nats : consume_nats)();
    return 0;
}
