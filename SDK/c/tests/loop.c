/* The process around: options, threads, signals. There is no router here. */
#include "world.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define THREADS 4
#define POSTS 2000

static char text[SPACENODE_TEXT_BYTES];

static void quiet(const char *line, void *context)
{
    (void)line;
    (void)context;
}

static spacenode_options good(void)
{
    spacenode_options options = {
        .bus = "ipc:/tmp/no-router-here", .name = "plugin", .role = "example", .log = quiet};
    return options;
}

static bool is_refused(const spacenode_options *options, const char *words)
{
    spacenode *plugin = spacenode_open(options, text);
    if (plugin != NULL) {
        spacenode_close(plugin);
        return false;
    }
    if (strstr(text, words) == NULL) fprintf(stderr, "instead of \"%s\": %s\n", words, text);
    return strstr(text, words) != NULL;
}

static void options_are_checked(void)
{
    spacenode_options options = good();
    char path[200] = "ipc:/";
    options.bus = "http://x";
    CHECK(is_refused(&options, "write ipc:DIR or tcp://HOST:PORT"));
    options.bus = "tcp://localhost:port";
    CHECK(is_refused(&options, "write ipc:DIR or tcp://HOST:PORT"));
    options.bus = "tcp://localhost:7600";
    CHECK(is_refused(&options, "--server-key"));
    options.server_key = "0000000000000000000000000000000000000000";
    CHECK(is_refused(&options, "--key FILE"));
    options.key_file = "/dev/null";
    CHECK(is_refused(&options, "cannot read 40 characters"));
    memset(path + 5, 'x', 120);
    options.bus = path;
    CHECK(is_refused(&options, "107 bytes"));
    options = good();
    options.name = "Upper";
    CHECK(is_refused(&options, "a-z"));
    options = good();
    options.role = "none-such";
    CHECK(is_refused(&options, "role_number"));
    options = good();
    options.windows[1].bytes = 5u << 20;
    CHECK(is_refused(&options, "two of the largest frames"));
    options.max_frame = 1u << 20;
    spacenode *plugin = spacenode_open(&options, text);
    CHECK(plugin != NULL);
    spacenode_close(plugin);
}

static void hello_is_bounded(void)
{
    static uint8_t bytes[64];
    static ProtobufCBinaryData keys[64];
    static const spacenode_contract *contracts[63];
    static spacenode_label labels[64];
    spacenode_options options = good();
    for (size_t place = 0; place < 64; place++) {
        keys[place].data = bytes;
        keys[place].len = sizeof bytes;
        labels[place].name = "gpu";
        labels[place].value = "a card";
        if (place < 63) contracts[place] = &spacenode_example_v1_Example;
    }
    options.held_keys = keys;
    options.held_key_count = 64;
    CHECK(is_refused(&options, "HELLO is over 4 KiB"));
    options.held_key_count = 8;
    options.labels = labels;
    options.label_count = 2;
    options.provides = contracts;
    options.provides_count = 63;
    spacenode *plugin = spacenode_open(&options, text);
    CHECK(plugin != NULL);
    spacenode_close(plugin);
    options.provides_count = 64;
    CHECK(is_refused(&options, "at most 63 contracts"));
}

static void words_are_read(void)
{
    char *const words[] = {(char *)"plugin",          (char *)"--name",      (char *)"box",
                           (char *)"--server-key=-x", (char *)"--bus=ipc:d", (char *)"--key"};
    spacenode_options options = {.role = "example"};
    CHECK(spacenode_arguments(&options, 1, words, text) == SPACENODE_NO_ROUTE
          && strstr(text, "--bus") != NULL);
    CHECK(spacenode_arguments(&options, 6, words, text) == 0);
    CHECK(strcmp(options.name, "box") == 0 && strcmp(options.server_key, "-x") == 0
          && options.key_file == NULL);
    CHECK(strcmp(options.bus, "ipc:d") == 0);
    setenv("SPACENODE_TOKEN", "file", 1);
    CHECK(spacenode_arguments(&options, 6, words, text) == 0 && strcmp(options.token_file, "file") == 0);
    unsetenv("SPACENODE_TOKEN");
}

/* --- Threads --- */

static unsigned posted_calls;

static void count_post(spacenode *plugin, void *context)
{
    (void)plugin;
    (void)context;
    posted_calls++;
}

static void *post_many(void *context)
{
    spacenode *plugin = context;
    for (int count = 0; count < POSTS; count++)
        while (spacenode_post(plugin, count_post, NULL) == SPACENODE_BUSY) usleep(100);
    return NULL;
}

