/* Serves spacenode.example.v1: every pattern of the bus once. The model for plugins in C. */
#include <contracts.h>
#include <spacenode.h>
#include <spacenode/example/v1/example.pb-c.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ITEMS 10000000u
#define MAX_ITEM_BYTES 262144u
#define MAX_DELAY_MS 60000u

static const char *const over_limits = "at most 10000000 items of 262144 bytes can be had";

static bool is_within(uint64_t items, uint64_t bytes)
{
    return items <= MAX_ITEMS && bytes <= MAX_ITEM_BYTES;
}

/* --- Echo: an answer now, or later by a timer --- */

struct echo {
    spacenode_request *request;
    uint64_t timer;
    Spacenode__Example__V1__EchoRequest *message;
};

static void reply_echo(spacenode_request *request, const Spacenode__Example__V1__EchoRequest *message)
{
    Spacenode__Example__V1__EchoReply reply = SPACENODE__EXAMPLE__V1__ECHO_REPLY__INIT;
    reply.body = message->body;
    spacenode_reply_message(request, &reply.base);
}

static void end_echo(struct echo *echo)
{
    reply_echo(echo->request, echo->message);
    spacenode_release(echo->message);
    free(echo);
}

static void echo_is_due(spacenode *plugin, void *context)
{
    (void)plugin;
    end_echo(context);
}

static void echo_is_cancelled(spacenode_request *request, void *context)
{
    struct echo *echo = context;
    spacenode_cancel_timer(spacenode_request_plugin(request), echo->timer);
    /* Nobody gets this answer; it ends the request. */
    end_echo(echo);
}

static void delay_echo(spacenode_request *request, Spacenode__Example__V1__EchoRequest *message)
{
    struct echo *echo = malloc(sizeof *echo);
    uint64_t timer = 0;
    if (echo != NULL)
        timer = spacenode_after(spacenode_request_plugin(request), message->delay_ms, echo_is_due, echo);
    if (timer == 0) {
        free(echo);
        spacenode_release(message);
        spacenode_fail(request, 0, "no memory left");
        return;
    }
    echo->request = request;
    echo->timer = timer;
    echo->message = message;
    spacenode_on_cancel(request, echo_is_cancelled, echo);
}

static void echo(spacenode_request *request, const void *payload, size_t size, void *context)
{
    Spacenode__Example__V1__EchoRequest *message =
        spacenode_decode(&spacenode__example__v1__echo_request__descriptor, payload, size);
    char text[64];
    (void)context;
    if (message == NULL) {
        spacenode_fail(request, 0, "the request cannot be read");
        return;
    }
    if (!message->fail && message->delay_ms > 0 && message->delay_ms <= MAX_DELAY_MS) {
        delay_echo(request, message);
        return;
    }
    snprintf(text, sizeof text, "delay_ms %u is over %u", message->delay_ms, MAX_DELAY_MS);
    if (message->fail)
        spacenode_fail(request, 0, "the request asked to fail");
    else if (message->delay_ms > MAX_DELAY_MS)
        spacenode_fail(request, 0, text);
    else
        reply_echo(request, message);
    spacenode_release(message);
}

/* --- Count: a download --- */

/* The end of every stream here: what it needed is freed. */
static void free_context(spacenode_stream *stream, const spacenode_outcome *outcome, void *context)
{
    (void)stream;
    (void)outcome;
    free(context);
}

struct count {
    uint64_t items, sent;
    size_t body_bytes;
    uint8_t body[];
};

static void open_count(spacenode_stream *stream, const void *payload, size_t size, void *context)
{
    Spacenode__Example__V1__CountRequest *message =
        spacenode_decode(&spacenode__example__v1__count_request__descriptor, payload, size);
    struct count *count = NULL;
    (void)context;
    spacenode_stream_set_context(stream, NULL);
    if (message == NULL) {
        spacenode_stream_fail(stream, 0, "the request cannot be read");
        return;
    }
    if (is_within(message->items, message->item_bytes)) {
        count = malloc(sizeof *count + message->item_bytes);
        if (count == NULL) spacenode_stream_fail(stream, 0, "no memory left");
    } else {
        spacenode_stream_fail(stream, 0, over_limits);
    }
    if (count != NULL) {
        count->items = message->items;
        count->sent = 0;
        count->body_bytes = message->item_bytes;
        memset(count->body, 'Z', count->body_bytes);
        spacenode_stream_set_context(stream, count);
    }
    spacenode_release(message);
}

static void send_count(spacenode_stream *stream, void *context)
{
    struct count *count = context;
    Spacenode__Example__V1__CountItem item = SPACENODE__EXAMPLE__V1__COUNT_ITEM__INIT;
    if (count == NULL) return;
    item.body.data = count->body;
    item.body.len = count->body_bytes;
    while (count->sent < count->items) {
        item.number = count->sent + 1;
        if (spacenode_stream_send_message(stream, &item.base) != 0) return;
        count->sent++;
    }
    spacenode_stream_end(stream, NULL, 0);
}

/* --- Sum: an upload --- */

