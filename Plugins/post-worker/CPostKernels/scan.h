// What both scanning kernels share: lists of candidates, and the second cipher that settles them.
#ifndef SPACENODE_POST_SCAN_H
#define SPACENODE_POST_SCAN_H

#include <immintrin.h>

#include "post_kernels.h"

#define SCAN_TARGET __attribute__((target("aes,sse4.1,bmi")))
#define SCAN_INLINE SCAN_TARGET static inline __attribute__((always_inline))

// Candidates of one call: their places, and one more that is written but not counted.
typedef struct {
    uint16_t place[16 * POST_SCAN_LABELS + 1];
    size_t count;
} post_candidates;

// Adds the places of the bits of a mask. Most masks have none or one: those cost no branch.
SCAN_INLINE void add_candidates(post_candidates *list, uint64_t mask, size_t base) {
    list->place[list->count] = (uint16_t)(base + _tzcnt_u64(mask));
    list->count += mask != 0;
    for (mask &= mask - 1; mask != 0; mask &= mask - 1) {
        list->place[list->count++] = (uint16_t)(base + _tzcnt_u64(mask));
    }
}

SCAN_INLINE size_t add_hits(uint32_t *hits, size_t found, uint64_t mask, size_t base) {
    for (; mask != 0; mask &= mask - 1) hits[found++] = (uint32_t)(base + _tzcnt_u64(mask));
    return found;
}

// A byte equal to the difficulty's highest decides nothing: the label is encrypted again with the nonce's own key, four
// at a time, and the low 56 bits of the result are compared.
SCAN_INLINE size_t settle(const post_candidates *list, const uint8_t *labels, const post_aes_keys *lazy, uint64_t lsb,
                          uint32_t *hits, size_t found) {
    for (size_t i = 0; i < list->count; i += 4) {
        __m128i x[4];
        uint32_t place[4];
        const post_aes_keys *key[4];
        for (size_t k = 0; k < 4; k++) {
            place[k] = list->place[i + k < list->count ? i + k : i];
            key[k] = lazy + place[k] % 16;
            x[k] = _mm_loadu_si128((const void *)(labels + place[k] / 16 * 16));
            x[k] = _mm_xor_si128(x[k], _mm_loadu_si128((const void *)key[k]->round[0]));
        }
        for (size_t round = 1; round < 10; round++) {
            for (size_t k = 0; k < 4; k++) {
                x[k] = _mm_aesenc_si128(x[k], _mm_loadu_si128((const void *)key[k]->round[round]));
            }
        }
        for (size_t k = 0; k < 4; k++) {
            x[k] = _mm_aesenclast_si128(x[k], _mm_loadu_si128((const void *)key[k]->round[10]));
            uint64_t low = (uint64_t)_mm_cvtsi128_si64(x[k]) & (((uint64_t)1 << 56) - 1);
            if (low < lsb && i + k < list->count) hits[found++] = place[k];
        }
    }
    return found;
}

#endif
