#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define FRAMES_A_ROUND 256          /* of each lane, so that no lane keeps the loop */
#define LAST_WORDS_MS 300           /* for a GOODBYE to leave */
#define ZMQ_MAX_FRAME 4259840       /* a little above ours: libzmq drops the connection without a word */

static uint64_t clock_ms(void)
{
    struct timespec time = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* --- Sockets --- */

static bool set_number(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_options(void *socket, const struct sn_address *address)
{
    int64_t largest = ZMQ_MAX_FRAME;
    /* Never ZMQ_HEARTBEAT_IVL: libzmq 4.3.4 aborts under back-pressure. */
    bool is_set = set_number(socket, ZMQ_IMMEDIATE, 1) && set_number(socket, ZMQ_LINGER, 0)
                  && set_number(socket, ZMQ_RECONNECT_IVL, 100)
                  && set_number(socket, ZMQ_RECONNECT_IVL_MAX, 1000)
                  && set_number(socket, ZMQ_HANDSHAKE_IVL, 5000) && set_number(socket, ZMQ_SNDHWM, 8192)
                  && set_number(socket, ZMQ_RCVHWM, 8192)
                  && zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest) == 0;
    if (!is_set || address->server_key[0] == 0) return is_set;
    return set_number(socket, ZMQ_TCP_KEEPALIVE, 1)
           && zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, address->server_key, SN_Z85_KEY) == 0
           && zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, address->public_key, SN_Z85_KEY) == 0
           && zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, address->secret_key, SN_Z85_KEY) == 0;
}

static bool open_lane(struct sn_loop *loop, int lane, const struct sn_address *address)
{
    char name[32];
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
                 | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    snprintf(name, sizeof name, "inproc://monitor-%d", lane);
    loop->sockets[lane] = zmq_socket(loop->zmq, ZMQ_DEALER);
    if (loop->sockets[lane] == NULL || !set_options(loop->sockets[lane], address)) return false;
    if (zmq_socket_monitor(loop->sockets[lane], name, events) != 0) return false;
    loop->monitors[lane] = zmq_socket(loop->zmq, ZMQ_PAIR);
    if (loop->monitors[lane] == NULL || !set_number(loop->monitors[lane], ZMQ_LINGER, 0)) return false;
    return zmq_connect(loop->monitors[lane], name) == 0
           && zmq_connect(loop->sockets[lane], address->endpoint[lane]) == 0;
}

static bool transmit(void *link, int lane, const uint8_t *head, size_t head_size, const void *payload,
                     size_t size)
{
    struct sn_loop *loop = link;
    zmq_msg_t frame;
    if (zmq_msg_init_size(&frame, head_size + size) != 0) return false;
    memcpy(zmq_msg_data(&frame), head, head_size);
    if (size > 0) memcpy((uint8_t *)zmq_msg_data(&frame) + head_size, payload, size);
    int sent;
    do sent = zmq_msg_send(&frame, loop->sockets[lane], ZMQ_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent < 0) zmq_msg_close(&frame);
    return sent >= 0;
}

static void drain_lane(spacenode *plugin, int lane)
{
    zmq_msg_t frame;
    for (int count = 0; count < FRAMES_A_ROUND && plugin->phase != SN_STOPPED; count++) {
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, plugin->loop->sockets[lane], ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            return;
        }
        sn_receive(plugin, lane, zmq_msg_data(&frame), zmq_msg_size(&frame), plugin->now);
        zmq_msg_close(&frame);
        /* A frame may have ended the session: what follows must not count as of it. */
        if (plugin->is_pending) sn_settle(plugin);
    }
}

/* --- Connections --- */

/* The next event of a monitor, 0: none. */
static unsigned next_event(void *monitor)
{
    uint8_t bytes[6];
    char endpoint[256];
    uint16_t event;
    int more = 0;
    size_t more_size = sizeof more;
    if (zmq_recv(monitor, bytes, sizeof bytes, ZMQ_DONTWAIT) < (int)sizeof event) return 0;
    memcpy(&event, bytes, sizeof event);
    if (zmq_getsockopt(monitor, ZMQ_RCVMORE, &more, &more_size) == 0 && more)
        zmq_recv(monitor, endpoint, sizeof endpoint, ZMQ_DONTWAIT);
    return event;
}

