/* What the protocol's page says of requests and events, one by one. */
#include "subject.h"

static const uint64_t first_id = (uint64_t)5 << 32;

/* --- Requests --- */

static void one_outcome_a_call(void)
{
    struct world world;
    Spacenode__Bus__V1__Fault fault = SPACENODE__BUS__V1__FAULT__INIT;
    uint8_t payload[32];
    world_begin(&world, 5, 9000, 9);
    CHECK(subject_call(&world, 2000) && subject_call(&world, 2000) && subject_call(&world, 2000));
    subject_reply_to(&world, first_id + 1, SN_REPLY, 0);
    subject_reply_to(&world, first_id + 1, SN_REPLY, 0);
    CHECK(world.outcomes == 1 && world.last_status == SPACENODE_OK);
    /* An answer with the id of an earlier session fits nothing. */
    subject_reply_to(&world, ((uint64_t)4 << 32) + 2, SN_REPLY, 0);
    CHECK(world.outcomes == 1);
    fault.text.data = (uint8_t *)(uintptr_t)"no";
    fault.text.len = 2;
    struct sn_header error = world_answer(SN_ERROR, spacenode_example_v1_Example_Echo, first_id + 2);
    error.status = SPACENODE_BUSY;
    world_give(&world, SN_CONTROL_LANE,
               world_frame(&error, payload, spacenode__bus__v1__fault__pack(&fault, payload)));
    CHECK(world.outcomes == 2 && world.last_status == SPACENODE_BUSY);
    world_pass(&world, 2100);
    CHECK(world.outcomes == 3 && world.last_status == SPACENODE_EXPIRED);
    subject_reply_to(&world, first_id + 3, SN_REPLY, 0);
    CHECK(world.outcomes == 3);
    world_end(&world);
}

static void a_call_is_given_up(void)
{
    struct world world;
    uint64_t number = 0;
    world_begin(&world, 5, 9000, 9);
    spacenode_call_options options = {.number = &number};
    CHECK(spacenode_call(world.plugin, spacenode_example_v1_Example_Echo, "", 0, &options, subject_on_outcome,
                         &world)
          == 0);
    spacenode_cancel_call(world.plugin, number);
    CHECK(world.outcomes == 0 && world_find(&world, SN_CONTROL_KIND, SN_CANCEL) != NULL);
    subject_reply_to(&world, first_id + 1, SN_REPLY, 0);
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
    subject_ask_echo(&world, 1, 1);
    cancel.source = WORLD_PEER;
    cancel.id = 1;
    world_give_control(&world, SN_CONTROL_LANE, SN_CANCEL, &cancel.base);
    CHECK(world.cancelled == 1 && world.plugin->request_count == 0
          && world_find(&world, SN_REPLY, 0) == NULL);
    /* The same number from a caller's new session, before its CANCEL: the old one is over. */
    subject_ask_echo(&world, 2, 1);
    subject_ask_echo(&world, 2, 0);
    CHECK(world.cancelled == 2 && world_count(&world, SN_REPLY, 0) == 1 && world.plugin->request_count == 0);
    world_end(&world);
}

static void answers_wait_for_credit(void)
{
    struct world world;
    Spacenode__Bus__V1__Cancel cancel = SPACENODE__BUS__V1__CANCEL__INIT;
    world_begin(&world, 5, 9000, 0);
    subject_serve(&world);
    for (uint64_t id = 1; id <= 3; id++) subject_ask_echo(&world, id, 0);
    CHECK(world.plugin->held_frames == 3 && world.plugin->request_count == 3);
    cancel.source = WORLD_PEER;
    cancel.id = 2;
    world_give_control(&world, SN_CONTROL_LANE, SN_CANCEL, &cancel.base);
    CHECK(world.plugin->held_frames == 2 && world.plugin->request_count == 2);
    subject_give_credit(&world, 3, 9000, 9);
    CHECK(world_count(&world, SN_REPLY, 0) == 2 && world.plugin->request_count == 0);
    world_end(&world);
}

/* Handles of lost sessions count as well: a plugin that never ends them is given no more. */
static void unanswered_requests_are_bounded(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 9);
    subject_serve(&world);
    world.plugin->request_count += SPACENODE_MAX_REQUESTS;
    subject_ask_echo(&world, 1, 0);
    world.plugin->request_count -= SPACENODE_MAX_REQUESTS;
    CHECK(world.requests == 0 && world_find(&world, SN_ERROR, 0)->header.status == SPACENODE_FAILED);
    subject_ask_echo(&world, 2, 0);
    CHECK(world.requests == 1 && world_find(&world, SN_REPLY, 0) != NULL);
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
    subject_ask_echo(&world, 1, 0);
    const struct seen *error = world_find(&world, SN_ERROR, 0);
    CHECK(result == SPACENODE_TOO_LARGE && error != NULL && error->header.status == SPACENODE_FAILED);
    CHECK(error->header.dest == WORLD_PEER && error->header.reply_to == 1
          && world.plugin->request_count == 0);
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
    CHECK(spacenode_subscribe(world.plugin, spacenode_example_v1_Example_Ticks, NULL, 0, subject_on_event,
                              &world, NULL)
          == 0);
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
    CHECK(world.holes == 3 && world.last_from == 8 && world.last_to == 8 && !world.last_reported
          && world.events == 2);
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
    spacenode_subscribe(world.plugin, spacenode_example_v1_Example_Ticks, NULL, 0, subject_on_event, &world,
                        &number);
    give_event(&world, 1, 6);
    subject_notice(&world, SPACENODE_UNKNOWN_SESSION);
    world_pass(&world, 10);
    world_welcome(&world, 8, 9000, 9);
    const struct seen *seen = world_find(&world, SN_CONTROL_KIND, SN_SUBSCRIBE);
    Spacenode__Bus__V1__Subscribe *message = spacenode_decode(&spacenode__bus__v1__subscribe__descriptor,
                                                              seen->payload, seen->header.payload_size);
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
    spacenode_subscribe(world.plugin, spacenode_example_v1_Example_Ticks, "k", 1, subject_on_event, &world,
                        NULL);
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
    for (char key = 'a'; key < 'e'; key++)
        CHECK(spacenode_publish(world.plugin, ticks, &key, 1, "", 0, NULL) == 0);
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
    CHECK(world.events == SPACENODE_MAX_POSITIONS + 10
          && world.plugin->positions.count == SPACENODE_MAX_POSITIONS);
    /* As many positions as a SUBSCRIBE may hold fit into a control frame (checked where frames are kept). */
    subject_notice(&world, SPACENODE_UNKNOWN_SESSION);
    world_pass(&world, 10);
    world_welcome(&world, 8, 9000, 9);
    CHECK(world_find(&world, SN_CONTROL_KIND, SN_SUBSCRIBE) != NULL);
    world_end(&world);
}

int main(void)
{
    RUN(one_outcome_a_call);
    RUN(a_call_is_given_up);
    RUN(cancel_ends_a_request);
    RUN(answers_wait_for_credit);
    RUN(unanswered_requests_are_bounded);
    RUN(an_answer_over_its_limit_is_an_error);
    RUN(events_and_gaps_are_every_number_once);
    RUN(a_new_session_goes_on_where_it_was);
    RUN(a_subscription_is_refused);
    RUN(topics_are_bounded);
    return world_report();
}
