/* Store readers that requests borrow, so that not each opens a connection of its own. Any
 * thread. */
#ifndef INTAKE_READERS_H
#define INTAKE_READERS_H

#include <pthread.h>

#include "store/store.h"

enum { READERS_KEPT = 4 };

struct readers {
    pthread_mutex_t lock;
    struct store *store;
    struct store_reader *idle[READERS_KEPT];
    size_t count;
};

void readers_init(struct readers *rs, struct store *store);
void readers_free(struct readers *rs);
struct store_reader *readers_take(struct readers *rs, struct err *err);
void readers_give(struct readers *rs, struct store_reader **r);

#endif
