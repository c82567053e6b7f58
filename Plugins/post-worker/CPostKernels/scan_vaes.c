// Four labels a register with VAES, 32 of them on the way at once.
#if defined(__x86_64__)
#include "scan.h"

#define TARGET __attribute__((target("aes,sse4.1,bmi,avx512f,avx512bw,vaes")))
#define WIDE 8

// Encrypts `registers` times four labels, and sorts their bytes into hits and candidates.
__attribute__((always_inline)) TARGET static inline size_t encrypt(
    int registers, const uint8_t *labels, size_t base, const __m512i *key, __m512i limit, int low_may_hit,
    post_candidates *list, uint32_t *hits, size_t found) {
    __m512i x[WIDE];
    for (int k = 0; k < registers; k++) {
        x[k] = _mm512_xor_si512(_mm512_loadu_si512(labels + base + 64 * k), key[0]);
    }
#pragma clang loop unroll(full)
    for (int round = 1; round < 10; round++) {
        for (int k = 0; k < registers; k++) x[k] = _mm512_aesenc_epi128(x[k], key[round]);
    }
    for (int k = 0; k < registers; k++) {
        x[k] = _mm512_aesenclast_epi128(x[k], key[10]);
        if (low_may_hit) found = add_hits(hits, found, _mm512_cmplt_epu8_mask(x[k], limit), base + 64 * k);
        add_candidates(list, _mm512_cmpeq_epu8_mask(x[k], limit), base + 64 * k);
    }
    return found;
}

TARGET size_t post_scan_vaes(const uint8_t *labels, size_t count, const post_aes_keys *group,
                             const post_aes_keys *lazy, uint8_t msb, uint64_t lsb, uint32_t *hits) {
    __m512i key[11];
    for (int r = 0; r < 11; r++) {
        key[r] = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)group->round[r]));
    }
    const __m512i limit = _mm512_set1_epi8((char)msb);
    post_candidates list;
    list.count = 0;
    size_t found = 0, base = 0, bytes = 16 * count;
    if (msb == 0) {
        for (; base + 64 * WIDE <= bytes; base += 64 * WIDE) {
            found = encrypt(WIDE, labels, base, key, limit, 0, &list, hits, found);
        }
    }
    for (; base < bytes; base += 128) found = encrypt(2, labels, base, key, limit, msb > 0, &list, hits, found);
    return settle(&list, labels, lazy, lsb, hits, found);
}
#endif