struct sum {
    uint64_t sum, items;
};

static void open_sum(spacenode_stream *stream, const void *payload, size_t size, void *context)
{
    struct sum *sum = calloc(1, sizeof *sum);
    (void)payload;
    (void)size;
    (void)context;
    spacenode_stream_set_context(stream, sum);
    if (sum == NULL) spacenode_stream_fail(stream, 0, "no memory left");
}

static int add_to_sum(spacenode_stream *stream, const void *payload, size_t size, void *context)
{
    struct sum *sum = context;
    Spacenode__Example__V1__SumItem *item =
        spacenode_decode(&spacenode__example__v1__sum_item__descriptor, payload, size);
    if (item == NULL || sum == NULL) {
        spacenode_stream_fail(stream, 0, "an item cannot be read");
    } else {
        sum->sum += item->value;
        sum->items++;
    }
    spacenode_release(item);
    return SPACENODE_TAKEN;
}

static void end_sum(spacenode_stream *stream, void *context)
{
    const struct sum *sum = context;
    Spacenode__Example__V1__SumReply reply = SPACENODE__EXAMPLE__V1__SUM_REPLY__INIT;
    if (sum == NULL) return;
    reply.sum = sum->sum;
    reply.items = sum->items;
    spacenode_stream_end_message(stream, &reply.base);
}

/* --- Emit: events, as credit allows --- */

/* Number of the last Tick under each key that was used; keys beyond the table are refused. */
struct ticks {
    struct {
        uint8_t key[SPACENODE_MAX_TOPIC_KEY];
        size_t key_size;
        uint64_t number;
    } topics[1024];
    size_t count;
};

struct emit {
    spacenode_request *request;
    uint64_t events, *number;
    uint8_t key[SPACENODE_MAX_TOPIC_KEY];
    size_t key_size, body_bytes;
    uint8_t body[];
};

static uint64_t *tick_number(struct ticks *ticks, const uint8_t *key, size_t size)
{
    for (size_t place = 0; place < ticks->count; place++)
        if (ticks->topics[place].key_size == size
            && (size == 0 || memcmp(ticks->topics[place].key, key, size) == 0))
            return &ticks->topics[place].number;
    if (size > SPACENODE_MAX_TOPIC_KEY || ticks->count == sizeof ticks->topics / sizeof *ticks->topics)
        return NULL;
    if (size > 0) memcpy(ticks->topics[ticks->count].key, key, size);
    ticks->topics[ticks->count].key_size = size;
    return &ticks->topics[ticks->count++].number;
}

static void go_on_emitting(spacenode *plugin, void *context)
{
    struct emit *emit = context;
    Spacenode__Example__V1__Tick tick = SPACENODE__EXAMPLE__V1__TICK__INIT;
    Spacenode__Example__V1__EmitReply reply = SPACENODE__EXAMPLE__V1__EMIT_REPLY__INIT;
    tick.body.data = emit->body;
    tick.body.len = emit->body_bytes;
    int result = spacenode_request_is_cancelled(emit->request) ? SPACENODE_CANCELLED : 0;
    while (result == 0 && emit->events > 0) {
        tick.number = *emit->number + 1;
        result =
            spacenode_publish_message(plugin, spacenode_example_v1_Example_Ticks, emit->key, emit->key_size,
                                      &tick.base, spacenode_request_origin(emit->request));
        if (result != 0) break;
        ++*emit->number;
        emit->events--;
    }
    if (result == SPACENODE_BUSY
        && spacenode_when_room(plugin, spacenode_example_v1_Example_Ticks, go_on_emitting, emit) == 0)
        return;
    if (result == 0)
        spacenode_reply_message(emit->request, &reply.base);
    else
        spacenode_fail(emit->request, 0, spacenode_text(plugin));
    free(emit);
}

static struct emit *new_emit(spacenode_request *request, const Spacenode__Example__V1__EmitRequest *message,
                             uint64_t *number)
{
    struct emit *emit = calloc(1, sizeof *emit + message->body_bytes);
    if (emit == NULL) return NULL;
    emit->request = request;
    emit->events = message->events;
    emit->number = number;
    emit->key_size = message->topic_key.len;
    if (emit->key_size > 0) memcpy(emit->key, message->topic_key.data, emit->key_size);
    emit->body_bytes = message->body_bytes;
    memset(emit->body, 'Z', emit->body_bytes);
    return emit;
}

static void start_emitting(spacenode_request *request, const void *payload, size_t size, void *context)
{
    Spacenode__Example__V1__EmitRequest *message =
        spacenode_decode(&spacenode__example__v1__emit_request__descriptor, payload, size);
    struct emit *emit = NULL;
    const char *fault = "the request cannot be read";
    if (message != NULL) {
        fault = over_limits;
        uint64_t *number = NULL;
        if (is_within(message->events, message->body_bytes)) {
            fault = "too many topics, or a topic key over 32 bytes";
            number = tick_number(context, message->topic_key.data, message->topic_key.len);
        }
        if (number != NULL) {
            fault = "no memory left";
            emit = new_emit(request, message, number);
        }
    }
    spacenode_release(message);
    if (emit != NULL)
        go_on_emitting(spacenode_request_plugin(request), emit);
    else
        spacenode_fail(request, 0, fault);
}

