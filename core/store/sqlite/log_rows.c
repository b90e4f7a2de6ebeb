#include "store/sqlite/log_rows.h"

#include <string.h>

/* Several rows are one statement, which would keep what it needs to be undone by itself but
 * for OR FAIL: a step that writes more than one can be undone as a whole. */
#define INSERT                                                                             \
    "INSERT OR FAIL INTO log (kind, at, alert, alert_name, workspace, type, events, "      \
    "delivery, delivery_id, n, of, outcome, status, latency_us, state, next_at, text) "    \
    "VALUES "
#define ROW "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define DETAILS                                                                            \
    "INSERT OR FAIL INTO attempts (seq, started_at, timed_out, dns_us, connect_us, "       \
    "tls_us, first_us, retry_after_ms, body_total, address, request_headers, headers, "    \
    "body) VALUES "
#define DETAIL "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
enum { COLUMNS = 17, DETAIL_COLUMNS = 13 };
_Static_assert(LOG_AT_ONCE == 8, "a row for each");

static bool insert_text(struct tx *tx, enum log_kind kind, const struct log_about *about,
                        const char *text, struct err *err)
{
    tx->changes |= STORE_CHANGED_LOG;
    return db_run(tx->db, INSERT ROW,
                  DB_ARGS(db_int(kind), db_int(tx->wall), db_text(about->alert_id),
                          db_text(about->alert_name), db_text(about->workspace),
                          db_int(about->type), db_int(about->events), db_null(),
                          db_text(about->delivery_id ? about->delivery_id : ""), db_int(0),
                          db_int(0), db_int(OUTCOME_CANCELLED), db_int(0), db_int(0),
                          db_int(DELIVERY_DEAD), db_int(0), db_text(text)),
                  err);
}

bool log_dropped(struct tx *tx, const struct log_about *about, const char *reason,
                 struct err *err)
{
    return insert_text(tx, LOG_DROPPED, about, reason, err);
}

bool log_notice(struct tx *tx, const struct log_about *about, const char *text, struct err *err)
{
    return insert_text(tx, LOG_NOTICE, about, text, err);
}

static void bind_attempt(const struct tx *tx, const struct log_entry *e,
                         struct db_arg *args)
{
    const struct log_about *about = &e->about;
    const struct outcome *o = &e->attempt.outcome;
    const struct db_arg all[COLUMNS] = {db_int(LOG_ATTEMPT),
                                        db_int(tx->wall),
                                        db_text(about->alert_id),
                                        db_text(about->alert_name),
                                        db_text(about->workspace),
                                        db_int(about->type),
                                        db_int(about->events),
                                        db_int(about->delivery),
                                        db_text(about->delivery_id),
                                        db_int(e->attempt.n),
                                        db_int(e->of),
                                        db_int(o->kind),
                                        db_int(o->status),
                                        db_int(o->total_us),
                                        db_int(e->state),
                                        db_int(e->attempt.next_at),
                                        db_text(o->error[0] ? o->error : NULL)};
    memcpy(args, all, sizeof all);
}

static void bind_details(const struct attempt *a, int64_t seq, struct db_arg *args)
{
    const struct outcome *o = &a->outcome;
    size_t headers =
        o->headers_len < OUTCOME_HEADERS_KEPT ? o->headers_len : OUTCOME_HEADERS_KEPT;
    size_t body = o->body_len < OUTCOME_BODY_KEPT ? o->body_len : OUTCOME_BODY_KEPT;
    const struct db_arg all[DETAIL_COLUMNS] = {db_int(seq),
                                               db_int(o->started_at),
                                               db_int(o->timed_out),
                                               db_int(o->dns_us),
                                               db_int(o->connect_us),
                                               db_int(o->tls_us),
                                               db_int(o->first_us),
                                               db_int(o->retry_after_ms),
                                               db_int(o->body_total),
                                               db_text(o->address),
                                               db_text(a->request_headers),
                                               db_blob((struct span){o->headers, headers}),
                                               db_blob((struct span){o->body, body})};
    memcpy(args, all, sizeof all);
}

/* One, or LOG_AT_ONCE. Rows of one statement are numbered one after the other. */
static bool insert_attempts(struct tx *tx, const struct log_entry *entries, size_t count,
                            struct err *err)
{
    struct db_arg args[LOG_AT_ONCE * COLUMNS];
    for (size_t i = 0; i < count; i++)
        bind_attempt(tx, &entries[i], &args[i * COLUMNS]);
    if (!db_run(tx->db, count == 1 ? INSERT ROW : INSERT DB_EIGHT(ROW), args, count * COLUMNS,
                err))
        return false;
    int64_t first = db_last_row(tx->db) + 1 - (int64_t)count;
    for (size_t i = 0; i < count; i++)
        bind_details(&entries[i].attempt, first + (int64_t)i, &args[i * DETAIL_COLUMNS]);
    return db_run(tx->db, count == 1 ? DETAILS DETAIL : DETAILS DB_EIGHT(DETAIL), args,
                  count * DETAIL_COLUMNS, err);
}

bool log_attempts(struct tx *tx, const struct log_entry *entries, size_t count,
                  struct err *err)
{
    bool fine = true;
    tx->changes |= STORE_CHANGED_LOG;
    for (size_t i = 0, n; i < count && fine; i += n) {
        n = count - i >= LOG_AT_ONCE ? LOG_AT_ONCE : 1;
        fine = insert_attempts(tx, &entries[i], n, err);
    }
    return fine;
}
