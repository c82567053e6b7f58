// The loops of proof of space-time that need instructions beyond those that every x86-64 has. Each has a portable twin
// in Swift; both are held equal by the tests. On other processors only the memory functions do anything.
#ifndef SPACENODE_POST_KERNELS_H
#define SPACENODE_POST_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// What the processor and the system can run. 0 or 1.
int post_cpu_has_avx512(void);
int post_cpu_has_avx2(void);
int post_cpu_has_vaes(void);
int post_cpu_has_aesni(void);

// Memory that asks for huge pages, or NULL. Free it with the same size.
void *post_memory_map(size_t bytes);
void post_memory_unmap(void *memory, size_t bytes);

// The memory-hard middle of scrypt with r = 1 on several labels at a time: `blocks` holds 32 words a label, in and out;
// `scratch` is 128 * n bytes a label, aligned to 64; n is a power of two.
#define POST_AVX512_LANES 16
#define POST_AVX2_LANES 8
void post_mix_avx512(uint32_t *blocks, void *scratch, uint32_t n);
void post_mix_avx2(uint32_t *blocks, void *scratch, uint32_t n);

// Expanded AES-128 keys.
typedef struct {
    uint8_t round[11][16];
} post_aes_keys;

// Looks at up to POST_SCAN_LABELS labels of 16 bytes, a multiple of 8, for the 16 nonces of one group. A hit is
// `label << 4 | nonce`, its place in the group; `hits` has room for 16 times `count`. Returns how many; no order is
// promised. `msb` and `lsb` are the two parts of the difficulty, `lazy` the keys of the nonces.
#define POST_SCAN_LABELS 1024
size_t post_scan_vaes(const uint8_t *labels, size_t count, const post_aes_keys *group, const post_aes_keys *lazy,
                      uint8_t msb, uint64_t lsb, uint32_t *hits);
size_t post_scan_aesni(const uint8_t *labels, size_t count, const post_aes_keys *group, const post_aes_keys *lazy,
                       uint8_t msb, uint64_t lsb, uint32_t *hits);

#endif
