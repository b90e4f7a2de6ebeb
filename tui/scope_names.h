/* The names of the projects that an alert's scopes hold as ids. In a file of alerts they
 * stand beside it, as the member "projects" of each alert: [{"id":"...","name":"..."}]. The
 * API passes over it; an import into another data directory, where the same project has
 * another id, needs it. */
#ifndef TUI_SCOPE_NAMES_H
#define TUI_SCOPE_NAMES_H

#include "model/alert.h"
#include "store/store.h"

/* The i-th id of its scopes, that of the alert itself among them; NULL: no more. Borrowed.
 */
char *scope_names_id(struct alert *a, size_t i);

/* Adds the member to `object`, which ends with the JSON of `a`; nothing where there is no
 * scope, and for projects that are not there. */
bool scope_names_add(struct store_reader *r, struct alert *a, struct buf *object,
                     struct err *err);

#endif
