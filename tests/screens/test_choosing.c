/* What actions are about when rows come and go, and how many at once: marks, questions, filters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/console.h"

static struct terminal *start(struct console_fixture *f, const char *argument)
{
    const struct terminal_options options = {.rows = 24, .columns = 80};
    console_fixture_start(f, &options, NULL, argument);
    terminal_wait(f->terminal, "running on");
    return f->terminal;
}

static void add_alert(struct console_fixture *f, const char *name, const char *url)
{
    console_fixture_add_alert(f, name, "trace:errors", url);
    terminal_wait(f->terminal, name);
}

static void delete_alert(struct console_fixture *f, const char *name)
{
    char words[1024];
    snprintf(words, sizeof words,
             "alert delete $($OPIK_ALERTS --data-dir=%s/data alert list --filter name:%s | "
             "sed -n '2s_ .*__p')",
             f->dir, name);
    assert_int_equal(console_fixture_run(f, words), 0);
}

/* Another process deletes the alert while the question stands. */
static void the_answer_is_about_what_was_asked(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, NULL);
    add_alert(f, "Alpha", "https://example.org/a");
    add_alert(f, "Beta", "https://example.org/b");
    add_alert(f, "Gamma", "https://example.org/c");
    terminal_press(t, "jD", "Delete the alert \"Beta\"?");
    delete_alert(f, "Beta");
    terminal_settle(t, 1500); /* other processes are looked at once a second */
    terminal_press(t, "y", "1 alert is gone in 10 s");
    terminal_type(t, "k");
    terminal_wait_gone(t, "Beta");
    assert_true(terminal_shows(t, "Alpha"));
    assert_true(terminal_shows(t, "Gamma"));
    assert_false(terminal_shows(t, "gone in")); /* neither of those that are left */
}

/* It is its id that is looked for: names are not unique. */
static void the_deliveries_of_an_alert_bear_its_name(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, NULL);
    add_alert(f, "Alpha", "https://example.org/a");
    terminal_press(t, "l", "0 deliveries, filter alert:\"Alpha\" ");
    terminal_press(t, "/", "alert:0");
    terminal_press(t, "\033[H!\r", "filter !alert:0"); /* not one alert: nothing to name */
    terminal_press(t, "/\025alert:0190b2c0-1111-7000-8000-000000000001\r",
                   "filter alert:0190b2c0-1111-7000-8000-000000000001 ");
}

/* The same while a command is looked for: it is not done to the row that comes up instead. */
static void a_command_is_about_the_row_it_was_begun_at(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, NULL);
    add_alert(f, "Alpha", "https://example.org/a");
    add_alert(f, "Beta", "https://example.org/b");
    terminal_press(t, ":alert toggle", "alert toggle");
    delete_alert(f, "Alpha");
    terminal_settle(t, 1500); /* other processes are looked at once a second */
    terminal_type(t, "\r");
    terminal_wait_gone(t, "Alpha");
    assert_true(terminal_shows(t, "Beta"));
    assert_false(terminal_shows(t, "disabled Beta"));
    assert_false(terminal_shows(t, " no "));
}

enum { MANY = 210 }; /* more than are read at first */

/* As many alerts, each with one dead letter: nobody listens at port 1. */
static struct terminal *with_many_dead(struct console_fixture *f)
{
    char path[512], words[600];
    struct terminal *t = start(f, "--set=retry.max=0");
    snprintf(path, sizeof path, "%s/many.json", f->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < MANY; i++)
        fprintf(file,
                "%s{\"name\":\"Alert %03d\",\"webhook\":{\"url\":\"http://127.0.0.1:1/\"},"
                "\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
                i ? "," : "[", i);
    fputs("]", file);
    fclose(file);
    snprintf(words, sizeof words, "alert import %s", path);
    assert_int_equal(console_fixture_run(f, words), 0);
    terminal_wait(t, "Alert 000");
    console_fixture_send_error(f);
    terminal_press(t, "5", "210 dead");
    terminal_press(t, "2", "the newest 200 deliveries");
    return t;
}

static void all_is_all_that_pass_and_not_what_was_read(void **state)
{
    struct terminal *t = with_many_dead(*state);
    terminal_press(t, "R", "Send 210 deliveries again, 10 a second: 1 of \"Alert");
    assert_true(terminal_shows(t, "207 of others?"));
    terminal_press(t, "n", "210 deliveries");
    terminal_press(t, "*", "210 marked");
    terminal_press(t, "r", "Send 210 deliveries again");
    terminal_press(t, "nu/alert:00\r", "12 deliveries, filter alert:00");
    terminal_press(t, "*", "12 marked");
}

