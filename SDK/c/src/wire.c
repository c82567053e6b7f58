#include "wire.h"

#include <stdbool.h>
#include <string.h>

/* Reads from left to right and never past the end. */
struct walk {
    const uint8_t *bytes;
    size_t position, end;
};

size_t sn_varint_read(const uint8_t *bytes, size_t size, uint64_t *value)
{
    *value = 0;
    for (size_t used = 0; used < size && used < 10; used++) {
        /* Bits above 64 are dropped, as protobuf-c does. */
        *value |= (uint64_t)(bytes[used] & 0x7f) << (7 * used);
        if (bytes[used] < 0x80) return used + 1;
    }
    return 0;
}

static bool short_varint(struct walk *walk, size_t at_most, uint64_t *value)
{
    size_t left = walk->end - walk->position;
    size_t used = sn_varint_read(walk->bytes + walk->position, left < at_most ? left : at_most, value);
    walk->position += used;
    return used > 0;
}

static bool varint(struct walk *walk, uint64_t *value) { return short_varint(walk, 10, value); }

static bool fixed(struct walk *walk, size_t width, uint64_t *value)
{
    if (walk->end - walk->position < width) return false;
    *value = 0;
    for (size_t place = 0; place < width; place++)
        *value |= (uint64_t)walk->bytes[walk->position + place] << (8 * place);
    walk->position += width;
    return true;
}

static bool delimited(struct walk *walk, const uint8_t **bytes, size_t *size)
{
    uint64_t length;
    /* protobuf-c reads tags and lengths of at most 5 bytes. */
    if (!short_varint(walk, 5, &length) || length > walk->end - walk->position) return false;
    *bytes = walk->bytes + walk->position;
    *size = (size_t)length;
    walk->position += (size_t)length;
    return true;
}

static uint32_t *varint_field(struct sn_header *header, uint64_t field)
{
    switch (field) {
    case 1: return &header->wire;
    case 2: return &header->kind;
    case 3: return &header->type;
    case 6: return &header->epoch;
    case 10: return &header->ttl_ms;
    case 13: return &header->traffic_class;
    case 14: return &header->status;
    case 15: return &header->retry_after_ms;
    case 18: return &header->role;
    default: return NULL;
    }
}

static uint64_t *fixed_field(struct sn_header *header, uint64_t field)
{
    switch (field) {
    case 4: return &header->dest;
    case 5: return &header->source;
    case 7: return &header->id;
    case 8: return &header->reply_to;
    case 9: return &header->seq;
    case 11: return &header->cause_source;
    case 12: return &header->cause_id;
    default: return NULL;
    }
}

static bool skip(struct walk *walk, uint64_t wire_type)
{
    const uint8_t *bytes;
    size_t size;
    uint64_t value;
    switch (wire_type) {
    case 0: return varint(walk, &value);
    case 1: return fixed(walk, 8, &value);
    case 2: return delimited(walk, &bytes, &size);
    case 5: return fixed(walk, 4, &value);
    default: return false;
    }
}

static enum sn_frame_fault read_field(struct sn_header *header, struct walk *walk)
{
    uint64_t tag, value;
    if (!short_varint(walk, 5, &tag) || tag >> 3 == 0 || tag > UINT32_MAX) return SN_FIELD;
    uint64_t field = tag >> 3;
    uint32_t *narrow = (tag & 7) == 0 ? varint_field(header, field) : NULL;
    uint64_t *wide = (tag & 7) == 1 ? fixed_field(header, field) : NULL;
    if (narrow != NULL) {
        if (!varint(walk, &value)) return SN_FIELD;
        *narrow = (uint32_t)value;
    } else if (wide != NULL) {
        if (!fixed(walk, 8, wide)) return SN_FIELD;
    } else if (field == 16 && (tag & 7) == 5) {
        if (!fixed(walk, 4, &value)) return SN_FIELD;
        header->schema = (uint32_t)value;
    } else if (field == 17 && (tag & 7) == 2) {
        if (!delimited(walk, &header->topic_key, &header->topic_key_size)) return SN_FIELD;
        if (header->topic_key_size > SN_TOPIC_KEY_BYTES) return SN_TOPIC_KEY_OVER_32;
    } else {
        if (field <= 18) return SN_FIELD_WIRE_TYPE;
        if (!skip(walk, tag & 7)) return SN_FIELD;
    }
    return SN_FRAME_FINE;
}

