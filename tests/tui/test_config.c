#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <ini.h>

#include "support/run.h"

static bool no_memory; /* as inih says it */

int __real_ini_parse_stream(ini_reader reader, void *stream, ini_handler handler, void *user);
int __wrap_ini_parse_stream(ini_reader reader, void *stream, ini_handler handler, void *user);
int __wrap_ini_parse_stream(ini_reader reader, void *stream, ini_handler handler, void *user)
{
    return no_memory ? -2 : __real_ini_parse_stream(reader, stream, handler, user);
}

struct world {
    char dir[256], file[300], key[300];
    struct call call;
    struct settings settings;
    struct err err;
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    run_dir_make(w->dir, sizeof w->dir);
    snprintf(w->file, sizeof w->file, "%s/config.ini", w->dir);
    snprintf(w->key, sizeof w->key, "%s/key", w->dir);
    w->call.config = w->file;
    for (int i = 0; i < SETTING_COUNT; i++) {
        char name[SETTING_ENV_SIZE];
        setting_env_name((enum setting)i, name, sizeof name);
        unsetenv(name);
    }
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    settings_free(&w->settings);
    run_dir_remove(w->dir);
    unsetenv("OPIK_ALERTS_RETRY_MAX");
    unsetenv("OPIK_ALERTS_INTAKE_API_KEY");
    free(w);
    return 0;
}

static bool load(struct world *w)
{
    settings_free(&w->settings);
    w->err = (struct err){0};
    return config_load(&w->call, &w->settings, &w->err);
}

static void load_takes_the_stronger_origin(void **state)
{
    struct world *w = *state;
    const char *set[] = {"retry.max=9"};
    assert_true(load(w));
    assert_int_equal(w->settings.number[SETTING_RETRY_MAX], 3);

    run_write_file(w->file, "[retry]\nmax = 5\n", 0600);
    assert_true(load(w));
    assert_int_equal(w->settings.number[SETTING_RETRY_MAX], 5);
    assert_int_equal(w->settings.origin[SETTING_RETRY_MAX], ORIGIN_FILE);

    setenv("OPIK_ALERTS_RETRY_MAX", "7", 1);
    assert_true(load(w));
    assert_int_equal(w->settings.number[SETTING_RETRY_MAX], 7);
    assert_int_equal(w->settings.origin[SETTING_RETRY_MAX], ORIGIN_ENVIRONMENT);

    w->call.set = set;
    w->call.set_count = 1;
    assert_true(load(w));
    assert_int_equal(w->settings.number[SETTING_RETRY_MAX], 9);
    assert_int_equal(w->settings.origin[SETTING_RETRY_MAX], ORIGIN_CALL);
}

/* As HOME=/dev/null of a system's user makes it: nothing can be there. */
static void a_file_below_what_is_no_folder_is_missing(void **state)
{
    struct world *w = *state;
    w->call.config = "/dev/null/.config/opik-alerts/config.ini";
    if (!load(w))
        fail_msg("%s", w->err.text);
    w->call.config_given = true;
    assert_false(load(w));
    assert_int_equal(w->err.code, ERR_NOT_FOUND);
}

static void load_reads_sections_comments_and_indents(void **state)
{
    struct world *w = *state;
    run_write_file(
        w->file,
        "# a comment\n; another\nlog.retention = 2d\n\n[retry]\n  max = 4 ; why\n"
        "    initial: 250ms\n[debounce]\nwindow=45s\r\n",
        0600);
    assert_true(load(w));
    assert_int_equal(w->settings.number[SETTING_RETRY_MAX], 4);
    assert_int_equal(w->settings.number[SETTING_RETRY_INITIAL], 250);
    assert_int_equal(w->settings.number[SETTING_DEBOUNCE_WINDOW], 45000);
    assert_int_equal(w->settings.number[SETTING_LOG_RETENTION], 2 * 86400000LL);
}

