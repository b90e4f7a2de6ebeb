/* The store: everything that must survive, and the only thing that intake, engine, console and
 * command line share. This is the contract; sqlite/ implements it.
 *
 * It is made of whole steps. A writing step takes values, runs on the store's one writer thread
 * in one transaction with the other steps that wait (group commit), and answers by `done`
 * exactly once, after the commit: err == NULL and the step's result, or the error and NULL. The
 * result is borrowed for the call. done runs on the writer thread (it must be short, must not
 * block and must not wait for another step; it may start one) or, where nothing had to be
 * written, on the caller's before the step returns. Arguments are copied or taken over as each
 * step says. Steps of one thread are carried out in their order.
 *
 * Reads go through a struct store_reader, one for each thread, and see everything committed by
 * any process before the call. Nobody ever holds a transaction or a cursor.
 *
 * Durability: accepting events, closing a bucket and every change a person makes are
 * synchronous=FULL; claims, attempts and outcomes NORMAL (a power cut can repeat an attempt
 * with the same id, never lose an event or change an id). */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/alert.h"
#include "model/delivery.h"
#include "model/event.h"
#include "model/outcome.h"
#include "model/project.h"
#include "model/prompt.h"
#include "rules/breaker.h"
#include "rules/match.h"
#include "rules/payload.h"
#include "rules/retry.h"
#include "rules/silence.h"
#include "store/claim.h"
#include "store/tries.h"

struct store;
struct store_reader;

typedef void store_done(void *arg, const struct err *err, const void *result);

/* ------------------------------------------------------------------ open and close */

struct store_limits {
    int64_t window_ms;     /* debounce.window; an open bucket keeps the one it started with */
    int64_t bucket_events; /* over it events are counted, not kept; at least one is kept */
    int64_t bucket_bytes;
    enum payload_style style; /* payload.style, for buckets that close from now on */
    int retries;              /* retry.max, which the server's style names */
    int64_t audit_ms;         /* audit.retention; 0: for ever */
};

/* Who asks for a change, and from where: what an audit row says. */
struct actor {
    const char *user;  /* the login name; "system": nobody, it follows from what happened */
    const char *via;   /* console, command line, api or engine */
    const char *place; /* pid and terminal, or the address of the peer */
};

struct store_options {
    const char *dir;
    bool read_only;           /* no writer thread; every writing step answers ERR_DENIED */
    const struct clock *clock; /* borrowed, outlives the store */
    struct store_limits limits;
    struct actor actor; /* of this process; borrowed, outlives the store */
};

/* Opens (and creates or migrates, unless read_only) the store of a data directory. A schema
 * that is newer than this program: ERR_UNSUPPORTED. */
struct store *store_open(const struct store_options *options, struct err *err);
void store_close(struct store **s); /* carries out what was asked, then ends the writer */

void store_set_limits(struct store *s, const struct store_limits *limits); /* any thread */

/* Blocks until every step asked for before has been answered. Not from done. */
void store_drain(struct store *s);

/* What a commit changed. `changed` runs on the writer thread after a commit of ours, and
 * within about a second after one of another process (then with STORE_CHANGED_ALL). It must
 * only wake somebody. An idle store wakes up once a second for this, and for nothing else.
 */
enum store_change {
    STORE_CHANGED_ALERTS = 1,
    STORE_CHANGED_BUCKETS = 2,
    STORE_CHANGED_DELIVERIES = 4,
    STORE_CHANGED_LOG = 8,
    STORE_CHANGED_PROJECTS = 16,
    STORE_CHANGED_PROMPTS = 32,
    STORE_CHANGED_CONDITIONS = 64,
    STORE_CHANGED_ACTIVITY = 128,
    STORE_CHANGED_TROUBLE = 256, /* see store_trouble(); also after a commit that failed */
    STORE_CHANGED_SILENCES = 512,
    STORE_CHANGED_AUDIT = 1024,
    STORE_CHANGED_EVENTS = 2048, /* open buckets have more; BUCKETS is any other change of them */
    STORE_CHANGED_ALL = 4095 & ~STORE_CHANGED_TROUBLE /* that is stored */
};
typedef void store_changed(void *arg, unsigned changes);
bool store_subscribe(struct store *s, store_changed *changed, void *arg);
void store_unsubscribe(struct store *s, store_changed *changed, void *arg); /* after it: no call */

