/* What every plugin says of itself: spacenode.system.v1 (docs/protocol/bus.md §9). */
#include "internal.h"

#include <contracts.h>
#include <spacenode/system/v1/system.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct description {
    Spacenode__System__V1__DescribeReply reply;
    Spacenode__System__V1__MethodDescription *methods;
    Spacenode__System__V1__MethodDescription **pointers;
};

/* protobuf-c takes texts that it only reads as `char *`. */
static char *text_of(const char *text) { return (char *)(uintptr_t)text; }

static void add_methods(struct description *out, const spacenode_contract *contract, bool is_provided)
{
    for (size_t place = 0; place < contract->method_count; place++) {
        const spacenode_method *method = &contract->methods[place];
        Spacenode__System__V1__MethodDescription *entry = &out->methods[out->reply.n_methods];
        spacenode__system__v1__method_description__init(entry);
        entry->name = text_of(method->name);
        entry->type = method->type;
        entry->pattern = method->pattern;
        entry->input = text_of(method->input);
        entry->output = text_of(method->output);
        entry->provided = is_provided;
        entry->sensitive = method->sensitive;
        out->pointers[out->reply.n_methods++] = entry;
    }
}

/* The contracts of a plugin, provided ones first. */
static const spacenode_contract *contract_at(const spacenode *plugin, size_t place)
{
    return place < plugin->identity.provides_count
               ? plugin->identity.provides[place]
               : plugin->identity.needs[place - plugin->identity.provides_count];
}

static bool is_first_with_files(const spacenode *plugin, size_t place)
{
    for (size_t before = 0; before < place; before++)
        if (contract_at(plugin, before)->descriptors == contract_at(plugin, place)->descriptors) return false;
    return true;
}

/* Descriptor sets one after the other are one set. */
static bool add_files(const spacenode *plugin, struct description *out, size_t count)
{
    size_t size = 0;
    for (size_t place = 0; place < count; place++)
        if (is_first_with_files(plugin, place)) size += contract_at(plugin, place)->descriptor_bytes;
    uint8_t *bytes = malloc(size == 0 ? 1 : size);
    if (bytes == NULL) return false;
    out->reply.file_descriptor_set.data = bytes;
    for (size_t place = 0; place < count; place++) {
        const spacenode_contract *contract = contract_at(plugin, place);
        if (!is_first_with_files(plugin, place) || contract->descriptor_bytes == 0) continue;
        memcpy(bytes + out->reply.file_descriptor_set.len, contract->descriptors, contract->descriptor_bytes);
        out->reply.file_descriptor_set.len += contract->descriptor_bytes;
    }
    return true;
}

static bool fill(const spacenode *plugin, struct description *out)
{
    size_t count = plugin->identity.provides_count + plugin->identity.needs_count, methods = 0;
    for (size_t place = 0; place < count; place++) methods += contract_at(plugin, place)->method_count;
    out->methods = calloc(methods + 1, sizeof *out->methods);
    out->pointers = calloc(methods + 1, sizeof *out->pointers);
    if (out->methods == NULL || out->pointers == NULL || !add_files(plugin, out, count)) return false;
    out->reply.methods = out->pointers;
    for (size_t place = 0; place < count; place++)
        add_methods(out, contract_at(plugin, place), place < plugin->identity.provides_count);
    return true;
}

static void describe(spacenode_request *request, const void *payload, size_t size, void *context)
{
    const spacenode *plugin = context;
    struct description out = {.reply = SPACENODE__SYSTEM__V1__DESCRIBE_REPLY__INIT};
    (void)payload;
    (void)size;
    out.reply.name = text_of(plugin->identity.name);
    out.reply.role = text_of(plugin->identity.role_name);
    out.reply.version = text_of(plugin->identity.build);
    if (fill(plugin, &out))
        spacenode_reply_message(request, &out.reply.base);
    else
        spacenode_fail(request, 0, "this plugin has no memory left");
    free(out.reply.file_descriptor_set.data);
    free(out.methods);
    free(out.pointers);
}

bool sn_serve_system(spacenode *plugin)
{
    return spacenode_serve(plugin, spacenode_system_v1_System_Describe, describe, plugin) == 0;
}

static uint64_t resident_bytes(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%*u %llu", &pages) != 1) pages = 0;
    fclose(file);
    long page = sysconf(_SC_PAGESIZE);
    return page > 0 ? pages * (uint64_t)page : 0;
}

/* Sign of life; without credit it is left out. */
void sn_beat(spacenode *plugin)
{
    static const char *const states[] = {"", "starting", "ready", "degraded"};
    char last[SPACENODE_TEXT_BYTES];
    /* A text of ours may be cut within a character; a string of protobuf must not be. */
    sn_copy_text(last, sizeof last, plugin->text, strlen(plugin->text));
    Spacenode__System__V1__Beat beat = SPACENODE__SYSTEM__V1__BEAT__INIT;
    beat.state = text_of(plugin->phase == SN_DRAINING ? "draining" : states[plugin->stated_state]);
    beat.queued = (uint32_t)(plugin->request_count + plugin->served_streams);
    beat.last_error = last;
    beat.uptime_ms = plugin->now - plugin->began;
    beat.resident_bytes = resident_bytes();
    spacenode_publish_message(plugin, spacenode_system_v1_System_Beats, NULL, 0, &beat.base, NULL);
    /* A beat that found no credit is not what went wrong last. */
    snprintf(plugin->text, sizeof plugin->text, "%s", last);
}
