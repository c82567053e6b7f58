/* The whole SDK under frames of a router gone wrong: the kept corpus of the Swift SDK's fuzzer,
 * conversations of our own, and mutations of both. Nothing may crash, leak, or be left without its one
 * outcome. */
#include "subject.h"

#define INPUT_BYTES 8192
#define MAX_INPUTS 1024
#define MAX_STEPS 64

/* An input is a list of steps: an operation, a length of two bytes, that many bytes
 * (Tests/Fuzz/Targets/FuzzTarget.swift). */
enum { CONTROL, DATA, TIME, DISCONNECTED, CONNECTED, CALL_AGAIN, FULL, OPERATIONS };

struct input {
    uint8_t *bytes;
    size_t size;
};

static struct input inputs[MAX_INPUTS];
static size_t input_count;

static void step(struct world *world, unsigned operation, const uint8_t *bytes, size_t size, unsigned *begun)
{
    spacenode *plugin = world->plugin;
    uint64_t number = (uint64_t)(size > 0 ? bytes[0] : 0) | (uint64_t)(size > 1 ? bytes[1] : 0) << 8;
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    CHECK(exact != NULL);
    if (size > 0) memcpy(exact, bytes, size);
    switch (operation % OPERATIONS) {
    case CONTROL: sn_receive(plugin, SN_CONTROL_LANE, exact, size, plugin->now); break;
    case DATA: sn_receive(plugin, SN_DATA_LANE, exact, size, plugin->now); break;
    case TIME: sn_tick(plugin, plugin->now + number); break;
    case DISCONNECTED: sn_lose(plugin, "the router is gone"); break;
    case CONNECTED: sn_connected(plugin, plugin->now); break;
    case CALL_AGAIN: *begun += *begun < 32 && subject_call(world, 2000); break;
    default: world->is_full = !world->is_full; break;
    }
    free(exact);
    sn_settle(plugin);
}

static void play(const uint8_t *bytes, size_t size)
{
    struct world world;
    world_begin(&world, 0, 1200, 6);
    subject_serve(&world);
    unsigned begun = subject_load(&world);
    size_t place = 0;
    for (int count = 0; count < MAX_STEPS && place + 3 <= size; count++) {
        size_t length = (size_t)bytes[place + 1] | (size_t)bytes[place + 2] << 8, start = place + 3;
        place = start + (length < size - start ? length : size - start);
        step(&world, bytes[start - 3], bytes + start, place - start, &begun);
        world_forget(&world);
    }
    unsigned served = (unsigned)world.plugin->served_streams;
    unsigned before = world.closed + world.outcomes;
    (void)served;
    CHECK(before <= begun + 1000);
    sn_stop(world.plugin, 0, "the end");
    CHECK(world.plugin->call_count == 0 && world.plugin->all_streams == NULL
          && world.plugin->requests.count == 0);
    /* Calls and opened streams have their one outcome; served streams are closed as well. */
    CHECK(world.outcomes + world.closed >= begun);
    world_end(&world);
}

static void add_input(const uint8_t *bytes, size_t size)
{
    CHECK(input_count < MAX_INPUTS);
    if (size > INPUT_BYTES) return;
    inputs[input_count].bytes = malloc(size + 1);
    CHECK(inputs[input_count].bytes != NULL);
    memcpy(inputs[input_count].bytes, bytes, size);
    inputs[input_count++].size = size;
}

static void read_corpus(void)
{
    static uint8_t bytes[INPUT_BYTES];
    FILE *file = fopen("../../Tests/Vectors/fuzz/sdk.corpus", "rb");
    uint8_t prefix[4];
    CHECK(file != NULL);
    while (fread(prefix, 1, 4, file) == 4) {
        size_t size =
            (size_t)prefix[0] | (size_t)prefix[1] << 8 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 24;
        CHECK(size <= sizeof bytes && fread(bytes, 1, size, file) == size);
        add_input(bytes, size);
    }
    fclose(file);
    CHECK(input_count >= 50);
}

/* --- Conversations --- */

static struct {
    uint8_t bytes[INPUT_BYTES];
    size_t size;
} script;

static void write_step(unsigned operation, const uint8_t *bytes, size_t size)
{
    CHECK(script.size + 3 + size <= sizeof script.bytes);
    script.bytes[script.size++] = (uint8_t)operation;
    script.bytes[script.size++] = (uint8_t)size;
    script.bytes[script.size++] = (uint8_t)(size >> 8);
    if (size > 0) memcpy(script.bytes + script.size, bytes, size);
    script.size += size;
}

static void write_frame(unsigned lane, struct frame frame)
{
    write_step(lane, frame.bytes, frame.size);
    free(frame.bytes);
}

static void write_control(unsigned lane, uint32_t number, const ProtobufCMessage *message)
{
    write_frame(lane, world_control(number, message));
}

