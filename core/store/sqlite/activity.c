#include "store/sqlite/activity.h"

#include <string.h>

#include "base/json.h"
#include "rules/match.h"
#include "store/alerts.h"
#include "store/sqlite/store_impl.h"

struct verdict {
    const struct alert *alert;
    enum match_verdict is;
    int64_t until; /* of a silence; 0: none */
};

static void add_verdict(struct buf *json, const struct verdict *v)
{
    buf_add_format(json, "%s{\"id\":\"%s\",\"verdict\":%d,", json->len > 1 ? "," : "",
                   v->alert->id, (int)v->is);
    if (v->until)
        buf_add_format(json, "\"until\":%lld,", (long long)v->until);
    buf_add_text(json, "\"name\":");
    js_append_string(json, span_of(v->alert->name ? v->alert->name : ""));
    buf_add_char(json, '}');
}

/* Those that take the event come first, then those that something stopped. */
static bool add_verdicts(struct buf *json, const struct alerts *alerts,
                         const struct silences *silences, const struct event_ref *event,
                         int64_t *matched, int64_t *considered)
{
    struct verdict others[ACTIVITY_VERDICTS_MAX];
    int64_t stopped = 0;
    buf_add_char(json, '[');
    for (size_t i = 0; i < alerts->count; i++) {
        struct verdict v = {.alert = &alerts->items[i]};
        v.is = silences_judge(silences, v.alert, event, &v.until);
        if (v.is == MATCH_OTHER_WORKSPACE)
            continue;
        if (!match_takes(v.is)) {
            if (stopped < ACTIVITY_VERDICTS_MAX)
                others[stopped] = v;
            stopped++;
        } else if (++*matched <= ACTIVITY_VERDICTS_MAX) {
            add_verdict(json, &v);
        }
    }
    for (int64_t i = 0; i < stopped && *matched + i < ACTIVITY_VERDICTS_MAX; i++)
        add_verdict(json, &others[i]);
    *considered = *matched + stopped;
    return buf_add_char(json, ']');
}

static bool insert(struct tx *tx, const struct event_ref *event, struct span project,
                   const char *user, const struct alerts *alerts, struct err *err)
{
    struct activity *kept = &tx->store->activity;
    const struct silences *silences;
    struct buf json;
    int64_t matched = 0, considered = 0;
    if (!silence_cache_now(&tx->store->silences, tx, &silences, err))
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

/* Fewer where each has to be held against thousands of alerts. */
static int64_t most_a_second(const struct alerts *alerts)
{
    int64_t most = ACTIVITY_JUDGED_A_SECOND / ((int64_t)alerts->count + 1);
    return most < 1 ? 1 : most < ACTIVITY_A_SECOND ? most : ACTIVITY_A_SECOND;
}

bool activity_note(struct tx *tx, const struct event_ref *event, struct span project,
                   const char *user, struct err *err)
{
    struct activity *kept = &tx->store->activity;
    const struct alerts *alerts;
    if (!alert_cache_all(&tx->store->alerts, tx->db, &alerts, err))
        return false;
    if (kept->second != tx->wall / 1000) {
        kept->second = tx->wall / 1000;
        kept->kept = 0;
    }
    if (kept->kept >= most_a_second(alerts)) {
        kept->passed_over++;
        return true;
    }
    if (!insert(tx, event, project, user, alerts, err))
        return false;
    kept->kept++;
    kept->passed_over = 0;
    tx->changes |= STORE_CHANGED_ACTIVITY;
    return true;
}
