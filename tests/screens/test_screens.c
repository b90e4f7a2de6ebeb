/* Every screen by its keys, in sizes and character sets, and what operators do in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/settings.h"
#include "support/console.h"
#include "support/tempdir.h"

static struct terminal *start(struct console_fixture *f, int rows, int columns)
{
    const struct terminal_options options = {.rows = rows, .columns = columns};
    console_fixture_start(f, &options, NULL, NULL);
    terminal_wait(f->terminal, columns < 60 ? "Alerts" : "running on");
    return f->terminal;
}

static void add_alert(struct console_fixture *f, const char *name, const char *event)
{
    console_fixture_add_alert(f, name, event, "https://example.org/x");
}

static void add_three(struct console_fixture *f)
{
    add_alert(f, "Alpha errors", "trace:errors");
    add_alert(f, "Beta prompts", "prompt:created");
    add_alert(f, "Gamma errors", "trace:errors");
}

/* ---------------------------------------------------------------- each screen */

static void golden_of_each(struct terminal *t, const char *size)
{
    static const struct {
        const char *key, *shows, *name;
        const char *back; /* what leaves it; NULL: nothing */
    } screens[] = {
        {"2", "Nothing was sent yet", "deliveries"}, {"3", "Nothing waits", "buckets"},
        {"4", "No event has come", "activity"},      {"5", "events wait", "overview"},
        {"6", "A project is made", "projects"},      {"7", "settings ", "settings"},
        {"8", "Nothing is silenced", "silences"},
        {"9", "Nobody has changed", "audit"},
        {"1", "There are no alerts", "no-alerts"},      {"?", "alert create", "palette", "\033"},
        {"n", "New alert", "form", "\033"},     {"\033OP", "Help", "help", "\033"},
        {":", "Command", "command", "\033"},
    };
    char name[64];
    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++) {
        terminal_press(t, screens[i].key, screens[i].shows);
        snprintf(name, sizeof name, "%s-%s", screens[i].name, size);
        terminal_golden(t, name);
        if (screens[i].back)
            terminal_type(t, screens[i].back);
    }
}

static void every_screen_at_80x24(void **state)
{
    golden_of_each(start(*state, 24, 80), "80x24");
}

static void every_screen_at_200x50(void **state)
{
    golden_of_each(start(*state, 50, 200), "200x50");
}

static void every_screen_at_40x12(void **state)
{
    golden_of_each(start(*state, 12, 40), "40x12");
}

static void golden_with(struct console_fixture *f, const struct terminal_options *options,
                        const char *env, const char *name)
{
    console_fixture_start(f, options, env, NULL);
    terminal_wait(f->terminal, options->columns < 60 ? "Alerts" : "running on");
    golden_of_each(f->terminal, name);
    console_fixture_stop(f);
}