static void handshake_failed(spacenode *plugin, unsigned event)
{
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
        sn_stop(plugin, SPACENODE_UNAUTHORIZED,
                "the router does not know this machine's key: "
                "spacenode machine allow NAME --role ROLE --key KEY there");
    else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
        sn_stop(plugin, SPACENODE_UNAUTHORIZED,
                "the other end does not speak CURVE: is that the router's bus port?");
    else if (plugin->loop->is_tcp && !plugin->loop->has_been_connected
             && ++plugin->loop->failed_handshakes >= 3)
        sn_stop(
            plugin, SPACENODE_UNAUTHORIZED,
            "the handshake fails: --server-key is not that router's; spacenode machine key shows it there");
}

static void connections_changed(spacenode *plugin, int lane)
{
    struct sn_loop *loop = plugin->loop;
    unsigned event;
    while (plugin->phase != SN_STOPPED && (event = next_event(loop->monitors[lane])) != 0) {
        if (event == ZMQ_EVENT_DISCONNECTED) {
            if (!loop->has_been_connected) continue;
            /* An ATTACH may have gone with the data connection. */
            plugin->attach_sent = false;
            if (lane == SN_CONTROL_LANE || sn_has_session(plugin)) sn_lose(plugin, "the router is gone");
        } else if (lane == SN_DATA_LANE) {
            continue;
        } else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            loop->failed_handshakes = 0;
            loop->has_been_connected = true;
            sn_connected(plugin, plugin->now);
        } else {
            handshake_failed(plugin, event);
        }
    }
}

/* --- Other threads and signals --- */

static void wake(int descriptor)
{
    char byte = 1;
    /* A full pipe wakes as well. */
    ssize_t written = write(descriptor, &byte, 1);
    (void)written;
}

int spacenode_post(spacenode *plugin, spacenode_timer *function, void *context)
{
    struct sn_loop *loop = plugin->loop;
    struct sn_posted *posted = malloc(sizeof *posted);
    if (posted == NULL) return SPACENODE_FAILED;
    posted->next = NULL;
    posted->function = function;
    posted->context = context;
    pthread_mutex_lock(&loop->lock);
    bool has_room = loop->posted_count < SPACENODE_MAX_POSTED;
    if (has_room) {
        if (loop->posted_last != NULL)
            loop->posted_last->next = posted;
        else
            loop->posted = posted;
        loop->posted_last = posted;
        loop->posted_count++;
    }
    pthread_mutex_unlock(&loop->lock);
    if (has_room) {
        wake(loop->wake_write);
        return 0;
    }
    free(posted);
    return SPACENODE_BUSY;
}

static struct sn_posted *take_posted(struct sn_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct sn_posted *all = loop->posted;
    loop->posted = loop->posted_last = NULL;
    loop->posted_count = 0;
    pthread_mutex_unlock(&loop->lock);
    return all;
}

static void run_posted(spacenode *plugin)
{
    char bytes[64];
    while (read(plugin->loop->wake_read, bytes, sizeof bytes) > 0) {}
    struct sn_posted *posted = take_posted(plugin->loop);
    while (posted != NULL) {
        struct sn_posted *next = posted->next;
        posted->function(plugin, posted->context);
        free(posted);
        posted = next;
    }
}

/* --- Opening and closing --- */

static bool open_pipe(struct sn_loop *loop)
{
    int ends[2];
    if (pipe(ends) != 0) return false;
    loop->wake_read = ends[0];
    loop->wake_write = ends[1];
    for (int end = 0; end < 2; end++)
        if (fcntl(ends[end], F_SETFL, O_NONBLOCK) != 0 || fcntl(ends[end], F_SETFD, FD_CLOEXEC) != 0)
            return false;
    return true;
}

