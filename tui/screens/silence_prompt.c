#include "screens/silence_prompt.h"

#include <stdio.h>
#include <string.h>

#include "reply.h"
#include "silence_words.h"
#include "store/silences.h"

enum { LOOK_MOST_MS = 60 * 1000 }; /* the wall clock may jump */

static bool put(struct console *c, const struct silence_words *words, struct err *err)
{
    const struct console_options *o = console_options(c);
    const struct silence_maker maker = {console_reader(c), console_workspace(c),
                                        console_user(c), clock_wall_ms(o->clock)};
    struct silence silence;
    char text[64], at[24];
    if (!silence_words_make(words, &maker, &silence, err))
        return false;
    silence_words_time(silence.until, maker.now, at);
    snprintf(text, sizeof text, "silenced%s%s",
             silence.window_count ? " by schedule" : " until ",
             silence.window_count ? "" : at);
    struct reply *reply = reply_new(c, text, NULL, NULL);
    if (reply)
        store_silence_put(o->store, &silence, reply_done, reply);
    silence_free(&silence);
    return true;
}

bool silence_prompt_take(struct console *c, const char *line, const char *alert, struct err *err)
{
    char copy[SILENCE_LINE_MAX], weekly[SILENCE_LINE_MAX];
    struct silence_words words;
    if (strlen(line) >= sizeof copy)
        return err_set(err, ERR_INVALID, "the line is too long");
    snprintf(copy, sizeof copy, "%s", line);
    if (!silence_words_split(copy, weekly, &words, err))
        return false;
    if (alert)
        words.alert = alert;
    return put(c, &words, err);
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