/* no-color.org: attributes and words say what colours say elsewhere. */
static void every_screen_in_monochrome(void **state)
{
    static const struct {
        struct terminal_options options;
        const char *name;
    } sizes[] = {{{.rows = 24, .columns = 80}, "80x24-mono"},
                 {{.rows = 50, .columns = 200}, "200x50-mono"},
                 {{.rows = 12, .columns = 40}, "40x12-mono"}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        golden_with(*state, &sizes[i].options, "NO_COLOR=1", sizes[i].name);
}

static void every_screen_in_a_theme(void **state)
{
    const struct terminal_options options = {.rows = 24, .columns = 80};
    golden_with(*state, &options, "OPIK_ALERTS_CONSOLE_THEME=dark", "80x24-dark");
    golden_with(*state, &options, "OPIK_ALERTS_CONSOLE_THEME=light", "80x24-light");
}

/* Terminals with direct colour get the theme's own values. Their description is made here, since
 * few machines have one. */
static void a_theme_in_true_colour(void **state)
{
    static const char source[] =
        "opik-direct,use=xterm-256color,RGB,colors#0x1000000,pairs#0x7fff,"
        "setaf=\\E[%?%p1%{8}%<%t3%p1%d%e38;2;%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;"
        "%p1%{255}%&%d%;m,"
        "setab=\\E[%?%p1%{8}%<%t4%p1%d%e48;2;%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;"
        "%p1%{255}%&%d%;m,\n";
    struct console_fixture *f = *state;
    char path[600], words[1400], terminfo[600];
    const struct terminal_options options = {.rows = 24, .columns = 80, .term = "opik-direct"};
    struct buf look;
    f->dir = tempdir_make();
    snprintf(path, sizeof path, "%s/direct.ti", f->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(source, file);
    fclose(file);
    snprintf(words, sizeof words, "tic -x -o %s/terminfo %s", f->dir, path);
    assert_int_equal(system(words), 0);
    snprintf(terminfo, sizeof terminfo, "%s/terminfo", f->dir);
    setenv("TERMINFO", terminfo, 1);
    console_fixture_start(f, &options, "OPIK_ALERTS_CONSOLE_THEME=dark", NULL);
    unsetenv("TERMINFO");
    terminal_wait(f->terminal, "running on");
    buf_init(&look, BUF_UNLIMITED);
    terminal_look(f->terminal, 1, 1, &look); /* the head of the list */
    assert_string_equal(buf_text(&look), " bold #5fafd7");
    terminal_look(f->terminal, 0, 1, &look);
    assert_string_equal(buf_text(&look), " bold #ffffff on #3a3a3a");
    buf_free(&look);
}

static void every_screen_in_ascii(void **state)
{
    const struct terminal_options options = {
        .rows = 24, .columns = 80, .locale = "C", .term = "vt100"};
    const struct terminal_options wide = {
        .rows = 50, .columns = 200, .locale = "C", .term = "vt100"};
    const struct terminal_options small = {
        .rows = 12, .columns = 40, .locale = "C", .term = "vt100"};
    golden_with(*state, &options, NULL, "80x24-ascii");
    golden_with(*state, &wide, NULL, "200x50-ascii");
    golden_with(*state, &small, NULL, "40x12-ascii");
}

/* ---------------------------------------------------------------- with data */

static void golden_of_data(struct terminal *t, const char *variant)
{
    static const struct {
        const char *key, *shows, *name;
    } screens[] = {
        {"1", "Fails", "alerts"},        {"2", "1 delivery", "deliveries"},
        {"\r", "Delivery ", "delivery"}, {"4", "1 event", "activity"},
        {"8", "2 silences, 1 active", "silences"},
        {"6", "Default", "projects"}, /* the overview's bars move with the minutes */
    };
    char name[64];
    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++) {
        terminal_press(t, screens[i].key, screens[i].shows);
        snprintf(name, sizeof name, "data-%s-%s", screens[i].name, variant);
        terminal_golden(t, name);
    }
}

/* One from long ago to years to come, and one of then: what they show does not change. */
static void add_silences(struct console_fixture *f)
{
    static const char active[] = "silence add --alert=Prompts --from=2020-01-01 "
                                 "--until=2099-01-01 --comment=until_it_works";
    static const char planned[] = "silence add --type=trace:errors --then=drop "
                                  "--weekly=mon-fri,22:00-06:00 --zone=Europe/Berlin "
                                  "--from=2098-01-01";
    assert_int_equal(console_fixture_run(f, active), 0);
    assert_int_equal(console_fixture_run(f, planned), 0);
}

/* One dead letter: nobody listens at port 1, and there is one attempt. */
static void make_data(struct console_fixture *f)
{
    const struct terminal_options options = {.rows = 24, .columns = 130};
    console_fixture_start(f, &options, NULL, "--set=retry.max=0");
    terminal_wait(f->terminal, "running on");
    console_fixture_add_alert(f, "Fails", "trace:errors", "http://127.0.0.1:1/x");
    add_alert(f, "Prompts", "prompt:created");
    terminal_wait(f->terminal, "Prompts");
    console_fixture_send_error(f);
    terminal_wait(f->terminal, "dead");
    add_silences(f);
    console_fixture_stop(f);
}

static void every_screen_with_something_on_it(void **state)
{
    static const struct {
        int rows, columns;
        const char *name;
    } sizes[] = {{24, 80, "80x24"}, {50, 200, "200x50"}, {12, 40, "40x12"}};
    static const struct {
        const char *name, *env, *term, *locale;
    } looks[] = {{"", NULL, NULL, NULL}, {"-mono", "NO_COLOR=1", NULL, NULL},
                 {"-ascii", NULL, "vt100", "C"}};
    struct console_fixture *f = *state;
    char variant[32];
    make_data(f);
    for (size_t i = 0; i < 9; i++) {
        const struct terminal_options options = {.rows = sizes[i / 3].rows,
                                                 .columns = sizes[i / 3].columns,
                                                 .term = looks[i % 3].term,
                                                 .locale = looks[i % 3].locale};
        console_fixture_start(f, &options, looks[i % 3].env, NULL);
        terminal_wait(f->terminal, options.columns < 60 ? "Alerts" : "running on");
        snprintf(variant, sizeof variant, "%s%s", sizes[i / 3].name, looks[i % 3].name);
        golden_of_data(f->terminal, variant);
        console_fixture_stop(f);
    }
}

/* ---------------------------------------------------------------- the list of alerts */

static void filters_and_marks_several(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, 24, 80);
    add_three(f);
    terminal_wait(t, "Gamma errors");
    terminal_press(t, "/", "Filter: name enabled");
    terminal_press(t, "name~errors\r", "2 of 3 alerts, filter name~errors");
    assert_false(terminal_shows(t, "Beta prompts"));
    terminal_press(t, "*", "2 marked");
    terminal_press(t, "-", "Disable 2 alerts");
    terminal_press(t, "y", "disabled 2 alerts");
    terminal_press(t, "/\025enabled:no\r", "filter enabled:no");
    terminal_press(t, "/\025nosuch:x\r", "no such filter: nosuch");
    terminal_press(t, "/\025\r", "Beta prompts");
}

