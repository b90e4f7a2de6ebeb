#include "store/sqlite/log_rows.h"

#define INSERT                                                                             \
    "INSERT INTO log (kind, at, alert, alert_name, workspace, type, events, delivery, "    \
    "delivery_id, n, of, outcome, status, latency_us, state, next_at, text) "              \
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

static bool insert_text(struct tx *tx, enum log_kind kind, const struct log_about *about,
                        const char *text, struct err *err)
{
    tx->changes |= STORE_CHANGED_LOG;
    return db_run(tx->db, INSERT,
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

static bool insert_details(struct tx *tx, const struct attempt *a, struct err *err)
{
    const struct outcome *o = &a->outcome;
    size_t headers =
        o->headers_len < OUTCOME_HEADERS_KEPT ? o->headers_len : OUTCOME_HEADERS_KEPT;
    size_t body = o->body_len < OUTCOME_BODY_KEPT ? o->body_len : OUTCOME_BODY_KEPT;
    return db_run(tx->db,
                  "INSERT INTO attempts (seq, started_at, timed_out, dns_us, connect_us, "
                  "tls_us, first_us, retry_after_ms, body_total, address, request_headers, "
                  "headers, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(db_int(db_last_row(tx->db)), db_int(o->started_at),
                          db_int(o->timed_out), db_int(o->dns_us), db_int(o->connect_us),
                          db_int(o->tls_us), db_int(o->first_us), db_int(o->retry_after_ms),
                          db_int(o->body_total), db_text(o->address),
                          db_text(a->request_headers),
                          db_blob((struct span){o->headers, headers}),
                          db_blob((struct span){o->body, body})),
                  err);
}

bool log_attempt(struct tx *tx, const struct log_about *about,
                 const struct attempt *attempt, int of, enum delivery_state state,
                 struct err *err)
{
    const struct outcome *o = &attempt->outcome;
    tx->changes |= STORE_CHANGED_LOG;
    return db_run(tx->db, INSERT,
                  DB_ARGS(db_int(LOG_ATTEMPT), db_int(tx->wall), db_text(about->alert_id),
                          db_text(about->alert_name), db_text(about->workspace),
                          db_int(about->type), db_int(about->events),
                          db_int(about->delivery), db_text(about->delivery_id),
                          db_int(attempt->n), db_int(of), db_int(o->kind),
                          db_int(o->status), db_int(o->total_us), db_int(state),
                          db_int(attempt->next_at), db_text(o->error[0] ? o->error : NULL)),
                  err) &&
           insert_details(tx, attempt, err);
}
