/* What the protocol's page says of sessions, credit, requests and events, one by one. */
#include "subject.h"

static const uint64_t first_id = (uint64_t)5 << 32;

static void reply_to(struct world *world, uint64_t id, uint32_t kind, uint32_t status)
{
    struct sn_header header = world_answer(kind, spacenode_example_v1_Example_Echo, id);
    header.status = status;
    world_give(world, SN_DATA_LANE, world_frame(&header, "", 0));
}

static void give_credit(struct world *world, uint32_t traffic_class, uint64_t bytes, uint64_t messages)
{
    Spacenode__Bus__V1__Credit credit = SPACENODE__BUS__V1__CREDIT__INIT;
    credit.traffic_class = traffic_class;
    credit.bytes = bytes;
    credit.messages = messages;
    world_give_control(world, SN_CONTROL_LANE, SN_CREDIT, &credit.base);
}

static void notice(struct world *world, uint32_t status)
{
    Spacenode__Bus__V1__Notice message = SPACENODE__BUS__V1__NOTICE__INIT;
    message.status = status;
    world_give_control(world, SN_CONTROL_LANE, SN_NOTICE, &message.base);
}

static void ask_echo(struct world *world, uint64_t id, uint32_t delay_ms)
{
    uint8_t payload[16];
    Spacenode__Example__V1__EchoRequest echo = SPACENODE__EXAMPLE__V1__ECHO_REQUEST__INIT;
    struct sn_header header = world_asked(SN_REQUEST, spacenode_example_v1_Example_Echo, id);
    echo.delay_ms = delay_ms;
    world_give(world, SN_DATA_LANE,
               world_frame(&header, payload, spacenode__example__v1__echo_request__pack(&echo, payload)));
}

/* --- Sessions --- */

static void hello_comes_first(void)
{
    struct world world;
    world_make(&world);
    CHECK(world.count == 1 && world.seen[0].header.type == (1u << 16 | SN_HELLO));
    CHECK(world.seen[0].header.source == 0 && world.seen[0].header.epoch == 0);
    /* No WELCOME: HELLO again after a second; two WELCOMEs: the newer counts. */
    world_pass(&world, 1010);
    CHECK(world_count(&world, SN_CONTROL_KIND, SN_HELLO) == 2);
    world_welcome(&world, 5, 9000, 9);
    CHECK(world.plugin->phase == SN_ESTABLISHED && world.plugin->epoch == 5);
    CHECK(world_find(&world, SN_CONTROL_KIND, SN_ATTACH)->lane == SN_DATA_LANE);
    CHECK(world_find(&world, SN_CONTROL_KIND, SN_STATE) != NULL);
    world_end(&world);
}

static void attached_of_an_old_session_counts_nothing(void)
{
    struct world world;
    Spacenode__Bus__V1__Welcome welcome = SPACENODE__BUS__V1__WELCOME__INIT;
    Spacenode__Bus__V1__Attached attached = SPACENODE__BUS__V1__ATTACHED__INIT;
    world_make(&world);
    welcome.session = 4;
    welcome.epoch = 1;
    attached.session = 3;
    world_give_control(&world, SN_CONTROL_LANE, SN_WELCOME, &welcome.base);
    world_give_control(&world, SN_DATA_LANE, SN_ATTACHED, &attached.base);
    CHECK(world.plugin->phase == SN_ATTACHING);
    /* ATTACH is lost: after two seconds all begins anew. */
    world_pass(&world, SN_ATTACH_MS + 100);
    CHECK(world_count(&world, SN_CONTROL_KIND, SN_HELLO) >= 2);
    world_end(&world);
}