static void end_script(void)
{
    add_input(script.bytes, script.size);
    script.size = 0;
}

static void write_time(uint16_t milliseconds)
{
    uint8_t bytes[] = {(uint8_t)milliseconds, (uint8_t)(milliseconds >> 8)};
    write_step(TIME, bytes, sizeof bytes);
}

static void write_data(struct sn_header header, const void *payload, size_t size)
{
    write_frame(DATA, world_frame(&header, payload, size));
}

/* The session is lost and comes back: subscriptions, held calls and numbers begin anew. */
static void session_script(void)
{
    Spacenode__Bus__V1__Welcome welcome = SPACENODE__BUS__V1__WELCOME__INIT;
    Spacenode__Bus__V1__Attached attached = SPACENODE__BUS__V1__ATTACHED__INIT;
    Spacenode__Bus__V1__Window window = SPACENODE__BUS__V1__WINDOW__INIT, *windows[] = {&window, &window};
    Spacenode__Bus__V1__Drain drain = SPACENODE__BUS__V1__DRAIN__INIT;
    struct sn_header event = world_asked(SN_EVENT_KIND, spacenode_example_v1_Example_Ticks, 1);
    window.traffic_class = 3;
    window.bytes = 90000;
    window.messages = 90;
    welcome.session = attached.session = 12;
    welcome.instance = WORLD_INSTANCE;
    welcome.n_windows = 2;
    welcome.windows = windows;
    welcome.max_topics = 3;
    event.seq = 4;
    write_data(event, "", 0);
    write_step(DISCONNECTED, NULL, 0);
    write_step(CALL_AGAIN, NULL, 0);
    write_time(100);
    write_step(CONNECTED, NULL, 0);
    write_control(CONTROL, SN_WELCOME, &welcome.base);
    write_control(DATA, SN_ATTACHED, &attached.base);
    write_time(1000);
    write_control(CONTROL, SN_DRAIN, &drain.base);
    write_time(60);
    end_script();
}

static void stream_script(void)
{
    Spacenode__Bus__V1__StreamCredit more = SPACENODE__BUS__V1__STREAM_CREDIT__INIT;
    Spacenode__Bus__V1__Credit credit = SPACENODE__BUS__V1__CREDIT__INIT;
    struct sn_header open = world_asked(SN_STREAM_OPEN, spacenode_example_v1_Example_Count, 4);
    struct sn_header upload = world_asked(SN_STREAM_OPEN, spacenode_example_v1_Example_Sum, 5);
    struct sn_header item = world_answer(SN_STREAM_ITEM, spacenode_example_v1_Example_Sum, 5);
    open.seq = 1;
    item.dest = 0;
    write_data(open, "", 0);
    write_data(upload, "", 0);
    for (item.seq = 1; item.seq < 5; item.seq++) write_data(item, "\10\2", 2);
    more.opener = WORLD_PEER;
    more.id = 4;
    more.items = 9;
    write_control(CONTROL, SN_STREAM_CREDIT, &more.base);
    credit.traffic_class = 4;
    credit.bytes = credit.messages = 100000;
    write_control(CONTROL, SN_CREDIT, &credit.base);
    item.kind = SN_STREAM_END;
    item.seq = 4;
    write_data(item, "", 0);
    write_time(6000);
    end_script();
}

/* --- The tests --- */

static void corpus_and_scripts(void)
{
    read_corpus();
    session_script();
    stream_script();
    for (size_t number = 0; number < input_count; number++) play(inputs[number].bytes, inputs[number].size);
}

static void mutated_inputs(void)
{
    static uint8_t bytes[INPUT_BYTES];
    const char *wanted = getenv("SPACENODE_MUTATIONS"), *seed = getenv("SPACENODE_SEED");
    size_t count = wanted != NULL ? strtoul(wanted, NULL, 10) : 100000;
    uint64_t state = 0xfeed ^ (seed != NULL ? strtoull(seed, NULL, 10) << 16 : 0);
    for (size_t number = 0; number < count; number++) {
        const struct input *input = &inputs[world_random(&state) % input_count];
        memcpy(bytes, input->bytes, input->size);
        size_t size = world_mutate(&state, bytes, input->size, sizeof bytes);
        if (number % 4 == 0) {
            /* Two conversations one after the other. */
            const struct input *other = &inputs[world_random(&state) % input_count];
            if (size + other->size <= sizeof bytes) {
                memcpy(bytes + size, other->bytes, other->size);
                size += other->size;
            }
        }
        play(bytes, size);
    }
    fprintf(stderr, "engine: %zu inputs, %zu mutations\n", input_count, count);
}

int main(void)
{
    RUN(corpus_and_scripts);
    RUN(mutated_inputs);
    for (size_t number = 0; number < input_count; number++) free(inputs[number].bytes);
    return world_report();
}
