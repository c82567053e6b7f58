/* Reading messages of protobuf-c from strangers. protobuf-c 1.4.1 accepts invalid UTF-8 and a NUL that
 * cuts a string short, nests without limit, and turns two bytes into a whole message; all three are
 * checked here. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the character that begins here; 0: it is none, or NUL. */
size_t sn_utf8_length(const uint8_t *bytes, size_t size)
{
    uint8_t first = bytes[0];
    if (first < 0x80) return first == 0 ? 0 : 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size < length) return 0;
    for (size_t place = 1; place < length; place++)
        if ((bytes[place] & 0xc0) != 0x80) return 0;
    /* Overlong forms, surrogates, and what is beyond U+10FFFF. */
    if (first == 0xe0 && bytes[1] < 0xa0) return 0;
    if (first == 0xed && bytes[1] > 0x9f) return 0;
    if (first == 0xf0 && bytes[1] < 0x90) return 0;
    if (first == 0xf4 && bytes[1] > 0x8f) return 0;
    return length;
}

static bool is_text(const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        size_t length = sn_utf8_length(bytes, size);
        if (length == 0) return false;
        bytes += length;
        size -= length;
    }
    return true;
}

static bool is_safe(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t size,
                    int depth);

static bool is_safe_field(const ProtobufCMessageDescriptor *descriptor, uint64_t number, const uint8_t *bytes,
                          size_t size, int depth)
{
    const ProtobufCFieldDescriptor *field =
        number > UINT32_MAX ? NULL : protobuf_c_message_descriptor_get_field(descriptor, (unsigned)number);
    if (field == NULL) return true;
    if (field->type == PROTOBUF_C_TYPE_STRING) return is_text(bytes, size);
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) return true;
    return depth > 1 && is_safe(field->descriptor, bytes, size, depth - 1);
}

/* Steps over one value; returns its length with its prefix, 0: it is cut off. */
static size_t value_length(const uint8_t *bytes, size_t size, uint64_t wire_type)
{
    uint64_t value;
    switch (wire_type) {
    case 0: return sn_varint_read(bytes, size, &value);
    case 1: return size < 8 ? 0 : 8;
    case 5: return size < 4 ? 0 : 4;
    default: return 0;
    }
}

static bool is_safe(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t size,
                    int depth)
{
    size_t place = 0;
    while (place < size) {
        uint64_t tag, length;
        size_t used = sn_varint_read(bytes + place, size - place, &tag);
        /* No field has the number 0; protobuf-c would keep it as unknown. */
        if (used == 0 || tag >> 3 == 0) return false;
        place += used;
        if ((tag & 7) != 2) {
            used = value_length(bytes + place, size - place, tag & 7);
            if (used == 0) return false;
            place += used;
            continue;
        }
        used = sn_varint_read(bytes + place, size - place, &length);
        if (used == 0 || length > size - place - used) return false;
        place += used;
        if (!is_safe_field(descriptor, tag >> 3, bytes + place, (size_t)length, depth)) return false;
        place += (size_t)length;
    }
    return true;
}

/* An allocator that stops at a budget. What it gives is of malloc, so that anybody may free it. */
static void *take(void *budget, size_t size)
{
    size_t *left = budget;
    if (size > *left) return NULL;
    *left -= size;
    return malloc(size == 0 ? 1 : size);
}

static void give_back(void *budget, void *memory)
{
    (void)budget;
    free(memory);
}

void *sn_unpack(const ProtobufCMessageDescriptor *descriptor, const void *payload, size_t size, size_t memory)
{
    static const uint8_t nothing[1];
    const uint8_t *bytes = size == 0 ? nothing : payload;
    if (!is_safe(descriptor, bytes, size, SPACENODE_DECODE_DEPTH)) return NULL;
    ProtobufCAllocator allocator = {take, give_back, &memory};
    return protobuf_c_message_unpack(descriptor, &allocator, size, bytes);
}

void *spacenode_decode(const ProtobufCMessageDescriptor *descriptor, const void *payload, size_t size)
{
    if (descriptor == NULL || size > SPACENODE_MAX_FRAME) return NULL;
    return sn_unpack(descriptor, payload, size, SPACENODE_DECODE_BYTES);
}

void spacenode_release(void *message)
{
    if (message != NULL) protobuf_c_message_free_unpacked(message, NULL);
}

/* --- Messages in place of bytes --- */

/* A message packed into memory of its own; NULL without memory. */
static void *packed(const ProtobufCMessage *message, size_t *size)
{
    *size = protobuf_c_message_get_packed_size(message);
    void *bytes = malloc(*size == 0 ? 1 : *size);
    if (bytes != NULL) protobuf_c_message_pack(message, bytes);
    return bytes;
}

int spacenode_reply_message(spacenode_request *request, const ProtobufCMessage *reply)
{
    size_t size;
    void *bytes = packed(reply, &size);
    if (bytes == NULL) {
        spacenode_fail(request, 0, "this plugin has no memory left");
        return SPACENODE_FAILED;
    }
    int result = spacenode_reply(request, bytes, size);
    free(bytes);
    return result;
}

int spacenode_call_message(spacenode *plugin, const spacenode_method *method, const ProtobufCMessage *request,
                           const spacenode_call_options *options, spacenode_outcome_handler *handler,
                           void *context)
{
    size_t size;
    void *bytes = packed(request, &size);
    if (bytes == NULL) return sn_fault(plugin, SPACENODE_FAILED, "%s: no memory left", method->name);
    int result = spacenode_call(plugin, method, bytes, size, options, handler, context);
    free(bytes);
    return result;
}

int spacenode_publish_message(spacenode *plugin, const spacenode_method *method, const void *key,
                              size_t key_size, const ProtobufCMessage *event, const spacenode_origin *cause)
{
    size_t size;
    void *bytes = packed(event, &size);
    if (bytes == NULL) return sn_fault(plugin, SPACENODE_FAILED, "%s: no memory left", method->name);
    int result = spacenode_publish(plugin, method, key, key_size, bytes, size, cause);
    free(bytes);
    return result;
}

int spacenode_stream_send_message(spacenode_stream *stream, const ProtobufCMessage *item)
{
    size_t size;
    void *bytes = packed(item, &size);
    if (bytes == NULL) return sn_fault(stream->plugin, SPACENODE_FAILED, "no memory left for an item");
    int result = spacenode_stream_send(stream, bytes, size);
    free(bytes);
    return result;
}

int spacenode_stream_end_message(spacenode_stream *stream, const ProtobufCMessage *reply)
{
    size_t size;
    void *bytes = packed(reply, &size);
    if (bytes == NULL) return spacenode_stream_fail(stream, 0, "this plugin has no memory left");
    int result = spacenode_stream_end(stream, bytes, size);
    free(bytes);
    return result;
}