static void unknown_session_ends_everything(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 9);
    subject_serve(&world);
    unsigned begun = subject_load(&world);
    CHECK(begun == 3);
    ask_echo(&world, 1, 1);
    CHECK(world.kept != NULL);
    notice(&world, SPACENODE_UNKNOWN_SESSION);
    CHECK(world.outcomes == 1 && world.closed == 2 && world.cancelled == 1 && world.kept == NULL);
    CHECK(world.last_status == SPACENODE_ROUTER_LOST);
    world_forget(&world);
    world_pass(&world, 10);
    CHECK(world_count(&world, SN_CONTROL_KIND, SN_HELLO) == 1 && world.count == 1);
    /* Numbers and credit begin anew, the subscription is made again. */
    world_welcome(&world, 6, 9000, 9);
    CHECK(world_find(&world, SN_CONTROL_KIND, SN_SUBSCRIBE) != NULL);
    CHECK(subject_call(&world, 2000));
    CHECK(world_find(&world, SN_REQUEST, 0)->header.id == ((uint64_t)6 << 32) + 1);
    world_end(&world);
}

static void silence_ends_a_session(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 9);
    world_forget(&world);
    world_pass(&world, 1600);
    CHECK(world_count(&world, SN_CONTROL_KIND, SN_PING) == 1);
    world_pass(&world, SN_SILENCE_MS);
    CHECK(world_count(&world, SN_CONTROL_KIND, SN_HELLO) >= 1);
    world_end(&world);
}

static void a_full_connection_ends_a_session(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 9);
    world.is_full = true;
    /* Nothing of the plugin is called inside its own call. */
    CHECK(subject_call(&world, 2000));
    CHECK(world.outcomes == 0);
    sn_settle(world.plugin);
    CHECK(world.plugin->phase == SN_CONNECTING);
    /* It was not sent: it waits for the next session. */
    CHECK(world.outcomes == 0 && world.plugin->held_frames == 1);
    world.is_full = false;
    world_pass(&world, 100);
    world_welcome(&world, 6, 9000, 9);
    CHECK(world_find(&world, SN_REQUEST, 0) != NULL && world.plugin->held_frames == 0);
    world_end(&world);
}

static void refusals(void)
{
    struct world world;
    Spacenode__Bus__V1__Reject reject = SPACENODE__BUS__V1__REJECT__INIT;
    world_begin(&world, 5, 9000, 9);
    reject.status = SPACENODE_LIMIT;
    reject.text.data = (uint8_t *)(uintptr_t)"later\x1b[2J";
    reject.text.len = 9;
    world_give_control(&world, SN_CONTROL_LANE, SN_REJECT, &reject.base);
    CHECK(world.plugin->phase == SN_CONNECTING && strchr(spacenode_text(world.plugin), 0x1b) == NULL);
    world_forget(&world);
    world_pass(&world, 900);
    CHECK(world.count == 0);
    world_pass(&world, 200);
    CHECK(world_count(&world, SN_CONTROL_KIND, SN_HELLO) == 1);
    reject.status = SPACENODE_SUPERSEDED;
    reject.permanent = true;
    world_give_control(&world, SN_CONTROL_LANE, SN_REJECT, &reject.base);
    CHECK(world.plugin->phase == SN_STOPPED && spacenode_status_of(world.plugin) == SPACENODE_SUPERSEDED);
    world_end(&world);
}

static void drain_finishes_what_was_taken(void)
{
    struct world world;
    Spacenode__Bus__V1__Drain drain = SPACENODE__BUS__V1__DRAIN__INIT;
    world_begin(&world, 5, 9000, 9);
    subject_serve(&world);
    ask_echo(&world, 1, 300);
    world_give_control(&world, SN_CONTROL_LANE, SN_DRAIN, &drain.base);
    world_pass(&world, 250);
    CHECK(world.plugin->phase == SN_DRAINING && world_find(&world, SN_REPLY, 0) == NULL);
    world_pass(&world, 100);
    CHECK(world.plugin->phase == SN_STOPPED && spacenode_status_of(world.plugin) == 0);
    CHECK(world_find(&world, SN_REPLY, 0) != NULL && world_find(&world, SN_CONTROL_KIND, SN_GOODBYE)->lane == SN_DATA_LANE);
    world_end(&world);
}

/* --- Credit --- */

