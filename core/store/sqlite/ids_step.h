/* A step over a list of ids, whose result is how many of them it did something to. Internal
 * to store/sqlite. */
#ifndef SQLITE_IDS_STEP_H
#define SQLITE_IDS_STEP_H

#include "base/uuid.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/writer.h"

struct ids_step {
    struct step step;
    char *workspace, *user;
    struct audit_by by;
    char (*ids)[UUID_SIZE];
    size_t count;
    bool enabled;       /* for the one that needs it */
    const char *why;    /* for its audit row; NULL: because somebody asked */
    int64_t spacing_ms; /* the same */
    int64_t result;
};

/* Copies the arguments (user may be NULL; ids that are no UUID are left out). NULL: `done`
 * was answered. The step is undoable and durable. */
struct ids_step *ids_step_new(bool (*run)(struct step *, struct tx *, struct err *),
                              const char *workspace, const char *const *ids, size_t count,
                              const char *user, store_done *done, void *arg);

#endif
