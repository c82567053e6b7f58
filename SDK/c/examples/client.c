/* Uses spacenode.example.v1 of whoever serves it: a call, a download, an upload, and the events that a call
 * causes. Ends with status 0 when all came as it should. The model for plugins in C that ask others.
 *
 *     client --bus ipc:DIR [--name NAME]
 */
#include <contracts.h>
#include <spacenode.h>
#include <spacenode/example/v1/example.pb-c.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS 1000u
#define EVENTS 300u
#define ALL_MS 20000u

struct client {
    spacenode *plugin;
    unsigned step; /* what is asked next */
    uint64_t counted, uploaded, ticks, missed;
    int status; /* 0: all came */
};

static void ask_next(spacenode *plugin, void *context);

/* One step is done, well or not. */
static void done(struct client *client, bool is_well, const char *what, const char *why)
{
    printf("%s %s%s%s\n", is_well ? "ok" : "not ok", what, *why ? ": " : "", why);
    if (!is_well) client->status = 1;
    client->step++;
    spacenode_after(client->plugin, 0, ask_next, client);
}

/* --- A call --- */

static void echoed(spacenode *plugin, const spacenode_outcome *outcome, void *context)
{
    bool is_well = false;
    (void)plugin;
    if (outcome->status == SPACENODE_OK) {
        Spacenode__Example__V1__EchoReply *reply = spacenode_decode(
            &spacenode__example__v1__echo_reply__descriptor, outcome->payload, outcome->size);
        is_well = reply != NULL && reply->body.len == 5 && memcmp(reply->body.data, "hello", 5) == 0;
        spacenode_release(reply);
    }
    done(context, is_well, "call", outcome->text);
}

static int ask_echo(struct client *client)
{
    Spacenode__Example__V1__EchoRequest request = SPACENODE__EXAMPLE__V1__ECHO_REQUEST__INIT;
    request.body.data = (uint8_t *)"hello";
    request.body.len = 5;
    return spacenode_call_message(client->plugin, spacenode_example_v1_Example_Echo, &request.base, NULL,
                                  echoed, client);
}

/* --- A download --- */

static int counted(spacenode_stream *stream, const void *payload, size_t size, void *context)
{
    struct client *client = context;
    Spacenode__Example__V1__CountItem *item =
        spacenode_decode(&spacenode__example__v1__count_item__descriptor, payload, size);
    (void)stream;
    if (item != NULL && item->number == client->counted + 1) client->counted++;
    spacenode_release(item);
    return SPACENODE_TAKEN;
}

static void count_ended(spacenode_stream *stream, const spacenode_outcome *outcome, void *context)
{
    struct client *client = context;
    (void)stream;
    done(client, outcome->status == SPACENODE_OK && client->counted == ITEMS, "download", outcome->text);
}

static int ask_count(struct client *client)
{
    static const spacenode_stream_handlers handlers = {.item = counted, .closed = count_ended};
    Spacenode__Example__V1__CountRequest request = SPACENODE__EXAMPLE__V1__COUNT_REQUEST__INIT;
    uint8_t payload[64];
    int status;
    request.items = ITEMS;
    request.item_bytes = 10;
    size_t size = spacenode__example__v1__count_request__pack(&request, payload);
    spacenode_open_stream(client->plugin, spacenode_example_v1_Example_Count, payload, size, NULL, &handlers,
                          client, &status);
    return status;
}

/* --- An upload --- */

static void send_items(spacenode_stream *stream, void *context)
{
    struct client *client = context;
    Spacenode__Example__V1__SumItem item = SPACENODE__EXAMPLE__V1__SUM_ITEM__INIT;
    while (client->uploaded < ITEMS) {
        item.value = client->uploaded + 1;
        /* Not sent: `writable` is called again when there is room, or `closed`. */
        if (spacenode_stream_send_message(stream, &item.base) != 0) return;
        client->uploaded++;
    }
    spacenode_stream_end(stream, NULL, 0);
}