/* --- Relay: calls, one after the other --- */

struct relay {
    spacenode_request *request;
    Spacenode__Example__V1__RelayRequest *message;
    uint32_t done, replies;
};

static void end_relay(struct relay *relay, const char *fault)
{
    Spacenode__Example__V1__RelayReply reply = SPACENODE__EXAMPLE__V1__RELAY_REPLY__INIT;
    reply.replies = relay->replies;
    if (fault == NULL)
        spacenode_reply_message(relay->request, &reply.base);
    else
        spacenode_fail(relay->request, 0, fault);
    spacenode_release(relay->message);
    free(relay);
}

static void go_on_relaying(spacenode *plugin, const spacenode_outcome *outcome, void *context);

static void relay_next(spacenode *plugin, struct relay *relay)
{
    Spacenode__Example__V1__EchoRequest echo = SPACENODE__EXAMPLE__V1__ECHO_REQUEST__INIT;
    spacenode_call_options options = {.cause = spacenode_request_origin(relay->request)};
    echo.body = relay->message->body;
    if (relay->done == relay->message->calls || spacenode_request_is_cancelled(relay->request))
        end_relay(relay, NULL);
    else if (spacenode_call_message(plugin, spacenode_example_v1_Example_Echo, &echo.base, &options,
                                    go_on_relaying, relay)
             != 0)
        end_relay(relay, spacenode_text(plugin));
}

static void go_on_relaying(spacenode *plugin, const spacenode_outcome *outcome, void *context)
{
    struct relay *relay = context;
    if (outcome->status != SPACENODE_OK) {
        end_relay(relay, outcome->text);
        return;
    }
    Spacenode__Example__V1__EchoReply *reply =
        spacenode_decode(&spacenode__example__v1__echo_reply__descriptor, outcome->payload, outcome->size);
    const ProtobufCBinaryData *body = &relay->message->body;
    if (reply != NULL && reply->body.len == body->len
        && (body->len == 0 || memcmp(reply->body.data, body->data, body->len) == 0))
        relay->replies++;
    spacenode_release(reply);
    relay->done++;
    relay_next(plugin, relay);
}

static void start_relaying(spacenode_request *request, const void *payload, size_t size, void *context)
{
    Spacenode__Example__V1__RelayRequest *message =
        spacenode_decode(&spacenode__example__v1__relay_request__descriptor, payload, size);
    struct relay *relay = NULL;
    const char *fault = "the request cannot be read";
    (void)context;
    if (message != NULL && !is_within(message->calls, message->body.len)) {
        fault = over_limits;
    } else if (message != NULL) {
        fault = "no memory left";
        relay = calloc(1, sizeof *relay);
    }
    if (relay == NULL) {
        spacenode_release(message);
        spacenode_fail(request, 0, fault);
        return;
    }
    relay->request = request;
    relay->message = message;
    relay_next(spacenode_request_plugin(request), relay);
}

/* --- The plugin --- */

static int serve(spacenode *plugin, struct ticks *ticks)
{
    static const spacenode_stream_handlers counting = {
        .opened = open_count, .writable = send_count, .closed = free_context};
    static const spacenode_stream_handlers summing = {
        .opened = open_sum, .item = add_to_sum, .input_ended = end_sum, .closed = free_context};
    int result = spacenode_serve(plugin, spacenode_example_v1_Example_Echo, echo, NULL);
    if (result == 0)
        result = spacenode_serve(plugin, spacenode_example_v1_Example_Emit, start_emitting, ticks);
    if (result == 0)
        result = spacenode_serve(plugin, spacenode_example_v1_Example_Relay, start_relaying, NULL);
    if (result == 0)
        result = spacenode_serve_stream(plugin, spacenode_example_v1_Example_Count, &counting, NULL);
    if (result == 0)
        result = spacenode_serve_stream(plugin, spacenode_example_v1_Example_Sum, &summing, NULL);
    return result;
}

int main(int argc, char **argv)
{
    static struct ticks ticks;
    const spacenode_contract *const contracts[] = {&spacenode_example_v1_Example};
    char text[SPACENODE_TEXT_BYTES];
    spacenode_options options = {.name = "c-example", .role = "example"};
    options.provides = options.needs = contracts;
    options.provides_count = options.needs_count = 1;
    spacenode *plugin = NULL;
    if (spacenode_arguments(&options, argc, argv, text) == 0) plugin = spacenode_open(&options, text);
    if (plugin == NULL) {
        fprintf(stderr, "example: %s\n", text);
        return 2;
    }
    int result = serve(plugin, &ticks);
    if (result == 0) result = spacenode_run(plugin);
    if (result != 0) fprintf(stderr, "example: status %d: %s\n", result, spacenode_text(plugin));
    spacenode_close(plugin);
    return result == 0 ? 0 : 2;
}
