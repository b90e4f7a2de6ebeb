#include "cli/verdict.h"

#include "base/json.h"
#include "base/timefmt.h"

void verdict_words(enum match_verdict v, int64_t until, char out[MATCH_WORDS_SIZE])
{
    char iso[TIMEFMT_ISO_SIZE];
    timefmt_iso(until, iso);
    match_verdict_words(v, iso, out);
}

void verdict_json(enum match_verdict v, int64_t until, struct buf *out)
{
    char words[MATCH_WORDS_SIZE], iso[TIMEFMT_ISO_SIZE];
    verdict_words(v, until, words);
    js_append_string(out, span_of(words));
    timefmt_iso(until, iso);
    if (until)
        buf_add_format(out, ",\"silenced_until\":\"%s\"", iso);
}
