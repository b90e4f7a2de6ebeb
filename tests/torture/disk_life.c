#include "torture/disk_life.h"

#include <dirent.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "store/accept.h"
#include "store/alerts.h"
#include "store/aside.h"
#include "store/deliveries.h"
#include "store/delivering.h"
#include "store/sqlite/db.h"
#include "support/tempdir.h"

#define SCORES EVENT_TRACE_FEEDBACK_SCORE
#define DAY    INT64_C(86400000)

enum { WINDOW_MS = 30000 };

/* ---------------------------------------------------------------- seams */

static atomic_bool checkpoint_now;

int __real_db_wal_pages(const struct db *db);
int __wrap_db_wal_pages(const struct db *db);

/* The log of changes looks long when it is asked for. */
int __wrap_db_wal_pages(const struct db *db)
{
    return __real_db_wal_pages(db) + (atomic_exchange(&checkpoint_now, false) ? 100000 : 0);
}

/* ---------------------------------------------------------------- judging */

static bool is_a_sentence(const char *text)
{
    size_t words = 1;
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at < ' ')
            return false;
        words += *at == ' ';
    }
    return words >= 3;
}

/* What the intake answers 503 for: the client is to come again. */
static void judge_failure(const struct life *l, const struct err *err)
{
    bool again = err->code == ERR_FULL || err->code == ERR_IO || err->code == ERR_BUSY;
    REQUIRE(l, again && is_a_sentence(err->text), "error %d: %s", (int)err->code,
            err->text);
    bool full = !l->by_chance && (l->fault == FAULT_FULL || l->fault == FAULT_SHORT);
    REQUIRE(l, !full || (err->code == ERR_FULL && strstr(err->text, "disk is full")),
            "a full disk is said so: %s", err->text);
}

static bool answered(const struct life *l, struct step_wait *wait)
{
    struct err err = {0};
    if (step_wait(wait, &err))
        return true;
    judge_failure(l, &err);
    return false;
}

/* ---------------------------------------------------------------- a store */

bool life_open(struct life *l)
{
    struct err err = {0};
    const struct store_options options = {l->f.dir, false, &l->f.clock, l->f.limits};
    l->f.store = store_open(&options, &err);
    if (!l->f.store) {
        judge_failure(l, &err);
        return false;
    }
    store_set_checkpointing(l->f.store, true);
    l->f.reader = store_reader_open(l->f.store, &err);
    if (!l->f.reader)
        judge_failure(l, &err);
    return true;
}

void life_close(struct life *l)
{
    store_reader_close(&l->f.reader);
    store_close(&l->f.store);
}

static void add_alert(struct life *l, enum event_type type)
{
    struct alert a;
    struct step_wait wait = {0};
    step_alert_make(&a, event_type_name(type), LIFE_URL, type);
    if (!alert_set_secret(&a.token, "t0ken-t0ken") ||
        !alert_add_header(&a, "X-Team", "on-call"))
        abort();
    store_alert_put(l->f.store, &a, STORE_CREATE, "tester", step_done, &wait);
    l->alert_done = answered(l, &wait);
    alert_free(&a);
}

static void copy_accepted(void *to, const void *result)
{
    *(struct accepted *)to = *(const struct accepted *)result;
}

static bool accept_events(struct life *l)
{
    struct accept *a = step_request("default");
    struct accepted accepted = {0};
    struct step_wait wait = {.copy = copy_accepted, .to = &accepted};
    int64_t events = INT64_C(1) << l->request++;
    for (int64_t i = 0; i < events; i++)
        step_add_fact(a, SCORES, NULL, i % 2 ? "even" : "odd", (int)i);
    l->asked |= events;
    store_accept(l->f.store, a, step_done, &wait);
    if (!answered(l, &wait))
        return false;
    REQUIRE(l, accepted.pairs == events || (accepted.pairs == 0 && !l->alert_done),
            "%lld pairs of %lld events", (long long)accepted.pairs, (long long)events);
    l->done |= accepted.pairs;
    return true;
}

static bool close_buckets(struct life *l)
{
    struct step_wait wait = {0};
    l->f.now += WINDOW_MS;
    store_close_due(l->f.store, l->f.now, 100, step_done, &wait);
    return answered(l, &wait);
}

static struct known *known_of(struct life *l, const char *id, enum delivery_state before)
{
    for (size_t i = 0; i < l->known_count; i++)
        if (strcmp(l->known[i].id, id) == 0)
            return &l->known[i];
    if (l->known_count == KNOWN_MAX)
        abort();
    struct known *k = &l->known[l->known_count++];
    snprintf(k->id, sizeof k->id, "%s", id);
    k->done = k->asked = before;
    return k;
}

static bool record(struct life *l, const struct claim *c, enum delivery_state state)
{
    struct err err = {0};
    struct known *k = known_of(l, c->id, DELIVERY_SENDING);
    int status = state == DELIVERY_DELIVERED ? 200 : 500;
    k->done = DELIVERY_SENDING;
    k->asked = state;
    if (!step_record(l->f.store, c, status, state, l->f.now, &err)) {
        judge_failure(l, &err);
        return false;
    }
    k->done = state;
    return true;
}

/* All that can be claimed, and what becomes of it. False: not all of it could be done. */
static bool deliver(struct life *l, enum delivery_state state)
{
    struct claims claims;
    struct err err = {0};
    bool fine = step_claim(l->f.store, l->f.now, 100, NULL, 0, &claims, &err);
    if (!fine)
        judge_failure(l, &err);
    for (size_t i = 0; i < claims.count; i++)
        fine &= record(l, &claims.items[i], state);
    step_claims_free(&claims);
    return fine;
}

