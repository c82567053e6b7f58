// Sixteen labels at a time with AVX-512. A register holds the same word of several labels, so ChaCha needs no shuffles
// and each table row is transposed on its way to and from memory, where the 128 bytes of a label lie together.
//
// The table is filled with all sixteen in step, in 512-bit registers. Reading it back is bound by the latency of the
// level-3 cache: there the labels go in two sets of eight in 256-bit registers, and while one set is mixed the rows of
// the other are on their way.
#include "post_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,avx512f,avx512vl")))
#define INLINE TARGET static inline __attribute__((always_inline))
#define LANES POST_AVX512_LANES
#define STEP ((size_t)128 * LANES)
#define UNROLL _Pragma("clang loop unroll(full)")

// One step of four quarter rounds: a += b, d = (d ^ a) <<< count. `A`, `B` and `D` name the words of column q.
#define STEP4(add, xor, rol, A, B, D, count)            \
    for (int q = 0; q < 4; q++) s[A] = add(s[A], s[B]); \
    for (int q = 0; q < 4; q++) s[D] = rol(xor(s[D], s[A]), count);
// The rows of the four columns, or with `k` = 1 of the four diagonals.
#define ROW_B(k) (4 + (q + k) % 4)
#define ROW_C(k) (8 + (q + 2 * k) % 4)
#define ROW_D(k) (12 + (q + 3 * k) % 4)
#define ROUND(add, xor, rol, k)                             \
    STEP4(add, xor, rol, q, ROW_B(k), ROW_D(k), 16)         \
    STEP4(add, xor, rol, ROW_C(k), ROW_D(k), ROW_B(k), 12)  \
    STEP4(add, xor, rol, q, ROW_B(k), ROW_D(k), 8)          \
    STEP4(add, xor, rol, ROW_C(k), ROW_D(k), ROW_B(k), 7)
// ChaCha's eight rounds and the addition of the input.
#define CORE(T, add, xor, rol, x)             \
    T s[16];                                  \
    for (int i = 0; i < 16; i++) s[i] = x[i]; \
    UNROLL for (int i = 0; i < 4; i++) {      \
        ROUND(add, xor, rol, 0)               \
        ROUND(add, xor, rol, 1)               \
    }                                         \
    for (int i = 0; i < 16; i++) x[i] = add(x[i], s[i]);

INLINE void core16(__m512i *x) { CORE(__m512i, _mm512_add_epi32, _mm512_xor_si512, _mm512_rol_epi32, x) }
INLINE void core8(__m256i *x) { CORE(__m256i, _mm256_add_epi32, _mm256_xor_si256, _mm256_rol_epi32, x) }

// Turns sixteen words of sixteen labels into the sixteen labels of each word, and back.
INLINE void transpose16(__m512i *r) {
    __m512i t[16];
    UNROLL for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
    UNROLL for (int i = 0; i < 4; i++) {
        r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
        r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
    }
    UNROLL for (int k = 0; k < 4; k++) {
        __m512i low0 = _mm512_shuffle_i32x4(r[k], r[4 + k], 0x44);
        __m512i high0 = _mm512_shuffle_i32x4(r[k], r[4 + k], 0xee);
        __m512i low1 = _mm512_shuffle_i32x4(r[8 + k], r[12 + k], 0x44);
        __m512i high1 = _mm512_shuffle_i32x4(r[8 + k], r[12 + k], 0xee);
        t[k] = _mm512_shuffle_i32x4(low0, low1, 0x88);
        t[4 + k] = _mm512_shuffle_i32x4(low0, low1, 0xdd);
        t[8 + k] = _mm512_shuffle_i32x4(high0, high1, 0x88);
        t[12 + k] = _mm512_shuffle_i32x4(high0, high1, 0xdd);
    }
    for (int i = 0; i < 16; i++) r[i] = t[i];
}