/* Why nothing can be written: what the last commit failed of, if that was a full or failing disk;
 * "" after one that wrote something. Meanwhile a store without work tries a write each second, so
 * that it notices by itself when there is room again. Any thread. */
void store_trouble(struct store *s, char *out, size_t size);

/* ------------------------------------------------------------------ accepting (intake) */

/* Something a request said about a trace, a thread or a guardrail: an event, or only a trace to
 * remember. The entity's JSON comes in two halves, because the project belongs in the middle and
 * is known only in the transaction:
 *   head, [,"name":remembered trace name], ,"project_id":"...","project_name":"...", tail, }
 * head begins with `{` and holds at least one member; tail is empty or begins with `,`. */
struct fact {
    bool is_event;              /* false: nothing happened, but the trace is remembered */
    enum event_type type;       /* an observability type */
    struct span trace_id;       /* canonical; empty for threads. Remembers name and project */
    struct span trace_name;     /* JSON string with quotes; empty: not given */
    bool wants_trace_name;      /* the remembered name goes into the entity (an error by PATCH) */
    struct span project_name;   /* plain text; empty: not given */
    struct span project_id;     /* canonical; empty: not given. Wins over the name */
    struct span head, tail;
    /* What thresholds count: a score's value, a trace's duration in seconds, a span's cost in
     * dollars. A failed trace counts by being an event. */
    bool measured;
    enum event_type measure;
    double value;
    struct span score; /* the name of a score */
    struct span once;  /* an id that counts once; empty: each time */
};

/* The facts of one request, and the memory they lie in. */
struct accept {
    struct arena arena;
    const char *workspace, *user;
    struct fact *facts;
    size_t count;
};

struct accepted {
    int64_t events;    /* facts that were events (an error seen before is none) */
    int64_t pairs;     /* (event, alert) pairs put into buckets */
    int64_t unmatched; /* events that no alert wants */
};

/* Resolves each fact's project (its id, else its name, else the remembered project of its trace,
 * else "Default Project"; a name never seen makes the project; an id never seen is ERR_INVALID
 * for the whole request, but a span's cost then counts for no project), remembers traces, drops
 * an error whose trace id has raised one among the last 1,000,000, matches the rest against the
 * alerts and appends them to their buckets. Takes over *a (malloc'ed) and its arena, also on
 * failure. result: const struct accepted *. */
void store_accept(struct store *s, struct accept *a, store_done *done, void *arg);

/* The same for a request of which nothing must survive, which may be answered before it is
 * carried out: it holds no event, its projects are there, and what it measures no alert counts.
 * True: taken over; it is carried out in its turn, at the latest with the next step or within a
 * second, and cannot fail for the caller. False: untouched, and for store_accept(): it may
 * change more than the memory of traces, or nothing is known yet of its kind, or the store
 * is behind, in trouble or read only. A project or a condition that another process
 * has just changed may be heard of a second later here: what a kill or a power cut then loses
 * is such a value, never an event. */
bool store_accept_passing(struct store *s, struct accept *a);

/* Makes sure that projects exist. Names are copied. result: const struct project *. */
void store_project_ensure(struct store *s, const char *workspace, const char *name,
                          const char *description, const char *user, bool must_be_new,
                          store_done *done, void *arg);

/* ------------------------------------------------------------------ prompts (intake) */

struct prompt_write {
    const char *id;          /* NULL: one is made; honoured when it is a UUIDv7 */
    const char *workspace, *user, *name;
    const char *description, *tags, *structure;  /* NULL: not given */
    const char *tmpl;        /* NULL: no first version */
    const char *version_id, *commit, *metadata, *type, *change_description, *version_tags;
    const char *version_structure; /* NULL: that of the prompt, which it must be */
};