static void takes_a_delete_back(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, 24, 80);
    add_three(f);
    terminal_wait(t, "Gamma errors");
    terminal_press(t, "*", "3 marked");
    terminal_press(t, "D", "Delete 3 alerts: \"Alpha errors\"");
    assert_true(terminal_shows(t, "What waits for them is dropped."));
    terminal_press(t, "y", "gone in 10 s");
    terminal_press(t, "z", "nothing was deleted: 3 alerts stay");
    terminal_wait_gone(t, "gone in");
    assert_true(terminal_shows(t, "Gamma errors"));
    terminal_type(t, "u");
    terminal_press(t, "D", "Delete the alert");
    terminal_press(t, "y", "gone in 10 s");
    terminal_type(t, "\003"); /* ^C: what was wanted is done */
    terminal_press(t, "y", "");
    terminal_exit(t);
    console_fixture_stop(f);
    t = start(f, 24, 80);
    terminal_wait(t, "Beta prompts");
    assert_false(terminal_shows(t, "Alpha errors"));
}

static void commands_are_typed_in_words(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, 24, 80);
    add_three(f);
    terminal_wait(t, "Gamma errors");
    terminal_press(t, ":", "Command:");
    terminal_press(t, "sort na", "sort");
    terminal_press(t, "me\r", "NAME\xe2\x96\xb2");
    terminal_press(t, ":deliveries status:dead\r", "filter status:dead");
    terminal_press(t, ":al", "alerts");
    terminal_press(t, "\t", ": alert");
    terminal_press(t, "\033", "filter status:dead");
    terminal_press(t, ":nonsense\r", "no such command here: nonsense");
    terminal_press(t, ":\020", ": deliveries status:dead"); /* ^P */
    terminal_press(t, "\033", "filter status:dead");
    terminal_press(t, ":workspace other\r", "There is no workspace \"other\"");
    terminal_press(t, "y", " other ");
    terminal_press(t, "1", "There are no alerts yet");
}

