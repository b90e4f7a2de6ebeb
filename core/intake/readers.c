#include "intake/readers.h"

void readers_init(struct readers *rs, struct store *store)
{
    *rs = (struct readers){.store = store};
    pthread_mutex_init(&rs->lock, NULL);
}

void readers_free(struct readers *rs)
{
    while (rs->count > 0)
        store_reader_close(&rs->idle[--rs->count]);
    pthread_mutex_destroy(&rs->lock);
}

struct store_reader *readers_take(struct readers *rs, struct err *err)
{
    struct store_reader *r = NULL;
    pthread_mutex_lock(&rs->lock);
    if (rs->count > 0)
        r = rs->idle[--rs->count];
    pthread_mutex_unlock(&rs->lock);
    return r ? r : store_reader_open(rs->store, err);
}

void readers_give(struct readers *rs, struct store_reader **r)
{
    pthread_mutex_lock(&rs->lock);
    if (*r && rs->count < READERS_KEPT) {
        rs->idle[rs->count++] = *r;
        *r = NULL;
    }
    pthread_mutex_unlock(&rs->lock);
    if (*r)
        store_reader_close(r);
}
