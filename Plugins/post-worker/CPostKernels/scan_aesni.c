// One label a register with AES-NI, eight of them on the way at once.
#if defined(__x86_64__)
#include "scan.h"

#define WIDE 8

SCAN_TARGET size_t post_scan_aesni(const uint8_t *labels, size_t count, const post_aes_keys *group,
                                   const post_aes_keys *lazy, uint8_t msb, uint64_t lsb, uint32_t *hits) {
    __m128i key[11];
    for (int r = 0; r < 11; r++) key[r] = _mm_loadu_si128((const void *)group->round[r]);
    const __m128i limit = _mm_set1_epi8((char)msb);
    post_candidates list;
    list.count = 0;
    size_t found = 0;
    for (size_t label = 0; label < count; label += WIDE) {
        __m128i x[WIDE];
        for (int k = 0; k < WIDE; k++) {
            x[k] = _mm_xor_si128(_mm_loadu_si128((const void *)(labels + 16 * (label + k))), key[0]);
        }
#pragma clang loop unroll(full)
        for (int round = 1; round < 10; round++) {
            for (int k = 0; k < WIDE; k++) x[k] = _mm_aesenc_si128(x[k], key[round]);
        }
        uint64_t equal[2] = {0, 0}, low[2] = {0, 0};
        for (int k = 0; k < WIDE; k++) {
            x[k] = _mm_aesenclast_si128(x[k], key[10]);
            uint64_t is = (uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(x[k], limit));
            uint64_t at_most = (uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(x[k], limit), x[k]));
            equal[k / 4] |= is << (16 * (k % 4));
            low[k / 4] |= (at_most & ~is) << (16 * (k % 4));
        }
        for (int half = 0; half < 2; half++) {
            found = add_hits(hits, found, low[half], 16 * label + 64 * half);
            add_candidates(&list, equal[half], 16 * label + 64 * half);
        }
    }
    return settle(&list, labels, lazy, lsb, hits, found);
}
#endif