static void load_names_file_and_line_of_an_error(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"[retry]\nmax = 3\nmux = 4\n", "config.ini:3: unknown setting retry.mux"},
        {"[retry]\n\nmax = many\n", "config.ini:3: retry.max: must be a whole number"},
        {"[debounce]\nwindow = 1h30m\n", "config.ini:2: debounce.window"},
        {"[retry]\nnothing\n", "config.ini:2: must be [SECTION] or KEY = VALUE"},
        {"[retry\n", "config.ini:1: must be"},
        {"[retry\nmax = 3\n", "config.ini:1: must be"},
        {"[payload]\nstyle = modern\n", "config.ini:2: payload.style"},
        {"[store]\nurl = redis://h\n", "store.url: Redis is not there yet"},
        {"[intake]\nlisten = 0.0.0.0:5173\n", "intake.api_key"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run_write_file(w->file, cases[i].text, 0600);
        assert_false(load(w));
        if (!strstr(w->err.text, cases[i].expected))
            fail_msg("case %zu: %s", i, w->err.text);
    }
}

/* Not the defaults instead, without the API key that stands there. */
static void load_fails_without_memory(void **state)
{
    struct world *w = *state;
    run_write_file(w->file, "[retry]\nmax = 5\n", 0600);
    no_memory = true;
    bool loaded = load(w);
    no_memory = false;
    assert_false(loaded);
    assert_int_equal(w->err.code, ERR_MEMORY);
}

static void load_refuses_a_line_that_would_be_cut(void **state)
{
    struct world *w = *state;
    char text[1200] = "[delivery]\nca_file = /";
    memset(text + strlen(text), 'x', 1000);
    run_write_file(w->file, text, 0600);
    assert_false(load(w));
    assert_non_null(strstr(w->err.text, "config.ini:2: the line is too long"));
}

static void load_refuses_a_file_that_others_can_write(void **state)
{
    struct world *w = *state;
    run_write_file(w->file, "", 0622);
    assert_false(load(w));
    assert_int_equal(w->err.code, ERR_DENIED);
    run_write_file(w->file, "", 0660);
    assert_false(load(w));
    assert_non_null(strstr(w->err.text, "others can write"));
    run_write_file(w->file, "", 0644);
    assert_true(load(w));
}

static void load_refuses_what_is_no_file(void **state)
{
    struct world *w = *state;
    assert_int_equal(mkdir(w->file, 0700), 0);
    assert_false(load(w));
    assert_non_null(strstr(w->err.text, "not a regular file"));
    remove(w->file);
    assert_int_equal(mkfifo(w->file, 0600), 0);
    assert_false(load(w));
    assert_non_null(strstr(w->err.text, "not a regular file"));
}

static void load_misses_only_a_file_that_was_named(void **state)
{
    struct world *w = *state;
    assert_true(load(w));
    w->call.config_given = true;
    assert_false(load(w));
    assert_int_equal(w->err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(w->err.text, w->file));
}

static void load_names_the_variable_and_set(void **state)
{
    struct world *w = *state;
    const char *wrong[] = {"retry.max"};
    setenv("OPIK_ALERTS_RETRY_MAX", "x", 1);
    assert_false(load(w));
    assert_non_null(strstr(w->err.text, "OPIK_ALERTS_RETRY_MAX"));
    unsetenv("OPIK_ALERTS_RETRY_MAX");
    w->call.set = wrong;
    w->call.set_count = 1;
    assert_false(load(w));
    assert_non_null(strstr(w->err.text, "KEY=VALUE"));
    wrong[0] = "no.key=1";
    assert_false(load(w));
    assert_non_null(strstr(w->err.text, "--set"));
}