bool sn_loop_open(spacenode *plugin, const spacenode_options *options, char *text)
{
    struct sn_address address;
    struct sn_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) return false;
    loop->wake_read = loop->wake_write = -1;
    pthread_mutex_init(&loop->lock, NULL);
    plugin->loop = loop;
    plugin->link = loop;
    plugin->transmit = transmit;
    plugin->now = plugin->began = plugin->heard = clock_ms();
    bool is_open = sn_read_address(plugin, options, &address, text);
    if (is_open) {
        loop->is_tcp = address.server_key[0] != 0;
        loop->zmq = zmq_ctx_new();
        is_open = loop->zmq != NULL && open_pipe(loop) && open_lane(loop, SN_CONTROL_LANE, &address)
                  && open_lane(loop, SN_DATA_LANE, &address);
        if (!is_open)
            snprintf(text, SPACENODE_TEXT_BYTES, "no socket to %s: %s", options->bus, zmq_strerror(errno));
    }
    explicit_bzero(&address, sizeof address);
    return is_open;
}

void sn_loop_close(spacenode *plugin)
{
    struct sn_loop *loop = plugin->loop;
    if (loop == NULL) return;
    for (int lane = 0; lane < 2; lane++) {
        if (loop->sockets[lane] != NULL) zmq_socket_monitor(loop->sockets[lane], NULL, 0);
        if (loop->monitors[lane] != NULL) zmq_close(loop->monitors[lane]);
        if (loop->sockets[lane] == NULL) continue;
        set_number(loop->sockets[lane], ZMQ_LINGER, LAST_WORDS_MS);
        zmq_close(loop->sockets[lane]);
    }
    if (loop->zmq != NULL)
        while (zmq_ctx_term(loop->zmq) != 0 && errno == EINTR) {}
    if (loop->wake_read >= 0) close(loop->wake_read);
    if (loop->wake_write >= 0) close(loop->wake_write);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
    plugin->loop = NULL;
}

spacenode *spacenode_open(const spacenode_options *options, char text[SPACENODE_TEXT_BYTES])
{
    /* No core file and no core pipe, which is fed even at 0: what a plugin holds may be secret. */
    struct rlimit none = {1, 1};
    setrlimit(RLIMIT_CORE, &none);
    snprintf(text, SPACENODE_TEXT_BYTES, "no memory left");
    spacenode *plugin = sn_new(options, text);
    if (plugin == NULL || sn_loop_open(plugin, options, text)) return plugin;
    spacenode_close(plugin);
    return NULL;
}

void spacenode_close(spacenode *plugin)
{
    if (plugin == NULL) return;
    sn_stop(plugin, 0, "this plugin has stopped");
    if (plugin->loop != NULL && plugin->loop->wake_read >= 0) run_posted(plugin);
    sn_loop_close(plugin);
    sn_free(plugin);
}

/* --- The loop --- */

bool spacenode_step(spacenode *plugin, int timeout_ms)
{
    struct sn_loop *loop = plugin->loop;
    zmq_pollitem_t items[] = {
        {loop->sockets[SN_CONTROL_LANE], 0, ZMQ_POLLIN, 0},
        {loop->sockets[SN_DATA_LANE], 0, ZMQ_POLLIN, 0},
        {loop->monitors[SN_CONTROL_LANE], 0, ZMQ_POLLIN, 0},
        {loop->monitors[SN_DATA_LANE], 0, ZMQ_POLLIN, 0},
        {NULL, loop->wake_read, ZMQ_POLLIN, 0},
    };
    sn_settle(plugin);
    if (plugin->phase == SN_STOPPED) return false;
    if (zmq_poll(items, 5, sn_wait_ms(plugin, timeout_ms)) < 0 && errno != EINTR) {
        sn_stop(plugin, SPACENODE_FAILED, "zmq_poll failed");
        return false;
    }
    plugin->now = clock_ms();
    if (items[4].revents != 0) run_posted(plugin);
    for (int lane = 0; lane < 2; lane++)
        if (items[2 + lane].revents != 0) connections_changed(plugin, lane);
    for (int lane = 0; lane < 2; lane++)
        if (items[lane].revents != 0) drain_lane(plugin, lane);
    sn_tick(plugin, clock_ms());
    sn_settle(plugin);
    return plugin->phase != SN_STOPPED;
}
