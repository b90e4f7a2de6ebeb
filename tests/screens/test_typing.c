/* What is typed and pasted into lines and fields: nothing of it gets lost, nothing of it acts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "support/canary.h"
#include "support/console.h"

static struct terminal *terminal_of(void **state)
{
    return ((struct console_fixture *)*state)->terminal;
}

/* ---------------------------------------------------------------- the `:` line */

static void completing_leaves_what_follows(void **state)
{
    struct terminal *t = terminal_of(state);
    terminal_press(t, ":deliveries status:dead\t", ": deliveries status:dead");
    terminal_press(t, "\r", "filter status:dead");
}

static void the_history_gives_back_what_was_typed(void **state)
{
    struct terminal *t = terminal_of(state);
    terminal_press(t, ":deliveries\r", "0 deliveries");
    terminal_press(t, ":deliveries since:1h\020", ": deliveries");
    terminal_wait_gone(t, "since:1h");
    terminal_press(t, "\016", ": deliveries since:1h"); /* ^N */
}

static void a_blank_at_the_end_is_none(void **state)
{
    terminal_press(terminal_of(state), ":settings \r", "intake.listen");
}

/* ---------------------------------------------------------------- keys */

/* Ctrl-Right of a terminal that terminfo does not know, a key of kitty's, what a terminal is, and
 * F1 of the Linux console. */
static void unknown_sequences_do_nothing(void **state)
{
    static const char *const sequences[] = {"\033[1;13C", "\033[57441u", "\033[?64;1;2c",
                                            "\033[[A", "\033Oq"};
    struct terminal *t = terminal_of(state);
    terminal_press(t, "nAlpha", "Alpha");
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
        terminal_press(t, sequences[i], "New alert");
        assert_false(terminal_shows(t, "Leave without saving?"));
    }
    terminal_press(t, "\033[1;13Cx", "Alphax"); /* the next key is one again */
    terminal_press(t, "\033", "Leave without saving?");
    terminal_press(t, "y", "There are no alerts yet");
    terminal_press(t, "\033[1;5z", "Alerts");
    assert_false(terminal_shows(t, "Overview"));
}

/* ---------------------------------------------------------------- wide characters */

static int columns_of_row(struct terminal *t, int row)
{
    const char *at = terminal_screen(t);
    for (int y = 0; y < row; y++)
        at += strcspn(at, "\n") + 1;
    return (int)text_columns((struct span){at, strcspn(at, "\n")});
}

/* Also where half of one would be left at the field's other end. */
static void the_cursor_stands_behind_wide_characters(void **state)
{
    struct terminal *t = terminal_of(state);
    int row, column;
    terminal_press(t, "n", "New alert");
    for (int i = 0; i < 40; i++)
        terminal_send(t, "\xe6\x97\xa5");
    terminal_settle(t, 100);
    for (int columns = 80; columns <= 83; columns++) {
        terminal_resize(t, 24, columns);
        terminal_settle(t, 100);
        terminal_cursor(t, &row, &column);
        assert_int_equal(column, columns_of_row(t, row));
    }
}

/* ---------------------------------------------------------------- pastes */

static void paste(struct terminal *t, char c, size_t count)
{
    char *text = malloc(count + 1);
    assert_non_null(text);
    memset(text, c, count);
    text[count] = '\0';
    terminal_send(t, "\033[200~");
    terminal_send(t, text);
    terminal_send(t, "\033[201~");
    free(text);
}

static void a_paste_that_is_too_long_is_told_of(void **state)
{
    struct terminal *t = terminal_of(state);
    terminal_press(t, "n", "New alert");
    paste(t, 'a', 1500);
    terminal_wait(t, "there is room for 1020 bytes here: nothing of it was taken");
    terminal_press(t, "Alpha", "Alpha"); /* into an empty field */
    assert_false(terminal_shows(t, "aaAlpha"));
    terminal_press(t, "\033", "Leave without saving?");
    terminal_press(t, "y/", "Filter:");
    paste(t, 'a', 300000); /* more than is read of a paste */
    terminal_wait(t, "there is room for 1024 bytes here");
    terminal_press(t, "\033:", "Command:");
    paste(t, 'a', 600);
    terminal_wait(t, "there is room for 512 bytes here");
}

static void a_paste_may_come_in_parts(void **state)
{
    struct terminal *t = terminal_of(state);
    terminal_send(t, "\033[200~abc");
    terminal_settle(t, 800);
    terminal_press(t, "nAlpha\033[201~", "pasted text is ignored here");
    assert_false(terminal_shows(t, "New alert"));
}

static void a_pasted_secret_is_not_kept(void **state)
{
    static const struct canary canaries[] = {{"token", "CANARY-pasted-0815"}};
    struct terminal *t = terminal_of(state);
    struct canary_search search;
    terminal_press(t, "n", "New alert");
    terminal_press(t, "\017\t", "Secret token"); /* ^O, into its first field */
    terminal_press(t, "\033[200~CANARY-pasted-0815\033[201~", "\u2022\u2022\u2022");
    terminal_press(t, "\033", "Leave without saving?");
    terminal_press(t, "y", "There are no alerts yet");
    canary_init(&search, canaries, 1);
    bool may = canary_in_memory(&search, terminal_pid(t));
    assert_string_equal(buf_text(&search.hits), "");
    canary_free(&search);
    if (!may && geteuid() != 0)
        skip(); /* the program is not dumpable: only root may look */
    assert_true(may);
}

#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, console_fixture_set_up_running,                  \
                                    console_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(completing_leaves_what_follows),
        TEST(the_history_gives_back_what_was_typed),
        TEST(a_paste_may_come_in_parts),
        TEST(the_cursor_stands_behind_wide_characters),
        TEST(unknown_sequences_do_nothing),
        TEST(a_paste_that_is_too_long_is_told_of),
        TEST(a_pasted_secret_is_not_kept),
        TEST(a_blank_at_the_end_is_none),
    };
    setlocale(LC_ALL, "C.UTF-8"); /* for the columns of characters */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