static void finds_what_can_be_done_and_does_it(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, 24, 80);
    terminal_press(t, "?", "What can be done here");
    terminal_press(t, "undo", "no: there is no delete to take back");
    terminal_press(t, "\r", "there is no delete to take back");
    terminal_press(t, "?settings\r", "intake.listen");
    terminal_press(t, "?", "What can be done here");
    terminal_press(t, "zzz", "Nothing like that");
    terminal_press(t, "\033", "intake.listen");
}

static void changes_a_setting_in_the_file(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, 24, 100);
    char path[512], text[200] = "";
    terminal_press(t, "7", "debounce.window");
    terminal_press(t, "e", "a slip would cut applications off"); /* intake.listen */
    terminal_press(t, "/", "this list has no filter");
    for (int i = 0; i < SETTING_RETRY_MAX; i++)
        terminal_type(t, "j");
    terminal_press(t, "e", "retry.max");
    terminal_press(t, "\0259\r", "retry.max is 9 now");
    snprintf(path, sizeof path, "%s/opik-alerts/config.ini", f->dir);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, "[retry]\nmax = 9\n");
    terminal_press(t, "emany\r", "retry.max: ");
    assert_true(terminal_shows(t, "many ")); /* to be put right */
    assert_true(terminal_shows(t, "9 "));
    terminal_press(t, "\0339", "setting.change"); /* who did it */
    assert_true(terminal_shows(t, "1 change"));
    terminal_press(t, "\r", "9, before: 3");
    assert_true(terminal_shows(t, "retry.max"));
    assert_true(terminal_shows(t, " on pts/"));
    terminal_press(t, "\033", "1 change");
    terminal_press(t, "/via:engine\r", "Nothing passes the filter");
}

/* ---------------------------------------------------------------- silences */

static void silences_are_made_and_ended(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, 24, 130);
    add_three(f);
    terminal_wait(t, "Gamma errors");
    terminal_press(t, "M", "Silence: 2h");
    terminal_press(t, "\025until 2099-01-01 digest\r", "silenced until 2099-01-01");
    terminal_press(t, "\033[B", "Beta");
    terminal_press(t, "M", "Silence: 2h");
    terminal_press(t, "\033", "Beta");
    terminal_press(t, "8", "1 silence, 1 active");
    assert_true(terminal_shows(t, "alert \"Alpha errors\""));
    terminal_press(t, ":silence add 2h drop type:trace:errors\r", "2 silences, 2 active");
    console_fixture_send_error(f); /* Alpha's and Gamma's pair: a digest goes before a drop */
    terminal_wait(t, "drop   0        1");
    assert_true(terminal_shows(t, "digest 1        0"));
    terminal_press(t, "n", "Silence: alert:");
    terminal_press(t, "\025mon 25:00-3 type:trace:errors\r", "is no part of a schedule");
    terminal_press(t, "\033s", "WHAT");
    terminal_press(t, "*", "2 marked");
    terminal_press(t, "D", "End 2 silences? What they hold is sent now.");
    terminal_press(t, "y", "ended: what was held is sent now");
    terminal_wait(t, "2 silences, 0 active");
    terminal_press(t, "1", "Alpha errors");
    terminal_wait_gone(t, "silenced until");
    terminal_wait(t, "dropped: silenced by"); /* in the log, with its count */
}

/* ---------------------------------------------------------------- sent again */

/* Two dead letters to port 1, where nobody listens. */
static struct terminal *with_two_dead(struct console_fixture *f)
{
    const struct terminal_options options = {.rows = 30, .columns = 130};
    console_fixture_start(f, &options, "EDITOR=sed -i s/trace:errors/edited/",
                          "--set=retry.max=0");
    struct terminal *t = f->terminal;
    terminal_wait(t, "running on");
    console_fixture_add_alert(f, "First", "trace:errors", "http://127.0.0.1:1/x");
    console_fixture_add_alert(f, "Second", "trace:errors", "http://127.0.0.1:1/y");
    terminal_wait(t, "Second");
    console_fixture_send_error(f);
    terminal_press(t, "2", "2 deliveries");
    terminal_press(t, "/status:dead\r", "2 deliveries, filter status:dead");
    return t;
}

