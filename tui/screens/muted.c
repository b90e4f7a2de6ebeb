#include "screens/muted.h"

#include <stdio.h>
#include <stdlib.h>

#include "screens/screens.h"
#include "screens/silence_prompt.h"
#include "silence_words.h"
#include "store/alerts.h"
#include "store/silences.h"

static int64_t now(const struct muted *m)
{
    return clock_wall_ms(console_options(m->console)->clock);
}

void muted_init(struct muted *m, struct console *c)
{
    *m = (struct muted){.console = c};
}

void muted_free(struct muted *m)
{
    silences_free(&m->all);
    free(m->ids);
}

void muted_refresh(struct muted *m)
{
    struct silences all;
    struct err err;
    if (!store_silence_list(console_reader(m->console), console_workspace(m->console),
                            now(m), &all, &err)) {
        console_toast(m->console, STYLE_ERROR, "%s", err.text);
        return;
    }
    silences_free(&m->all);
    m->all = all;
}

int64_t muted_tick(struct muted *m)
{
    return silence_prompt_tick(&m->all, now(m));
}

bool muted_words(const struct muted *m, const struct alert_row *row, int width, char *out,
                 size_t size)
{
    bool partly;
    const struct silence_at *s = silence_words_of_alert(&m->all, row, &partly);
    char at[24];
    if (!s)
        return false;
    const char *how = partly ? "partly " : "";
    silence_words_time(s->state.changes_at, now(m), at);
    if (snprintf(out, size, "%ssilenced until %s", how, at) > width)
        snprintf(out, size, "%suntil %s", how, at);
    return true;
}

/* Once it was taken for one, it is not asked for again. */
static bool take_line(void *arg, const char *line, struct err *err)
{
    struct muted *m = arg;
    for (size_t i = 0; i < m->count; i++) {
        if (silence_prompt_take(m->console, line, m->ids[i], err))
            continue;
        if (i == 0)
            return false;
        console_toast(m->console, STYLE_ERROR, "%s", err->text);
    }
    return true;
}

void muted_ask(struct muted *m, char (*ids)[UUID_SIZE], size_t count)
{
    const char *line = console_argument(m->console);
    free(m->ids);
    m->ids = ids;
    m->count = count;
    struct err err;
    if (line && !take_line(m, line, &err))
        console_toast(m->console, STYLE_ERROR, "%s", err.text);
    else if (!line)
        console_push(m->console,
                     prompt_new(m->console, "Silence: 2h, until 18:00, mon-fri 22:00-06:00",
                                "2h digest", take_line, m));
}