/* A new prompt, with a first version if it carries a template: raises prompt:created, and
 * prompt:committed for the version. ERR_CONFLICT: the name exists (the same id and name again
 * is success and raises nothing). result: const struct prompt *. Copied. */
void store_prompt_create(struct store *s, const struct prompt_write *w, store_done *done, void *arg);

/* A new version of the prompt `name`, which is made if it is new (then both events); the
 * structure of one that is there stays, whatever w->structure says. The same version id
 * again is success and raises nothing. result: const struct prompt_version *. */
void store_prompt_commit(struct store *s, const struct prompt_write *w, store_done *done, void *arg);

/* A new version with the content of an old one. result: const struct prompt_version *. */
void store_prompt_restore(struct store *s, const char *workspace, const char *user,
                          const char *prompt_id, const char *version_id, store_done *done, void *arg);

/* Replaces name, description and tags. NULL description or tags: kept. No result. */
void store_prompt_update(struct store *s, const char *id, const struct prompt_write *w,
                         store_done *done, void *arg);

/* Sets (or, with merge, adds to) the tags of versions. No result. */
void store_prompt_tag_versions(struct store *s, const char *workspace, const char *const *ids,
                               size_t count, const char *tags, bool merge, store_done *done, void *arg);

/* Deletes those that exist; prompt:deleted for each. result: const int64_t *, how many. */
void store_prompt_delete(struct store *s, const char *workspace, const char *user,
                         const char *const *ids, size_t count, store_done *done, void *arg);

/* ------------------------------------------------------------------ experiments (intake) */

/* Keeps what was said of an experiment (one JSON object), the newest 10,000 of them; the same
 * id again changes nothing. No result. */
void store_experiment_put(struct store *s, const char *workspace, const char *id,
                          const char *body, store_done *done, void *arg);

/* Raises experiment:finished for each that is kept and has not been finished before.
 * result: const int64_t *, how many. */
void store_experiment_finish(struct store *s, const char *workspace, const char *user,
                             const char *const *ids, size_t count, store_done *done, void *arg);

/* ------------------------------------------------------------------ alerts (people) */

enum store_put { STORE_CREATE, STORE_REPLACE, STORE_PUT /* either */ };

/* Writes an alert whole; missing ids and the stamps are made here. STORE_REPLACE keeps
 * created_*; revision != 0 and another one stored: ERR_CONFLICT "changed meanwhile".
 * STORE_CREATE with an id that exists: ERR_CONFLICT. Disabling ends what waits (see delete).
 * A scope names projects by id (store_project_ensure() first for one that has none yet); ids of
 * no project of the workspace are ERR_INVALID. `a` is copied. result: const struct alert *. */
void store_alert_put(struct store *s, const struct alert *a, enum store_put how, const char *user,
                     store_done *done, void *arg);

/* The same for many, all or none. result: const struct alert *, the first of them. */
void store_alert_put_all(struct store *s, const struct alert *alerts, size_t count,
                         enum store_put how, const char *user, store_done *done, void *arg);

/* result: const int64_t *, how many existed. Disabling or deleting drops an open bucket (its
 * pairs are counted as dropped with the reason and a row of the log says so) and makes
 * unfinished deliveries dead letters with that reason. */
void store_alert_enable(struct store *s, const char *workspace, const char *const *ids, size_t count,
                        bool enabled, const char *user, store_done *done, void *arg);
void store_alert_delete(struct store *s, const char *workspace, const char *const *ids, size_t count,
                        const char *user, store_done *done, void *arg);

/* ------------------------------------------------------------------ silences (people) */

/* What an active silence keeps back goes into a bucket of its own: one for the alert, the
 * event type, the silence and the time it ends. A digest's bucket is due then, within the
 * limits of any bucket; a drop's keeps nothing, counts (COUNTER_SILENCED too), and is told
 * in the log then. The events that lay in a bucket before the silence began go out when
 * they would have. */

enum { STORE_SILENCES_MAX = 200 }; /* of a workspace, that are not over */