static void sum_ended(spacenode_stream *stream, const spacenode_outcome *outcome, void *context)
{
    bool is_well = false;
    (void)stream;
    if (outcome->status == SPACENODE_OK) {
        Spacenode__Example__V1__SumReply *reply =
            spacenode_decode(&spacenode__example__v1__sum_reply__descriptor, outcome->payload, outcome->size);
        is_well = reply != NULL && reply->items == ITEMS && reply->sum == ITEMS * (ITEMS + 1) / 2;
        spacenode_release(reply);
    }
    done(context, is_well, "upload", outcome->text);
}

static int ask_sum(struct client *client)
{
    static const spacenode_stream_handlers handlers = {.writable = send_items, .closed = sum_ended};
    int status;
    spacenode_open_stream(client->plugin, spacenode_example_v1_Example_Sum, NULL, 0, NULL, &handlers, client,
                          &status);
    return status;
}

/* --- Events --- */

static void ticked(spacenode *plugin, const spacenode_event *event, void *context)
{
    struct client *client = context;
    (void)plugin;
    if (event->kind == SPACENODE_GAP) client->missed += event->to - event->seq + 1;
    if (event->kind == SPACENODE_EVENT) client->ticks++;
    if (client->step == 3 && client->ticks + client->missed == EVENTS) done(client, true, "events", "");
}

static void emitted(spacenode *plugin, const spacenode_outcome *outcome, void *context)
{
    (void)plugin;
    if (outcome->status != SPACENODE_OK) done(context, false, "events", outcome->text);
}

static int ask_emit(struct client *client)
{
    Spacenode__Example__V1__EmitRequest request = SPACENODE__EXAMPLE__V1__EMIT_REQUEST__INIT;
    request.events = EVENTS;
    request.topic_key.data = (uint8_t *)"client";
    request.topic_key.len = 6;
    return spacenode_call_message(client->plugin, spacenode_example_v1_Example_Emit, &request.base, NULL,
                                  emitted, client);
}

/* --- One after the other --- */

static void ask_next(spacenode *plugin, void *context)
{
    static int (*const steps[])(struct client *) = {ask_echo, ask_count, ask_sum, ask_emit};
    struct client *client = context;
    if (client->step == sizeof steps / sizeof *steps) {
        spacenode_drain(plugin);
        return;
    }
    int result = steps[client->step](client);
    if (result == SPACENODE_BUSY)
        spacenode_after(plugin, 50, ask_next, client);
    else if (result != 0)
        done(client, false, "asking", spacenode_text(plugin));
}

static void too_late(spacenode *plugin, void *context)
{
    struct client *client = context;
    printf("not ok: step %u is not done after %u ms\n", client->step, ALL_MS);
    client->status = 1;
    spacenode_drain(plugin);
}

int main(int argc, char **argv)
{
    const spacenode_contract *const contracts[] = {&spacenode_example_v1_Example};
    char text[SPACENODE_TEXT_BYTES];
    struct client client = {.status = 0};
    spacenode_options options = {.name = "c-client", .role = "example"};
    options.needs = contracts;
    options.needs_count = 1;
    if (spacenode_arguments(&options, argc, argv, text) == 0) client.plugin = spacenode_open(&options, text);
    if (client.plugin == NULL) {
        fprintf(stderr, "client: %s\n", text);
        return 2;
    }
    spacenode_subscribe(client.plugin, spacenode_example_v1_Example_Ticks, "client", 6, ticked, &client,
                        NULL);
    spacenode_after(client.plugin, 0, ask_next, &client);
    spacenode_after(client.plugin, ALL_MS, too_late, &client);
    int result = spacenode_run(client.plugin);
    if (result != 0) fprintf(stderr, "client: status %d: %s\n", result, spacenode_text(client.plugin));
    spacenode_close(client.plugin);
    return result != 0 ? 2 : client.status;
}
