#include "subject.h"

void subject_on_outcome(spacenode *plugin, const spacenode_outcome *outcome, void *context)
{
    struct world *world = context;
    (void)plugin;
    CHECK(outcome->text != NULL && outcome->status != 0);
    world->outcomes++;
    world->last_status = outcome->status;
}

void subject_on_event(spacenode *plugin, const spacenode_event *event, void *context)
{
    struct world *world = context;
    (void)plugin;
    switch (event->kind) {
    case SPACENODE_EVENT:
        CHECK(event->seq > 0);
        world->events++;
        break;
    case SPACENODE_GAP:
        CHECK(event->seq > 0 && event->to >= event->seq);
        world->holes++;
        world->last_from = event->seq;
        world->last_to = event->to;
        world->last_reported = event->is_reported;
        break;
    case SPACENODE_RESYNC: world->resyncs++; break;
    case SPACENODE_REFUSED: world->refusals++; break;
    }
}

/* --- Streams --- */

static void closed(spacenode_stream *stream, const spacenode_outcome *outcome, void *context)
{
    struct world *world = context;
    CHECK(outcome->status != 0 && outcome->text != NULL);
    CHECK(spacenode_stream_send(stream, NULL, 0) != 0);
    world->closed++;
    world->last_status = outcome->status;
    if (world->stream == stream) world->stream = NULL;
}

static int item(spacenode_stream *stream, const void *payload, size_t size, void *context)
{
    struct world *world = context;
    (void)stream;
    (void)payload;
    (void)size;
    world->items++;
    /* Every third is processed later. */
    return world->items % 3 == 0 ? SPACENODE_LATER : SPACENODE_TAKEN;
}

static void send_three(spacenode_stream *stream, void *context)
{
    Spacenode__Example__V1__CountItem message = SPACENODE__EXAMPLE__V1__COUNT_ITEM__INIT;
    (void)context;
    for (message.number = 1; message.number <= 3; message.number++)
        if (spacenode_stream_send_message(stream, &message.base) != 0) return;
    spacenode_stream_end(stream, NULL, 0);
}

static void opened(spacenode_stream *stream, const void *payload, size_t size, void *context)
{
    struct world *world = context;
    (void)payload;
    CHECK(spacenode_stream_origin(stream)->source != 0 || size == 0
          || spacenode_stream_plugin(stream) != NULL);
    world->stream = stream;
}

static void input_ended(spacenode_stream *stream, void *context)
{
    Spacenode__Example__V1__SumReply reply = SPACENODE__EXAMPLE__V1__SUM_REPLY__INIT;
    const struct world *world = context;
    reply.items = world->items;
    spacenode_stream_taken(stream);
    spacenode_stream_end_message(stream, &reply.base);
}

const spacenode_stream_handlers subject_opened = {.item = item, .writable = send_three, .closed = closed};
const spacenode_stream_handlers subject_counting = {
    .opened = opened, .writable = send_three, .closed = closed};
const spacenode_stream_handlers subject_summing = {
    .opened = opened, .item = item, .input_ended = input_ended, .closed = closed};

/* --- Calls --- */

static void cancelled(spacenode_request *request, void *context)
{
    struct world *world = context;
    world->cancelled++;
    CHECK(spacenode_request_is_cancelled(request));
    if (world->kept == request) world->kept = NULL;
    spacenode_reply(request, "", 0);
}

static void answer_late(spacenode *plugin, void *context)
{
    spacenode_request *request = context;
    (void)plugin;
    spacenode_on_cancel(request, NULL, NULL);
    spacenode_reply(request, "", 0);
}

