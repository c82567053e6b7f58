// The work of a PoET as one writes it with OpenSSL: leaf after leaf, an incremental tree, nothing kept.
//
// usage: poet LEAVES      prints leaves a second of processor time, and the root; LEAVES is a power of two
#define OPENSSL_API_COMPAT 0x10100000L
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint8_t statement[32], parked[64][32];

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void leaf(uint64_t index, uint8_t out[32]) {
    SHA256_CTX hash;
    uint8_t number[8];
    for (int i = 0; i < 8; i++) number[i] = (uint8_t)(index >> (56 - 8 * i));
    SHA256_Init(&hash);
    SHA256_Update(&hash, statement, 32);
    SHA256_Update(&hash, number, 8);
    for (int layer = 0; layer < 64; layer++) {
        if (index >> layer & 1) SHA256_Update(&hash, parked[layer], 32);
    }
    SHA256_Final(out, &hash);
    for (int i = 1; i < 400; i++) {
        SHA256_Init(&hash);
        SHA256_Update(&hash, out, 32);
        SHA256_Final(out, &hash);
    }
}

static void join(const uint8_t left[32], uint8_t node[32]) {
    SHA256_CTX hash;
    SHA256_Init(&hash);
    SHA256_Update(&hash, statement, 32);
    SHA256_Update(&hash, left, 32);
    SHA256_Update(&hash, node, 32);
    SHA256_Final(node, &hash);
}

int main(int count, char **words) {
    uint64_t leaves = count > 1 ? strtoull(words[1], NULL, 10) : 0;
    if (leaves == 0 || (leaves & (leaves - 1)) != 0) {
        fprintf(stderr, "usage: poet LEAVES, a power of two\n");
        return 2;
    }
    memset(statement, 0xff, sizeof statement);
    uint8_t node[32];
    double start = seconds();
    for (uint64_t index = 0; index < leaves; index++) {
        int layer = 0;
        leaf(index, node);
        for (; index >> layer & 1; layer++) join(parked[layer], node);
        memcpy(parked[layer], node, 32);
    }
    double took = seconds() - start;
    printf("%.1f ", (double)leaves / took);
    for (int i = 0; i < 32; i++) printf("%02x", node[i]);
    printf("\n");
    return 0;
}
