#include "map.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64u

struct sn_key sn_key(uint64_t a, uint64_t b, const void *bytes, size_t size)
{
    struct sn_key key = {.a = a, .b = b};
    if (size > sizeof key.bytes) size = sizeof key.bytes;
    if (size > 0) memcpy(key.bytes, bytes, size);
    key.size = (uint8_t)size;
    return key;
}

static uint64_t mix(uint64_t value)
{
    value ^= value >> 32;
    value *= 0xd6e8feb86659fd93u;
    value ^= value >> 32;
    value *= 0xd6e8feb86659fd93u;
    return value ^ value >> 32;
}

static uint64_t hash_of(const struct sn_map *map, const struct sn_key *key)
{
    uint64_t hash = mix(map->seed[0] ^ key->a);
    hash = mix(hash ^ key->b ^ map->seed[1]);
    for (size_t place = 0; place < key->size; place += 8) {
        uint64_t word;
        memcpy(&word, key->bytes + place, sizeof word);
        hash = mix(hash ^ word ^ map->seed[1]);
    }
    return mix(hash ^ key->size);
}

bool sn_map_init(struct sn_map *map, uint64_t seed)
{
    map->buckets = calloc(FIRST_ROOM, sizeof *map->buckets);
    map->room = map->buckets == NULL ? 0 : FIRST_ROOM;
    map->count = 0;
    map->seed[0] = mix(seed);
    map->seed[1] = mix(map->seed[0] ^ 0x9e3779b97f4a7c15u);
    return map->buckets != NULL;
}

void sn_map_free(struct sn_map *map)
{
    free(map->buckets);
    map->buckets = NULL;
    map->room = map->count = 0;
}

static bool is_same(const struct sn_key *one, const struct sn_key *other)
{
    return one->a == other->a && one->b == other->b && one->size == other->size
           && memcmp(one->bytes, other->bytes, one->size) == 0;
}

struct sn_node *sn_map_find(const struct sn_map *map, const struct sn_key *key)
{
    uint64_t hash = hash_of(map, key);
    for (struct sn_node *node = map->buckets[hash & (map->room - 1)]; node != NULL; node = node->next)
        if (node->hash == hash && is_same(&node->key, key)) return node;
    return NULL;
}

static void grow(struct sn_map *map)
{
    struct sn_node **wider = calloc(2 * map->room, sizeof *wider);
    if (wider == NULL) return;
    for (size_t place = 0; place < map->room; place++) {
        struct sn_node *node = map->buckets[place];
        while (node != NULL) {
            struct sn_node *next = node->next;
            struct sn_node **bucket = &wider[node->hash & (2 * map->room - 1)];
            node->next = *bucket;
            *bucket = node;
            node = next;
        }
    }
    free(map->buckets);
    map->buckets = wider;
    map->room *= 2;
}

void sn_map_add(struct sn_map *map, struct sn_node *node, const struct sn_key *key)
{
    if (map->count >= map->room) grow(map);
    node->key = *key;
    node->hash = hash_of(map, key);
    struct sn_node **bucket = &map->buckets[node->hash & (map->room - 1)];
    node->next = *bucket;
    *bucket = node;
    map->count++;
}

void sn_map_remove(struct sn_map *map, struct sn_node *node)
{
    struct sn_node **link = &map->buckets[node->hash & (map->room - 1)];
    while (*link != NULL && *link != node) link = &(*link)->next;
    if (*link == NULL) return;
    *link = node->next;
    map->count--;
}

struct sn_node *sn_map_any(const struct sn_map *map)
{
    for (size_t place = 0; map->count > 0 && place < map->room; place++)
        if (map->buckets[place] != NULL) return map->buckets[place];
    return NULL;
}