/* The sample is of them too. */
static void the_question_is_about_the_marked_ones(void **state)
{
    struct terminal *t = with_many_dead(*state);
    terminal_press(t, "jj  ", "2 marked");
    terminal_press(t, "r", "Send 2 deliveries again, 10 a second: 1 of \"Alert");
    assert_false(terminal_shows(t, "others"));
    terminal_press(t, "y", "2 sent again: 0 delivered, 2 dead, 0 to come");
}

static void delivery_id(struct terminal *t, char id[37])
{
    const char *at = strstr(terminal_screen(t), " Delivery 0");
    assert_non_null(at);
    snprintf(id, 37, "%.36s", at + strlen(" Delivery "));
}

/* As many new ones come as are read at first. */
static void new_rows_push_nothing_off_that_is_selected_or_marked(void **state)
{
    struct terminal *t = with_many_dead(*state);
    char before[37], after[37];
    terminal_press(t, "\033[6~\033[6~\033[6~\033[6~\033[6~\033[6~\033[6~ ", "1 marked");
    terminal_press(t, "\r", "Delivery 0");
    delivery_id(t, before);
    terminal_press(t, "q", "1 marked");
    console_fixture_send_error(*state);
    terminal_wait(t, "420 deliveries, 1 marked");
    terminal_press(t, "\r", "Delivery 0");
    delivery_id(t, after);
    assert_string_equal(after, before);
}

/* What becomes of others ends no search in a delivery. */
static void a_search_outlasts_other_deliveries(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, "--set=retry.max=0");
    int found, row, column;
    add_alert(f, "Alpha", "http://127.0.0.1:1/");
    console_fixture_send_error(f);
    terminal_press(t, "2", " dead ");
    terminal_press(t, "\r", "Delivery 0");
    terminal_press(t, "/e\rnnnnnn", "\"eventType\"");
    terminal_cursor(t, &found, &column);
    console_fixture_send_error(f);
    terminal_settle(t, 1500); /* until it was sent */
    terminal_cursor(t, &row, &column);
    assert_int_equal(row, found);
    terminal_press(t, "q", "2 deliveries");
}

static void the_words_after_a_command_outlast_its_question(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, NULL);
    add_alert(f, "Alpha", "https://example.org/a");
    add_alert(f, "Beta", "https://example.org/b");
    terminal_press(t, "  ", "2 marked");
    terminal_press(t, ":alert silence until 2099-01-01 drop\r",
                   "Silence 2 alerts: \"Alpha\", \"Beta\"?");
    terminal_press(t, "y", "silenced until 2099-01-01");
    terminal_press(t, "8", "2 silences, 2 active");
}

static void columns_are_chosen_and_named(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, NULL);
    add_alert(f, "Alpha", "https://example.org/a");
    terminal_press(t, "C", "Space shows or hides");
    terminal_press(t, "jj ", "[ ] ENDPOINT");
    terminal_press(t, "\033", "New");
    assert_false(terminal_shows(t, "https://example.org"));
    terminal_press(t, ":columns endpoint\r", "https://example.org");
    terminal_press(t, ":columns nosuch\r",
                   "no such column: nosuch; there are NAME, ON, ENDPOINT");
    terminal_press(t, ":sort nosuch\r", "no such column: nosuch");
    assert_true(terminal_shows(t, "https://example.org"));
}

static void a_filter_is_put_right_and_taken_away(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, NULL);
    add_alert(f, "Alpha", "https://example.org/a");
    add_alert(f, "Beta", "https://example.org/b");
    terminal_press(t, "/nmae:Alpha\r", "no such filter: nmae");
    assert_true(terminal_shows(t, "nmae:Alpha")); /* to be put right */
    terminal_press(t, "\025name:Alpha\r", "1 of 2 alerts, filter name:Alpha");
    terminal_press(t, "*", "1 marked");
    terminal_press(t, "\033",
                   "2 of 2 alerts, 1 marked"); /* the filter first, then the marks */
    terminal_type(t, "\033");
    terminal_wait_gone(t, "1 marked");
    terminal_type(t, "\t");
    terminal_wait_gone(t, "Filter"); /* the log has the keys */
    terminal_press(t, "\033", "New");
}

static void click(struct terminal *t, int row, int column, const char *shows)
{
    char report[64];
    snprintf(report, sizeof report, "\033[<0;%d;%dM\033[<0;%d;%dm", column, row, column, row);
    terminal_press(t, report, shows);
}

