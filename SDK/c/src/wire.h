/* The frame: docs/protocol/bus.md §2. */
#ifndef SPACENODE_WIRE_H
#define SPACENODE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define SN_HEADER_BYTES 512u
#define SN_TOPIC_KEY_BYTES 32u
#define SN_HEAD_BYTES 256u          /* all of a frame of ours but its payload, at most */

enum sn_kind {
    SN_REQUEST = 1,
    SN_REPLY,
    SN_ERROR,
    SN_EVENT_KIND,
    SN_STREAM_OPEN,
    SN_STREAM_ITEM,
    SN_STREAM_END,
    SN_CONTROL_KIND
};

/* Why bytes are no envelope of ours; 0: they are. */
enum sn_frame_fault {
    SN_FRAME_FINE,
    SN_FRAME_EMPTY,
    SN_HEADER_NOT_FIRST,
    SN_HEADER_LENGTH,
    SN_HEADER_OVER_512,
    SN_FIELD,
    SN_FIELD_WIRE_TYPE,
    SN_TRAILING,
    SN_TOPIC_KEY_OVER_32,
    SN_WIRE_VERSION
};

/* A header, with topic key and payload where they stand in the frame. */
struct sn_header {
    uint32_t wire, kind, type, epoch, ttl_ms, traffic_class, status, retry_after_ms, schema, role;
    uint64_t dest, source, id, reply_to, seq, cause_source, cause_id;
    const uint8_t *topic_key, *payload;
    size_t topic_key_size, payload_size;
};

/* Reads a frame in place: what this accepts, protobuf reads the same. */
enum sn_frame_fault sn_header_read(struct sn_header *header, const uint8_t *frame, size_t size);

/* Writes everything before the payload's bytes, as protobuf would: fields in rising number, zeros left out.
 * Returns its length; the topic key must keep its limit. */
size_t sn_head_write(const struct sn_header *header, size_t payload_size, uint8_t out[SN_HEAD_BYTES]);

/* Name of a fault as Tests/Vectors/bus/frames.json writes it, and what to tell people. */
const char *sn_frame_fault_name(enum sn_frame_fault fault);

/* A base-128 number; returns the bytes it took, 0: there is none. */
size_t sn_varint_read(const uint8_t *bytes, size_t size, uint64_t *value);

#endif
