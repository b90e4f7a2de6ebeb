/* What the console tells in its last line, and what becomes of it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/settings.h"
#include "support/console.h"
#include "support/receiver.h"

static int set_up(void **state)
{
    console_fixture_set_up_running(state);
    struct console_fixture *f = *state;
    console_fixture_add_alert(f, "Alpha", "trace:errors", "https://example.org/a");
    terminal_wait(f->terminal, "Alpha");
    return 0;
}

static const char *line_of_cursor(struct terminal *t, int *row, int *column)
{
    static char line[512];
    const char *at = terminal_screen(t);
    terminal_cursor(t, row, column);
    for (int y = 0; y < *row && at; y++)
        at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL;
    assert_non_null(at);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
    return line;
}

/* The first entry of the key bar is "n New". */
static void a_click_on_it_takes_it_away_and_does_nothing_else(void **state)
{
    struct terminal *t = ((struct console_fixture *)*state)->terminal;
    terminal_press(t, "m", "mouse off");
    terminal_press(t, "m", "mouse on");
    terminal_press(t, "\033[<0;3;24M\033[<0;3;24m", "n New");
    assert_false(terminal_shows(t, "New alert"));
    terminal_press(t, "\033[<0;3;24M\033[<0;3;24m", "New alert");
}

/* The key bar below it offers / and n: they do what they say. */
static void the_answer_to_a_test_is_searched(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = f->terminal;
    terminal_press(t, "nGamma\t\t\thttp://127.0.0.1:1/", "127.0.0.1:1");
    terminal_press(t, "\007\r\024", "It failed: connection refused"); /* ^G, ^T */
    terminal_press(t, "/nosuch\r", "nosuch stands nowhere here");
    terminal_press(t, "/refused\r", "It failed: connection refused");
    assert_false(terminal_shows(t, "stands nowhere"));
}

/* Above its headers, which can be many. */
static void a_test_that_failed_says_what_to_do(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = f->terminal;
    struct receiver *r = receiver_start();
    char url[200];
    receiver_answer(r, (struct receiver_answer){.status = 404, .body = "no_service"});
    receiver_url(r, "/", url, sizeof url);
    terminal_press(t, "nGamma\t\t \t", "< Slack >"); /* Space takes the next destination */
    terminal_type(t, url);
    terminal_press(t, "\007\r\024", "It failed: 404 Scripted in");
    const char *screen = terminal_screen(t), *said = strstr(screen, "It said: no_service");
    const char *advice = strstr(screen, "Slack has no such webhook");
    const char *head = strstr(screen, "HTTP/1.1 404");
    if (!said || !advice || !head)
        fail_msg("%s", screen);
    assert_true(said < advice && advice < head);
    receiver_stop(&r);
}

/* A receiver that is silent looks like a console that hangs. */
static void a_test_under_way_says_how_long_it_took_and_can_take(void **state)
{
    struct terminal *t = ((struct console_fixture *)*state)->terminal;
    struct receiver *r = receiver_start();
    char url[200];
    receiver_answer(r, (struct receiver_answer){.how = RECEIVER_NEVER});
    receiver_url(r, "/", url, sizeof url);
    terminal_press(t, "nGamma\t\t\t", "Gamma");
    terminal_type(t, url);
    terminal_press(t, "\007\r\024", "Sending... 0 s of at most 30 s; Esc cancels");
    terminal_wait(t, "Sending... 1 s of at most 30 s");
    terminal_press(t, "\033", "^S Save");
    receiver_stop(&r);
}

/* One empty line before the body, and a word on what is left out of a long one. */
static void the_answer_to_a_test_says_where_it_is_cut(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = f->terminal;
    struct receiver *r = receiver_start();
    char url[200];
    receiver_answer(r, (struct receiver_answer){.body = "long", .body_size = 100000});
    receiver_url(r, "/", url, sizeof url);
    terminal_press(t, "nGamma\t\t\t", "Gamma");
    terminal_type(t, url);
    terminal_press(t, "\007\r\024", "longxxx");
    const char *last = strstr(terminal_screen(t), "Content-Length: 100000");
    const char *body = strstr(terminal_screen(t), "longxxx");
    int lines = 0;
    for (const char *at = last; at && at < body; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 2);
    terminal_press(t, "G", "(the first 16384 of 100000 bytes)");
    receiver_stop(&r);
}

static void a_new_size_leaves_it(void **state)
{
    struct terminal *t = ((struct console_fixture *)*state)->terminal;
    terminal_press(t, "m", "mouse off");
    terminal_resize(t, 20, 70);
    terminal_settle(t, 100);
    assert_true(terminal_shows(t, "mouse off"));
}

/* The engine switched the alert off: nothing was dropped by that. */
static void a_notice_of_the_log_says_what_it_is(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = f->terminal;
    struct receiver *receiver = receiver_start();
    char url[128];
    int row, column;
    terminal_press(t, "o", "disabled Alpha"); /* its rows would come between */
    receiver_answer(receiver, (struct receiver_answer){.status = 410});
    receiver_url(receiver, "/", url, sizeof url);
    console_fixture_add_alert(f, "Beta", "trace:errors", url);
    terminal_wait(t, "Beta");
    console_fixture_send_error(f);
    terminal_wait(t, "answered 410 Gone: the alert was disabled");
    terminal_type(t, "\tG");
    terminal_settle(t, 100);
    while (!strstr(line_of_cursor(t, &row, &column), "410 Gone: the alert") && row > 12)
        terminal_type(t, "k");
    terminal_press(t, "\r", "\n answered 410 Gone: the alert was disabled");
    receiver_stop(&receiver);
}

