#include "statusline.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <cmocka.h>

#include "host.h"
#include "store/datadir.h"
#include "support/run.h"
#include "tuning.h"

static void wait_standby(struct host *host)
{
    long long until = run_now_ms() + RUN_DEADLINE_MS;
    struct host_status status;
    do {
        usleep(1000);
        host_status(host, &status);
        assert_true(run_now_ms() < until);
    } while (status.state != HOST_STANDBY);
}

/* The words of one who waits for a lock that somebody holds; text: what the file says. */
static void say_standby(const char *text, char *words, size_t size)
{
    struct err err = {0};
    struct settings settings;
    char dir[256], path[300];
    run_dir_make(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/engine.lock", dir);
    run_write_file(path, text, 0600);
    int lock = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    assert_true(settings_init(&settings, &err));
    const struct store_options stored = {
        .dir = dir, .clock = clock_system(), .limits = tuning_limits(&settings)};
    struct store *store = store_open(&stored, &err);
    const struct host_options options = {
        .dir = dir, .store = store, .clock = clock_system(), .settings = &settings};
    struct host *host = store ? host_start(&options, &err) : NULL;
    if (!host)
        fail_msg("%s", err.text);
    wait_standby(host);
    const struct console_options shown = {.host = host, .clock = clock_system()};
    assert_int_equal(statusline_words(&shown, words, size), STYLE_WARN);
    host_stop(&host);
    store_close(&store);
    settings_free(&settings);
    close(lock);
    run_dir_remove(dir);
}

static void a_standby_names_the_holder_where_it_is_known(void **state)
{
    char words[256];
    (void)state;
    say_standby("pid 4711\nsince 1700000000000\naddress \n", words, sizeof words);
    assert_non_null(strstr(words, "standby: engine is process 4711 since "));
    say_standby("", words, sizeof words);
    assert_string_equal(words, "standby: another process runs the engine");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_standby_names_the_holder_where_it_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
