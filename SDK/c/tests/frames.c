/* Frames and control messages against protobuf-c and the golden bytes: what our walk accepts, protobuf-c
 * reads the same; what strangers send neither crashes nor takes more memory than allowed. */
#include "world.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <spacenode/system/v1/system.pb-c.h>

#define LINE_BYTES (1 << 18)
#define FRAME_BYTES 2048
#define MAX_SEEDS 512

static struct {
    uint8_t bytes[FRAME_BYTES];
    size_t size;
} seeds[MAX_SEEDS];
static size_t seed_count;

static bool is_same(const uint8_t *bytes, size_t size, const ProtobufCBinaryData *data)
{
    return size == data->len && (size == 0 || memcmp(bytes, data->data, size) == 0);
}

static void compare(const struct sn_header *header, const Spacenode__Bus__V1__Header *read)
{
    CHECK(header->wire == read->wire && header->kind == read->kind && header->type == read->type);
    CHECK(header->dest == read->dest && header->source == read->source && header->epoch == read->epoch);
    CHECK(header->id == read->id && header->reply_to == read->reply_to && header->seq == read->seq);
    CHECK(header->ttl_ms == read->ttl_ms && header->schema == read->schema && header->role == read->role);
    CHECK(header->cause_source == read->cause_source && header->cause_id == read->cause_id);
    CHECK(header->traffic_class == read->traffic_class && header->status == read->status);
    CHECK(header->retry_after_ms == read->retry_after_ms);
    CHECK(is_same(header->topic_key, header->topic_key_size, &read->topic_key));
}

/* Reads a frame in both ways; returns whether our walk accepts it. */
static bool read_twice(const uint8_t *frame, size_t size)
{
    struct sn_header header;
    if (sn_header_read(&header, frame, size) != SN_FRAME_FINE) return false;
    Spacenode__Bus__V1__Envelope *envelope = spacenode__bus__v1__envelope__unpack(NULL, size, frame);
    CHECK(envelope != NULL && envelope->header != NULL);
    compare(&header, envelope->header);
    CHECK(is_same(header.payload, header.payload_size, &envelope->payload));
    /* Written again, it reads the same. */
    struct sn_header again;
    struct frame written = world_frame(&header, header.payload, header.payload_size);
    CHECK(sn_header_read(&again, written.bytes, written.size) == SN_FRAME_FINE);
    compare(&again, envelope->header);
    free(written.bytes);
    spacenode__bus__v1__envelope__free_unpacked(envelope, NULL);
    return true;
}

static void add_seed(const uint8_t *bytes, size_t size)
{
    if (seed_count == MAX_SEEDS || size > FRAME_BYTES) return;
    memcpy(seeds[seed_count].bytes, bytes, size);
    seeds[seed_count++].size = size;
}

/* The value of a line `"name": "value"`; NULL: another line. */
static char *value_of(char *line, const char *name)
{
    size_t size = strlen(name);
    if (line[0] != '"' || strncmp(line + 1, name, size) != 0 || strncmp(line + 1 + size, "\": \"", 4) != 0)
        return NULL;
    char *value = line + 1 + size + 4, *end = strchr(value, '"');
    if (end != NULL) *end = 0;
    return value;
}

static size_t from_hex(const char *text, uint8_t *bytes)
{
    size_t size = strlen(text) / 2;
    for (size_t place = 0; place < size; place++) {
        unsigned byte;
        CHECK(sscanf(text + 2 * place, "%2x", &byte) == 1);
        bytes[place] = (uint8_t)byte;
    }
    return size;
}

/* Tests/Vectors/bus/frames.json: good frames are read, bad ones refused for the reason named. */
static void golden_frames(void)
{
    static char line[LINE_BYTES], fault[64];
    static uint8_t frame[LINE_BYTES];
    size_t good = 0, bad = 0;
    FILE *file = fopen("../../Tests/Vectors/bus/frames.json", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        char *value = value_of(line, "fault");
        if (line[0] == '{') fault[0] = 0;
        if (value != NULL) snprintf(fault, sizeof fault, "%s", value);
        value = value_of(line, "frame");
        if (value == NULL) continue;
        struct sn_header header;
        size_t size = from_hex(value, frame);
        enum sn_frame_fault found = sn_header_read(&header, frame, size);
        add_seed(frame, size);
        if (fault[0] == 0) {
            CHECK(read_twice(frame, size));
            good++;
        } else {
            if (strcmp(sn_frame_fault_name(found), fault) != 0)
                fprintf(stderr, "a frame of fault %s is %s here\n", fault, sn_frame_fault_name(found));
            CHECK(strcmp(sn_frame_fault_name(found), fault) == 0);
            bad++;
        }
    }
    fclose(file);
    CHECK(good >= 50 && bad >= 10);
}

