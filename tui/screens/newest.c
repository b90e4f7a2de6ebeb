#include "screens/newest.h"

enum { AT_FIRST = 200 };

void newest_init(struct newest *n, struct table_screen *t, newest_read_fn *read,
                 size_t most)
{
    *n = (struct newest){.screen = t, .read = read, .most = most, .wanted = AT_FIRST};
    t->table.follows = true;
}

static bool read_wanted(struct newest *n)
{
    return n->read(n->screen, n->wanted, &n->count);
}

static void read_rows(struct newest *n)
{
    if (read_wanted(n))
        table_update(&n->screen->table, n->count);
}

void newest_begin(struct newest *n)
{
    n->wanted = AT_FIRST;
    read_rows(n);
}

/* False: it is all there already. */
static bool want_more(struct newest *n)
{
    if (n->count < n->wanted || n->wanted >= n->most)
        return false;
    n->wanted = n->wanted < n->most / 4 ? n->wanted * 4 : n->most;
    return true;
}

/* Who is back among the newest, with nothing marked, does not pay for the old ones. */
static void want_less(struct newest *n)
{
    const struct table *t = &n->screen->table;
    if (t->mark_count == 0 && t->list.selected < AT_FIRST / 2)
        n->wanted = AT_FIRST;
}

void newest_refresh(struct newest *n)
{
    want_less(n);
    bool fine = read_wanted(n);
    while (fine && table_misses(&n->screen->table, n->count) && want_more(n))
        fine = read_wanted(n);
    table_update(&n->screen->table, n->count);
}

void newest_all(struct newest *n)
{
    if (n->count < n->wanted || n->wanted >= n->most)
        return;
    n->wanted = n->most;
    read_rows(n);
}

bool newest_act(struct newest *n, enum action a)
{
    if (a == ACTION_MARK_ALL || a == ACTION_BOTTOM)
        newest_all(n);
    bool mine = table_screen_act(&n->screen->screen, a);
    if (mine && table_is_at_end(&n->screen->table, n->wanted) && want_more(n))
        read_rows(n);
    return mine;
}

bool newest_is_full(const struct newest *n)
{
    return n->count >= n->most;
}
