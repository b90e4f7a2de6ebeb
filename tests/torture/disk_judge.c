/* What a store holds after a life, against what it answered. */
#include "torture/disk_life.h"

#include <string.h>

#include "store/alerts.h"
#include "store/deliveries.h"
#include "support/accounts.h"
#include "support/tempdir.h"

static void check_known(struct life *l)
{
    for (size_t i = 0; i < l->known_count; i++) {
        const struct known *k = &l->known[i];
        struct delivery d;
        struct err err = {0};
        REQUIRE(l, store_delivery_get(l->f.reader, "default", k->id, &d, &err),
                "delivery %s: %s", k->id, err.text);
        REQUIRE(l, d.state == k->done || d.state == k->asked, "delivery %s is %s, not %s",
                k->id, delivery_state_name(d.state), delivery_state_name(k->done));
        delivery_free(&d);
    }
}

/* An alert is whole, with its secrets, or not there. */
static void check_alerts(struct life *l, size_t least)
{
    struct alert_rows rows;
    struct err err = {0};
    REQUIRE(l, store_alert_list(l->f.reader, NULL, &rows, &err), "%s", err.text);
    REQUIRE(l, rows.count >= least + l->alert_done, "%zu alerts", rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        struct alert a;
        REQUIRE(l, store_alert_get(l->f.reader, "default", rows.items[i].id, &a, &err),
                "%s", err.text);
        REQUIRE(l,
                a.trigger_count == 1 && strcmp(a.url, LIFE_URL) == 0 && a.header_count == 1,
                "half an alert");
        alert_free(&a);
    }
    alert_rows_free(&rows);
}

static void check_events(struct life *l, int64_t base)
{
    struct store_counts c;
    struct err err = {0};
    REQUIRE(l, store_counts(l->f.reader, &c, &err), "%s", err.text);
    int64_t there = c.accepted - base;
    REQUIRE(l, (there & l->done) == l->done && (there & ~l->asked) == 0,
            "requests %llx are there, of %llx done and %llx asked for", (long long)there,
            (long long)l->done, (long long)l->asked);
}

static void check_accounts(struct life *l)
{
    char why[300];
    REQUIRE(l, accounts_add_up(l->f.dir, why, sizeof why), "%s", why);
}

static void judge(struct life *l, size_t alerts, int64_t base)
{
    if (base > 0) /* else there may be no tables yet */
        check_accounts(l);
    REQUIRE(l, life_open(l) && l->f.reader, "it does not open again");
    check_events(l, base);
    check_known(l);
    check_alerts(l, alerts);
    step_recover(l->f.store);
    life_go_on(l);
    check_events(l, base);
    life_close(l);
    check_accounts(l);
}

void life_end(struct life *l, bool grown_up)
{
    judge(l, grown_up, grown_up ? LIFE_BASE_EVENTS : 0);
    tempdir_remove(l->f.dir);
}