/* Keeps a new silence; id, created_at, held and dropped are made here. ERR_INVALID: see
 * silence_check(); or its alert or project is none of the workspace, or its zone is not
 * known. Copied. result: const struct silence *. */
void store_silence_put(struct store *s, const struct silence *silence, store_done *done,
                       void *arg);

/* Ends those that are not over: what they hold is due at once. result: const int64_t *, how
 * many. */
void store_silence_end(struct store *s, const char *workspace, const char *const *ids,
                       size_t count, store_done *done, void *arg);

/* Sets the due times of held buckets anew: their ends are wall times, and the wall clock
 * may have jumped. result: const int64_t *, how many moved. */
void store_silence_follow(struct store *s, store_done *done, void *arg);

/* ------------------------------------------------------------------ the key (people) */

/* A new key, and every secret sealed anew with it, in one transaction: cut short anywhere, the
 * store opens with the one key or the other. For whoever holds the engine's lock; other processes
 * on the directory find the new key by themselves. result: const int64_t *, how many alerts. */
void store_rekey(struct store *s, const char *user, store_done *done, void *arg);

/* ------------------------------------------------------------------ delivering (engine) */

/* Takes over everything that an earlier lock holder had under way: each such delivery gets
 * an attempt "outcome unknown" and is due at once; one that was ended meanwhile, its alert
 * disabled or deleted, gets the attempt only. Also after a kill. Endpoints that no alert
 * sends to any more are forgotten. of: the attempts that a delivery may have until it is
 * replayed, for the log. result: const int64_t *. */
void store_recover(struct store *s, int of, store_done *done, void *arg);

/* Turns up to `limit` buckets with due_at <= now into deliveries: one id, one body (fixed from
 * here on), due at once. Fewer where they are large: then more are due still. One for a general
 * webhook that holds over 1 MiB stays open for some calls more, one of them after the other.
 * result: const int64_t *, how many. */
void store_close_due(struct store *s, int64_t now, int64_t limit, store_done *done, void *arg);

/* Looks at up to `limit` conditions that are due, and at each again interval_ms later: one
 * that became true raises an event of its alert (user "system"), and again every repeat_ms
 * while it stays true (0: never). result: const int64_t *, how many. */
void store_check_conditions(struct store *s, int64_t interval_ms, int64_t repeat_ms,
                            int64_t limit, store_done *done, void *arg);

/* The part of a long body, of delivery `row`, in which the byte `at` is: replaces what is
 * in `out`, and *from is where in the body it begins. */
bool store_body_part(struct store_reader *r, int64_t row, size_t at, struct buf *out,
                     size_t *from, struct err *err);

/* As store_close_due(), with wish->now for now, and claims the new deliveries at once where the
 * wish has room and nothing else waits for their endpoint: a step less for each.
 * result: struct closed * whose claims the callee may move out, as store_claim()'s. */
void store_close_claim(struct store *s, int64_t limit, const struct claim_wish *wish,
                       store_done *done, void *arg);

/* Claims due deliveries. They are SENDING until recorded. result: struct claims * whose items
 * the callee may move out (set count to 0); the rest is freed after done. */
void store_claim(struct store *s, const struct claim_wish *wish, store_done *done, void *arg);

/* What came of a claimed delivery, and what follows. */
struct record {
    int64_t row;
    char id[UUID_SIZE];
    int n, of;                        /* of this round: since the last replay */
    int64_t created_at;               /* as the claim says; tells the rounds apart */
    bool probe;                       /* it asked about the endpoint: where it is tried again, it
                                         is none of its tries */
    struct outcome outcome;           /* moved in; freed by the store */
    struct retry_decision decision;
    char *request_headers;            /* as sent, secrets masked; moved in */
    char endpoint[33];                /* that it was sent to; the alert's may be another by now */
};
/* Takes `records` (a malloc'ed array) over. A delivery that was ended meanwhile (its alert
 * disabled or deleted) keeps its end, the attempt is added all the same. OUTCOME_CANCELLED
 * says that nothing was sent: the delivery waits again, due at decision.next_at, and no
 * attempt is counted. No result. */