static void mutated_frames(void)
{
    uint64_t state = 0x5eed;
    size_t accepted = 0, count = 200000;
    uint8_t *frame = malloc(FRAME_BYTES);
    CHECK(frame != NULL && seed_count > 0);
    for (size_t number = 0; number < count; number++) {
        size_t seed = world_random(&state) % seed_count;
        memcpy(frame, seeds[seed].bytes, seeds[seed].size);
        size_t size = world_mutate(&state, frame, seeds[seed].size, FRAME_BYTES);
        /* Memory that ends where the frame ends: one byte beyond is found by the sanitizer. */
        uint8_t *exact = malloc(size == 0 ? 1 : size);
        CHECK(exact != NULL);
        memcpy(exact, frame, size);
        if (read_twice(exact, size)) accepted++;
        free(exact);
    }
    free(frame);
    fprintf(stderr, "frames: %zu mutated, %zu accepted\n", count, accepted);
    CHECK(accepted > count / 100 && accepted < count);
}

/* --- Messages --- */

static const ProtobufCMessageDescriptor *const messages[] = {
    &spacenode__bus__v1__hello__descriptor,         &spacenode__bus__v1__welcome__descriptor,
    &spacenode__bus__v1__reject__descriptor,        &spacenode__bus__v1__attached__descriptor,
    &spacenode__bus__v1__ping__descriptor,          &spacenode__bus__v1__credit__descriptor,
    &spacenode__bus__v1__cancel__descriptor,        &spacenode__bus__v1__drain__descriptor,
    &spacenode__bus__v1__subscribed__descriptor,    &spacenode__bus__v1__gap__descriptor,
    &spacenode__bus__v1__resync__descriptor,        &spacenode__bus__v1__notice__descriptor,
    &spacenode__bus__v1__stream_credit__descriptor, &spacenode__bus__v1__fault__descriptor,
    &spacenode__bus__v1__subscribe__descriptor,     &spacenode__bus__v1__list_sessions_reply__descriptor,
};

/* What can be read is written and read again, and is the same then. */
static bool read_message(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t size)
{
    ProtobufCMessage *message = sn_unpack(descriptor, bytes, size, SN_CONTROL_MEMORY);
    if (message == NULL) return false;
    size_t packed = protobuf_c_message_get_packed_size(message);
    uint8_t *one = malloc(packed + 1), *other = malloc(packed + 1);
    CHECK(one != NULL && other != NULL && protobuf_c_message_pack(message, one) == packed);
    ProtobufCMessage *again = sn_unpack(descriptor, one, packed, SN_CONTROL_MEMORY);
    CHECK(again != NULL && protobuf_c_message_get_packed_size(again) == packed);
    protobuf_c_message_pack(again, other);
    CHECK(memcmp(one, other, packed) == 0);
    free(one);
    free(other);
    spacenode_release(again);
    spacenode_release(message);
    return true;
}

static void mutated_messages(void)
{
    /* A field of each kind that control messages have, in rising number. */
    static const uint8_t seed[] = {
        0x0a, 3,    'a',  '.', '-',  0x10, 5,    0x1a, 2,    8,    1,   0x21, 1, 2,    3,
        4,    5,    6,    7,   8,    0x2a, 4,    8,    2,    0x10, 9,   0x32, 6, 8,    3,
        0x10, 0x80, 0x80, 1,   0x3a, 0,    0x40, 1,    0x4a, 1,    'x', 0x50, 0, 0x58, 0x7f,
    };
    uint64_t state = 0xc0de;
    size_t accepted = 0, count = 200000;
    uint8_t bytes[256];
    for (size_t number = 0; number < count; number++) {
        memcpy(bytes, seed, sizeof seed);
        size_t size = world_mutate(&state, bytes, sizeof seed, sizeof bytes);
        /* A window of the seed, so that all fields come first at times. */
        size_t from = size == 0 ? 0 : world_random(&state) % size;
        if (number % 2 == 0) from = 0;
        accepted +=
            read_message(messages[number % (sizeof messages / sizeof *messages)], bytes + from, size - from);
    }
    fprintf(stderr, "control messages: %zu mutated, %zu accepted\n", count, accepted);
    CHECK(accepted > count / 100 && accepted < count);
}