static void several_are_sent_again_with_a_result_for_each(void **state)
{
    struct terminal *t = with_two_dead(*state);
    terminal_press(t, "R", "Send 2 deliveries again, 10 a second");
    terminal_press(t, "n", "2 deliveries, filter");
    terminal_press(t, "R", "Send 2 deliveries again");
    terminal_press(t, "y", "2 sent again: 0 delivered, 2 dead, 0 to come");
    assert_true(terminal_shows(t, "dead: connection refused"));
    terminal_press(t, "\r", "Attempt 2 at");
    terminal_press(t, "\033", "2 sent again");
    terminal_press(t, "\033", "2 deliveries, filter");
}

static void one_is_sent_again_and_its_new_attempt_is_shown(void **state)
{
    struct terminal *t = with_two_dead(*state);
    terminal_press(t, "r", "Attempt 2 at");
    terminal_press(t, "r", "Attempt 3 at");
}

static void a_body_is_edited_and_sent_once(void **state)
{
    struct terminal *t = with_two_dead(*state);
    terminal_press(t, "\r", "\"eventType\": \"trace:errors\"");
    terminal_press(t, "e", "The edited body of trace:errors to http://127.0.0.1:1");
    terminal_wait(t, "It failed: connection refused");
    terminal_press(t, "\033", "Attempt 1 at");
    assert_false(terminal_shows(t, "Attempt 2")); /* a test, no delivery */
}

static void folds_json(void **state)
{
    struct terminal *t = with_two_dead(*state);
    terminal_press(t, "\r", "\"eventIds\": [");
    terminal_press(t, "----------", "lines");
    assert_false(terminal_shows(t, "\"alertName\""));
    terminal_press(t, "/eventType\r",
                   "\"eventType\": \"trace:errors\""); /* what is found is unfolded */
    terminal_press(t, "----------", "lines");
    terminal_press(t, "++++++++++", "\"alertName\"");
}

/* ---------------------------------------------------------------- mouse, paste */

static void the_mouse_selects_sorts_and_presses_keys(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, 24, 80);
    int row, column;
    add_three(f);
    terminal_wait(t, "Gamma errors");
    terminal_type(t, "\033[<0;5;5M\033[<0;5;5m"); /* the third alert */
    terminal_settle(t, 100);
    terminal_cursor(t, &row, &column);
    assert_int_equal(row, 4);
    terminal_press(t, "\033[<0;3;2M\033[<0;3;2m", "NAME\xe2\x96\xb2"); /* the head */
    terminal_press(t, "\033[<0;3;24M\033[<0;3;24m",
                   "New alert"); /* the first entry of the key bar */
    terminal_press(t, "\033", "Gamma errors");
    terminal_press(t, "m", "mouse off");
}

static void a_paste_in_a_list_does_nothing(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, 24, 80);
    terminal_press(t, "\033[200~nDy\r:quit\r\033[201~", "pasted text is ignored here");
    assert_true(terminal_shows(t, "There are no alerts yet"));
}

static void read_only_says_why_not(void **state)
{
    struct console_fixture *f = *state;
    const struct terminal_options options = {.rows = 24, .columns = 80};
    start(f, 24, 80);
    add_three(f);
    console_fixture_stop(f);
    console_fixture_start(f, &options, NULL, "--read-only");
    struct terminal *t = f->terminal;
    terminal_wait(t, "Gamma errors");
    static const char *const keys[] = {"D", "o", "+", "t", "e", "n"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        terminal_press(t, keys[i], "read-only: nothing can be changed here");
        terminal_press(t, "j", "Help");
    }
    terminal_press(t, ":alert delete\r", "read-only: nothing can be changed here");
}