void store_record(struct store *s, struct record *records, size_t count, store_done *done, void *arg);

/* Makes finished deliveries due again, with the same id and body: the first at once, each of the
 * others spacing_ms after the one before. result: const int64_t *, how many. */
void store_replay(struct store *s, const char *workspace, const char *const *ids, size_t count,
                  int64_t spacing_ms, store_done *done, void *arg);

/* Makes up to `limit` deliveries that wait, and were made before `before` (steady ms) or replayed
 * last before it, dead letters: too old to send. result: const int64_t *, how many. */
void store_expire(struct store *s, int64_t before, int64_t limit, store_done *done, void *arg);

/* Makes open buckets due at once; `keys` as in struct bucket. result: const int64_t *, how
 * many. */
void store_bucket_send_now(struct store *s, const char *workspace, const char *const *keys,
                           size_t count, store_done *done, void *arg);

/* Removes up to `limit` finished deliveries (with attempts) created before `before` (wall
 * ms), the oldest first, but for what was ended while it was being sent, until its outcome
 * is recorded; as many rows of the log without one; as many audit rows that
 * are older than store_limits.audit_ms; silences that were over before it.
 * result: const int64_t *, the most of one kind: where it is `limit`, there may
 * be more. */
void store_purge(struct store *s, int64_t before, int64_t limit, store_done *done, void *arg);

/* Removes up to `limit` such deliveries, the oldest first, while the store holds more than
 * max_size bytes (pages in use, whatever is in them; free ones are used again and not counted).
 * result: const int64_t *, how many. */
void store_trim(struct store *s, int64_t max_size, int64_t limit, store_done *done, void *arg);

/* ------------------------------------------------------------------ reads */

struct store_reader *store_reader_open(struct store *s, struct err *err);
void store_reader_close(struct store_reader **r);

/* The earliest due time (steady ms) of each, INT64_MAX where there is none. */
struct store_due {
    int64_t buckets, deliveries, conditions;
    bool held; /* a bucket is held by a silence */
};
bool store_next_due(struct store_reader *r, struct store_due *due, struct err *err);

/* How the conditions of an alert stood at the last look. */
struct condition_row {
    char id[UUID_SIZE];
    bool met;
    bool known; /* there was a value to compare */
    double value;
    int64_t looked_at; /* wall ms; 0: not yet */
};
struct condition_rows {
    struct condition_row *items;
    size_t count;
};
bool store_condition_list(struct store_reader *r, const char *alert_id,
                          struct condition_rows *out, struct err *err);
void condition_rows_free(struct condition_rows *rows);

/* A row of the alerts list: no secret in it. */
struct alert_row {
    char id[UUID_SIZE];
    char *workspace, *name;
    char *origin;              /* scheme://host[:port] */
    bool enabled;
    bool insecure;             /* does not verify who answers */
    enum alert_destination destination;
    unsigned triggers;         /* bit 1 << event_type */
    unsigned scoped;           /* the same, for those with a project scope */
    int64_t created_at, updated_at;
    bool has_last;             /* of its newest delivery */
    enum delivery_state last_state;
    int last_status;           /* of that one's last attempt; 0: none */
    int64_t last_at;           /* wall ms */
};
struct alert_rows {
    struct alert_row *items;
    size_t count;
};
/* workspace NULL: all. Ordered by name (case-insensitive), then id. */
bool store_alert_list(struct store_reader *r, const char *workspace, struct alert_rows *out, struct err *err);
void alert_rows_free(struct alert_rows *rows);

/* One alert whole, with its secrets. ERR_NOT_FOUND. */
bool store_alert_get(struct store_reader *r, const char *workspace, const char *id, struct alert *out,
                     struct err *err);

struct project_rows {
    struct project *items;
    size_t count;
};
bool store_project_list(struct store_reader *r, const char *workspace, struct project_rows *out,
                        struct err *err); /* by name */
void project_rows_free(struct project_rows *rows);
/* By id, or by name when id is NULL. ERR_NOT_FOUND. */
bool store_project_get(struct store_reader *r, const char *workspace, const char *id, const char *name,
                       struct project *out, struct err *err);

