#include "screens/waiting.h"

#include <stdio.h>

#include "screens/words.h"
#include "store/buckets.h"
#include "widgets/columns.h"

void waiting_init(struct waiting *w, struct console *c)
{
    *w = (struct waiting){.console = c};
}

void waiting_free(struct waiting *w)
{
    bucket_rows_free(&w->rows);
}

void waiting_refresh(struct waiting *w)
{
    struct bucket_rows rows;
    struct err err;
    if (!store_bucket_list(console_reader(w->console), console_workspace(w->console),
                           WAITING_SHOWN, &rows, &err)) {
        console_toast(w->console, STYLE_ERROR, "%s", err.text);
        return;
    }
    bucket_rows_free(&w->rows);
    w->rows = rows;
}

void waiting_title(const struct waiting *w, int shown, char *out, size_t size)
{
    size_t count = w->rows.count;
    if (count == 0)
        snprintf(out, size, "Waiting: nothing");
    else if ((size_t)(shown > 0 ? shown : 0) < count)
        snprintf(out, size, "Waiting: %zu%s buckets, the next %d", count,
                 count == WAITING_SHOWN ? " or more" : "", shown);
    else
        snprintf(out, size, "Waiting: %zu bucket%s", count, count == 1 ? "" : "s");
}

void waiting_draw(const struct waiting *w, const struct canvas *c)
{
    static const struct column columns[] = {
        {"ALERT", 8, 28, 0}, {"EVENT", 10, 28, 2}, {"EVENTS", 9, 16, 1}, {"LEFT", 9, 0, 0}};
    int widths[4];
    int64_t now = clock_steady_ms(console_options(w->console)->clock);
    columns_fit(columns, 4, c->columns - 1, widths);
    canvas_clear(c, STYLE_NORMAL);
    for (int y = 0; y < c->rows && (size_t)y < w->rows.count; y++) {
        const struct bucket *b = &w->rows.items[y];
        char events[48], left[48], wait[24];
        int64_t ms = b->due_at - now;
        snprintf(events, sizeof events, "%lld event%s", (long long)b->events,
                 b->events == 1 ? "" : "s");
        words_wait(ms, wait);
        if (ms > 0)
            snprintf(left, sizeof left, "%s left%s", wait,
                     b->silence_id[0] ? ", silenced" : "");
        else
            snprintf(left, sizeof left, "closing");
        const char *cells[] = {b->alert_name ? b->alert_name : "", event_type_name(b->type),
                               events, left};
        for (int i = 0, x = 1; i < 4; i++)
            if (widths[i])
                x += canvas_text(c, y, x, widths[i], STYLE_NORMAL, span_of(cells[i])) + 1;
    }
}
