/* Who did what: one part of the store's contract (store.h).
 *
 * What a person changes leaves an audit row in the same transaction: create, change, delete,
 * enable, disable, silence, replay, send now; and so does what the engine decides for them (an
 * alert disabled, an endpoint left alone). It is said of the step's `user`, or of the process's. */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/store.h"

/* The steps that this thread asks for from now on are asked for by somebody else, as a request
 * of the API is: `who` (borrowed until the next call); NULL: by the process again. */
void store_act_as(const struct actor *who);

/* Something that changes nothing here, but must be told: a secret that is shown, a setting of
 * the file. Durable before it is answered. Texts are copied; NULL is none; never a secret. */
struct audit_entry {
    const char *action; /* a name of the table of actions, where there is one */
    const char *object; /* an id */
    const char *name;   /* of the object */
    const char *workspace; /* NULL: of all */
    const char *detail;
};
/* No result. */
void store_audit(struct store *s, const struct audit_entry *entry, const char *user,
                 store_done *done, void *arg);

struct audit_row {
    int64_t seq, at; /* at: wall ms */
    char *user, *host, *via, *place, *action, *object, *name, *workspace, *detail; /* never NULL */
};
struct audit_rows {
    struct audit_row *items;
    size_t count;
};
struct audit_filter {
    const char *workspace; /* with what concerns all; NULL: all */
    int64_t since;         /* wall ms; 0: all */
};
/* Newest first, those with seq < before (INT64_MAX: the newest). */
bool store_audit_list(struct store_reader *r, const struct audit_filter *filter, int64_t before,
                      int64_t limit, struct audit_rows *out, struct err *err);
void audit_row_free(struct audit_row *row);
void audit_rows_free(struct audit_rows *rows);

#endif
