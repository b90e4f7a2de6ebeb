/* Which deliveries are due, passing over endpoints that take no more now. Internal to
 * store/sqlite. */
#ifndef SQLITE_DUE_H
#define SQLITE_DUE_H

#include <stdbool.h>

#include "store/delivering.h"
#include "store/sqlite/db.h"

struct due_item {
    int64_t row, next_at;
    char endpoint[33];
};
struct due_list {
    struct due_item *items; /* malloc'ed, in the order asked for */
    size_t count;
};

/* A long queue of an endpoint without room is walked over only for its first rows; then the queues
 * of the other endpoints are asked one by one. */
bool due_find(struct db *db, const struct claim_wish *wish, struct due_list *out,
              struct err *err); /* its rooms are sorted */

/* A wish as due_find() takes it; *rooms holds its rooms, malloc'ed. False: no memory. */
bool due_copy_wish(const struct claim_wish *wish, struct claim_wish *out,
                   struct claim_room **rooms);

/* How many an endpoint takes. */
size_t due_room(const struct claim_wish *wish, const char endpoint[33]);

#endif
