#include "store/sqlite/silence_cache.h"

#include "store/sqlite/silence_rows.h"

void silence_cache_reset(struct silence_cache *c)
{
    silences_free(&c->all);
    *c = (struct silence_cache){0};
}

bool silence_cache_now(struct silence_cache *c, struct tx *tx, const struct silences **out,
                       struct err *err)
{
    *out = &c->all;
    if (c->loaded && tx->wall < c->looked_at) /* what was over may be in force again */
        silence_cache_reset(c);
    if (!c->loaded && !silence_rows_in_force(tx->db, tx->wall, &c->all, err))
        return false;
    if (!c->loaded || c->looked_at != tx->wall)
        silences_look(&c->all, tx->wall);
    c->loaded = true;
    c->looked_at = tx->wall;
    return true;
}