/* Appends the JSON object of one. ERR_NOT_FOUND. */
bool store_experiment_get(struct store_reader *r, const char *workspace, const char *id,
                          struct buf *out, struct err *err);

/* Prompts by name part (NULL: all; exact: the whole name), newest first. */
struct prompt_rows {
    struct prompt *items;
    size_t count;
    int64_t total;
};
bool store_prompt_list(struct store_reader *r, const char *workspace, const char *name, bool exact,
                       int64_t offset, int64_t limit, struct prompt_rows *out, struct err *err);
void prompt_rows_free(struct prompt_rows *rows);
bool store_prompt_get(struct store_reader *r, const char *workspace, const char *id, const char *name,
                      struct prompt *out, struct err *err); /* with latest */
struct version_rows {
    struct prompt_version *items;
    size_t count;
    int64_t total;
};
bool store_version_list(struct store_reader *r, const char *workspace, const char *prompt_id,
                        int64_t offset, int64_t limit, struct version_rows *out, struct err *err);
void version_rows_free(struct version_rows *rows);
/* By version id, or by prompt name and commit (commit NULL: the latest). */
bool store_version_get(struct store_reader *r, const char *workspace, const char *version_id,
                       const char *prompt_name, const char *commit, struct prompt_version *out,
                       struct err *err);

struct bucket_rows {
    struct bucket *items;
    size_t count;
};
/* Open buckets, the next due first, at most `limit`. workspace NULL: all. */
bool store_bucket_list(struct store_reader *r, const char *workspace, int64_t limit,
                       struct bucket_rows *out, struct err *err);
void bucket_rows_free(struct bucket_rows *rows);
/* Calls fn for the events of an open bucket, in the order they came, at most `limit`; what fn gets
 * is borrowed for the call. A bucket that closed meanwhile has none. */
bool store_bucket_events(struct store_reader *r, const char *workspace, const char *key,
                         int64_t limit, void (*fn)(void *arg, const struct payload_event *e),
                         void *arg, struct err *err);

struct delivery_filter {
    const char *workspace;  /* NULL: all */
    const char *alert_id;   /* NULL: all */
    int state;              /* enum delivery_state; -1: all */
    int64_t since;          /* created at or after, wall ms; 0: all */
    int status_from, status_to; /* of the last attempt, both included; 0: all */
};
struct delivery_rows {
    struct delivery *items;
    size_t count;
};
/* Newest first; `before` is the id of the last one of the page before (NULL: the first page). */
bool store_delivery_list(struct store_reader *r, const struct delivery_filter *filter, const char *before,
                         int64_t limit, struct delivery_rows *out, struct err *err);
void delivery_rows_free(struct delivery_rows *rows);
/* One without its body and attempts. ERR_NOT_FOUND. */
bool store_delivery_row(struct store_reader *r, const char *workspace, const char *id,
                        struct delivery *out, struct err *err);
/* Fills attempts, of a delivery by its id, but for their headers and bodies. */
bool store_delivery_attempts(struct store_reader *r, struct delivery *d, struct err *err);
/* One whole, with its body and attempts. ERR_NOT_FOUND. */
bool store_delivery_get(struct store_reader *r, const char *workspace, const char *id,
                        struct delivery *out, struct err *err);

struct log_rows {
    struct log_row *items;
    size_t count;
};
/* As they were written, but for what of them is said of a delivery by now (struct log_row).
 * Rows with seq > after, oldest first; or, with after < 0, the last `limit` rows with
 * seq < before (INT64_MAX: the newest), also oldest first. */
bool store_log_list(struct store_reader *r, const char *workspace, int64_t after, int64_t before,
                    int64_t limit, struct log_rows *out, struct err *err);
void log_rows_free(struct log_rows *rows);

/* An event of the sample that is kept (at most 100 a second, the last 10,000), and what each
 * alert of its workspace made of it. */
