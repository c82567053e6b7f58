#define _GNU_SOURCE
#include "post_kernels.h"

#include <sys/mman.h>

#if defined(__x86_64__)
// The compiler's run-time check also asks whether the system saves the wide registers.
int post_cpu_has_avx2(void) { return __builtin_cpu_supports("avx2") != 0; }

int post_cpu_has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && post_cpu_has_avx2();
}

int post_cpu_has_aesni(void) { return __builtin_cpu_supports("aes") && __builtin_cpu_supports("sse4.1"); }

int post_cpu_has_vaes(void) {
    return __builtin_cpu_supports("vaes") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           post_cpu_has_aesni();
}
#else
int post_cpu_has_avx2(void) { return 0; }
int post_cpu_has_avx512(void) { return 0; }
int post_cpu_has_aesni(void) { return 0; }
int post_cpu_has_vaes(void) { return 0; }

void post_mix_avx512(uint32_t *blocks, void *scratch, uint32_t n) { (void)blocks, (void)scratch, (void)n; }
void post_mix_avx2(uint32_t *blocks, void *scratch, uint32_t n) { (void)blocks, (void)scratch, (void)n; }

size_t post_scan_vaes(const uint8_t *labels, size_t count, const post_aes_keys *group, const post_aes_keys *lazy,
                      uint8_t msb, uint64_t lsb, uint32_t *hits) {
    (void)labels, (void)count, (void)group, (void)lazy, (void)msb, (void)lsb, (void)hits;
    return 0;
}

size_t post_scan_aesni(const uint8_t *labels, size_t count, const post_aes_keys *group, const post_aes_keys *lazy,
                       uint8_t msb, uint64_t lsb, uint32_t *hits) {
    (void)labels, (void)count, (void)group, (void)lazy, (void)msb, (void)lsb, (void)hits;
    return 0;
}
#endif

// A whole huge page at each end is never in two mappings, so the kernel can use one for every part.
#define HUGE_PAGE ((size_t)2 << 20)

static size_t padded(size_t bytes) { return (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE; }

void *post_memory_map(size_t bytes) {
    if (bytes > SIZE_MAX - 2 * HUGE_PAGE) return NULL;
    size_t want = padded(bytes), all = want + HUGE_PAGE;
    char *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    // Give back what lies before and after the aligned part.
    size_t before = (HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE) % HUGE_PAGE;
    if (before > 0) munmap(memory, before);
    if (HUGE_PAGE - before > 0) munmap(memory + before + want, HUGE_PAGE - before);
#if defined(MADV_HUGEPAGE)
    (void)madvise(memory + before, want, MADV_HUGEPAGE);
#endif
    return memory + before;
}

void post_memory_unmap(void *memory, size_t bytes) {
    if (memory != NULL) munmap(memory, padded(bytes));
}
