/* What a request may say without anything that must survive following from it: for which
 * kinds of facts the transactions before found their project there, and no alert that
 * counts their value. Facts of such a kind are answered before they are carried out
 * (store_accept_passing). At most 1,024 kinds; forgotten with every change of the alerts
 * and of another process. Internal to store/sqlite. */
#ifndef SQLITE_PASSING_H
#define SQLITE_PASSING_H

#include "store/accept.h"
#include "store/sqlite/writer.h"

struct passing_kind;

struct passing {
    struct passing_kind *known; /* under the store's lock; the writer thread changes it */
    struct passing_kind *found; /* by the transaction under way; the writer's */
};

/* Whether nothing must survive of them, as far as it is known. With the store's lock held.
 */
bool passing_has(const struct passing *p, const struct accept *a);

/* The writer thread. Notes what the transaction found of the facts that it carried out;
 * false: the store failed. */
bool passing_note(struct tx *tx, const struct accept *a, struct err *err);
void passing_committed(struct store *s);
void passing_forget(struct store *s);

#endif
