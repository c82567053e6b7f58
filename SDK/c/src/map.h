/* A hash map whose nodes live inside what they find. Growing it may fail; it is slower then, never wrong. */
#ifndef SPACENODE_MAP_H
#define SPACENODE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sn_key {
    uint64_t a, b;
    uint8_t bytes[32];
    uint8_t size;
};

struct sn_node {
    struct sn_node *next;
    struct sn_key key;
    uint64_t hash;
};

struct sn_map {
    struct sn_node **buckets;
    size_t room, count;
    uint64_t seed[2];               /* strangers choose keys: the seed is random */
};

struct sn_key sn_key(uint64_t a, uint64_t b, const void *bytes, size_t size);
bool sn_map_init(struct sn_map *map, uint64_t seed);
void sn_map_free(struct sn_map *map);
struct sn_node *sn_map_find(const struct sn_map *map, const struct sn_key *key);
void sn_map_add(struct sn_map *map, struct sn_node *node, const struct sn_key *key);
void sn_map_remove(struct sn_map *map, struct sn_node *node);
struct sn_node *sn_map_any(const struct sn_map *map);

/* The object around a node. */
#define SN_OWNER(node, type, member) ((type *)((char *)(node) - offsetof(type, member)))

#endif