static void the_mouse_chooses_in_dialogs_and_in_the_log(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, "--set=retry.max=0");
    add_alert(f, "Alpha", "http://127.0.0.1:1/a");
    add_alert(f, "Beta", "https://example.org/b");
    console_fixture_send_error(f);
    terminal_wait(t, "dead");
    terminal_press(t, "D", "Delete the alert \"Alpha\"?");
    click(t, 14, 17, "New"); /* no */
    assert_false(terminal_shows(t, "gone in"));
    terminal_press(t, "C", "Space shows or hides");
    click(t, 11, 20, "[ ] ENDPOINT");
    click(t, 11, 20, "[x] ENDPOINT");
    terminal_press(t, "\033?undo", "alert undo");
    terminal_press(t, "\025zzz\025", "alert duplicate");
    click(t, 8, 10, ">alert duplicate");
    click(t, 8, 10, "New alert"); /* of a copy */
    terminal_press(t, "\033", "Beta");
    click(t, 8, 10, "paused"); /* the first row of the log */
    click(t, 8, 10, "Attempt 1 at");
}

static void the_overview_says_what_its_sums_are_of(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, "--set=debounce.window=1h");
    add_alert(f, "Alpha", "https://example.org/a");
    console_fixture_send_error(f);
    terminal_wait(t, "1 bucket");
    terminal_press(t, "welsewhere\ry", " elsewhere ");
    terminal_press(t, "5", "There are no alerts yet");
    assert_true(terminal_shows(t, "all workspaces: 1 event waits, 0 due"));
}

static void a_prompt_offers_and_keeps_what_was_typed(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, NULL);
    char keys[600];
    add_alert(f, "Alpha", "https://example.org/a");
    terminal_press(t, "M", "2h digest");
    terminal_press(t, "3 parsecs", "3 parsecs"); /* in the place of what was offered */
    assert_false(terminal_shows(t, "digest"));
    terminal_press(t, "\r", "is no part of a schedule");
    assert_true(terminal_shows(t, "3 parsecs")); /* to be put right */
    terminal_press(t, "\027\027until 2099-01-01\r", "silenced until 2099-01-01");
    terminal_press(t, "M\033OH\033[3~1",
                   "1h digest"); /* a key that moves takes it to be edited */
    terminal_press(t, "\033X", "alerts.json");
    snprintf(keys, sizeof keys, "%s/alert.json/all.json\r", f->dir);
    terminal_press(t, keys, "ot a directory");
    assert_true(terminal_shows(t, "/alert.json/all.json"));
}

static void a_workspace_that_is_not_there_is_asked_about(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, NULL);
    char keys[200];
    terminal_press(t, "wstagign\r", "There is no workspace \"stagign\"");
    terminal_press(t, "n", " default ");
    terminal_press(t, ":workspace staging\r", "There is no workspace \"staging\"");
    terminal_press(t, "y", " staging ");
    terminal_press(t, "nMine\t\t\thttps://example.org/a\007\r", "all projects");
    terminal_press(t, "\023", "saved Mine");
    terminal_press(t, "w\025\r", " default ");
    terminal_press(t, ":workspace staging\r", "Mine"); /* it is there now */
    memset(keys, 'x', 151);
    snprintf(keys + 151, sizeof keys - 151, "\r");
    terminal_press(t, "w", "Workspace");
    terminal_press(t, keys, "must be plain text of at most");
    terminal_press(t, "\177\r", "There is no workspace");
}

/* A delete that is held back is carried out by that. */
static void workspaces_differ_by_the_last_letter(void **state)
{
    struct console_fixture *f = *state;
    char first[200] = "--workspace=", keys[200] = ":workspace ";
    for (int i = 0; i < 81; i++) {
        strcat(first, "\xc3\xa9");
        strcat(keys, "\xc3\xa9");
    }
    strcat(first, "a");
    strcat(keys, "b\r");
    struct terminal *t = start(f, first);
    terminal_press(t, "nMine\t\t\thttps://example.org/a\007\r", "all projects");
    terminal_press(t, "\023", "saved Mine");
    terminal_press(t, "D", "Delete the alert");
    terminal_press(t, "y", "gone in 10 s");
    terminal_press(t, keys, "There is no workspace");
    terminal_press(t, "y", "There are no alerts yet");
    terminal_press(t, "z", "there is no delete to take back");
}

static void the_audit_names_what_was_done(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, "--set=retry.max=0");
    add_alert(f, "Alpha", "http://127.0.0.1:1/a");
    console_fixture_send_error(f);
    terminal_wait(t, "dead");
    terminal_press(t, "2", "1 delivery");
    terminal_press(t, "r", "sent again");
    terminal_press(t, "1o", "disabled Alpha");
    terminal_press(t, "9", "delivery.replay");
    assert_true(terminal_shows(t, "alert.disable "));
}