static void calls_wait_for_credit(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 2);
    for (int number = 0; number < 5; number++) CHECK(subject_call(&world, 2000));
    CHECK(world_count(&world, SN_REQUEST, 0) == 2 && world.plugin->held_frames == 3);
    CHECK(spacenode_publish(world.plugin, spacenode_example_v1_Example_Ticks, NULL, 0, "", 0, NULL) == SPACENODE_BUSY);
    give_credit(&world, 3, 9000, 4);
    CHECK(world_count(&world, SN_REQUEST, 0) == 4 && world_find(&world, SN_REQUEST, 0)->header.id == first_id + 4);
    /* Totals do not fall. */
    give_credit(&world, 3, 1, 1);
    CHECK(world.plugin->credit[1].allowed_messages == 4);
    world_pass(&world, 2100);
    CHECK(world.outcomes == 5 && world.plugin->held_frames == 0 && world.last_status == SPACENODE_EXPIRED);
    /* Those that were sent are cancelled at the router. */
    CHECK(world_count(&world, SN_CONTROL_KIND, SN_CANCEL) == 4);
    world_end(&world);
}

static void on_room(spacenode *plugin, void *context)
{
    struct world *world = context;
    (void)plugin;
    world->items++;
}

static void room_is_told(void)
{
    struct world world;
    const spacenode_method *ticks = spacenode_example_v1_Example_Ticks;
    static uint8_t body[1000];
    world_begin(&world, 5, 1500, 9);
    CHECK(spacenode_publish(world.plugin, ticks, NULL, 0, body, sizeof body, NULL) == 0);
    CHECK(spacenode_publish(world.plugin, ticks, NULL, 0, body, sizeof body, NULL) == SPACENODE_BUSY);
    CHECK(spacenode_when_room(world.plugin, ticks, on_room, &world) == 0);
    /* Room for something, but not for what was refused. */
    give_credit(&world, 3, 1600, 9);
    CHECK(world.items == 0);
    give_credit(&world, 3, 3000, 9);
    CHECK(world.items == 1);
    CHECK(spacenode_publish(world.plugin, ticks, NULL, 0, body, sizeof body, NULL) == 0);
    CHECK(world_find(&world, SN_EVENT_KIND, 0)->header.seq == 2);
    CHECK(spacenode_when_room(world.plugin, ticks, on_room, &world) == 0);
    sn_stop(world.plugin, 0, "the end");
    CHECK(world.items == 2);
    world_end(&world);
}

static void what_is_held_is_bounded(void)
{
    struct world world;
    unsigned begun = 0;
    world_begin(&world, 5, 9000, 0);
    while (begun < 2 * SPACENODE_HELD_FRAMES && subject_call(&world, 2000)) begun++;
    CHECK(begun == SPACENODE_HELD_FRAMES && world.plugin->call_count == begun);
    world_pass(&world, 2100);
    CHECK(world.outcomes == begun && world.plugin->held_bytes == 0 && subject_call(&world, 2000));
    world_end(&world);
}

static void credit_is_given_back(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 9);
    subject_serve(&world);
    world_forget(&world);
    uint64_t window = world.plugin->credit[1].window.messages;
    for (uint64_t id = 1; id <= window / 2; id++) {
        give_credit(&world, 3, 1000000, id + 9);
        ask_echo(&world, id, 0);
        CHECK(world_count(&world, SN_CONTROL_KIND, SN_CREDIT) == (id == window / 2));
        if (id < window / 2) world_forget(&world);
    }
    CHECK(world.plugin->credit[1].granted_messages == window + window / 2);
    world_end(&world);
}

static void a_router_that_overruns_is_left(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 9);
    subject_serve(&world);
    world.plugin->credit[1].received_messages = world.plugin->credit[1].granted_messages - 3;
    for (uint64_t id = 1; id <= 4; id++) ask_echo(&world, id, 1);
    CHECK(world.requests == 3 && world.plugin->phase == SN_CONNECTING && world.cancelled == 1);
    world_end(&world);
}

/* --- Requests --- */