static void asks_before_it_overwrites_the_change_of_another(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, 24, 80);
    add_three(f);
    terminal_wait(t, "Gamma errors");
    terminal_press(t, "e", "Edit alert");
    terminal_type(t, " mine");
    char words[1024];
    snprintf(words, sizeof words,
             "$OPIK_ALERTS --data-dir=%s/data alert export | sed 's/Alpha errors/Alpha theirs/' > "
             "%s/all.json; "
             "$OPIK_ALERTS --data-dir=%s/data alert import %s/all.json >/dev/null",
             f->dir, f->dir, f->dir, f->dir);
    assert_int_equal(system(words), 0);
    terminal_press(t, "\023", "Somebody else changed this alert");
    terminal_press(t, "n", "mine"); /* nothing is lost */
    terminal_press(t, "\023", "Somebody else changed this alert");
    terminal_press(t, "y", "saved Alpha errors mine");
}

static void two_consoles_see_each_other(void **state)
{
    struct console_fixture *f = *state, second = {.dir = f->dir};
    const struct terminal_options options = {.rows = 24, .columns = 80};
    console_fixture_start(f, &options, NULL, NULL);
    terminal_wait(f->terminal, "running on");
    assert_false(terminal_shows(f->terminal, "consoles"));
    second.dir = f->dir;
    console_fixture_start(&second, &options, NULL, NULL);
    terminal_wait(second.terminal, "2 consoles");
    terminal_wait(second.terminal, "standby: engine is process");
    terminal_wait(f->terminal, "2 consoles");
    add_alert(f, "Seen by both", "trace:errors");
    terminal_wait(f->terminal, "Seen by both");
    terminal_wait(second.terminal, "Seen by both");
    console_fixture_stop(&second); /* a kill, not a quit */
    terminal_wait_gone(f->terminal, "2 consoles");
}

/* Nobody listens at port 1: the first attempt of the alert fails at once. */
static void rings_when_an_alert_begins_to_fail(void **state)
{
    struct console_fixture *f = *state;
    const struct terminal_options options = {.rows = 24, .columns = 80};
    console_fixture_start(f, &options, NULL, "--set=console.bell=bell");
    struct terminal *t = f->terminal;
    terminal_wait(t, "running on");
    console_fixture_add_alert(f, "Fails", "trace:errors", "http://127.0.0.1:1/x");
    terminal_wait(t, "Fails");
    assert_int_equal(terminal_bells(t), 0);
    console_fixture_send_error(f);
    terminal_wait(t, "retrying");
    terminal_settle(t, 300);
    assert_int_equal(terminal_bells(t), 1);
    terminal_wait(t, "2/4"); /* another failure, no other state */
    terminal_settle(t, 300);
    assert_int_equal(terminal_bells(t), 1);
}

static void shows_an_example_beside_the_form(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, 50, 200);
    terminal_press(t, "n", "A trigger decides what it looks like");
    terminal_press(t, "\007", "Add trigger");
    terminal_press(t, "\r", "\"eventType\": \"trace:errors\"");
}

int main(void)
{
#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, console_fixture_set_up, console_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_screen_at_80x24),
        TEST(every_screen_at_200x50),
        TEST(every_screen_at_40x12),
        TEST(every_screen_in_monochrome),
        TEST(every_screen_in_a_theme),
        TEST(a_theme_in_true_colour),
        TEST(every_screen_in_ascii),
        TEST(every_screen_with_something_on_it),
        TEST(filters_and_marks_several),
        TEST(takes_a_delete_back),
        TEST(commands_are_typed_in_words),
        TEST(finds_what_can_be_done_and_does_it),
        TEST(changes_a_setting_in_the_file),
        TEST(silences_are_made_and_ended),
        TEST(several_are_sent_again_with_a_result_for_each),
        TEST(one_is_sent_again_and_its_new_attempt_is_shown),
        TEST(a_body_is_edited_and_sent_once),
        TEST(folds_json),
        TEST(the_mouse_selects_sorts_and_presses_keys),
        TEST(a_paste_in_a_list_does_nothing),
        TEST(read_only_says_why_not),
        TEST(asks_before_it_overwrites_the_change_of_another),
        TEST(two_consoles_see_each_other),
        TEST(rings_when_an_alert_begins_to_fail),
        TEST(shows_an_example_beside_the_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
