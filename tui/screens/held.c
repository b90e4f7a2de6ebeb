#include "screens/held.h"

#include <stdlib.h>
#include <string.h>

#include "reply.h"
#include "store/alerts.h"

void held_init(struct held *h, struct console *c)
{
    *h = (struct held){.console = c};
}

static int64_t now(const struct held *h)
{
    return clock_steady_ms(console_options(h->console)->clock);
}

static void forget(struct held *h)
{
    free(h->ids);
    free(h->workspace);
    held_init(h, h->console);
}

void held_carry_out(struct held *h)
{
    struct console *c = h->console;
    const char **ids = h->count ? calloc(h->count, sizeof *ids) : NULL;
    for (size_t i = 0; ids && i < h->count; i++)
        ids[i] = h->ids[i];
    /* A console that ends still wants the delete, only nobody to tell. */
    struct reply *reply = ids ? reply_new(c, "deleted", NULL, NULL) : NULL;
    if (ids)
        store_alert_delete(console_options(c)->store, h->workspace, ids, h->count,
                           console_user(c), reply ? reply_done : NULL, reply);
    free(ids);
    forget(h);
}

void held_begin(struct held *h, char (*ids)[UUID_SIZE], size_t count)
{
    held_carry_out(h);
    h->workspace = strdup(console_workspace(h->console));
    if (!h->workspace) {
        free(ids);
        return;
    }
    h->ids = ids;
    h->count = count;
    h->until = now(h) + HELD_MS;
}

bool held_has(const struct held *h, const char *id)
{
    for (size_t i = 0; i < h->count; i++)
        if (strcmp(h->ids[i], id) == 0)
            return true;
    return false;
}

size_t held_undo(struct held *h)
{
    size_t count = h->count;
    forget(h);
    return count;
}

int64_t held_left(const struct held *h)
{
    int64_t left = h->count ? h->until - now(h) : 0;
    return left > 0 ? left : 0;
}

void held_check(struct held *h)
{
    if (h->count && held_left(h) == 0)
        held_carry_out(h);
}
