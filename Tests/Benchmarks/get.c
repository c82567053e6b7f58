// 256 keys read straight from RocksDB, in a process of its own: what Gets cost without a bus.
// usage: get DATABASE ENTRIES ROUNDS      opens read-only; prints microseconds a round of 256, the median
#include <rocksdb/c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEYS = 256, MAX_FAMILIES = 64 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int less(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// The key of one entry as StorageRig bench-write makes it: the number, big-endian, and eight times '0'.
static void make_key(char *key, uint64_t number) {
  for (int i = 0; i < 8; i++) key[i] = (char)(number >> (56 - 8 * i));
  memset(key + 8, '0', 8);
}

static void check(char *error) {
  if (!error) return;
  fprintf(stderr, "get: %s\n", error);
  exit(2);
}

int main(int count, char **words) {
  if (count != 4) return 2;
  uint64_t entries = strtoull(words[2], NULL, 10);
  int rounds = atoi(words[3]);
  char *error = NULL;
  rocksdb_options_t *options = rocksdb_options_create();
  rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
  rocksdb_block_based_options_set_block_cache(table, rocksdb_cache_create_lru(64 << 20));
  rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10));
  rocksdb_options_set_block_based_table_factory(options, table);
  size_t families = 0;
  char **names = rocksdb_list_column_families(options, words[1], &families, &error);
  check(error);
  if (families > MAX_FAMILIES) return 2;
  const rocksdb_options_t *each[MAX_FAMILIES];
  rocksdb_column_family_handle_t *handles[MAX_FAMILIES], *state = NULL;
  for (size_t i = 0; i < families; i++) each[i] = options;
  rocksdb_t *db = rocksdb_open_for_read_only_column_families(
      options, words[1], (int)families, (const char *const *)names, each, handles, 0, &error);
  check(error);
  for (size_t i = 0; i < families; i++)
    if (!strcmp(names[i], "state")) state = handles[i];
  if (!state) return 2;
  rocksdb_readoptions_t *reads = rocksdb_readoptions_create();
  double *samples = malloc(sizeof(double) * (size_t)rounds);
  for (int round = 0; round < rounds; round++) {
    // Twice: the first look fills the cache, as it does in bench-get.
    for (int pass = 0; pass < 2; pass++) {
      double start = now();
      for (int i = 0; i < KEYS; i++) {
        char key[16];
        make_key(key, ((uint64_t)round * 7919 + (uint64_t)i * 104729) % entries);
        size_t length;
        char *value = rocksdb_get_cf(db, reads, state, key, sizeof key, &length, &error);
        check(error);
        if (!value) {
          fprintf(stderr, "get: a key that was written is not there\n");
          return 2;
        }
        rocksdb_free(value);
      }
      samples[round] = now() - start;
    }
  }
  qsort(samples, (size_t)rounds, sizeof(double), less);
  printf("%.1f\n", samples[rounds / 2]);
  for (size_t i = 0; i < families; i++) rocksdb_column_family_handle_destroy(handles[i]);
  rocksdb_close(db);
  return 0;
}