static void other_threads_post(void)
{
    spacenode_options options = good();
    spacenode *plugin = spacenode_open(&options, text);
    pthread_t threads[THREADS];
    CHECK(plugin != NULL);
    posted_calls = 0;
    for (int place = 0; place < THREADS; place++)
        CHECK(pthread_create(&threads[place], NULL, post_many, plugin) == 0);
    for (int round = 0; round < 20000 && posted_calls < THREADS * POSTS; round++)
        CHECK(spacenode_step(plugin, 1));
    for (int place = 0; place < THREADS; place++) pthread_join(threads[place], NULL);
    CHECK(posted_calls == THREADS * POSTS);
    /* What is posted last is called by spacenode_close. */
    for (unsigned count = 0; count < SPACENODE_MAX_POSTED; count++)
        CHECK(spacenode_post(plugin, count_post, NULL) == 0);
    CHECK(spacenode_post(plugin, count_post, NULL) == SPACENODE_BUSY);
    spacenode_close(plugin);
    CHECK(posted_calls == THREADS * POSTS + SPACENODE_MAX_POSTED);
}

/* --- Timers --- */

static uint64_t fired[64];
static size_t fired_count;

static void note_time(spacenode *plugin, void *context)
{
    (void)context;
    fired[fired_count++] = spacenode_now(plugin);
}

static void timers_run_in_order(void)
{
    spacenode_options options = good();
    spacenode *plugin = spacenode_open(&options, text);
    uint64_t numbers[40];
    CHECK(plugin != NULL);
    uint64_t began = spacenode_now(plugin);
    fired_count = 0;
    for (uint32_t place = 0; place < 40; place++)
        numbers[place] = spacenode_after(plugin, place * 7 % 40, note_time, NULL);
    for (uint32_t place = 0; place < 40; place += 2) spacenode_cancel_timer(plugin, numbers[place]);
    spacenode_cancel_timer(plugin, 0);
    while (spacenode_now(plugin) < began + 60) CHECK(spacenode_step(plugin, -1));
    CHECK(fired_count == 20);
    for (size_t place = 1; place < fired_count; place++) CHECK(fired[place] >= fired[place - 1]);
    spacenode_close(plugin);
}

/* --- Signals --- */

static void send_signal(spacenode *plugin, void *context)
{
    (void)plugin;
    (void)context;
    raise(SIGTERM);
}

static void sigterm_ends_it(void)
{
    spacenode_options options = good();
    spacenode *plugin = spacenode_open(&options, text);
    CHECK(plugin != NULL && spacenode_instance(plugin) == 0);
    CHECK(spacenode_after(plugin, 20, send_signal, NULL) != 0);
    CHECK(spacenode_run(plugin) == 0);
    CHECK(!spacenode_step(plugin, 0));
    spacenode_close(plugin);
    struct sigaction now;
    CHECK(sigaction(SIGTERM, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
    spacenode_close(NULL);
}

/* Without a session what needs one says so; a call waits for its deadline. */
static void count_outcome(spacenode *plugin, const spacenode_outcome *outcome, void *context)
{
    (void)plugin;
    *(uint32_t *)context = outcome->status;
}

static void without_a_router(void)
{
    spacenode_options options = good();
    spacenode *plugin = spacenode_open(&options, text);
    spacenode_call_options call = {.ttl_ms = 30};
    uint32_t status = 0;
    CHECK(plugin != NULL);
    CHECK(spacenode_publish(plugin, spacenode_example_v1_Example_Ticks, NULL, 0, "", 0, NULL)
          == SPACENODE_BUSY);
    CHECK(spacenode_call(plugin, spacenode_example_v1_Example_Echo, "", 0, &call, count_outcome, &status)
          == 0);
    for (int round = 0; round < 1000 && status == 0; round++) CHECK(spacenode_step(plugin, -1));
    CHECK(status == SPACENODE_ROUTER_LOST);
    /* What is open at the end has its outcome from spacenode_close. */
    CHECK(spacenode_call(plugin, spacenode_example_v1_Example_Echo, "", 0, NULL, count_outcome, &status)
          == 0);
    spacenode_close(plugin);
    CHECK(status == SPACENODE_CANCELLED);
}

int main(void)
{
    RUN(options_are_checked);
    RUN(hello_is_bounded);
    RUN(words_are_read);
    RUN(other_threads_post);
    RUN(timers_run_in_order);
    RUN(sigterm_ends_it);
    RUN(without_a_router);
    return world_report();
}
