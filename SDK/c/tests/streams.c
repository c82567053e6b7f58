/* What the protocol's page says of streams, and what happens without memory. */
#include "subject.h"

static const uint64_t first_id = (uint64_t)5 << 32;

static void give(struct world *world, int lane, struct sn_header header, const void *payload, size_t size)
{
    world_give(world, lane, world_frame(&header, payload, size));
}

static void give_items(struct world *world, uint64_t id, uint64_t from, uint64_t to)
{
    struct sn_header item = world_answer(SN_STREAM_ITEM, spacenode_example_v1_Example_Count, id);
    for (item.seq = from; item.seq <= to; item.seq++) give(world, SN_DATA_LANE, item, "", 0);
}

static spacenode_stream *open_download(struct world *world)
{
    spacenode_stream *stream = spacenode_open_stream(world->plugin, spacenode_example_v1_Example_Count, "", 0,
                                                     NULL, &subject_opened, world, NULL);
    CHECK(stream != NULL && world_find(world, SN_STREAM_OPEN, 0)->header.seq == SPACENODE_ITEM_WINDOW);
    return stream;
}

static void give_item_credit(struct world *world, uint64_t opener, uint64_t id, uint64_t items)
{
    Spacenode__Bus__V1__StreamCredit message = SPACENODE__BUS__V1__STREAM_CREDIT__INIT;
    message.opener = opener;
    message.id = id;
    message.items = items;
    world_give_control(world, SN_CONTROL_LANE, SN_STREAM_CREDIT, &message.base);
}

static void a_download_is_allowed_on_as_it_is_taken(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 9);
    spacenode_stream *stream = open_download(&world);
    give_items(&world, first_id + 1, 1, 8);
    /* Items 3 and 6 are left for later: 6 of 16 are taken. */
    CHECK(world.items == 8 && world_find(&world, SN_CONTROL_KIND, SN_STREAM_CREDIT) == NULL);
    spacenode_stream_taken(stream);
    spacenode_stream_taken(stream);
    spacenode_stream_taken(stream);
    CHECK(world_count(&world, SN_CONTROL_KIND, SN_STREAM_CREDIT) == 1);
    struct sn_header end = world_answer(SN_STREAM_END, spacenode_example_v1_Example_Count, first_id + 1);
    end.seq = 8;
    end.status = SPACENODE_OK;
    give(&world, SN_DATA_LANE, end, "", 0);
    give(&world, SN_DATA_LANE, end, "", 0);
    CHECK(world.closed == 1 && world.last_status == SPACENODE_OK && world.plugin->opened_streams == 0);
    world_end(&world);
}

static void the_routers_end_waits_for_its_items(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 9);
    open_download(&world);
    give_items(&world, first_id + 1, 1, 2);
    struct sn_header end = world_answer(SN_STREAM_END, spacenode_example_v1_Example_Count, first_id + 1);
    end.source = 1;
    end.seq = 4;
    end.status = SPACENODE_LOST;
    give(&world, SN_CONTROL_LANE, end, "", 0);
    CHECK(world.closed == 0);
    give_items(&world, first_id + 1, 3, 4);
    CHECK(world.closed == 1 && world.items == 4 && world.last_status == SPACENODE_LOST);
    world_end(&world);
}

static void items_out_of_order_end_a_stream(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 9);
    open_download(&world);
    give_items(&world, first_id + 1, 2, 2);
    CHECK(world.closed == 1 && world.items == 0 && world.last_status == SPACENODE_LOST);
    CHECK(world_find(&world, SN_CONTROL_KIND, SN_CANCEL) != NULL);
    open_download(&world);
    give_items(&world, first_id + 2, 1, 30);
    /* Beyond what was allowed: left items are never more than the window. */
    CHECK(world.items <= 30 && world.plugin->phase == SN_ESTABLISHED);
    world_end(&world);
}

static void a_provider_sends_what_it_may(void)
{
    struct world world;
    struct sn_header open = world_asked(SN_STREAM_OPEN, spacenode_example_v1_Example_Count, 4);
    world_begin(&world, 5, 9000, 9);
    subject_serve(&world);
    open.seq = 2;
    give(&world, SN_DATA_LANE, open, "", 0);
    CHECK(world_count(&world, SN_STREAM_ITEM, 0) == 2 && world.closed == 0);
    give_item_credit(&world, WORLD_PEER, 4, 2);
    CHECK(world_count(&world, SN_STREAM_ITEM, 0) == 2);
    give_item_credit(&world, WORLD_PEER, 4, 20);
    const struct seen *end = world_find(&world, SN_STREAM_END, 0);
    CHECK(end != NULL && end->header.status == SPACENODE_OK && end->header.dest == WORLD_PEER);
    CHECK(end->header.seq == world_count(&world, SN_STREAM_ITEM, 0) && world.closed == 1);
    world_end(&world);
}

