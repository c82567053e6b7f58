/* A plugin made of its options, and freed. */
#include "internal.h"

#include <contracts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define HELLO_BYTES 4096u           /* largest HELLO frame */
#define MAX_CONTRACTS 64u
#define MAX_HELD_KEYS 64u

static const spacenode_window usual_windows[SN_CLASSES] = {{524288, 256}, {8388608, 1024}, {8388608, 64}};
static const uint64_t largest_frames[SN_CLASSES] = {256u << 10, 4u << 20, 4u << 20};

/* What is wrong with the options; NULL: nothing. */
static const char *fault_of(const spacenode_options *options)
{
    if (options->bus == NULL || options->bus[0] == 0)
        return "which router? --bus ipc:DIR or --bus tcp://HOST:PORT (spacenode bus path prints DIR)";
    if (options->name == NULL || !sn_is_name(options->name)) return "a name is 1 to 48 of a-z, 0-9, '.', '-'";
    if (options->role == NULL || !sn_is_name(options->role)) return "which role? see config/router.yaml";
    if (options->provides_count >= MAX_CONTRACTS || options->needs_count > MAX_CONTRACTS)
        return "a plugin names at most 63 contracts that it provides, and 64 that it needs";
    if (options->held_key_count > MAX_HELD_KEYS) return "a plugin holds at most 64 keys";
    if (options->max_frame > SPACENODE_MAX_FRAME) return "max_frame is over 4 MiB";
    return NULL;
}

static bool set_windows(struct sn_identity *identity, const spacenode_options *options)
{
    identity->max_frame = options->max_frame != 0 ? options->max_frame : SPACENODE_MAX_FRAME;
    for (int index = 0; index < SN_CLASSES; index++) {
        spacenode_window *window = &identity->windows[index];
        uint64_t largest =
            largest_frames[index] < identity->max_frame ? largest_frames[index] : identity->max_frame;
        *window = options->windows[index];
        if (window->bytes == 0) window->bytes = usual_windows[index].bytes;
        if (window->messages == 0) window->messages = usual_windows[index].messages;
        /* The router takes at most so much: what it thinks and what we think must be the same. */
        if (window->bytes < 2 * largest || window->messages < 2 || window->bytes > 1u << 30
            || window->messages > 8000)
            return false;
    }
    return true;
}

static uint32_t role_number(const spacenode_options *options)
{
    if (options->role_number != 0) return options->role_number;
    for (size_t place = 0; place < spacenode_role_count; place++)
        if (strcmp(spacenode_roles[place].name, options->role) == 0) return spacenode_roles[place].number;
    return 0;
}

static bool copy_contracts(struct sn_identity *identity, const spacenode_options *options)
{
    identity->provides = calloc(options->provides_count + 1, sizeof *identity->provides);
    identity->needs = calloc(options->needs_count + 1, sizeof *identity->needs);
    if (identity->provides == NULL || identity->needs == NULL) return false;
    for (size_t place = 0; place < options->provides_count; place++)
        identity->provides[identity->provides_count++] = options->provides[place];
    identity->provides[identity->provides_count++] = &spacenode_system_v1_System;
    for (size_t place = 0; place < options->needs_count; place++)
        identity->needs[identity->needs_count++] = options->needs[place];
    return true;
}

/* --- HELLO, made once: packed and read again, so that protobuf-c owns all its parts --- */

struct hello_parts {
    Spacenode__Bus__V1__ContractRange ranges[2 * MAX_CONTRACTS + 1], *range_pointers[2 * MAX_CONTRACTS + 1];
    Spacenode__Bus__V1__Window windows[SN_CLASSES], *window_pointers[SN_CLASSES];
    Spacenode__Bus__V1__Label labels[MAX_CONTRACTS], *label_pointers[MAX_CONTRACTS];
};

static ProtobufCBinaryData bytes_of(const char *text, size_t at_most)
{
    ProtobufCBinaryData bytes = {.len = strnlen(text, at_most), .data = (uint8_t *)(uintptr_t)text};
    return bytes;
}

static void set_ranges(struct hello_parts *parts, size_t first, const spacenode_contract **contracts,
                       size_t count)
{
    for (size_t place = 0; place < count; place++) {
        Spacenode__Bus__V1__ContractRange *range = &parts->ranges[first + place];
        spacenode__bus__v1__contract_range__init(range);
        range->contract = contracts[place]->number;
        range->minor_max = contracts[place]->minor;
        range->schema = contracts[place]->schema;
        parts->range_pointers[first + place] = range;
    }
}

static void set_rooms(struct hello_parts *parts, const struct sn_identity *identity)
{
    for (int index = 0; index < SN_CLASSES; index++) {
        spacenode__bus__v1__window__init(&parts->windows[index]);
        parts->windows[index].traffic_class = (uint32_t)index + 2;
        parts->windows[index].bytes = identity->windows[index].bytes;
        parts->windows[index].messages = identity->windows[index].messages;
        parts->window_pointers[index] = &parts->windows[index];
    }
}

static size_t set_labels(struct hello_parts *parts, const spacenode_options *options)
{
    size_t count = options->label_count < MAX_CONTRACTS ? options->label_count : MAX_CONTRACTS;
    for (size_t place = 0; place < count; place++) {
        spacenode__bus__v1__label__init(&parts->labels[place]);
        parts->labels[place].name = bytes_of(options->labels[place].name, 32);
        parts->labels[place].value = bytes_of(options->labels[place].value, 64);
        parts->label_pointers[place] = &parts->labels[place];
    }
    return count;
}

