// SHA-256 in plain C: runs everywhere.
#include <string.h>

#include "constants.h"
#include "padding.h"
#include "sha256.h"

static inline uint32_t rotate(uint32_t x, int by) { return x >> by | x << (32 - by); }

static void compress(uint32_t state[8], const uint32_t message[16]) {
    uint32_t w[64], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 16; i++) w[i] = message[i];
    for (int i = 16; i < 64; i++) {
        uint32_t x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
    }
    for (int i = 0; i < 64; i++) {
        uint32_t t = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + node_sha256_k[i] + w[i];
        uint32_t u = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t, d = c, c = b, b = a, a = t + u;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

static void blocks(uint32_t state[8], const uint8_t *bytes, size_t count) {
    for (; count > 0; count--, bytes += 64) {
        uint32_t message[16];
        for (int i = 0; i < 16; i++) {
            message[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 | (uint32_t)bytes[4 * i + 2] << 8 |
                         (uint32_t)bytes[4 * i + 3];
        }
        compress(state, message);
    }
}

node_sha256_digest node_sha256_portable(const uint8_t *bytes, size_t count) { return hash_padded(bytes, count, blocks); }

node_sha256_digest node_sha256_chain_portable(node_sha256_digest digest, uint32_t times) {
    for (; times > 0; times--) {
        uint32_t state[8], message[16] = {[8] = 0x80000000, [15] = 256};
        memcpy(state, node_sha256_start, sizeof state);
        for (int i = 0; i < 8; i++) message[i] = (uint32_t)(digest.word[i / 2] >> (i % 2 == 0 ? 32 : 0));
        compress(state, message);
        digest = digest_of(state);
    }
    return digest;
}

void node_sha256_chains_portable(node_sha256_digest *digests, size_t count, uint32_t times) {
    for (size_t i = 0; i < count; i++) digests[i] = node_sha256_chain_portable(digests[i], times);
}