static void echo(spacenode_request *request, const void *payload, size_t size, void *context)
{
    struct world *world = context;
    Spacenode__Example__V1__EchoRequest *message =
        spacenode_decode(&spacenode__example__v1__echo_request__descriptor, payload, size);
    Spacenode__Example__V1__EchoReply reply = SPACENODE__EXAMPLE__V1__ECHO_REPLY__INIT;
    world->requests++;
    if (message == NULL) {
        spacenode_fail(request, 7, "the request cannot be read");
        return;
    }
    reply.body = message->body;
    if (message->delay_ms == 1) {
        /* One is kept by hand; its turn is over when the next comes. */
        if (world->kept != NULL) answer_late(world->plugin, world->kept);
        world->kept = request;
        spacenode_on_cancel(request, cancelled, world);
    } else if (message->delay_ms == 0
               || spacenode_after(world->plugin, message->delay_ms, answer_late, request) == 0) {
        spacenode_reply_message(request, &reply.base);
    }
    spacenode_release(message);
}

void subject_serve(struct world *world)
{
    spacenode_serve(world->plugin, spacenode_example_v1_Example_Echo, echo, world);
    spacenode_serve_stream(world->plugin, spacenode_example_v1_Example_Count, &subject_counting, world);
    spacenode_serve_stream(world->plugin, spacenode_example_v1_Example_Sum, &subject_summing, world);
}

bool subject_call(struct world *world, uint32_t ttl_ms)
{
    spacenode_call_options options = {.ttl_ms = ttl_ms};
    return spacenode_call(world->plugin, spacenode_example_v1_Example_Echo, "", 0, &options,
                          subject_on_outcome, world)
           == 0;
}

unsigned subject_load(struct world *world)
{
    spacenode *plugin = world->plugin;
    unsigned begun = subject_call(world, 2000);
    begun += spacenode_open_stream(plugin, spacenode_example_v1_Example_Count, "", 0, NULL, &subject_opened,
                                   world, NULL)
             != NULL;
    begun += spacenode_open_stream(plugin, spacenode_example_v1_Example_Sum, "", 0, NULL, &subject_opened,
                                   world, NULL)
             != NULL;
    spacenode_subscribe(plugin, spacenode_example_v1_Example_Ticks, NULL, 0, subject_on_event, world, NULL);
    spacenode_publish(plugin, spacenode_example_v1_Example_Ticks, NULL, 0, "", 0, NULL);
    spacenode_publish(plugin, spacenode_example_v1_Example_Ticks, "\1", 1, "", 0, NULL);
    sn_settle(plugin);
    return begun;
}

/* --- What a router says --- */

void subject_reply_to(struct world *world, uint64_t id, uint32_t kind, uint32_t status)
{
    struct sn_header header = world_answer(kind, spacenode_example_v1_Example_Echo, id);
    header.status = status;
    world_give(world, SN_DATA_LANE, world_frame(&header, "", 0));
}

void subject_give_credit(struct world *world, uint32_t traffic_class, uint64_t bytes, uint64_t messages)
{
    Spacenode__Bus__V1__Credit credit = SPACENODE__BUS__V1__CREDIT__INIT;
    credit.traffic_class = traffic_class;
    credit.bytes = bytes;
    credit.messages = messages;
    world_give_control(world, SN_CONTROL_LANE, SN_CREDIT, &credit.base);
}

void subject_notice(struct world *world, uint32_t status)
{
    Spacenode__Bus__V1__Notice message = SPACENODE__BUS__V1__NOTICE__INIT;
    message.status = status;
    world_give_control(world, SN_CONTROL_LANE, SN_NOTICE, &message.base);
}

void subject_ask_echo(struct world *world, uint64_t id, uint32_t delay_ms)
{
    uint8_t payload[16];
    Spacenode__Example__V1__EchoRequest echo = SPACENODE__EXAMPLE__V1__ECHO_REQUEST__INIT;
    struct sn_header header = world_asked(SN_REQUEST, spacenode_example_v1_Example_Echo, id);
    echo.delay_ms = delay_ms;
    world_give(world, SN_DATA_LANE,
               world_frame(&header, payload, spacenode__example__v1__echo_request__pack(&echo, payload)));
}