static void one_outcome_a_call(void)
{
    struct world world;
    Spacenode__Bus__V1__Fault fault = SPACENODE__BUS__V1__FAULT__INIT;
    uint8_t payload[32];
    world_begin(&world, 5, 9000, 9);
    CHECK(subject_call(&world, 2000) && subject_call(&world, 2000) && subject_call(&world, 2000));
    reply_to(&world, first_id + 1, SN_REPLY, 0);
    reply_to(&world, first_id + 1, SN_REPLY, 0);
    CHECK(world.outcomes == 1 && world.last_status == SPACENODE_OK);
    /* An answer with the id of an earlier session fits nothing. */
    reply_to(&world, ((uint64_t)4 << 32) + 2, SN_REPLY, 0);
    CHECK(world.outcomes == 1);
    fault.text.data = (uint8_t *)(uintptr_t)"no";
    fault.text.len = 2;
    struct sn_header error = world_answer(SN_ERROR, spacenode_example_v1_Example_Echo, first_id + 2);
    error.status = SPACENODE_BUSY;
    world_give(&world, SN_CONTROL_LANE, world_frame(&error, payload, spacenode__bus__v1__fault__pack(&fault, payload)));
    CHECK(world.outcomes == 2 && world.last_status == SPACENODE_BUSY);
    world_pass(&world, 2100);
    CHECK(world.outcomes == 3 && world.last_status == SPACENODE_EXPIRED);
    reply_to(&world, first_id + 3, SN_REPLY, 0);
    CHECK(world.outcomes == 3);
    world_end(&world);
}

static void a_call_is_given_up(void)
{
    struct world world;
    uint64_t number = 0;
    world_begin(&world, 5, 9000, 9);
    spacenode_call_options options = {.number = &number};
    CHECK(spacenode_call(world.plugin, spacenode_example_v1_Example_Echo, "", 0, &options, subject_on_outcome, &world) == 0);
    spacenode_cancel_call(world.plugin, number);
    CHECK(world.outcomes == 0 && world_find(&world, SN_CONTROL_KIND, SN_CANCEL) != NULL);
    reply_to(&world, first_id + 1, SN_REPLY, 0);
    CHECK(world.outcomes == 1 && world.last_status == SPACENODE_CANCELLED);
    spacenode_cancel_call(world.plugin, number);
    CHECK(world.plugin->call_count == 0);
    world_end(&world);
}

static void cancel_ends_a_request(void)
{
    struct world world;
    Spacenode__Bus__V1__Cancel cancel = SPACENODE__BUS__V1__CANCEL__INIT;
    world_begin(&world, 5, 9000, 9);
    subject_serve(&world);
    ask_echo(&world, 1, 1);
    cancel.source = WORLD_PEER;
    cancel.id = 1;
    world_give_control(&world, SN_CONTROL_LANE, SN_CANCEL, &cancel.base);
    CHECK(world.cancelled == 1 && world.plugin->request_count == 0 && world_find(&world, SN_REPLY, 0) == NULL);
    /* The same number from a caller's new session, before its CANCEL: the old one is over. */
    ask_echo(&world, 2, 1);
    ask_echo(&world, 2, 0);
    CHECK(world.cancelled == 2 && world_count(&world, SN_REPLY, 0) == 1 && world.plugin->request_count == 0);
    world_end(&world);
}

static void answers_wait_for_credit(void)
{
    struct world world;
    Spacenode__Bus__V1__Cancel cancel = SPACENODE__BUS__V1__CANCEL__INIT;
    world_begin(&world, 5, 9000, 0);
    subject_serve(&world);
    for (uint64_t id = 1; id <= 3; id++) ask_echo(&world, id, 0);
    CHECK(world.plugin->held_frames == 3 && world.plugin->request_count == 3);
    cancel.source = WORLD_PEER;
    cancel.id = 2;
    world_give_control(&world, SN_CONTROL_LANE, SN_CANCEL, &cancel.base);
    CHECK(world.plugin->held_frames == 2 && world.plugin->request_count == 2);
    give_credit(&world, 3, 9000, 9);
    CHECK(world_count(&world, SN_REPLY, 0) == 2 && world.plugin->request_count == 0);
    world_end(&world);
}

static void answer_much(spacenode_request *request, const void *payload, size_t size, void *context)
{
    static uint8_t body[SPACENODE_MAX_FRAME];
    (void)payload;
    (void)size;
    *(int *)context = spacenode_reply(request, body, sizeof body);
}

