#include "screens/silence_prompt.h"

#include <stdio.h>
#include <string.h>

#include "reply.h"
#include "silence_words.h"

enum { LOOK_MOST_MS = 60 * 1000 }; /* the wall clock may jump */

static void put(struct console *c, const struct silence_words *words)
{
    const struct console_options *o = console_options(c);
    const struct silence_maker maker = {console_reader(c), console_workspace(c),
                                        console_user(c), clock_wall_ms(o->clock)};
    struct silence silence;
    struct err err;
    char text[64], at[24];
    if (!silence_words_make(words, &maker, &silence, &err)) {
        console_toast(c, STYLE_ERROR, "%s", err.text);
        return;
    }
    silence_words_time(silence.until, maker.now, at);
    snprintf(text, sizeof text, "silenced%s%s",
             silence.window_count ? " by schedule" : " until ",
             silence.window_count ? "" : at);
    struct reply *reply = reply_new(c, text, NULL, NULL);
    if (reply)
        store_silence_put(o->store, &silence, reply_done, reply);
    silence_free(&silence);
}

void silence_prompt_take(struct console *c, const char *line, const char *alert)
{
    char copy[SILENCE_LINE_MAX], weekly[SILENCE_LINE_MAX];
    struct silence_words words;
    struct err err;
    if (strlen(line) >= sizeof copy) {
        console_toast(c, STYLE_ERROR, "the line is too long");
        return;
    }
    snprintf(copy, sizeof copy, "%s", line);
    if (!silence_words_split(copy, weekly, &words, &err)) {
        console_toast(c, STYLE_ERROR, "%s", err.text);
        return;
    }
    if (alert)
        words.alert = alert;
    put(c, &words);
}

int64_t silence_prompt_tick(struct silences *s, int64_t now)
{
    int64_t next = INT64_MAX;
    silences_look(s, now);
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].state.changes_at < next)
            next = s->items[i].state.changes_at;
    if (next == INT64_MAX)
        return -1;
    return next - now < LOOK_MOST_MS ? next - now : LOOK_MOST_MS;
}
