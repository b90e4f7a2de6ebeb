#include "bell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "short_text.h"
#include "store/alerts.h"

static bool is_in(const struct bell *b, const char *id)
{
    for (size_t i = 0; i < b->count; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): as many as count */
        if (strcmp(b->failing[i], id) == 0)
            return true;
    return false;
}

/* One that is being sent again has not changed yet: it fails until it is delivered. */
static bool fails(const struct bell *b, const struct alert_row *r)
{
    if (!r->has_last || r->last_state == DELIVERY_DELIVERED)
        return false;
    return r->last_state == DELIVERY_RETRYING || r->last_state == DELIVERY_DEAD ||
           is_in(b, r->id);
}

static void ring(const char *how, const char *name, size_t failing)
{
    char text[64 + SHORT_TEXT_SIZE];
    snprintf(text, sizeof text, "opik-alerts: %zu alert%s failing, %s", failing,
             failing == 1 ? " is" : "s are", short_text(&(struct short_text){0}, name, 80));
    if (strcmp(how, "notice") == 0)
        term_notice(text);
    else
        term_beep();
}

/* What fails now takes the place of what failed before; *name: one that is new. */
static bool take(struct bell *b, const struct alert_rows *rows, const char **name)
{
    char(*now)[UUID_SIZE] = calloc(rows->count + 1, sizeof *now);
    size_t count = 0;
    if (!now)
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        const struct alert_row *r = &rows->items[i];
        if (!fails(b, r))
            continue;
        if (!is_in(b, r->id))
            *name = r->name ? r->name : "";
        memcpy(now[count++], r->id, UUID_SIZE);
    }
    bell_free(b);
    b->failing = now;
    b->count = count;
    return true;
}

void bell_check(struct bell *b, struct console *c)
{
    struct alert_rows rows;
    const char *how = console_settings(c)->text[SETTING_CONSOLE_BELL], *name = NULL;
    bool known = b->failing != NULL;
    if (!how || strcmp(how, "off") == 0 ||
        !store_alert_list(console_reader(c), console_workspace(c), &rows, NULL))
        return;
    if (take(b, &rows, &name) && known && name)
        ring(how, name, b->count);
    alert_rows_free(&rows);
}

void bell_free(struct bell *b)
{
    free(b->failing);
    *b = (struct bell){0};
}