static void an_answer_over_its_limit_is_an_error(void)
{
    struct world world;
    int result = 0;
    world_begin(&world, 5, 16u << 20, 9);
    CHECK(spacenode_serve(world.plugin, spacenode_example_v1_Example_Echo, answer_much, &result) == 0);
    ask_echo(&world, 1, 0);
    const struct seen *error = world_find(&world, SN_ERROR, 0);
    CHECK(result == SPACENODE_TOO_LARGE && error != NULL && error->header.status == SPACENODE_FAILED);
    CHECK(error->header.dest == WORLD_PEER && error->header.reply_to == 1 && world.plugin->request_count == 0);
    world_end(&world);
}

/* --- Events --- */

static void give_event(struct world *world, uint64_t seq, uint32_t epoch)
{
    struct sn_header header = world_asked(SN_EVENT_KIND, spacenode_example_v1_Example_Ticks, 1);
    header.seq = seq;
    header.epoch = epoch;
    world_give(world, SN_DATA_LANE, world_frame(&header, "", 0));
}

static void give_gap(struct world *world, uint64_t from, uint64_t to)
{
    Spacenode__Bus__V1__Gap gap = SPACENODE__BUS__V1__GAP__INIT;
    gap.publisher = WORLD_PEER;
    gap.epoch = 6;
    gap.type = spacenode_example_v1_Example_Ticks->type;
    gap.from = from;
    gap.to = to;
    world_give_control(world, SN_DATA_LANE, SN_GAP, &gap.base);
}

static void events_and_gaps_are_every_number_once(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 9);
    CHECK(spacenode_subscribe(world.plugin, spacenode_example_v1_Example_Ticks, NULL, 0, subject_on_event, &world, NULL) == 0);
    give_gap(&world, 1, 3);
    CHECK(world.holes == 1 && world.last_from == 1 && world.last_to == 3 && world.last_reported);
    give_event(&world, 4, 6);
    give_event(&world, 4, 6);
    CHECK(world.events == 1);
    /* A gap that begins with what was seen names the rest alone. */
    give_gap(&world, 3, 7);
    CHECK(world.holes == 2 && world.last_from == 5 && world.last_to == 7);
    give_gap(&world, 5, 7);
    CHECK(world.holes == 2);
    give_event(&world, 9, 6);
    CHECK(world.holes == 3 && world.last_from == 8 && world.last_to == 8 && !world.last_reported && world.events == 2);
    give_event(&world, UINT64_MAX, 6);
    give_gap(&world, 1, UINT64_MAX);
    CHECK(world.events == 3 && world.holes == 4 && world.last_to == UINT64_MAX - 1);
    /* The publisher's new session begins at 1. */
    give_event(&world, 1, 7);
    CHECK(world.resyncs == 1 && world.events == 4);
    world_end(&world);
}

static void a_new_session_goes_on_where_it_was(void)
{
    struct world world;
    Spacenode__Bus__V1__Resync resync = SPACENODE__BUS__V1__RESYNC__INIT;
    uint64_t number = 0;
    world_begin(&world, 5, 9000, 9);
    spacenode_subscribe(world.plugin, spacenode_example_v1_Example_Ticks, NULL, 0, subject_on_event, &world, &number);
    give_event(&world, 1, 6);
    notice(&world, SPACENODE_UNKNOWN_SESSION);
    world_pass(&world, 10);
    world_welcome(&world, 8, 9000, 9);
    const struct seen *seen = world_find(&world, SN_CONTROL_KIND, SN_SUBSCRIBE);
    Spacenode__Bus__V1__Subscribe *message = spacenode_decode(&spacenode__bus__v1__subscribe__descriptor, seen->payload,
                                                              seen->header.payload_size);
    CHECK(message != NULL && message->n_positions == 1 && message->positions[0]->publisher == WORLD_PEER);
    CHECK(message->positions[0]->epoch == 6 && message->positions[0]->seq == 1);
    spacenode_release(message);
    resync.publisher = WORLD_PEER;
    resync.type = spacenode_example_v1_Example_Ticks->type;
    resync.epoch = 6;
    world_give_control(&world, SN_DATA_LANE, SN_RESYNC, &resync.base);
    CHECK(world.resyncs == 0);
    resync.epoch = 0;
    world_give_control(&world, SN_DATA_LANE, SN_RESYNC, &resync.base);
    CHECK(world.resyncs == 1 && world.plugin->positions.count == 0);
    give_event(&world, 1, 9);
    spacenode_unsubscribe(world.plugin, number);
    sn_settle(world.plugin);
    CHECK(world.plugin->positions.count == 0 && world.plugin->subscription_count == 0);
    world_end(&world);
}

