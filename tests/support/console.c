#include "support/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "support/tempdir.h"

static const char *program(void)
{
    const char *built = getenv("OPIK_ALERTS");
    return built ? built : "build/opik-alerts";
}

void console_fixture_start(struct console_fixture *f, const struct terminal_options *options,
                           const char *env, const char *argument)
{
    char path[512], config[400], dir[400], extra[256];
    char listen[] = "--set=intake.listen=127.0.0.1:0", window[] = "--set=debounce.window=1s";
    const char *all_env[] = {config, env, NULL};
    struct terminal_options with = *options;
    if (!f->dir)
        f->dir = tempdir_make();
    snprintf(path, sizeof path, "%s", program());
    snprintf(dir, sizeof dir, "--data-dir=%s/data", f->dir);
    snprintf(config, sizeof config, "XDG_CONFIG_HOME=%s", f->dir);
    snprintf(extra, sizeof extra, "%s", argument ? argument : "");
    char *argv[] = {path, dir, listen, window, argument ? extra : NULL, NULL};
    with.env = all_env;
    f->terminal = terminal_start(&with, argv);
}

void console_fixture_stop(struct console_fixture *f)
{
    if (f->terminal)
        terminal_free(&f->terminal);
}

void console_fixture_remove(struct console_fixture *f)
{
    console_fixture_stop(f);
    if (f->dir)
        tempdir_remove(f->dir);
    f->dir = NULL;
}

int console_fixture_set_up(void **state)
{
    *state = calloc(1, sizeof(struct console_fixture));
    assert_non_null(*state);
    return 0;
}

int console_fixture_set_up_running(void **state)
{
    const struct terminal_options options = {.rows = 24, .columns = 80};
    console_fixture_set_up(state);
    struct console_fixture *f = *state;
    console_fixture_start(f, &options, NULL, NULL);
    terminal_wait(f->terminal, "running on");
    return 0;
}

int console_fixture_tear_down(void **state)
{
    console_fixture_remove(*state);
    free(*state);
    return 0;
}

int console_fixture_run(struct console_fixture *f, const char *words)
{
    char command[2048];
    snprintf(command, sizeof command, "%s --data-dir=%s/data %s >/dev/null 2>&1", program(),
             f->dir, words);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

void console_fixture_add_alert(struct console_fixture *f, const char *name, const char *event,
                               const char *url)
{
    char path[512], words[600], text[1024];
    snprintf(path, sizeof path, "%s/alert.json", f->dir);
    snprintf(text, sizeof text,
             "{\"name\":\"%s\",\"webhook\":{\"url\":\"%s\"},"
             "\"triggers\":[{\"event_type\":\"%s\"}]}",
             name, url, event);
    write_file(path, text);
    snprintf(words, sizeof words, "alert create %s", path);
    assert_int_equal(console_fixture_run(f, words), 0);
}

void console_fixture_send_error(struct console_fixture *f)
{
    char path[512], words[600];
    snprintf(path, sizeof path, "%s/event.json", f->dir);
    write_file(path, "{\"event_type\":\"trace:errors\",\"entity\":{\"name\":\"t\"}}\n");
    snprintf(words, sizeof words, "send %s", path);
    assert_int_equal(console_fixture_run(f, words), 0);
}