enum sn_frame_fault sn_header_read(struct sn_header *header, const uint8_t *frame, size_t size)
{
    memset(header, 0, sizeof *header);
    if (size == 0) return SN_FRAME_EMPTY;
    if (frame[0] != 0x0a) return SN_HEADER_NOT_FIRST;
    struct walk outer = {frame, 1, size};
    const uint8_t *bytes;
    size_t count;
    if (!delimited(&outer, &bytes, &count)) return SN_HEADER_LENGTH;
    if (count > SN_HEADER_BYTES) return SN_HEADER_OVER_512;
    struct walk fields = {bytes, 0, count};
    while (fields.position < fields.end) {
        enum sn_frame_fault fault = read_field(header, &fields);
        if (fault != SN_FRAME_FINE) return fault;
    }
    if (header->wire != 1) return SN_WIRE_VERSION;
    header->payload = frame + outer.position;
    if (outer.position == outer.end) return SN_FRAME_FINE;
    if (frame[outer.position++] != 0x12 || !delimited(&outer, &header->payload, &header->payload_size)
        || outer.position != outer.end)
        return SN_TRAILING;
    return SN_FRAME_FINE;
}

const char *sn_frame_fault_name(enum sn_frame_fault fault)
{
    static const char *const names[] = {
        "fine",  "empty",         "headerNotFirst", "headerLength",   "headerOver512",
        "field", "fieldWireType", "trailing",       "topicKeyOver32", "wireVersion",
    };
    return (size_t)fault < sizeof names / sizeof *names ? names[fault] : "unknown";
}

/* --- Writing --- */

static uint8_t *put_varint(uint8_t *out, uint64_t value)
{
    while (value >= 0x80) {
        *out++ = (uint8_t)value | 0x80;
        value >>= 7;
    }
    *out++ = (uint8_t)value;
    return out;
}

static uint8_t *put_field(uint8_t *out, uint32_t field, uint32_t value)
{
    if (value == 0) return out;
    return put_varint(put_varint(out, (uint64_t)field << 3), value);
}

static uint8_t *put_fixed(uint8_t *out, uint32_t field, uint64_t value, size_t width)
{
    if (value == 0) return out;
    out = put_varint(out, (uint64_t)field << 3 | (width == 8 ? 1 : 5));
    for (size_t place = 0; place < width; place++) *out++ = (uint8_t)(value >> (8 * place));
    return out;
}

static size_t write_fields(const struct sn_header *header, uint8_t *out)
{
    uint8_t *end = put_field(out, 1, header->wire);
    end = put_field(end, 2, header->kind);
    end = put_field(end, 3, header->type);
    end = put_fixed(end, 4, header->dest, 8);
    end = put_fixed(end, 5, header->source, 8);
    end = put_field(end, 6, header->epoch);
    end = put_fixed(end, 7, header->id, 8);
    end = put_fixed(end, 8, header->reply_to, 8);
    end = put_fixed(end, 9, header->seq, 8);
    end = put_field(end, 10, header->ttl_ms);
    end = put_fixed(end, 11, header->cause_source, 8);
    end = put_fixed(end, 12, header->cause_id, 8);
    end = put_field(end, 13, header->traffic_class);
    end = put_field(end, 14, header->status);
    end = put_field(end, 15, header->retry_after_ms);
    end = put_fixed(end, 16, header->schema, 4);
    if (header->topic_key_size > 0) {
        end = put_varint(put_varint(end, 17 << 3 | 2), header->topic_key_size);
        memcpy(end, header->topic_key, header->topic_key_size);
        end += header->topic_key_size;
    }
    end = put_field(end, 18, header->role);
    return (size_t)(end - out);
}

size_t sn_head_write(const struct sn_header *header, size_t payload_size, uint8_t out[SN_HEAD_BYTES])
{
    uint8_t fields[SN_HEAD_BYTES];
    size_t count = write_fields(header, fields);
    uint8_t *end = out;
    *end++ = 0x0a;
    end = put_varint(end, count);
    memcpy(end, fields, count);
    end += count;
    if (payload_size > 0) {
        *end++ = 0x12;
        end = put_varint(end, payload_size);
    }
    return (size_t)(end - out);
}