static void load_takes_secrets_from_files_only(void **state)
{
    struct world *w = *state;
    char set[400];
    const char *list[] = {"intake.api_key=plain"};
    w->call.set = list;
    w->call.set_count = 1;
    assert_false(load(w));
    assert_null(strstr(w->err.text, "plain"));

    run_write_file(w->key, "s3cret\nsecond line\n", 0600);
    snprintf(set, sizeof set, "intake.api_key=file:%s", w->key);
    list[0] = set;
    assert_true(load(w));
    assert_string_equal(w->settings.text[SETTING_INTAKE_API_KEY], "s3cret");

    w->call.set_count = 0;
    run_write_file(w->file, "[intake]\napi_key = plain-in-file\n", 0600);
    assert_true(load(w));
    assert_string_equal(w->settings.text[SETTING_INTAKE_API_KEY], "plain-in-file");

    setenv("OPIK_ALERTS_INTAKE_API_KEY", "plain", 1);
    assert_false(load(w));
}

static void check_written(struct world *w, const char *key, const char *value,
                          const char *expected)
{
    char text[512] = "";
    if (!config_write(w->file, key, value, &w->err))
        fail_msg("%s", w->err.text);
    FILE *file = fopen(w->file, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
}

static void write_changes_one_line_and_keeps_the_others(void **state)
{
    struct world *w = *state;
    struct stat st;
    check_written(w, "retry.max", "5", "[retry]\nmax = 5\n");
    assert_int_equal(stat(w->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    check_written(w, "retry.max", "6", "[retry]\nmax = 6\n");
    check_written(w, "log.retention", "2d", "[retry]\nmax = 6\n\n[log]\nretention = 2d\n");
    check_written(w, "retry.initial", "2s",
                  "[retry]\nmax = 6\n\ninitial = 2s\n[log]\nretention = 2d\n");
    assert_true(load(w));
    assert_int_equal(w->settings.number[SETTING_RETRY_MAX], 6);
    assert_int_equal(w->settings.number[SETTING_RETRY_INITIAL], 2000);
}

static void write_leaves_comments_and_other_sections(void **state)
{
    struct world *w = *state;
    FILE *file = fopen(w->file, "w");
    fputs("; mine\n[delivery]\nmax_delay = 1s\n[retry]\n  ; max = 1\nmax=2\nmax = 3", file);
    fclose(file);
    check_written(w, "retry.max", "4",
                  "; mine\n[delivery]\nmax_delay = 1s\n[retry]\n  ; max = 1\nmax = 4\n");
}

/* A line is what inih takes it for: words behind a section do not count, and a colon is as good
 * as an equals sign. */
static void write_reads_lines_as_the_loading_does(void **state)
{
    struct world *w = *state;
    run_write_file(w->file, "[retry] ; of webhooks\nmax: 3\n[other]\xef\xbb", 0600);
    check_written(w, "retry.max", "7", "[retry] ; of webhooks\nmax = 7\n[other]\xef\xbb\n");
    assert_true(load(w));
    assert_int_equal(w->settings.number[SETTING_RETRY_MAX], 7);
}

static void load_refuses_links_and_what_is_too_large(void **state)
{
    struct world *w = *state;
    run_write_file(w->key, "", 0600);
    assert_int_equal(symlink(w->key, w->file), 0);
    assert_false(load(w));
    assert_int_equal(w->err.code, ERR_DENIED);
    assert_non_null(strstr(w->err.text, "is a link"));
    remove(w->file);
    run_write_file(w->file, "", 0600);
    assert_int_equal(truncate(w->file, (1 << 20) + 1), 0);
    assert_false(load(w));
    assert_int_equal(w->err.code, ERR_TOO_LARGE);
}

/* The file stays as it was when it cannot be read whole or not be replaced. */
static void a_write_that_fails_changes_nothing(void **state)
{
    struct world *w = *state;
    struct stat st;
    char next[320];
    run_write_file(w->file, "[retry]\nmax = 2\n", 0600);
    snprintf(next, sizeof next, "%s.new", w->file);
    assert_int_equal(mkdir(next, 0700), 0);
    assert_false(config_write(w->file, "retry.max", "5", &w->err));
    assert_int_equal(w->err.code, ERR_IO);
    assert_true(load(w));
    assert_int_equal(w->settings.number[SETTING_RETRY_MAX], 2);
    remove(next);
    assert_int_equal(truncate(w->file, (1 << 20) + 1), 0);
    assert_false(config_write(w->file, "retry.max", "5", &w->err));
    assert_non_null(strstr(w->err.text, "too large"));
    assert_int_equal(stat(w->file, &st), 0);
    assert_int_equal(st.st_size, (1 << 20) + 1);
}

static void write_keeps_the_mode_and_a_link(void **state)
{
    struct world *w = *state;
    struct stat st;
    run_write_file(w->key, "[retry]\nmax = 2\n", 0640);
    assert_int_equal(symlink(w->key, w->file), 0);
    check_written(w, "retry.max", "5", "[retry]\nmax = 5\n");
    assert_int_equal(lstat(w->file, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(w->key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void write_makes_the_folders_above(void **state)
{
    struct world *w = *state;
    struct stat st;
    snprintf(w->file, sizeof w->file, "%s/a/b/config.ini", w->dir);
    check_written(w, "retry.max", "5", "[retry]\nmax = 5\n");
    *strrchr(w->file, '/') = '\0';
    assert_int_equal(stat(w->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    *strrchr(w->file, '/') = '\0';
    assert_int_equal(stat(w->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

/* An API key that is read as an empty one would leave the door open. */
static void write_refuses_what_would_be_read_as_something_else(void **state)
{
    struct world *w = *state;
    char long_value[300];
    const char *values[] = {"a ;b", ";b", " a", "a\t", "a\nb", "a\n[intake]\napi_key = a",
                            long_value};
    memset(long_value, 'x', sizeof long_value - 1);
    long_value[sizeof long_value - 1] = '\0';
    check_written(w, "intake.api_key", "a;b = c", "[intake]\napi_key = a;b = c\n");
    assert_true(load(w));
    assert_string_equal(w->settings.text[SETTING_INTAKE_API_KEY], "a;b = c");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (config_write(w->file, "intake.api_key", values[i], &w->err))
            fail_msg("%zu was written", i);
        assert_int_equal(w->err.code, ERR_INVALID);
        assert_true(load(w));
        assert_string_equal(w->settings.text[SETTING_INTAKE_API_KEY], "a;b = c");
    }
    /* as long as a line may be, and no longer */
    while (!config_write(w->file, "intake.api_key", long_value, &w->err))
        long_value[strlen(long_value) - 1] = '\0';
    assert_in_range(strlen(long_value), 100, 250);
    assert_true(load(w));
    assert_string_equal(w->settings.text[SETTING_INTAKE_API_KEY], long_value);
    check_written(w, "intake.api_key", "", "[intake]\napi_key = \n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
        TEST(write_reads_lines_as_the_loading_does),
        TEST(write_changes_one_line_and_keeps_the_others),
        TEST(write_leaves_comments_and_other_sections),
        TEST(write_refuses_what_would_be_read_as_something_else),
        TEST(a_write_that_fails_changes_nothing),
        TEST(write_keeps_the_mode_and_a_link),
        TEST(write_makes_the_folders_above),
        TEST(load_refuses_links_and_what_is_too_large),
        TEST(load_takes_the_stronger_origin),
        TEST(a_file_below_what_is_no_folder_is_missing),
        TEST(load_reads_sections_comments_and_indents),
        TEST(load_names_file_and_line_of_an_error),
        TEST(load_fails_without_memory),
        TEST(load_refuses_a_line_that_would_be_cut),
        TEST(load_refuses_a_file_that_others_can_write),
        TEST(load_refuses_what_is_no_file),
        TEST(load_misses_only_a_file_that_was_named),
        TEST(load_names_the_variable_and_set),
        TEST(load_takes_secrets_from_files_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
