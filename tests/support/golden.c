#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pwd.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/terminal.h"

/* Replaces every match by blots of the same length, so that columns stay where they are. */
static void blot(char *text, const char *pattern)
{
    regex_t regex;
    regmatch_t match;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED), 0);
    for (char *at = text; regexec(&regex, at, 1, &match, 0) == 0;) {
        memset(at + match.rm_so, '#', (size_t)(match.rm_eo - match.rm_so));
        at += match.rm_eo > match.rm_so ? match.rm_eo : match.rm_so + 1;
    }
    regfree(&regex);
}

/* Replaces `text` at the ends of lines by one blot, whatever its length. */
static void blot_end(char *screen, const char *text)
{
    size_t len = strlen(text);
    for (char *at = screen; (at = strstr(at, text));) {
        if (at[len] == '\n') {
            *at = '#';
            memmove(at + 1, at + len, strlen(at + len) + 1);
        }
        at++;
    }
}

static char *blotted_screen(struct terminal *t)
{
    static const char *const changing[] = {
        "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
        "127\\.0\\.0\\.1:[0-9]{4,5}",
        "[ 0-9.]{3,5}[0-9] (ms|\xc2\xb5s)",
        "\\.[0-9]{3}Z",
        "[0-9]+ bytes",
        "[0-9]{2}:[0-9]{2}:[0-9]{2}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    };
    char *text = strdup(terminal_screen(t));
    assert_non_null(text);
    for (size_t i = 0; i < sizeof changing / sizeof *changing; i++)
        blot(text, changing[i]);
    const struct passwd *user = getpwuid(getuid());
    char name[256];
    snprintf(name, sizeof name, " %s +", user ? user->pw_name : "unknown");
    blot(text, name); /* to the next column, so that its length does not matter */
    snprintf(name, sizeof name, "\"%s\"", user ? user->pw_name : "unknown");
    blot_end(text, name);
    return text;
}

/* A line for each row with looks of its own: "ROW: FIRST-LAST how, FIRST-LAST how". */
static void add_looks(struct terminal *t, struct buf *out)
{
    int rows, columns;
    struct buf look, next;
    buf_init(&look, BUF_UNLIMITED);
    buf_init(&next, BUF_UNLIMITED);
    terminal_extent(t, &rows, &columns);
    for (int row = 0; row < rows; row++) {
        bool any = false;
        for (int from = 0, to; from < columns; from = to) {
            terminal_look(t, row, from, &look);
            for (to = from + 1; to < columns; to++) {
                terminal_look(t, row, to, &next);
                if (!span_same(buf_span(&look), buf_span(&next)))
                    break;
            }
            if (look.len == 0)
                continue;
            if (any)
                buf_add_char(out, ',');
            else
                buf_add_format(out, "%d:", row);
            buf_add_format(out, " %d-%d%s", from, to - 1, buf_text(&look));
            any = true;
        }
        if (any)
            buf_add_char(out, '\n');
    }
    buf_free(&look);
    buf_free(&next);
}

static void write_golden(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void compare(const char *path, const char *seen)
{
    static char wanted[1 << 17];
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("no golden screen %s; seen:\n%s", path, seen);
    size_t len = fread(wanted, 1, sizeof wanted - 1, f);
    fclose(f);
    wanted[len] = '\0';
    if (strcmp(wanted, seen) != 0)
        fail_msg("%s differs; wanted:\n%s\nseen:\n%s", path, wanted, seen);
}

void terminal_golden(struct terminal *t, const char *name)
{
    char path[256], *screen = blotted_screen(t);
    struct buf seen;
    snprintf(path, sizeof path, "tests/screens/golden/%s.screen", name);
    buf_init(&seen, BUF_UNLIMITED);
    buf_add_format(&seen, "%s-- looks --\n", screen);
    add_looks(t, &seen);
    if (getenv("UPDATE_GOLDEN"))
        write_golden(path, buf_text(&seen));
    compare(path, buf_text(&seen));
    buf_free(&seen);
    free(screen);
}