static void an_open_bucket_counts_down(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, "--set=debounce.window=4s");
    add_alert(f, "Alpha", "http://127.0.0.1:1/a");
    console_fixture_send_error(f);
    terminal_wait(t, "1 bucket");
    terminal_press(t, "3\r", "to be sent as one webhook in ");
    terminal_wait(t, "as one webhook in 2 s");
    terminal_wait(t, "as one webhook in 1 s");
    terminal_wait(t, "as one webhook now");
    assert_true(terminal_settle(t, 1500) < 200); /* it has ended */
}

/* In the log, also where it stands still. */
static void a_retry_that_never_comes_says_why(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, "--set=retry.initial=50s");
    add_alert(f, "Alpha", "http://127.0.0.1:1/a");
    console_fixture_send_error(f);
    terminal_wait(t, "retry: connection refused");
    terminal_type(t, "\tk");
    terminal_wait(t, "paused");
    terminal_press(t, "\to", "gave up: the");
    assert_true(terminal_shows(t, "paused"));
    assert_false(terminal_shows(t, "retry"));
}

static void buckets_show_their_events_before_they_are_sent(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, "--set=debounce.window=1h");
    add_alert(f, "Alpha", "https://example.org/a");
    add_alert(f, "Beta", "https://example.org/b");
    console_fixture_send_error(f);
    console_fixture_send_error(f);
    terminal_wait(t, "2 buckets");
    terminal_press(t, "3\r", "to be sent as one webhook in");
    assert_true(terminal_shows(t, "\"name\": \"t\""));
    terminal_press(t, "\033", "2 open buckets");
    terminal_press(t, "*n", "Send 2 buckets with 4 events now");
    terminal_press(t, "y", "the buckets are closed and sent now");
}

/* It leaves nothing behind, so the file of the person is not written. */
static void a_setting_of_the_demo_stays_in_the_demo(void **state)
{
    struct console_fixture *f = *state;
    const struct terminal_options options = {.rows = 40, .columns = 100};
    char path[512];
    console_fixture_start(f, &options, NULL, "demo");
    struct terminal *t = f->terminal;
    terminal_wait(t, "delivered");
    terminal_press(t, "7", "intake.listen");
    terminal_press(t, ":sort key\rGe", "threshold.repeat"); /* the last of them */
    terminal_press(t, "\0259s\r", "threshold.repeat is 9s now");
    snprintf(path, sizeof path, "%s/opik-alerts/config.ini", f->dir);
    assert_int_not_equal(access(path, F_OK), 0);
    terminal_press(t, "q", "The demo ends, and nothing of it is kept.");
}

static void an_export_says_of_what_and_replaces_no_file_unasked(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, NULL);
    char keys[600], told[600];
    add_alert(f, "Alpha", "https://example.org/a");
    add_alert(f, "Beta", "https://example.org/b");
    terminal_press(t, "*X", "File for 2 alerts: \"Alpha\", \"Beta\"");
    snprintf(keys, sizeof keys, "\025%s/./all.json\r", f->dir);
    snprintf(told, sizeof told, "2 alerts, secrets masked, written to %s/all.json", f->dir);
    terminal_press(t, keys, told);
    snprintf(keys, sizeof keys, ":alert export %s/all.json\r", f->dir);
    terminal_press(t, keys, "Replace");
    terminal_press(t, "y", "2 alerts, secrets masked, written to");
}

int main(void)
{
#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, console_fixture_set_up, console_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_answer_is_about_what_was_asked),
        TEST(new_rows_push_nothing_off_that_is_selected_or_marked),
        TEST(a_search_outlasts_other_deliveries),
        TEST(a_command_is_about_the_row_it_was_begun_at),
        TEST(the_deliveries_of_an_alert_bear_its_name),
        TEST(all_is_all_that_pass_and_not_what_was_read),
        TEST(the_question_is_about_the_marked_ones),
        TEST(the_words_after_a_command_outlast_its_question),
        TEST(columns_are_chosen_and_named),
        TEST(a_filter_is_put_right_and_taken_away),
        TEST(the_mouse_chooses_in_dialogs_and_in_the_log),
        TEST(an_export_says_of_what_and_replaces_no_file_unasked),
        TEST(a_setting_of_the_demo_stays_in_the_demo),
        TEST(a_prompt_offers_and_keeps_what_was_typed),
        TEST(a_workspace_that_is_not_there_is_asked_about),
        TEST(workspaces_differ_by_the_last_letter),
        TEST(the_audit_names_what_was_done),
        TEST(an_open_bucket_counts_down),
        TEST(the_overview_says_what_its_sums_are_of),
        TEST(a_retry_that_never_comes_says_why),
        TEST(buckets_show_their_events_before_they_are_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