// The same for eight words of eight labels.
INLINE void transpose8(__m256i *r) {
    __m256i t[8], u[8];
    UNROLL for (int i = 0; i < 4; i++) {
        t[2 * i] = _mm256_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm256_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
    UNROLL for (int i = 0; i < 2; i++) {
        u[4 * i] = _mm256_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
        u[4 * i + 1] = _mm256_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
        u[4 * i + 2] = _mm256_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
        u[4 * i + 3] = _mm256_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm256_permute2x128_si256(u[i], u[4 + i], 0x20);
        r[4 + i] = _mm256_permute2x128_si256(u[i], u[4 + i], 0x31);
    }
}

// Fills the table, and leaves the labels as they are after the last row.
TARGET static void fill(uint8_t *bytes, uint8_t *table, uint32_t n) {
    __m512i b[2][16];
    UNROLL for (int h = 0; h < 2; h++) {
        UNROLL for (int l = 0; l < LANES; l++) b[h][l] = _mm512_loadu_si512(bytes + 128 * l + 64 * h);
        transpose16(b[h]);
    }
    for (uint32_t i = 0; i < n; i++, table += STEP) {
        __m512i x[16];
        UNROLL for (int h = 0; h < 2; h++) {
            for (int w = 0; w < 16; w++) x[w] = b[h][w];
            transpose16(x);
            UNROLL for (int l = 0; l < LANES; l++) _mm512_store_si512(table + 128 * l + 64 * h, x[l]);
        }
        for (int w = 0; w < 16; w++) x[w] = _mm512_xor_si512(b[0][w], b[1][w]);
        core16(x);
        UNROLL for (int w = 0; w < 16; w++) {
            b[0][w] = x[w];
            x[w] = _mm512_xor_si512(x[w], b[1][w]);
        }
        core16(x);
        for (int w = 0; w < 16; w++) b[1][w] = x[w];
    }
    UNROLL for (int h = 0; h < 2; h++) {
        transpose16(b[h]);
        UNROLL for (int l = 0; l < LANES; l++) _mm512_storeu_si512(bytes + 128 * l + 64 * h, b[h][l]);
    }
}

// Eight labels that are mixed together, and where the rows lie that they need next.
typedef struct {
    __m256i b[32];
    const uint8_t *row[8];
} set;

INLINE void load(set *s, const uint8_t *bytes) {
    UNROLL for (int part = 0; part < 4; part++) {
        UNROLL for (int l = 0; l < 8; l++) {
            s->b[8 * part + l] = _mm256_loadu_si256((const void *)(bytes + 128 * l + 32 * part));
        }
        transpose8(s->b + 8 * part);
    }
}

INLINE void save(set *s, uint8_t *bytes) {
    UNROLL for (int part = 0; part < 4; part++) {
        transpose8(s->b + 8 * part);
        UNROLL for (int l = 0; l < 8; l++) {
            _mm256_storeu_si256((void *)(bytes + 128 * l + 32 * part), s->b[8 * part + l]);
        }
    }
}

// Picks each label's next row by its word 16, and asks the caches for it.
INLINE void choose(set *s, const uint8_t *table, uint32_t n) {
    uint32_t j[8];
    _mm256_storeu_si256((void *)j, s->b[16]);
    UNROLL for (int l = 0; l < 8; l++) {
        const uint8_t *row = table + (j[l] & (n - 1)) * STEP + 128 * l;
        s->row[l] = row;
        _mm_prefetch((const char *)row, _MM_HINT_T0);
        _mm_prefetch((const char *)row + 64, _MM_HINT_T0);
    }
}

// Xors the chosen rows in, and mixes.
INLINE void mix(set *s) {
    UNROLL for (int part = 0; part < 4; part++) {
        __m256i t[8];
        UNROLL for (int l = 0; l < 8; l++) t[l] = _mm256_load_si256((const void *)(s->row[l] + 32 * part));
        transpose8(t);
        for (int w = 0; w < 8; w++) s->b[8 * part + w] = _mm256_xor_si256(s->b[8 * part + w], t[w]);
    }
    __m256i x[16];
    for (int w = 0; w < 16; w++) x[w] = _mm256_xor_si256(s->b[w], s->b[16 + w]);
    core8(x);
    UNROLL for (int w = 0; w < 16; w++) {
        s->b[w] = x[w];
        x[w] = _mm256_xor_si256(x[w], s->b[16 + w]);
    }
    core8(x);
    for (int w = 0; w < 16; w++) s->b[16 + w] = x[w];
}

TARGET void post_mix_avx512(uint32_t *blocks, void *scratch, uint32_t n) {
    uint8_t *bytes = (uint8_t *)blocks, *table = scratch;
    fill(bytes, table, n);
    set first, second;
    load(&first, bytes);
    load(&second, bytes + 1024);
    choose(&first, table, n);
    choose(&second, table + 1024, n);
    for (uint32_t i = 0; i < n; i++) {
        mix(&first);
        choose(&first, table, n);
        mix(&second);
        choose(&second, table + 1024, n);
    }
    save(&first, bytes);
    save(&second, bytes + 1024);
}
#endif