/* --- What protobuf-c leaves out --- */

static bool reads_name(const char *name, size_t size)
{
    uint8_t bytes[64] = {0x0a, (uint8_t)size};
    memcpy(bytes + 2, name, size);
    /* DescribeReply.name is a string. */
    void *message = spacenode_decode(&spacenode__system__v1__describe_reply__descriptor, bytes, size + 2);
    spacenode_release(message);
    return message != NULL;
}

static void text_is_checked(void)
{
    CHECK(reads_name("", 0) && reads_name("plain", 5)
          && reads_name("\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\x8d", 9));
    CHECK(!reads_name("cut\0off", 7));
    CHECK(!reads_name("\xff", 1) && !reads_name("\xc3", 1) && !reads_name("\xc0\xaf", 2));
    CHECK(!reads_name("\xe0\x80\xaf", 3) && !reads_name("\xed\xa0\x80", 3)
          && !reads_name("\xf4\x90\x80\x80", 4));
}

static bool copies_to(const char *from, size_t room, const char *expected)
{
    char to[16];
    memset(to, 'x', sizeof to);
    sn_copy_text(to, room, from, strlen(from));
    return strcmp(to, expected) == 0 && (room == sizeof to || to[room] == 'x');
}

static void text_for_people_is_clean(void)
{
    CHECK(copies_to("plain", 16, "plain") && copies_to("a\nb\x1b[2J\x7f", 16, "a?b?[2J?"));
    CHECK(copies_to("\xe2\x80\xa6 \xc3\xa4", 16, "\xe2\x80\xa6 \xc3\xa4"));
    CHECK(copies_to("\xc2\x9b", 16, "?") && copies_to("\xe2\x80", 16, "??") && copies_to("\xff", 16, "?"));
    /* Cut between characters, never within one. */
    CHECK(copies_to("abc\xc3\xa4", 5, "abc") && copies_to("abcd", 4, "abc") && copies_to("ab", 1, ""));
}

/* Nesting beyond the limit is refused before protobuf-c sees it: descriptor.proto has a message within
 * itself. */
static void nesting_is_bounded(void)
{
    static uint8_t bytes[200000];
    for (size_t depth = 10; depth < 40000; depth = depth < 100 ? depth + 30 : depth * 10) {
        size_t at = sizeof bytes, size = 0;
        /* From the inside: nested_type (3) around what is there. */
        for (size_t level = 1; level < depth; level++) {
            uint8_t prefix[8] = {0x1a};
            size_t used = 1;
            for (size_t rest = size;; rest >>= 7) {
                prefix[used++] = (uint8_t)(rest & 0x7f) | (rest >= 0x80 ? 0x80 : 0);
                if (rest < 0x80) break;
            }
            at -= used;
            memcpy(bytes + at, prefix, used);
            size += used;
        }
        void *message = spacenode_decode(&google__protobuf__descriptor_proto__descriptor, bytes + at, size);
        CHECK((message != NULL) == (depth <= SPACENODE_DECODE_DEPTH));
        spacenode_release(message);
    }
}

/* Two bytes make a message of a hundred: a small frame must not take gigabytes. */
static void memory_is_bounded(void)
{
    size_t size = 2u << 20;
    uint8_t *bytes = malloc(size);
    CHECK(bytes != NULL);
    for (size_t place = 0; place < size; place += 2) {
        bytes[place] = 0x0a;
        bytes[place + 1] = 0;
    }
    CHECK(spacenode_decode(&spacenode__bus__v1__list_sessions_reply__descriptor, bytes, size) == NULL);
    void *message = spacenode_decode(&spacenode__bus__v1__list_sessions_reply__descriptor, bytes, 2000);
    CHECK(message != NULL);
    spacenode_release(message);
    free(bytes);
    message = spacenode_decode(&spacenode__bus__v1__ping__descriptor, NULL, 0);
    CHECK(message != NULL);
    spacenode_release(message);
}

int main(void)
{
    RUN(golden_frames);
    RUN(mutated_frames);
    RUN(mutated_messages);
    RUN(text_is_checked);
    RUN(text_for_people_is_clean);
    RUN(nesting_is_bounded);
    RUN(memory_is_bounded);
    return world_report();
}