static void replay_newest(struct life *l)
{
    const struct delivery_filter finished = {.state = DELIVERY_DELIVERED};
    struct delivery_rows rows;
    struct step_wait wait = {0};
    struct err err = {0};
    if (!l->f.reader)
        return;
    if (!store_delivery_list(l->f.reader, &finished, NULL, 1, &rows, &err)) {
        judge_failure(l, &err);
        return;
    }
    if (rows.count) {
        const char *id = rows.items[0].id;
        struct known *k = known_of(l, id, DELIVERY_DELIVERED);
        k->asked = DELIVERY_WAITING;
        store_replay(l->f.store, "default", &id, 1, 0, step_done, &wait);
        if (answered(l, &wait))
            k->done = DELIVERY_WAITING;
    }
    delivery_rows_free(&rows);
}

/* The two of long ago go: one for the room, one for its age. */
static void purge(struct life *l)
{
    struct step_wait trimmed = {0}, purged = {0};
    if (l->purged)
        return;
    l->purged = true;
    store_trim(l->f.store, 1, 1, step_done, &trimmed);
    answered(l, &trimmed);
    store_purge(l->f.store, l->f.now - DAY, 100, step_done, &purged);
    answered(l, &purged);
}

static void look(struct life *l)
{
    struct store_counts c;
    struct err err = {0};
    if (!l->f.reader)
        return;
    if (!store_counts(l->f.reader, &c, &err)) {
        judge_failure(l, &err);
        return;
    }
    int64_t ended = c.dropped + c.waiting_events;
    for (int i = 0; i <= DELIVERY_DEAD; i++)
        ended += c.events[i];
    REQUIRE(l, c.accepted == ended, "%lld accepted, %lld accounted for",
            (long long)c.accepted, (long long)ended);
}

/* ---------------------------------------------------------------- the script */

void life_live(struct life *l)
{
    if (!l->f.store && !life_open(l))
        return;
    accept_events(l);
    accept_events(l);
    add_alert(l, EVENT_TRACE_ERRORS);
    close_buckets(l);
    look(l);
    atomic_store(&checkpoint_now, true);
    accept_events(l);
    deliver(l, DELIVERY_RETRYING);
    deliver(l, DELIVERY_DELIVERED);
    purge(l);
    replay_newest(l);
    deliver(l, DELIVERY_DEAD);
    look(l);
}

void life_be_born(struct life *l)
{
    if (!l->f.store && !life_open(l))
        return;
    if (!l->alert_done)
        add_alert(l, SCORES);
    accept_events(l);
}

static bool has_alerts(struct life *l)
{
    struct alert_rows rows;
    struct err err = {0};
    REQUIRE(l, store_alert_list(l->f.reader, NULL, &rows, &err), "%s", err.text);
    bool any = rows.count > 0;
    alert_rows_free(&rows);
    return any;
}

void life_go_on(struct life *l)
{
    struct err err = {0};
    if (!l->f.store)
        REQUIRE(l, life_open(l), "it does not open again");
    if (!l->f.reader)
        l->f.reader = store_reader_open(l->f.store, &err);
    REQUIRE(l, l->f.reader, "%s", err.text);
    if (!has_alerts(l))
        add_alert(l, SCORES);
    REQUIRE(l, accept_events(l) && close_buckets(l) && deliver(l, DELIVERY_DELIVERED),
            "the store does not go on");
    look(l);
}

/* ---------------------------------------------------------------- directories */

static void copy_file(const char *from, const char *to, const char *name)
{
    char path[512], bytes[65536];
    snprintf(path, sizeof path, "%s/%s", from, name);
    FILE *in = fopen(path, "re");
    snprintf(path, sizeof path, "%s/%s", to, name);
    FILE *out = fopen(path, "wxe");
    size_t n;
    if (!in || !out || fchmod(fileno(out), 0600) != 0)
        abort();
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
        if (fwrite(bytes, 1, n, out) != n)
            abort();
    fclose(in);
    if (fclose(out) != 0)
        abort();
}

static char *copy_dir(const char *from)
{
    char *to = tempdir_make();
    DIR *dir = opendir(from);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (entry->d_type == DT_REG)
            copy_file(from, to, entry->d_name);
    closedir(dir);
    return to;
}

char *life_make_grown_up(void)
{
    struct life l = {.what = "nothing"};
    store_fixture_make(&l.f);
    add_alert(&l, SCORES);
    for (int i = 0; i < LIFE_BASE_EVENTS; i++) {
        l.f.now += i == 2 ? 2 * DAY : 0;
        l.request = 0;
        if (!accept_events(&l) || !close_buckets(&l) || !deliver(&l, DELIVERY_DELIVERED))
            abort();
    }
    life_close(&l);
    return l.f.dir;
}

void life_begin(struct life *l, const char *grown_up)
{
    *l = (struct life){.f.limits = {WINDOW_MS, 10000, 8 << 20}};
    l->f.dir = grown_up ? copy_dir(grown_up) : tempdir_make();
    atomic_store(&l->f.now, 1767225600000 + (grown_up ? 2 * DAY + 10 * WINDOW_MS : 0));
    l->f.clock = clock_driven(&l->f.now);
    atomic_store(&checkpoint_now, false);
}
