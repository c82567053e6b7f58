// SHA-256 with the SHA extensions of x86-64. A state is kept as these instructions want it: A, B, E, F in one register and
// C, D, G, H in the other, the first of them in the highest place.
#include "sha256.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#include "constants.h"
#include "padding.h"

#define NI __attribute__((target("sha,sse4.1,ssse3")))
#define NI_INLINE NI static inline __attribute__((always_inline))

int node_sha256_has_ni(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    return (b >> 29 & 1) && __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}

typedef struct {
    __m128i abef, cdgh;
} state;

#define K(group) _mm_load_si128((const __m128i *)(node_sha256_k + 4 * (group)))

// Four rounds; `wk` has the four words of the message with their constants added.
NI_INLINE void rounds(state *s, __m128i wk) {
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, wk);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

// The next four words of the schedule, in the place of the oldest.
NI_INLINE void schedule(__m128i m[4], int group) {
    __m128i oldest = _mm_sha256msg1_epu32(m[group % 4], m[(group + 1) % 4]);
    __m128i middle = _mm_alignr_epi8(m[(group + 3) % 4], m[(group + 2) % 4], 4);
    m[group % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(oldest, middle), m[(group + 3) % 4]);
}

NI_INLINE state start(void) {
    const uint32_t *h = node_sha256_start;
    state s = {_mm_set_epi32((int)h[0], (int)h[1], (int)h[4], (int)h[5]), _mm_set_epi32((int)h[2], (int)h[3], (int)h[6], (int)h[7])};
    return s;
}

// The first and second half of the words of two registers of a state.
NI_INLINE __m128i first_half(__m128i abef, __m128i cdgh) {
    return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(abef), _mm_castsi128_ps(cdgh), _MM_SHUFFLE(2, 3, 2, 3)));
}

NI_INLINE __m128i second_half(__m128i abef, __m128i cdgh) {
    return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(abef), _mm_castsi128_ps(cdgh), _MM_SHUFFLE(0, 1, 0, 1)));
}

NI static void blocks(uint32_t words[8], const uint8_t *bytes, size_t count) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    state s = {_mm_set_epi32((int)words[0], (int)words[1], (int)words[4], (int)words[5]),
               _mm_set_epi32((int)words[2], (int)words[3], (int)words[6], (int)words[7])};
    for (; count > 0; count--, bytes += 64) {
        const state before = s;
        __m128i m[4];
        for (int i = 0; i < 4; i++) m[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * i)), swap);
#pragma clang loop unroll(full)
        for (int group = 0; group < 16; group++) {
            if (group >= 4) schedule(m, group);
            rounds(&s, _mm_add_epi32(m[group % 4], K(group)));
        }
        s.abef = _mm_add_epi32(s.abef, before.abef);
        s.cdgh = _mm_add_epi32(s.cdgh, before.cdgh);
    }
    _mm_storeu_si128((__m128i *)words, first_half(s.abef, s.cdgh));
    _mm_storeu_si128((__m128i *)(words + 4), second_half(s.abef, s.cdgh));
}

node_sha256_digest node_sha256_ni(const uint8_t *bytes, size_t count) { return hash_padded(bytes, count, blocks); }

// A link of a chain: its message's first half, the first of its words with their constants, and its second half.
typedef struct {
    __m128i first, first_k, second;
} link;

NI_INLINE link open_link(const node_sha256_digest *digest) {
    link l;
    l.first = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)digest->word), 0xb1);
    l.second = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(digest->word + 2)), 0xb1);
    l.first_k = _mm_add_epi32(l.first, K(0));
    return l;
}

NI_INLINE void close_link(link l, node_sha256_digest *digest) {
    _mm_storeu_si128((__m128i *)digest->word, _mm_shuffle_epi32(l.first, 0xb1));
    _mm_storeu_si128((__m128i *)(digest->word + 2), _mm_shuffle_epi32(l.second, 0xb1));
}