/* False: it is over the limit of a HELLO, or there is no memory. */
static bool make_hello(struct sn_identity *identity, const spacenode_options *options)
{
    uint8_t packed[HELLO_BYTES];
    struct hello_parts *parts = calloc(1, sizeof *parts);
    if (parts == NULL) return false;
    Spacenode__Bus__V1__Hello hello = SPACENODE__BUS__V1__HELLO__INIT;
    hello.name = bytes_of(identity->name, sizeof identity->name);
    hello.build = bytes_of(identity->build, sizeof identity->build);
    hello.role = identity->role;
    hello.max_frame = identity->max_frame;
    set_ranges(parts, 0, identity->provides, identity->provides_count);
    set_ranges(parts, identity->provides_count, identity->needs, identity->needs_count);
    hello.n_provides = identity->provides_count;
    hello.provides = parts->range_pointers;
    hello.n_requires = identity->needs_count;
    hello.requires = parts->range_pointers + identity->provides_count;
    set_rooms(parts, identity);
    hello.n_windows = SN_CLASSES;
    hello.windows = parts->window_pointers;
    hello.n_labels = set_labels(parts, options);
    hello.labels = parts->label_pointers;
    hello.n_held_keys = options->held_key_count;
    hello.held_keys = (ProtobufCBinaryData *)(uintptr_t)options->held_keys;
    /* With room for header and token. */
    size_t size = spacenode__bus__v1__hello__get_packed_size(&hello);
    if (size + 128 <= sizeof packed) {
        spacenode__bus__v1__hello__pack(&hello, packed);
        identity->hello = spacenode__bus__v1__hello__unpack(NULL, size, packed);
    }
    free(parts);
    return identity->hello != NULL;
}

/* --- Making and freeing --- */

static bool make_maps(spacenode *plugin)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) return false;
    return sn_map_init(&plugin->calls, seed) && sn_map_init(&plugin->requests, seed ^ 1)
           && sn_map_init(&plugin->streams, seed ^ 2) && sn_map_init(&plugin->handlers, seed ^ 3)
           && sn_map_init(&plugin->published, seed ^ 4) && sn_map_init(&plugin->positions, seed ^ 5);
}

static const char *set_up(spacenode *plugin, const spacenode_options *options)
{
    struct sn_identity *identity = &plugin->identity;
    const char *fault = fault_of(options);
    if (fault != NULL) return fault;
    snprintf(identity->name, sizeof identity->name, "%s", options->name);
    snprintf(identity->role_name, sizeof identity->role_name, "%s", options->role);
    const char *build = options->build != NULL ? options->build : "c 0.1.0";
    sn_copy_text(identity->build, sizeof identity->build, build, strlen(build));
    identity->role = role_number(options);
    identity->drain_ms = options->drain_ms != 0 ? options->drain_ms : 10000;
    if (identity->role == 0) return "this role has no number: set role_number, as config/router.yaml says";
    if (!set_windows(identity, options))
        return "a window must hold two of the largest frames of its class (or of max_frame), "
               "and at most 1 GiB and 8000 messages";
    if (!copy_contracts(identity, options) || !make_maps(plugin)) return "no memory left";
    if (!make_hello(identity, options)) return "HELLO is over 4 KiB: name fewer contracts, labels or keys";
    if (!sn_serve_system(plugin)) return "no memory left";
    return NULL;
}

/* A plugin without a connection; NULL with the reason in `text`. */
spacenode *sn_new(const spacenode_options *options, char *text)
{
    spacenode *plugin = calloc(1, sizeof *plugin);
    const char *fault = "no memory left";
    if (plugin != NULL) {
        plugin->stated_state = SPACENODE_STATE_READY;
        plugin->call_deadline = UINT64_MAX;
        plugin->session_changed = options->session;
        plugin->log = options->log;
        plugin->context = options->context;
        fault = set_up(plugin, options);
    }
    if (fault == NULL) return plugin;
    snprintf(text, SPACENODE_TEXT_BYTES, "%s", fault);
    sn_free(plugin);
    return NULL;
}

static void free_handlers(spacenode *plugin)
{
    struct sn_node *node;
    while ((node = sn_map_any(&plugin->handlers)) != NULL) {
        sn_map_remove(&plugin->handlers, node);
        free(SN_OWNER(node, struct sn_handler, by_type));
    }
}

void sn_free(spacenode *plugin)
{
    if (plugin == NULL) return;
    sn_stop(plugin, 0, "this plugin has stopped");
    sn_free_requests(plugin);
    sn_free_events(plugin);
    sn_free_timers(plugin);
    free_handlers(plugin);
    sn_map_free(&plugin->calls);
    sn_map_free(&plugin->requests);
    sn_map_free(&plugin->streams);
    sn_map_free(&plugin->handlers);
    sn_map_free(&plugin->published);
    sn_map_free(&plugin->positions);
    spacenode_release(plugin->identity.hello);
    free(plugin->identity.provides);
    free(plugin->identity.needs);
    free(plugin->identity.token_path);
    free(plugin);
}

int spacenode_status_of(const spacenode *plugin) { return plugin->result; }

const char *spacenode_text(const spacenode *plugin) { return plugin->text; }

uint64_t spacenode_instance(const spacenode *plugin) { return sn_has_session(plugin) ? plugin->instance : 0; }

uint64_t spacenode_now(const spacenode *plugin) { return plugin->now; }
