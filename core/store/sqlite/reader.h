/* A thread's own connection for reads. Internal to store/sqlite. */
#ifndef SQLITE_READER_H
#define SQLITE_READER_H

#include "store/seal.h"
#include "store/sqlite/rows.h"
#include "store/store.h"

struct store_reader {
    struct db *db;
    struct sealer *sealer; /* the store's */
};

/* Several statements that must see the same state: between these two. */
bool reader_begin(struct store_reader *r, struct err *err);
void reader_end(struct store_reader *r);

#endif