static void an_end_waits_for_credit(void)
{
    struct world world;
    struct sn_header open = world_asked(SN_STREAM_OPEN, spacenode_example_v1_Example_Count, 4);
    Spacenode__Bus__V1__Credit credit = SPACENODE__BUS__V1__CREDIT__INIT;
    world_begin(&world, 5, 9000, 3);
    subject_serve(&world);
    open.seq = 20;
    give(&world, SN_DATA_LANE, open, "", 0);
    CHECK(world_count(&world, SN_STREAM_ITEM, 0) == 3 && world_find(&world, SN_STREAM_END, 0) == NULL);
    CHECK(world.closed == 0 && world.plugin->held_frames == 1);
    credit.traffic_class = 4;
    credit.bytes = 9000;
    credit.messages = 4;
    world_give_control(&world, SN_CONTROL_LANE, SN_CREDIT, &credit.base);
    CHECK(world_find(&world, SN_STREAM_END, 0) != NULL && world.closed == 1
          && world.plugin->held_frames == 0);
    world_end(&world);
}

static void a_provider_is_cancelled(void)
{
    struct world world;
    struct sn_header open = world_asked(SN_STREAM_OPEN, spacenode_example_v1_Example_Sum, 4);
    Spacenode__Bus__V1__Cancel cancel = SPACENODE__BUS__V1__CANCEL__INIT;
    world_begin(&world, 5, 9000, 9);
    subject_serve(&world);
    give(&world, SN_DATA_LANE, open, "", 0);
    CHECK(world_find(&world, SN_CONTROL_KIND, SN_STREAM_CREDIT) != NULL && world.plugin->served_streams == 1);
    cancel.source = WORLD_PEER;
    cancel.id = 4;
    world_give_control(&world, SN_CONTROL_LANE, SN_CANCEL, &cancel.base);
    CHECK(world.closed == 1 && world.last_status == SPACENODE_CANCELLED && world.plugin->served_streams == 0);
    CHECK(world_find(&world, SN_STREAM_END, 0) == NULL);
    world_end(&world);
}

static void an_upload_is_answered(void)
{
    struct world world;
    struct sn_header open = world_asked(SN_STREAM_OPEN, spacenode_example_v1_Example_Sum, 4);
    struct sn_header item = world_answer(SN_STREAM_ITEM, spacenode_example_v1_Example_Sum, 4);
    world_begin(&world, 5, 9000, 9);
    subject_serve(&world);
    item.dest = 0;
    give(&world, SN_DATA_LANE, open, "", 0);
    for (item.seq = 1; item.seq <= 3; item.seq++) give(&world, SN_DATA_LANE, item, "", 0);
    item.kind = SN_STREAM_END;
    item.seq = 3;
    give(&world, SN_DATA_LANE, item, "", 0);
    const struct seen *end = world_find(&world, SN_STREAM_END, 0);
    CHECK(world.items == 3 && world.closed == 1 && end->header.status == SPACENODE_OK
          && end->header.seq == 0);
    CHECK(end->header.payload_size == 2 && end->payload[1] == 3);
    world_end(&world);
}

/* An end by the control lane may come before its opening by the other: silence ends such a stream. */
static void a_forgotten_stream_ends_by_silence(void)
{
    struct world world;
    struct sn_header open = world_asked(SN_STREAM_OPEN, spacenode_example_v1_Example_Sum, 4);
    Spacenode__Bus__V1__Ping ping = SPACENODE__BUS__V1__PING__INIT;
    world_begin(&world, 5, 9000, 9);
    subject_serve(&world);
    give(&world, SN_DATA_LANE, open, "", 0);
    for (int second = 0; second < 6; second++) {
        CHECK(world.closed == 0 || second >= 5);
        world_pass(&world, 1000);
        world_give_control(&world, SN_CONTROL_LANE, SN_PING, &ping.base);
    }
    CHECK(world.closed == 1 && world.last_status == SPACENODE_EXPIRED
          && world.plugin->phase == SN_ESTABLISHED);
    world_end(&world);
}

static void streams_are_bounded(void)
{
    struct world world;
    struct sn_header open = world_asked(SN_STREAM_OPEN, spacenode_example_v1_Example_Sum, 0);
    world_begin(&world, 5, 1u << 20, 1000);
    subject_serve(&world);
    for (open.id = 1; open.id <= SPACENODE_MAX_STREAMS; open.id++) {
        give(&world, SN_DATA_LANE, open, "", 0);
        world_forget(&world);
    }
    /* More openings than the window holds: each was processed once its stream was set up. */
    CHECK(world.plugin->served_streams == SPACENODE_MAX_STREAMS && world.plugin->phase == SN_ESTABLISHED);
    give(&world, SN_DATA_LANE, open, "", 0);
    const struct seen *end = world_find(&world, SN_STREAM_END, 0);
    CHECK(end != NULL && end->header.status == SPACENODE_FAILED && end->header.reply_to == open.id);
    world_end(&world);
    CHECK(world.closed == SPACENODE_MAX_STREAMS);
}

