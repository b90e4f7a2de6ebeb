/* Secrets in the console, in a real terminal: hidden, and shown on purpose for ten seconds of a
 * clock that is driven. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/driven.h"
#include "support/tempdir.h"

#define PATH  "/services/T0/B0/CANARY-in-the-path"
#define TOKEN "CANARY-token"

static int set_up(void **state)
{
    static struct driven d;
    char path[512], words[600];
    d = (struct driven){0};
    d.f.dir = tempdir_make();
    snprintf(path, sizeof path, "%s/alert.json", d.f.dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("{\"name\":\"Holds secrets\",\"webhook\":{\"url\":\"https://hooks.example.org" PATH
          "\",\"secret_token\":\"" TOKEN "\",\"headers\":{\"X-Key\":\"CANARY-header\"}},"
          "\"triggers\":[{\"event_type\":\"trace:errors\"}]}", file);
    fclose(file);
    snprintf(words, sizeof words, "alert create %s", path);
    assert_int_equal(console_fixture_run(&d.f, words), 0);
    driven_start(&d);
    *state = &d;
    return 0;
}

static int tear_down(void **state)
{
    console_fixture_remove(&((struct driven *)*state)->f);
    return 0;
}

static size_t count_told(struct driven *d, const char *detail)
{
    char command[1200], line[32] = "";
    snprintf(command, sizeof command,
             "%s --data-dir=%s/data audit --json --filter 'action:form.reveal detail:\"%s\"' | "
             "grep -c form.reveal", getenv("OPIK_ALERTS"), d->f.dir, detail);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    if (!fgets(line, sizeof line, out))
        line[0] = '\0';
    pclose(out);
    return strtoul(line, NULL, 10);
}

static void shows_for_ten_seconds(struct driven *d, const char *secret, const char *detail)
{
    struct terminal *t = d->f.terminal;
    assert_false(terminal_shows(t, secret));
    terminal_type(t, "\022"); /* ^R */
    terminal_wait(t, secret);
    assert_int_equal(count_told(d, detail), 1);
    atomic_fetch_add(d->now, 9999);
    driven_draw_again(d, 101);
    assert_true(terminal_shows(t, secret));
    atomic_fetch_add(d->now, 1);
    driven_draw_again(d, 100);
    terminal_wait_gone(t, secret);
}

static void secrets_are_shown_on_purpose_and_told_of(void **state)
{
    struct driven *d = *state;
    struct terminal *t = d->f.terminal;
    terminal_wait(t, "Holds secrets");
    terminal_type(t, "e");
    terminal_wait(t, "Edit alert");
    terminal_wait(t, "https://hooks.example.org/\u2026path");
    assert_false(terminal_shows(t, "CANARY"));
    assert_false(terminal_shows(t, "services"));
    terminal_type(t, "\t\t\t");
    shows_for_ten_seconds(d, "CANARY-in-the-path", "the endpoint URL");
    terminal_type(t, "\t\t");
    shows_for_ten_seconds(d, TOKEN, "the secret token");
    terminal_type(t, "\t\t");
    shows_for_ten_seconds(d, "CANARY-header", "the header X-Key");
}

static void moving_on_hides_it(void **state)
{
    struct driven *d = *state;
    struct terminal *t = d->f.terminal;
    terminal_wait(t, "Holds secrets");
    terminal_type(t, "e");
    terminal_wait(t, "Edit alert");
    terminal_type(t, "\t\t\t\t\t\022");
    terminal_wait(t, TOKEN);
    terminal_type(t, "\t");
    terminal_wait_gone(t, TOKEN);
    terminal_type(t, "\033[A\022"); /* up, ^R */
    terminal_wait(t, TOKEN);
    terminal_type(t, "\022");
    terminal_wait_gone(t, TOKEN);
    assert_int_equal(count_told(d, "the secret token"), 2);
    terminal_type(t, "\033");
    terminal_wait(t, "Waiting: nothing");
}

/* Ten seconds from the last key: nobody is cut off within a word. What is typed once it is
 * hidden is not put behind what nobody sees. */
static void it_is_shown_while_it_is_edited(void **state)
{
    struct driven *d = *state;
    struct terminal *t = d->f.terminal;
    terminal_wait(t, "Holds secrets");
    terminal_press(t, "e", "Edit alert");
    terminal_press(t, "\t\t\t\t\t\022", TOKEN);
    atomic_fetch_add(d->now, 9000);
    terminal_press(t, "x", TOKEN "x");
    atomic_fetch_add(d->now, 9000);
    terminal_press(t, "y", TOKEN "xy");
    atomic_fetch_add(d->now, 10000);
    driven_draw_again(d, 100);
    terminal_wait_gone(t, TOKEN);
    terminal_press(t, "z", "this takes its place");
    terminal_press(t, "\022", "token z"); /* ^R */
    assert_false(terminal_shows(t, TOKEN));
}

/* What one types oneself is shown while one is at it. */
static void a_new_url_is_seen_until_one_leaves_it(void **state)
{
    struct terminal *t = ((struct driven *)*state)->f.terminal;
    terminal_type(t, "n");
    terminal_wait(t, "New alert");
    terminal_type(t, "name\t\t\thttps://new.example.org/CANARY-typed-by-hand");
    terminal_wait(t, "https://new.example.org/CANARY-typed-by-hand");
    terminal_type(t, "\t");
    terminal_wait(t, "https://new.example.org/\u2026hand");
    assert_false(terminal_shows(t, "CANARY"));
    terminal_type(t, "\033[A");
    terminal_wait(t, "CANARY-typed-by-hand");
}

int main(int argc, char **argv)
{
    int status;
    if (driven_runs(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(secrets_are_shown_on_purpose_and_told_of, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(moving_on_hides_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_shown_while_it_is_edited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_url_is_seen_until_one_leaves_it, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
