/* The filters of the lists, without a store. */
#include "filters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID_A "0190b2c0-1111-7000-8000-0000000000aa"
#define ID_B "0190b2c0-1111-7000-8000-0000000000bb"

enum { HOUR_MS = 3600 * 1000 };

static struct filter parse(const struct filter_key *keys, size_t count, const char *text)
{
    struct filter f;
    struct err err = {0};
    if (!filter_parse(&f, keys, count, span_of(text), &err))
        fail_msg("%s: %s", text, err.text);
    return f;
}

/* ---------------------------------------------------------------- alerts */

static const struct {
    const char *name;
    bool has_last;
    enum delivery_state state;
} ALERTS[] = {{"new", false, DELIVERY_WAITING},
              {"ok", true, DELIVERY_DELIVERED},
              {"again", true, DELIVERY_RETRYING},
              {"dead", true, DELIVERY_DEAD},
              {"due", true, DELIVERY_WAITING}};
enum { ALERTS_COUNT = sizeof ALERTS / sizeof *ALERTS };

/* The names of those that are left, each with a blank behind it. */
static void check_alerts(const char *text, const char *left)
{
    struct alert_row items[ALERTS_COUNT];
    struct alert_rows rows = {items, ALERTS_COUNT};
    struct filter f = parse(filters_alert, filters_alert_count, text);
    char seen[64] = "";
    memset(items, 0, sizeof items);
    for (int i = 0; i < ALERTS_COUNT; i++) {
        items[i].name = strdup(ALERTS[i].name);
        items[i].workspace = strdup("default");
        items[i].origin = strdup("https://h");
        items[i].has_last = ALERTS[i].has_last;
        items[i].last_state = ALERTS[i].state;
        items[i].triggers = 1u << EVENT_TRACE_ERRORS | 1u << EVENT_TRACE_COST;
        items[i].enabled = i > 0;
    }
    filters_keep_alerts(&f, &rows, 0);
    for (size_t i = 0; i < rows.count; i++) {
        strcat(seen, rows.items[i].name);
        strcat(seen, " ");
        free(rows.items[i].name);
        free(rows.items[i].workspace);
        free(rows.items[i].origin);
    }
    if (strcmp(seen, left) != 0)
        fail_msg("%s leaves %s", text, seen);
}

static void alerts_pass_in_their_order(void **state)
{
    (void)state;
    check_alerts("", "new ok again dead due ");
    check_alerts("last:failed", "again dead ");
    check_alerts("last:FAILED", "again dead ");
    check_alerts("!last:failed", "new ok due ");
    check_alerts("last:failed !name:dead", "again ");
    check_alerts("last:dead", "dead ");
    check_alerts("last:none", "new ");
    check_alerts("enabled:no", "new ");
    check_alerts("event~cost name~d", "dead due ");
    check_alerts("event~guardrails", "");
}

/* ---------------------------------------------------------------- deliveries */

static bool passes(const char *text)
{
    struct filter f = parse(filters_delivery, filters_delivery_count, text);
    struct delivery d = {.id = ID_B,
                         .alert_id = ID_A,
                         .alert_name = "Production errors",
                         .type = EVENT_TRACE_ERRORS,
                         .state = DELIVERY_DEAD,
                         .status = 503,
                         .created_at = 2 * HOUR_MS};
    return filters_match_delivery(&f, &d, 3 * HOUR_MS);
}

static void a_delivery_is_found_by_its_alert(void **state)
{
    (void)state;
    assert_true(passes("alert:prod"));
    assert_false(passes("!alert:prod"));
    assert_false(passes("alert:staging"));
    assert_true(passes("alert:" ID_A));
    assert_false(passes("!alert:" ID_A));
    assert_false(passes("alert:" ID_B)); /* its own id is none of an alert */
    assert_true(passes("!alert:" ID_B));
    assert_false(passes("alert:" ID_A " status:delivered"));
    assert_true(passes("code:5xx since:1h"));
    assert_false(passes("since:59m"));
}

/* What the indexes answer must be no narrower than the filter. */
static void the_store_gets_what_is_said_once_and_not_denied(void **state)
{
    const char *text = "status:dead alert:" ID_A " since:1h code:5xx";
    struct filter f = parse(filters_delivery, filters_delivery_count, text);
    struct delivery_filter s = filters_for_store(&f, "default", 3 * HOUR_MS);
    (void)state;
    assert_string_equal(s.workspace, "default");
    assert_int_equal(s.state, DELIVERY_DEAD);
    assert_string_equal(s.alert_id, ID_A);
    assert_int_equal(s.since, 2 * HOUR_MS);
    assert_int_equal(s.status_from, 500);
    assert_int_equal(s.status_to, 599);
    f = parse(filters_delivery, filters_delivery_count, "code:404 alert:prod !status:dead");
    s = filters_for_store(&f, "default", 3 * HOUR_MS);
    assert_int_equal(s.state, -1);
    assert_null(s.alert_id); /* a name is no id */
    assert_int_equal(s.since, 0);
    assert_int_equal(s.status_from, 404);
    assert_int_equal(s.status_to, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_pass_in_their_order),
        cmocka_unit_test(a_delivery_is_found_by_its_alert),
        cmocka_unit_test(the_store_gets_what_is_said_once_and_not_denied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