/* A plugin that asks itself has both ends of one stream. */
static void both_ends_may_be_here(void)
{
    struct world world;
    world_begin(&world, 5, 9000, 9);
    subject_serve(&world);
    open_download(&world);
    struct sn_header open = world_find(&world, SN_STREAM_OPEN, 0)->header;
    give(&world, SN_DATA_LANE, open, "", 0);
    CHECK(world.closed == 1 && world.plugin->served_streams == 0 && world.plugin->opened_streams == 1);
    CHECK(world_count(&world, SN_STREAM_ITEM, 0) == 3);
    for (size_t place = 0; place < world.count; place++) {
        struct seen *seen = &world.seen[place];
        if (seen->header.kind != SN_STREAM_ITEM && seen->header.kind != SN_STREAM_END) continue;
        give(&world, SN_DATA_LANE, seen->header, seen->payload, seen->header.payload_size);
    }
    CHECK(world.items == 3 && world.closed == 2 && world.last_status == SPACENODE_OK);
    world_end(&world);
}

static void what_no_handler_takes_is_refused(void)
{
    struct world world;
    spacenode_method none = *spacenode_example_v1_Example_Count;
    world_begin(&world, 5, 9000, 9);
    none.type = 64u << 16 | 0x777;
    give(&world, SN_DATA_LANE, world_asked(SN_REQUEST, &none, 1), "", 0);
    CHECK(world_find(&world, SN_ERROR, 0)->header.status == SPACENODE_UNKNOWN_TYPE);
    /* An opening is ended, not answered with an ERROR. */
    give(&world, SN_DATA_LANE, world_asked(SN_STREAM_OPEN, &none, 2), "", 0);
    const struct seen *end = world_find(&world, SN_STREAM_END, 0);
    CHECK(end->header.status == SPACENODE_UNKNOWN_TYPE && end->header.reply_to == 2 && end->header.seq == 0);
    world_end(&world);
}

/* --- Without memory --- */

static void use_everything(struct world *world)
{
    struct sn_header open = world_asked(SN_STREAM_OPEN, spacenode_example_v1_Example_Sum, 2);
    struct sn_header echo = world_asked(SN_REQUEST, spacenode_example_v1_Example_Echo, 1);
    struct sn_header describe = world_asked(SN_REQUEST, spacenode_system_v1_System_Describe, 3);
    struct sn_header event = world_asked(SN_EVENT_KIND, spacenode_example_v1_Example_Ticks, 9);
    static const uint8_t late[] = {0x10, 30};
    event.seq = 3;
    world_welcome(world, 5, 70000, 4);
    subject_serve(world);
    subject_load(world);
    world->plugin->beat_at = 0;
    sn_tick(world->plugin, world->plugin->now);
    give(world, SN_DATA_LANE, echo, late, sizeof late);
    give(world, SN_DATA_LANE, describe, "", 0);
    give(world, SN_DATA_LANE, open, "", 0);
    give(world, SN_DATA_LANE, event, "", 0);
    spacenode_when_room(world->plugin, spacenode_example_v1_Example_Ticks, NULL, NULL);
    /* The room function is none: it must not be called here. */
    CHECK(world->plugin->rooms == NULL || world->plugin->rooms->function == NULL);
    free(world->plugin->rooms);
    world->plugin->rooms = world->plugin->rooms_last = NULL;
    world_pass(world, 50);
    sn_lose(world->plugin, "the router is gone");
    world_pass(world, 100);
    world_welcome(world, 6, 70000, 4);
    subject_call(world, 100);
    world_pass(world, 3000);
}

/* The n-th allocation fails, for each n: nothing crashes, leaks or waits for ever, and the next session is
 * whole. */
static void every_allocation_may_fail(void)
{
    unsigned long total = 1, number;
    for (number = 0; number <= total; number++) {
        struct world world;
        world_allocations = 0;
        world_fail_at = number;
        world_make(&world);
        if (world.plugin != NULL) {
            use_everything(&world);
            sn_stop(world.plugin, 0, "the end");
            CHECK(world.plugin->call_count == 0 && world.plugin->all_streams == NULL);
        }
        total = world_allocations > total ? world_allocations : total;
        world_end(&world);
        CHECK(number < 5000);
    }
    world_fail_at = 0;
    fprintf(stderr, "memory: each of %lu allocations failed once\n", total);
    CHECK(number > 50);
}

int main(void)
{
    RUN(a_download_is_allowed_on_as_it_is_taken);
    RUN(the_routers_end_waits_for_its_items);
    RUN(items_out_of_order_end_a_stream);
    RUN(a_provider_sends_what_it_may);
    RUN(an_end_waits_for_credit);
    RUN(a_provider_is_cancelled);
    RUN(an_upload_is_answered);
    RUN(a_forgotten_stream_ends_by_silence);
    RUN(streams_are_bounded);
    RUN(both_ends_may_be_here);
    RUN(what_no_handler_takes_is_refused);
    RUN(every_allocation_may_fail);
    return world_report();
}
