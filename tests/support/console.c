#include "support/console.h"

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

int console_fixture_run(struct console_fixture *f, const char *words)
{
    char command[2048];
    snprintf(command, sizeof command, "%s --data-dir=%s/data %s >/dev/null 2>&1", program(),
             f->dir, words);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