// The message of the next link out of a state. Between the last instruction of one hash and the first of the next only one addition
// and one shuffle wait: the constants of the first rounds are added together with the start's words.
NI_INLINE link next_link(state s) {
    const uint32_t *h = node_sha256_start, *k = node_sha256_k;
    const __m128i abef = _mm_set_epi32((int)h[0], (int)h[1], (int)h[4], (int)h[5]);
    const __m128i cdgh = _mm_set_epi32((int)h[2], (int)h[3], (int)h[6], (int)h[7]);
    const __m128i abef_k = _mm_set_epi32((int)(h[0] + k[0]), (int)(h[1] + k[1]), 0, 0);
    const __m128i cdgh_k = _mm_set_epi32((int)(h[2] + k[2]), (int)(h[3] + k[3]), 0, 0);
    link l;
    l.first_k = first_half(_mm_add_epi32(s.abef, abef_k), _mm_add_epi32(s.cdgh, cdgh_k));
    s.abef = _mm_add_epi32(s.abef, abef);
    s.cdgh = _mm_add_epi32(s.cdgh, cdgh);
    l.first = first_half(s.abef, s.cdgh);
    l.second = second_half(s.abef, s.cdgh);
    return l;
}

// The second half of a message of 32 bytes: a bit behind it, and its length.
#define END_8 _mm_set_epi32(0, 0, 0, (int)0x80000000)
#define END_12 _mm_set_epi32(256, 0, 0, 0)

node_sha256_digest NI node_sha256_chain_ni(node_sha256_digest digest, uint32_t times) {
    link l = open_link(&digest);
    for (; times > 0; times--) {
        __m128i m[4] = {l.first, l.second, END_8, END_12};
        state s = start();
        rounds(&s, l.first_k);
#pragma clang loop unroll(full)
        for (int group = 1; group < 16; group++) {
            if (group >= 4) schedule(m, group);
            rounds(&s, _mm_add_epi32(m[group % 4], K(group)));
        }
        l = next_link(s);
    }
    close_link(l, &digest);
    return digest;
}

NI static void two_chains(node_sha256_digest *digests, uint32_t times) {
    link l = open_link(digests), n = open_link(digests + 1);
    for (; times > 0; times--) {
        __m128i m[4] = {l.first, l.second, END_8, END_12}, o[4] = {n.first, n.second, END_8, END_12};
        state s = start(), t = start();
        rounds(&s, l.first_k);
        rounds(&t, n.first_k);
#pragma clang loop unroll(full)
        for (int group = 1; group < 16; group++) {
            if (group >= 4) schedule(m, group);
            if (group >= 4) schedule(o, group);
            rounds(&s, _mm_add_epi32(m[group % 4], K(group)));
            rounds(&t, _mm_add_epi32(o[group % 4], K(group)));
        }
        l = next_link(s);
        n = next_link(t);
    }
    close_link(l, digests);
    close_link(n, digests + 1);
}

void NI node_sha256_chains_ni(node_sha256_digest *digests, size_t count, uint32_t times) {
    size_t i = 0;
    for (; i + 1 < count; i += 2) two_chains(digests + i, times);
    if (i < count) digests[i] = node_sha256_chain_ni(digests[i], times);
}

uint64_t NI node_sha256_latency_ni(uint32_t times) {
    state s = start();
    const __m128i wk = K(0);
    for (; times > 0; times--) {
#pragma clang loop unroll(full)
        for (int group = 0; group < 16; group++) {
            s.cdgh = _mm_sha256rnds2_epu32(s.cdgh, s.abef, wk);
            s.abef = _mm_sha256rnds2_epu32(s.abef, s.cdgh, wk);
        }
    }
    return (uint64_t)_mm_cvtsi128_si64(s.abef);
}
#else
int node_sha256_has_ni(void) { return 0; }
node_sha256_digest node_sha256_ni(const uint8_t *bytes, size_t count) { return node_sha256_portable(bytes, count); }
node_sha256_digest node_sha256_chain_ni(node_sha256_digest digest, uint32_t times) { return node_sha256_chain_portable(digest, times); }
void node_sha256_chains_ni(node_sha256_digest *digests, size_t count, uint32_t times) {
    node_sha256_chains_portable(digests, count, times);
}
uint64_t node_sha256_latency_ni(uint32_t times) { return times; }
#endif
