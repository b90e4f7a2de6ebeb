#include "store/sqlite/activity.h"

#include <string.h>

#include "base/json.h"
#include "rules/match.h"
#include "store/sqlite/store_impl.h"

/* Those that take the event come first, then those that something stopped. */
static bool add_verdicts(struct buf *json, const struct alerts *alerts,
                         const struct silences *silences, const struct event_ref *event,
                         int64_t *matched, int64_t *considered)
{
    int added = 0;
    buf_add_char(json, '[');
    for (int yes = 1; yes >= 0; yes--)
        for (size_t i = 0; i < alerts->count; i++) {
            const struct alert *a = &alerts->items[i];
            int64_t until;
            enum match_verdict v = silences_judge(silences, a, event, &until);
            if (v == MATCH_OTHER_WORKSPACE || match_takes(v) != (yes == 1))
                continue;
            ++*considered;
            *matched += yes;
            if (added++ >= ACTIVITY_VERDICTS_MAX)
                continue;
            buf_add_format(json, "%s{\"id\":\"%s\",\"verdict\":%d,", added > 1 ? "," : "",
                           a->id, (int)v);
            if (until)
                buf_add_format(json, "\"until\":%lld,", (long long)until);
            buf_add_text(json, "\"name\":");
            js_append_string(json, span_of(a->name ? a->name : ""));
            buf_add_char(json, '}');
        }
    return buf_add_char(json, ']');
}

static bool insert(struct tx *tx, const struct event_ref *event, struct span project,
                   const char *user, struct err *err)
{
    struct activity *kept = &tx->store->activity;
    const struct alerts *alerts;
    const struct silences *silences;
    struct buf json;
    int64_t matched = 0, considered = 0;
    if (!alert_cache_all(&tx->store->alerts, tx->db, &alerts, err) ||
        !silence_cache_now(&tx->store->silences, tx, &silences, err))
        return false;
    buf_init(&json, BUF_UNLIMITED);
    bool fine = add_verdicts(&json, alerts, silences, event, &matched, &considered) ||
                err_memory(err);
    fine = fine &&
           db_run(tx->db,
                  "INSERT INTO activity (at, workspace, type, project, user, matched, "
                  "considered, passed_over, verdicts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(db_int(tx->wall), db_text(event->workspace), db_int(event->type),
                          project.len ? db_span(project) : db_null(), db_text(user),
                          db_int(matched), db_int(considered), db_int(kept->passed_over),
                          db_span(buf_span(&json))),
                  err) &&
           db_run(tx->db, "DELETE FROM activity WHERE seq <= ?",
                  DB_ARGS(db_int(db_last_row(tx->db) - ACTIVITY_KEPT)), err);
    buf_free(&json);
    return fine;
}

bool activity_note(struct tx *tx, const struct event_ref *event, struct span project,
                   const char *user, struct err *err)
{
    struct activity *kept = &tx->store->activity;
    if (kept->second != tx->wall / 1000) {
        kept->second = tx->wall / 1000;
        kept->kept = 0;
    }
    if (kept->kept >= ACTIVITY_A_SECOND) {
        kept->passed_over++;
        return true;
    }
    if (!insert(tx, event, project, user, err))
        return false;
    kept->kept++;
    kept->passed_over = 0;
    tx->changes |= STORE_CHANGED_ACTIVITY;
    return true;
}
