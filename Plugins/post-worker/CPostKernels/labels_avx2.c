// Eight labels at a time with AVX2. A register holds one row of four words of two labels, so memory is read and written
// as it lies, and the diagonals of ChaCha are shuffles within a row. Four such pairs hide each other's latency.
#include "post_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))
#define INLINE TARGET static inline __attribute__((always_inline))
#define PAIRS (POST_AVX2_LANES / 2)
#define EACH for (int g = 0; g < PAIRS; g++)

typedef struct {
    __m256i row[8];
} pair;

INLINE __m256i rotate(__m256i v, int count) {
    return _mm256_or_si256(_mm256_slli_epi32(v, count), _mm256_srli_epi32(v, 32 - count));
}

// ChaCha's eight rounds on the rows from `first` of all pairs, and the addition of the input.
INLINE void core(pair *s, int first) {
    const __m256i by16 = _mm256_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,  //
                                          2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    const __m256i by8 = _mm256_setr_epi8(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14,  //
                                         3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
    __m256i a[PAIRS], b[PAIRS], c[PAIRS], d[PAIRS];
    EACH {
        a[g] = s[g].row[first];
        b[g] = s[g].row[first + 1];
        c[g] = s[g].row[first + 2];
        d[g] = s[g].row[first + 3];
    }
#define ROUND                                                            \
    EACH a[g] = _mm256_add_epi32(a[g], b[g]);                            \
    EACH d[g] = _mm256_shuffle_epi8(_mm256_xor_si256(d[g], a[g]), by16); \
    EACH c[g] = _mm256_add_epi32(c[g], d[g]);                            \
    EACH b[g] = rotate(_mm256_xor_si256(b[g], c[g]), 12);                \
    EACH a[g] = _mm256_add_epi32(a[g], b[g]);                            \
    EACH d[g] = _mm256_shuffle_epi8(_mm256_xor_si256(d[g], a[g]), by8);  \
    EACH c[g] = _mm256_add_epi32(c[g], d[g]);                            \
    EACH b[g] = rotate(_mm256_xor_si256(b[g], c[g]), 7);
// The rows that turn are those that the next round needs last: b is on its critical path.
#define TURN(for_a, for_c)                           \
    EACH a[g] = _mm256_shuffle_epi32(a[g], for_a);   \
    EACH d[g] = _mm256_shuffle_epi32(d[g], 0x4e);    \
    EACH c[g] = _mm256_shuffle_epi32(c[g], for_c);
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        ROUND TURN(0x93, 0x39) ROUND TURN(0x39, 0x93)
    }
    EACH {
        s[g].row[first] = _mm256_add_epi32(s[g].row[first], a[g]);
        s[g].row[first + 1] = _mm256_add_epi32(s[g].row[first + 1], b[g]);
        s[g].row[first + 2] = _mm256_add_epi32(s[g].row[first + 2], c[g]);
        s[g].row[first + 3] = _mm256_add_epi32(s[g].row[first + 3], d[g]);
    }
}

// ChunkMix with r = 1.
INLINE void mix(pair *s) {
    EACH for (int k = 0; k < 4; k++) s[g].row[k] = _mm256_xor_si256(s[g].row[k], s[g].row[4 + k]);
    core(s, 0);
    EACH for (int k = 0; k < 4; k++) s[g].row[4 + k] = _mm256_xor_si256(s[g].row[k], s[g].row[4 + k]);
    core(s, 4);
}

INLINE __m256i both(const uint8_t *low, const uint8_t *high) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const void *)low)),
                                   _mm_loadu_si128((const void *)high), 1);
}

// Writes the 128 bytes of each label one after another.
INLINE void store(const pair *s, uint8_t *to) {
    EACH for (int k = 0; k < 8; k++) {
        _mm_storeu_si128((void *)(to + 256 * g + 16 * k), _mm256_castsi256_si128(s[g].row[k]));
        _mm_storeu_si128((void *)(to + 256 * g + 128 + 16 * k), _mm256_extracti128_si256(s[g].row[k], 1));
    }
}

TARGET void post_mix_avx2(uint32_t *blocks, void *scratch, uint32_t n) {
    uint8_t *table = scratch, *bytes = (uint8_t *)blocks;
    const size_t step = 128 * POST_AVX2_LANES;
    pair s[PAIRS];
    EACH for (int k = 0; k < 8; k++) s[g].row[k] = both(bytes + 256 * g + 16 * k, bytes + 256 * g + 128 + 16 * k);
    for (uint32_t i = 0; i < n; i++) {
        store(s, table + i * step);
        mix(s);
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *row[POST_AVX2_LANES];
        // All rows are asked for before the first is used.
        EACH {
            uint32_t low = (uint32_t)_mm256_extract_epi32(s[g].row[4], 0) & (n - 1);
            uint32_t high = (uint32_t)_mm256_extract_epi32(s[g].row[4], 4) & (n - 1);
            row[2 * g] = table + low * step + 256 * g;
            row[2 * g + 1] = table + high * step + 256 * g + 128;
            for (int k = 0; k < 2; k++) {
                _mm_prefetch((const char *)row[2 * g + k], _MM_HINT_T0);
                _mm_prefetch((const char *)row[2 * g + k] + 64, _MM_HINT_T0);
            }
        }
        EACH for (int k = 0; k < 8; k++) {
            __m256i v = both(row[2 * g] + 16 * k, row[2 * g + 1] + 16 * k);
            s[g].row[k] = _mm256_xor_si256(s[g].row[k], v);
        }
        mix(s);
    }
    store(s, bytes);
}
#endif
