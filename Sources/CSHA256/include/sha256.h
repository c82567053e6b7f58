// SHA-256 with the processor's SHA extensions, and a portable twin; both are held equal by the tests. Sequential work is a chain
// of hashes of 32 bytes, so what counts is how long one takes, not how many there are at a time.
#ifndef SPACENODE_SHA256_H
#define SPACENODE_SHA256_H

#include <stddef.h>
#include <stdint.h>

// The 32 bytes of a hash as four big-endian words.
typedef struct {
    uint64_t word[4];
} node_sha256_digest;

// Whether processor and system can run the functions that end in `_ni`. 0 or 1.
int node_sha256_has_ni(void);

// The hash of some bytes.
node_sha256_digest node_sha256_ni(const uint8_t *bytes, size_t count);
node_sha256_digest node_sha256_portable(const uint8_t *bytes, size_t count);

// Hashes the 32 bytes of a hash again, so many times.
node_sha256_digest node_sha256_chain_ni(node_sha256_digest digest, uint32_t times);
node_sha256_digest node_sha256_chain_portable(node_sha256_digest digest, uint32_t times);

// The same for several that do not depend on each other, two at a time.
void node_sha256_chains_ni(node_sha256_digest *digests, size_t count, uint32_t times);
void node_sha256_chains_portable(node_sha256_digest *digests, size_t count, uint32_t times);

// Runs the 32 instructions of a hash's rounds, each waiting for the one before, so many times: no chain can be faster. What comes
// out means nothing.
uint64_t node_sha256_latency_ni(uint32_t times);

#endif
