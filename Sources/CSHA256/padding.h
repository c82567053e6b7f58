// What both paths do before and after their blocks.
#ifndef SPACENODE_SHA256_PADDING_H
#define SPACENODE_SHA256_PADDING_H

#include <string.h>

#include "constants.h"
#include "sha256.h"

static inline node_sha256_digest digest_of(const uint32_t state[8]) {
    node_sha256_digest digest;
    for (int i = 0; i < 4; i++) digest.word[i] = (uint64_t)state[2 * i] << 32 | state[2 * i + 1];
    return digest;
}

static inline node_sha256_digest hash_padded(const uint8_t *bytes, size_t count,
                                             void (*blocks)(uint32_t state[8], const uint8_t *bytes, size_t count)) {
    uint32_t state[8];
    uint8_t end[128] = {0};
    size_t whole = count / 64, rest = count % 64, room = rest < 56 ? 64 : 128;
    memcpy(state, node_sha256_start, sizeof state);
    blocks(state, bytes, whole);
    if (rest > 0) memcpy(end, bytes + 64 * whole, rest);
    end[rest] = 0x80;
    for (int i = 0; i < 8; i++) end[room - 1 - (size_t)i] = (uint8_t)((uint64_t)count * 8 >> 8 * i);
    blocks(state, end, room / 64);
    return digest_of(state);
}

#endif