static void a_subscription_is_refused(void)
{
    struct world world;
    Spacenode__Bus__V1__Subscribed message = SPACENODE__BUS__V1__SUBSCRIBED__INIT;
    world_begin(&world, 5, 9000, 9);
    spacenode_subscribe(world.plugin, spacenode_example_v1_Example_Ticks, "k", 1, subject_on_event, &world, NULL);
    message.type = spacenode_example_v1_Example_Ticks->type;
    message.status = SPACENODE_FORBIDDEN;
    world_give_control(&world, SN_CONTROL_LANE, SN_SUBSCRIBED, &message.base);
    CHECK(world.refusals == 0);
    message.topic_key.data = (uint8_t *)(uintptr_t)"k";
    message.topic_key.len = 1;
    world_give_control(&world, SN_CONTROL_LANE, SN_SUBSCRIBED, &message.base);
    CHECK(world.refusals == 1 && world.plugin->subscription_count == 0);
    world_end(&world);
}

static void topics_are_bounded(void)
{
    struct world world;
    const spacenode_method *ticks = spacenode_example_v1_Example_Ticks;
    world_begin(&world, 5, 9000, 9);
    for (char key = 'a'; key < 'e'; key++) CHECK(spacenode_publish(world.plugin, ticks, &key, 1, "", 0, NULL) == 0);
    CHECK(spacenode_publish(world.plugin, ticks, "e", 1, "", 0, NULL) == SPACENODE_LIMIT);
    CHECK(spacenode_publish(world.plugin, ticks, "a", 1, "", 0, NULL) == 0);
    CHECK(world_find(&world, SN_EVENT_KIND, 0)->header.seq == 2);
    spacenode_subscribe(world.plugin, ticks, NULL, 0, subject_on_event, &world, NULL);
    for (uint32_t source = 0; source < SPACENODE_MAX_POSITIONS + 10; source++) {
        struct sn_header header = world_asked(SN_EVENT_KIND, ticks, 1);
        header.source = 1000 + source;
        header.seq = 1;
        world.plugin->credit[1].granted_messages++;
        world_give(&world, SN_DATA_LANE, world_frame(&header, "", 0));
        world_forget(&world);
    }
    CHECK(world.events == SPACENODE_MAX_POSITIONS + 10 && world.plugin->positions.count == SPACENODE_MAX_POSITIONS);
    /* As many positions as a SUBSCRIBE may hold fit into a control frame (checked where frames are kept). */
    notice(&world, SPACENODE_UNKNOWN_SESSION);
    world_pass(&world, 10);
    world_welcome(&world, 8, 9000, 9);
    CHECK(world_find(&world, SN_CONTROL_KIND, SN_SUBSCRIBE) != NULL);
    world_end(&world);
}

int main(void)
{
    RUN(hello_comes_first);
    RUN(attached_of_an_old_session_counts_nothing);
    RUN(unknown_session_ends_everything);
    RUN(silence_ends_a_session);
    RUN(a_full_connection_ends_a_session);
    RUN(refusals);
    RUN(drain_finishes_what_was_taken);
    RUN(calls_wait_for_credit);
    RUN(room_is_told);
    RUN(what_is_held_is_bounded);
    RUN(credit_is_given_back);
    RUN(a_router_that_overruns_is_left);
    RUN(one_outcome_a_call);
    RUN(a_call_is_given_up);
    RUN(cancel_ends_a_request);
    RUN(answers_wait_for_credit);
    RUN(an_answer_over_its_limit_is_an_error);
    RUN(events_and_gaps_are_every_number_once);
    RUN(a_new_session_goes_on_where_it_was);
    RUN(a_subscription_is_refused);
    RUN(topics_are_bounded);
    return world_report();
}
