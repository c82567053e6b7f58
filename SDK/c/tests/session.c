/* What the protocol's page says of sessions and credit, one by one. */
#include "subject.h"

static const uint64_t first_id = (uint64_t)5 << 32;

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

static void attach_waits_for_the_data_connection(void)
{
    struct world world;
    Spacenode__Bus__V1__Welcome welcome = SPACENODE__BUS__V1__WELCOME__INIT;
    world_make(&world);
    welcome.session = 4;
    welcome.epoch = 1;
    world.is_full = true;
    world_give_control(&world, SN_CONTROL_LANE, SN_WELCOME, &welcome.base);
    world_pass(&world, 100);
    CHECK(world.plugin->phase == SN_ATTACHING && world_find(&world, SN_CONTROL_KIND, SN_ATTACH) == NULL);
    world.is_full = false;
    world_pass(&world, 30);
    CHECK(world_count(&world, SN_CONTROL_KIND, SN_ATTACH) == 1);
    world_end(&world);
}

static void unknown_session_ends_everything(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 9);
    subject_serve(&world);
    unsigned begun = subject_load(&world);
    CHECK(begun == 3);
    subject_ask_echo(&world, 1, 1);
    CHECK(world.kept != NULL);
    subject_notice(&world, SPACENODE_UNKNOWN_SESSION);
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
    subject_ask_echo(&world, 1, 300);
    world_give_control(&world, SN_CONTROL_LANE, SN_DRAIN, &drain.base);
    world_pass(&world, 250);
    CHECK(world.plugin->phase == SN_DRAINING && world_find(&world, SN_REPLY, 0) == NULL);
    world_pass(&world, 100);
    CHECK(world.plugin->phase == SN_STOPPED && spacenode_status_of(world.plugin) == 0);
    CHECK(world_find(&world, SN_REPLY, 0) != NULL
          && world_find(&world, SN_CONTROL_KIND, SN_GOODBYE)->lane == SN_DATA_LANE);
    world_end(&world);
}

/* --- Credit --- */

static void calls_wait_for_credit(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 2);
    for (int number = 0; number < 5; number++) CHECK(subject_call(&world, 2000));
    CHECK(world_count(&world, SN_REQUEST, 0) == 2 && world.plugin->held_frames == 3);
    CHECK(spacenode_publish(world.plugin, spacenode_example_v1_Example_Ticks, NULL, 0, "", 0, NULL)
          == SPACENODE_BUSY);
    subject_give_credit(&world, 3, 9000, 4);
    CHECK(world_count(&world, SN_REQUEST, 0) == 4
          && world_find(&world, SN_REQUEST, 0)->header.id == first_id + 4);
    /* Totals do not fall. */
    subject_give_credit(&world, 3, 1, 1);
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
    subject_give_credit(&world, 3, 1600, 9);
    CHECK(world.items == 0);
    subject_give_credit(&world, 3, 3000, 9);
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
        subject_give_credit(&world, 3, 1000000, id + 9);
        subject_ask_echo(&world, id, 0);
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
    for (uint64_t id = 1; id <= 4; id++) subject_ask_echo(&world, id, 1);
    CHECK(world.requests == 3 && world.plugin->phase == SN_CONNECTING && world.cancelled == 1);
    world_end(&world);
}

int main(void)
{
    RUN(hello_comes_first);
    RUN(attached_of_an_old_session_counts_nothing);
    RUN(attach_waits_for_the_data_connection);
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
    return world_report();
}
