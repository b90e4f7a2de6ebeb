/* The programs that the console starts find the signals as a shell gives them, not as the
 * console has them for itself. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clipboard.h"
#include "editor.h"
#include "support/run.h"
#include "term.h"

/* As the program does at its start and the console for its signalfd. */
static int take_signals(void **state)
{
    struct err err = {0};
    sigset_t set;
    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    return term_open(true, &err) ? 0 : -1;
}

static int end_terminal(void **state)
{
    (void)state;
    term_close();
    return 0;
}

/* In a line of /proc/PID/status: SigIgn, SigBlk. */
static bool has(const char *status, const char *set, int number)
{
    const char *line = strstr(status, set);
    assert_non_null(line);
    return strtoull(line + strlen(set) + 1, NULL, 16) >> (number - 1) & 1;
}

static void check(const char *status)
{
    assert_false(has(status, "SigIgn", SIGPIPE));
    assert_false(has(status, "SigIgn", SIGXFSZ));
    assert_false(has(status, "SigBlk", SIGTERM));
}

static void an_editor_has_its_signals(void **state)
{
    struct buf out;
    struct err err = {0};
    (void)state;
    buf_init(&out, BUF_UNLIMITED);
    unsetenv("VISUAL");
    setenv("EDITOR", "cp /proc/self/status", 1);
    if (!editor_edit(span_of("{}"), ".json", &out, &err))
        fail_msg("%s", err.text);
    check(buf_text(&out));
    buf_free(&out);
}

static void tmux_has_its_signals(void **state)
{
    char dir[256], tool[300], words[700], told[300], how[64], text[4096] = "";
    const char *before = getenv("PATH");
    struct err err = {0};
    (void)state;
    run_dir_make(dir, sizeof dir);
    snprintf(tool, sizeof tool, "%s/tmux", dir);
    snprintf(told, sizeof told, "%s/told", dir);
    snprintf(words, sizeof words, "#!/bin/sh\ncp /proc/self/status %s\n", told);
    run_write_file(tool, words, 0700);
    snprintf(words, sizeof words, "%s:%s", dir, before);
    setenv("PATH", words, 1);
    setenv("TMUX", "/none,1,0", 1);
    assert_true(clipboard_copy(span_of("x"), dir, how, sizeof how, &err));
    FILE *f = fopen(told, "re");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    check(text);
    unsetenv("TMUX");
    run_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_editor_has_its_signals),
        cmocka_unit_test(tmux_has_its_signals),
    };
    return cmocka_run_group_tests(tests, take_signals, end_terminal);
}
