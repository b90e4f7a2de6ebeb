#include "store/sqlite/wal.h"

enum {
    WAITED_MAX = 500, /* 2 MiB: a checkpoint of a few milliseconds */
    PAGES_MAX = 4000, /* 16 MiB */
    USED = 64,        /* so much without a pause is no single change of a person */
    AHEAD = 128,      /* lengthened by */
    SOON = 64,        /* before so few are left */
    KEPT_MAX = 6000,  /* a longer one gives its place back */
    WAIT_MS = 200,
};

void wal_before(struct wal *w, struct db *db)
{
    bool used = w->in_use || w->pages >= USED;
    if (used && w->pages < PAGES_MAX && db_log_places(db) < w->pages + SOON)
        db_lengthen_log(db, w->pages + AHEAD);
}

static bool checkpoint(struct wal *w, struct db *db, bool in_use)
{
    if (!db_checkpoint(db, WAIT_MS, in_use && db_log_places(db) <= KEPT_MAX)) {
        w->tried = w->pages;
        return false;
    }
    *w = (struct wal){.dirty = w->dirty};
    return true;
}

void wal_after(struct wal *w, struct db *db, bool waited, bool may)
{
    int pages = db_wal_pages(db), more = pages - w->pages;
    if (more < 0) /* others began it anew */
        *w = (struct wal){.in_use = w->in_use, .dirty = w->dirty};
    else if (waited)
        w->waited += more;
    w->pages = pages;
    bool is_long = w->waited >= WAITED_MAX || pages >= PAGES_MAX;
    if (may && is_long && pages >= w->tried + WAITED_MAX)
        w->in_use = checkpoint(w, db, true) || w->in_use;
}

void wal_idle(struct wal *w, struct db *db)
{
    if (w->dirty || w->in_use || db_wal_pages(db) > 0)
        w->dirty = !checkpoint(w, db, false);
    w->in_use = false;
}
