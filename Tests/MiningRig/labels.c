// Labels of the original software, written from its description alone: scrypt's construction over Keccak-512 and ChaCha20/8.
//   labels COMMITMENT(64 hex) N FIRST COUNT   -> full labels of 32 bytes each on standard output
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t turned64(uint64_t x, int by) { return by ? x << by | x >> (64 - by) : x; }
static uint32_t turned32(uint32_t x, int by) { return x << by | x >> (32 - by); }

static void keccak(uint64_t s[25]) {
    uint64_t lfsr = 1;
    for (int round = 0; round < 24; round++) {
        uint64_t c[5], t[25];
        for (int x = 0; x < 5; x++) c[x] = s[x] ^ s[x + 5] ^ s[x + 10] ^ s[x + 15] ^ s[x + 20];
        for (int i = 0; i < 25; i++) s[i] ^= c[(i + 4) % 5] ^ turned64(c[(i + 1) % 5], 1);
        // rho and pi: along the path of (x, y) -> (y, 2x + 3y)
        t[0] = s[0];
        for (int n = 0, x = 1, y = 0; n < 24; n++) {
            int nx = y, ny = (2 * x + 3 * y) % 5;
            t[nx + 5 * ny] = turned64(s[x + 5 * y], (n + 1) * (n + 2) / 2 % 64);
            x = nx, y = ny;
        }
        for (int i = 0; i < 25; i++) s[i] = t[i] ^ (~t[i / 5 * 5 + (i + 1) % 5] & t[i / 5 * 5 + (i + 2) % 5]);
        for (int j = 0; j < 7; j++) {
            if (lfsr & 1) s[0] ^= 1ull << ((1 << j) - 1);
            lfsr = lfsr << 1 ^ (lfsr >> 7 & 1) * 0x171;
        }
    }
}

// The hash of at most two blocks of 72 bytes and what is left, with Keccak's first padding.
static void hash(const uint8_t *data, size_t count, uint8_t out[64]) {
    uint64_t s[25] = {0};
    for (;;) {
        uint8_t block[72] = {0};
        size_t taken = count < 72 ? count : 72;
        memcpy(block, data, taken);
        int last = count < 72;
        if (last) block[taken] ^= 1, block[71] ^= 0x80;
        for (int i = 0; i < 9; i++) {
            uint64_t word;
            memcpy(&word, block + 8 * i, 8);
            s[i] ^= word;
        }
        keccak(s);
        if (last) break;
        data += 72, count -= 72;
    }
    memcpy(out, s, 64);
}

// HMAC with a key of one block.
static void hmac(const uint8_t key[72], const uint8_t *data, size_t count, uint8_t out[64]) {
    uint8_t text[72 + 256], outer[72 + 64];
    for (int i = 0; i < 72; i++) text[i] = key[i] ^ 0x36, outer[i] = key[i] ^ 0x5c;
    memcpy(text + 72, data, count);
    hash(text, 72 + count, outer + 72);
    hash(outer, 72 + 64, out);
}

static void derive(const uint8_t password[72], const uint8_t *salt, size_t count, uint8_t *out, int blocks) {
    uint8_t text[256];
    memcpy(text, salt, count);
    for (int n = 1; n <= blocks; n++) {
        memset(text + count, 0, 3);
        text[count + 3] = n;
        hmac(password, text, count + 4, out + 64 * (n - 1));
    }
}

#define QUARTER(a, b, c, d) \
    a += b, d = turned32(d ^ a, 16), c += d, b = turned32(b ^ c, 12), a += b, d = turned32(d ^ a, 8), c += d, b = turned32(b ^ c, 7)

static void core(uint32_t x[16]) {
    uint32_t s[16];
    memcpy(s, x, 64);
    for (int i = 0; i < 4; i++) {
        QUARTER(s[0], s[4], s[8], s[12]); QUARTER(s[1], s[5], s[9], s[13]);
        QUARTER(s[2], s[6], s[10], s[14]); QUARTER(s[3], s[7], s[11], s[15]);
        QUARTER(s[0], s[5], s[10], s[15]); QUARTER(s[1], s[6], s[11], s[12]);
        QUARTER(s[2], s[7], s[8], s[13]); QUARTER(s[3], s[4], s[9], s[14]);
    }
    for (int i = 0; i < 16; i++) x[i] += s[i];
}

static void mix(uint32_t x[32]) {
    for (int i = 0; i < 16; i++) x[i] ^= x[16 + i];
    core(x);
    for (int i = 0; i < 16; i++) x[16 + i] ^= x[i];
    core(x + 16);
}

int main(int count, char **words) {
    if (count != 5 || strlen(words[1]) != 64) return 2;
    uint8_t password[72] = {0}, salt[128], full[64];
    for (int i = 0; i < 32; i++) {
        unsigned byte;
        if (sscanf(words[1] + 2 * i, "%2x", &byte) != 1) return 2;
        password[i] = byte;
    }
    uint32_t n = strtoul(words[2], 0, 10), x[32], (*v)[32] = malloc((size_t)n * 128);
    uint64_t first = strtoull(words[3], 0, 10), labels = strtoull(words[4], 0, 10);
    for (uint64_t index = first; index < first + labels; index++) {
        memcpy(password + 32, &index, 8);
        derive(password, salt, 0, (uint8_t *)x, 2);
        for (uint32_t i = 0; i < n; i++) memcpy(v[i], x, 128), mix(x);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t *at = v[x[16] & (n - 1)];
            for (int k = 0; k < 32; k++) x[k] ^= at[k];
            mix(x);
        }
        memcpy(salt, x, 128);
        derive(password, salt, 128, full, 1);
        fwrite(full, 1, 32, stdout);
    }
    return 0;
}
