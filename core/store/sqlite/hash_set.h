/* A set of hashes of 64 bits, 8 to 12 bytes each; none of them is 0. Internal to
 * store/sqlite. */
#ifndef SQLITE_HASH_SET_H
#define SQLITE_HASH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_set {    /* zeroed: empty */
    uint64_t *slots; /* open addressing, linear; 0: free */
    size_t room, count;
};

void hash_set_soon(const struct hash_set *s, uint64_t hash); /* has() or add() will follow */
bool hash_set_has(const struct hash_set *s, uint64_t hash);
bool hash_set_add(struct hash_set *s,
                  uint64_t hash); /* one it has not; false: out of memory */
void hash_set_remove(struct hash_set *s, uint64_t hash); /* if it has it */
void hash_set_free(struct hash_set *s);                  /* usable again */

#endif