struct activity_row {
    int64_t seq, at; /* at: wall ms */
    char *workspace, *project, *user; /* project NULL: the event has none */
    enum event_type type;
    int64_t matched, considered; /* alerts */
    int64_t passed_over; /* events since the row before that are not kept */
    char *verdicts;      /* for activity_each_verdict() */
};
struct activity_rows {
    struct activity_row *items;
    size_t count;
};
/* Newest first, those with seq < before (INT64_MAX: the newest). */
bool store_activity_list(struct store_reader *r, const char *workspace, int64_t before,
                         int64_t limit, struct activity_rows *out, struct err *err);
void activity_rows_free(struct activity_rows *rows);

struct activity_verdict {
    char alert_id[UUID_SIZE];
    const char *alert_name; /* as it was then */
    enum match_verdict verdict;
    int64_t until; /* wall ms, of one that is silenced; else 0 */
};
/* The first 50, those that took it before those that something stopped. Borrowed for the call. */
typedef void activity_verdict_fn(void *arg, const struct activity_verdict *v);
void activity_each_verdict(const struct activity_row *row, activity_verdict_fn *fn, void *arg);

/* Sums, for the status line and for accounting of (event, alert) pairs. */
struct store_counts {
    int64_t accepted, unmatched, dropped;   /* since the store was made */
    int64_t silenced;                       /* of the dropped ones, by a silence */
    int64_t waiting_events, open_buckets;
    int64_t deliveries[DELIVERY_DEAD + 1];  /* that are kept, by state */
    /* The events in them by state; those of purged ones stay counted, so that always
     * accepted = dropped + waiting_events + all of these. */
    int64_t events[DELIVERY_DEAD + 1];
};
bool store_counts(struct store_reader *r, struct store_counts *out, struct err *err);

/* Whether anything is there of it: an alert, a project, a prompt or a delivery. */
bool store_workspace_known(struct store_reader *r, const char *workspace, bool *known,
                           struct err *err);

/* Alerts with deliveries that have not ended: when the oldest of them was made, wall ms. */
struct oldest_row {
    char alert_id[UUID_SIZE];
    int64_t created_at;
};
struct oldest_rows {
    struct oldest_row *items; /* by alert_id */
    size_t count;
};
bool store_oldest_open(struct store_reader *r, struct oldest_rows *out, struct err *err);
void oldest_rows_free(struct oldest_rows *rows);
int64_t oldest_rows_of(const struct oldest_rows *rows, const char *alert_id); /* 0: none */

/* An endpoint that is left alone: its breaker is not closed (rules/breaker.h), or it asked for it
 * (Retry-After). */
struct endpoint_state {
    char endpoint[33];            /* keyed hash of the URL, as in struct claim */
    char alert_id[UUID_SIZE];     /* reading: an alert that sends there; several may */
    char alert_name[1024];        /* the same */
    enum breaker_state state;
    int64_t since;                /* wall ms; set by the store */
    int64_t probe_at;             /* steady ms; of OPEN */
    int64_t paused_until;         /* steady ms; 0: it asked for no pause */
    char reason[160];             /* the last failure in words; writing "": as it was */
};
struct endpoint_states {
    struct endpoint_state *items;
    size_t count;
};
/* Keeps it, or forgets it when it is CLOSED and not paused, and says a change of state in the log of each alert
 * that sends there. No result. */
void store_endpoint_note(struct store *s, const struct endpoint_state *state, store_done *done,
                         void *arg);
bool store_endpoint_list(struct store_reader *r, struct endpoint_states *out, struct err *err);
void endpoint_states_free(struct endpoint_states *states);

/* Those that are not over or were over only lately, as they stand at `now` (wall ms): the
 * newest first. */
bool store_silence_list(struct store_reader *r, const char *workspace, int64_t now,
                        struct silences *out, struct err *err); /* for silences_free() */

/* Every alert of every workspace, without secrets: what `explain` runs the rules on. */
struct alerts {
    struct alert *items;
    size_t count;
};
bool store_alerts_all(struct store_reader *r, struct alerts *out, struct err *err);
void alerts_free(struct alerts *alerts);

#endif