/* The end of a reason is what one looks for. Of the selected row all of it stands above the
 * list. */
static void a_reason_that_is_cut_is_told_whole(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = f->terminal;
    terminal_press(t, "o", "disabled Alpha");
    console_fixture_add_alert(f, "Beta", "trace:errors", "http://169.254.169.254/");
    terminal_wait(t, "Beta");
    console_fixture_send_error(f);
    terminal_wait(
        t, "1/4   gave up: refused: 169.254"); /* where other rows have their status */
    assert_false(terminal_shows(t, "address of a cloud"));
    terminal_press(t, "\tk", "\xe2\x94\x80 gave up: refused: 169.254.169.254 is the meta");
    terminal_press(t, "2", "refused: 169.2\xe2\x80\xa6");
    assert_true(
        terminal_shows(t, "1 delivery \xe2\x94\x80\xe2\x94\x80 refused: 169.254.169.254 is "
                          "the metadata address of a cloud"));
    terminal_resize(t, 24, 160); /* there it has room */
    terminal_wait(t, " 1    refused: 169.254.169.254 is the metadata address of a cloud");
    assert_false(terminal_shows(t, "1 delivery \xe2\x94\x80\xe2\x94\x80 refused"));
}

/* Of so many that failed, the last error: the number stands beside it. Opened, it says what
 * to look at. */
static void a_reason_leaves_out_what_stands_beside_it(void **state)
{
    const struct terminal_options options = {.rows = 24, .columns = 80};
    struct console_fixture *f = *state;
    struct receiver *receiver = receiver_start();
    char url[128];
    console_fixture_remove(f);
    *f = (struct console_fixture){0};
    console_fixture_start(f, &options, NULL, "--set=retry.max=1");
    struct terminal *t = f->terminal;
    terminal_wait(t, "running on");
    receiver_answer(receiver, (struct receiver_answer){.status = 500});
    receiver_url(receiver, "/", url, sizeof url);
    console_fixture_add_alert(f, "Beta", "trace:errors", url);
    terminal_wait(t, "Beta");
    console_fixture_send_error(f);
    terminal_press(t, "2", "dead      500  2    answered 500");
    terminal_press(t, "\r",
                   "\n Hint       The receiver itself has failed: its own log says why.");
    terminal_press(t, "\033", "1 delivery");
    terminal_resize(t, 24, 160);
    terminal_wait(t, "2 attempts failed, the last: answered 500");
    receiver_stop(&receiver);
}

/* Over plain http there is no TLS to tell of. */
static void times_are_told_as_far_as_there_are_any(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = f->terminal;
    struct receiver *receiver = receiver_start();
    char url[128];
    terminal_press(t, "o", "disabled Alpha");
    receiver_url(receiver, "/", url, sizeof url);
    console_fixture_add_alert(f, "Beta", "trace:errors", url);
    terminal_wait(t, "Beta");
    console_fixture_send_error(f);
    terminal_press(t, "2", "delivered 200");
    terminal_press(t, "\r", ", first byte ");
    assert_false(terminal_shows(t, "TLS"));
    receiver_stop(&receiver);
}

/* No value can carry a password: a proxy's URL with a user is refused. */
static void the_audit_tells_a_value_with_an_at(void **state)
{
    struct terminal *t = ((struct console_fixture *)*state)->terminal;
    terminal_press(t, "7", "debounce.window");
    for (int i = 0; i < SETTING_DELIVERY_PROXY; i++)
        terminal_type(t, "j");
    terminal_press(t, "ehttp://u:secret@h:1\r", "must not carry a user");
    terminal_press(t, "\033j", "delivery.ca_file");
    terminal_press(t, "e/no/ca@home.pem\r", "delivery.ca_file is /no/ca@home.pem now");
    terminal_press(t, "9", "setting.change");
    terminal_press(t, "\r", "/no/ca@home.pem, before:");
}

/* A vt100 has no second screen: the shell's prompt comes where the key bar was. */
static void a_console_that_ends_leaves_no_key_bar(void **state)
{
    const struct terminal_options options = {.rows = 24, .columns = 80, .term = "vt100"};
    struct console_fixture *f = *state;
    console_fixture_remove(f);
    *f = (struct console_fixture){0};
    console_fixture_start(f, &options, NULL, NULL);
    terminal_wait(f->terminal, "running on");
    terminal_wait(f->terminal, "q Quit");
    kill(terminal_pid(f->terminal), SIGTERM);
    terminal_exit(f->terminal);
    assert_true(terminal_shows(f->terminal, "Log: following"));
    assert_false(terminal_shows(f->terminal, "q Quit"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, console_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_click_on_it_takes_it_away_and_does_nothing_else),
        TEST(a_notice_of_the_log_says_what_it_is),
        TEST(a_test_that_failed_says_what_to_do),
        TEST(a_test_under_way_says_how_long_it_took_and_can_take),
        TEST(the_answer_to_a_test_is_searched),
        TEST(the_answer_to_a_test_says_where_it_is_cut),
        TEST(a_reason_that_is_cut_is_told_whole),
        TEST(a_reason_leaves_out_what_stands_beside_it),
        TEST(times_are_told_as_far_as_there_are_any),
        TEST(a_new_size_leaves_it),
        TEST(the_audit_tells_a_value_with_an_at),
        TEST(a_console_that_ends_leaves_no_key_bar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
