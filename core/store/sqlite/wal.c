#include "store/sqlite/wal.h"

enum {
    WAITED_MAX = 500, /* 2 MiB: a checkpoint of a few milliseconds */
    PAGES_MAX = 4000, /* 16 MiB */
    USED = 64,        /* so much without a pause is no single change of a person */
    AHEAD = 128,      /* lengthened by */
    SOON = 64,        /* before so few are left */
    KEPT_MAX = 6000,  /* a longer one gives its place back */
    KEPT_MS = 10000,  /* so does one that took longer to fill: that is no load */
    WAIT_MS = 200,
};

void wal_before(struct wal *w, struct db *db)
{
    bool used = w->in_use || w->pages >= USED;
    if (used && w->pages < PAGES_MAX && db_log_places(db) < w->pages + SOON)
        db_lengthen_log(db, w->pages + AHEAD);
}

static bool checkpoint(struct wal *w, struct db *db, bool keep_length)
{
    if (!db_checkpoint(db, WAIT_MS, keep_length)) {
        w->tried = w->pages;
        return false;
    }
    *w = (struct wal){.dirty = w->dirty, .emptied_at = w->emptied_at};
    return true;
}

/* What is behind the end of what is used is not overwritten, though it may have been purged
 * since: there must not be much of it. */
static bool is_worth_keeping(const struct wal *w, struct db *db, int64_t now)
{
    int places = db_log_places(db);
    return now - w->emptied_at < KEPT_MS && places <= KEPT_MAX &&
           places <= 2 * (w->pages + AHEAD);
}

void wal_after(struct wal *w, struct db *db, const struct wal_commit *commit)
{
    int pages = db_wal_pages(db), more = pages - w->pages;
    if (more < 0) /* others began it anew */
        *w = (struct wal){
            .in_use = w->in_use, .dirty = w->dirty, .emptied_at = w->emptied_at};
    else if (commit->waited)
        w->waited += more;
    w->pages = pages;
    bool is_long = w->waited >= WAITED_MAX || pages >= PAGES_MAX;
    if (!commit->may_checkpoint || !is_long || pages < w->tried + WAITED_MAX)
        return;
    bool keep = is_worth_keeping(w, db, commit->now);
    if (!checkpoint(w, db, keep))
        return;
    w->in_use = true;
    w->emptied_at = commit->now;
}

void wal_idle(struct wal *w, struct db *db)
{
    if (w->dirty || w->in_use || db_wal_pages(db) > 0)
        w->dirty = !checkpoint(w, db, false);
    w->in_use = false;
}
