/* How the program is called: options, gates, help, settings, completions. */
#include <errno.h>
#include <poll.h>
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

#include "support/program.h"

static void call_wrong_exits_2(void **state)
{
    static const struct {
        const char *words, *said;
    } cases[] = {
        {"nonsense", "nonsense: no such command"},
        {"alert", "alert: needs one more word"},
        {"alert lits", "alert lits: no such command"},
        {"alert show", "usage: opik-alerts alert show"},
        {"alert create", "usage: opik-alerts alert create"},
        {"alert update 0190b2c0-0000-7000-8000-000000000000", "usage:"},
        {"alert list extra", "usage: opik-alerts alert list"},
        {"alert delete", "usage:"},
        {"alert show not-an-id", "not-an-id: is no id"},
        {"alert delete not-an-id", "not-an-id: is no id"},
        {"delivery show x", "x: is no id"},
        {"delivery replay x", "x: is no id"},
        {"completion", "usage:"},
        {"completion tcsh", "tcsh"},
        {"--nonsense", "--nonsense: no such option"},
        {"alert list --workspace", "--workspace needs a value"},
        {"alert list -x", "opik-alerts: -x: no such option"},
        {"alert list -xh", "opik-alerts: -x: no such option"},
        {"alert list --json=yes", "--json=yes: takes no value"},
        {"alert list --workspace=", "--workspace must not be empty"},
        {"alert list --workspace=a\x1b[31m", "--workspace must be plain text"},
        {"alert list --workspace=\xff", "--workspace must be plain text"},
        {"alert list --data-dir=", "--data-dir must not be empty"},
        {"config --config=", "--config must not be empty"},
        {"alert list --follow", "takes no --follow"},
        {"config --set retry.max", "KEY=VALUE"},
        {"config --set retry.mux=1", "retry.max"},
        {"config --set retry.max=-1", "whole number"},
        {"config --set intake.api_key=plain", "file:PATH"},
        {"config --set store.url=redis://h", "Redis is not there yet"},
        {"config --set intake.listen=0.0.0.0:0", "intake.api_key"},
        {"config --config /nonexistent/x.ini", "/nonexistent/x.ini"},
    };
    const struct program *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run r;
        program_expect(p, &r, 2, NULL, cases[i].words);
        if (!strstr(r.err, cases[i].said) || *r.out)
            fail_msg("%s: %s%s", cases[i].words, r.out, r.err);
        run_free(&r);
    }
}

static void read_only_refuses_what_changes(void **state)
{
    static const char *const verbs[] = {
        "serve",
        "demo",
        "send",
        "alert create -",
        "alert import -",
        "alert update 0190b2c0-0000-7000-8000-000000000000 -",
        "alert enable 0190b2c0-0000-7000-8000-000000000000",
        "alert disable 0190b2c0-0000-7000-8000-000000000000",
        "alert delete 0190b2c0-0000-7000-8000-000000000000",
        "alert test 0190b2c0-0000-7000-8000-000000000000",
        "delivery replay 0190b2c0-0000-7000-8000-000000000000",
        "alert export --secrets /nonexistent", /* leaves an audit row */
    };
    const struct program *p = *state;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        char words[160];
        struct run r;
        snprintf(words, sizeof words, "%s --read-only", verbs[i]);
        program_expect(p, &r, 2, "{}", words);
        assert_non_null(strstr(r.err, "--read-only"));
        assert_string_equal(r.out, "");
        run_free(&r);
    }
}

static void read_only_shows(void **state)
{
    const struct program *p = *state;
    json_t *list = program_json(p, "alert list --json");
    json_decref(list);
    static const char *const verbs[] = {"alert list", "delivery list", "bucket list", "log",
                                        "explain",    "alert export",  "config",     "doctor"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        char words[160];
        struct run r;
        snprintf(words, sizeof words, "--read-only %s", verbs[i]);
        program_expect(p, &r, 0, "", words);
        run_free(&r);
    }
}

static void read_only_makes_nothing(void **state)
{
    const struct program *p = *state;
    char words[400];
    struct run r;
    snprintf(words, sizeof words, "alert list --read-only --data-dir %s/none", p->dir);
    program_expect(p, &r, 1, NULL, words);
    assert_string_equal(r.out, "");
    assert_true(strlen(r.err) > 20);
    run_free(&r);
}

static void options_stand_anywhere(void **state)
{
    static const char *const calls[] = {"--json alert list", "alert --json list",
                                        "alert list --json",
                                        "alert --workspace other list --json"};
    const struct program *p = *state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        json_t *list = program_json(p, calls[i]);
        assert_true(json_is_array(list));
        assert_int_equal(json_array_size(list), 0);
        json_decref(list);
    }
}

static void help_lists_every_verb(void **state)
{
    static const char *const expected[] = {
        "serve",          "alert list",      "alert show",
        "alert create",   "alert update",    "alert enable",
        "alert disable",  "alert delete",    "alert test",
        "alert export",   "alert import",    "delivery list",
        "delivery show",  "delivery replay", "log",
        "bucket list",    "explain",         "send",
        "demo",           "config",          "completion",
        "doctor",
        "--data-dir DIR", "--read-only",
    };
    const struct program *p = *state;
    struct run r;
    program_expect(p, &r, 0, NULL, "--help");
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (!strstr(r.out, expected[i]))
            fail_msg("%s is missing in:\n%s", expected[i], r.out);
    run_free(&r);
    program_expect(p, &r, 0, NULL, "alert create --help");
    assert_non_null(strstr(r.out, "alert create"));
    assert_null(strstr(r.out, "alert delete"));
    run_free(&r);
    program_expect(p, &r, 0, NULL, "--version");
    assert_int_equal(strncmp(r.out, "opik-alerts ", 12), 0);
    run_free(&r);
}

/* With a command only what it takes is told of. */
static void help_of_a_verb_has_its_options(void **state)
{
    static const struct {
        const char *words, *there, *missing;
    } cases[] = {
        {"serve --help", "--read-only", "--for DURATION"},
        {"log --help", "--follow", "--dry-run"},
        {"alert import --help", "--dry-run", "--filter"},
        {"alert --help", "--filter", "--follow"},
        {"silence add --help", "--then digest|drop", "--since"},
        {"--help", "Options of log:", "--nonsense"},
        {"--help",
         "Options of alert list, delivery list, delivery replay, audit:", "--nonsense"},
    };
    const struct program *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run r;
        program_expect(p, &r, 0, NULL, cases[i].words);
        if (!strstr(r.out, cases[i].there) || strstr(r.out, cases[i].missing))
            fail_msg("%s:\n%s", cases[i].words, r.out);
        run_free(&r);
    }
}

static void config_shows_value_and_origin(void **state)
{
    const struct program *p = *state;
    char words[400];
    size_t i;
    json_t *item;
    run_write_file(p->file, "top-secret\n", 0600);
    snprintf(words, sizeof words,
             "config --json --set retry.max=8 --set intake.api_key=file:%s", p->file);
    json_t *all = program_json(p, words);
    unsigned seen = 0;
    assert_true(json_array_size(all) > 15);
    json_array_foreach(all, i, item)
    {
        const char *key = json_string_value(json_object_get(item, "key"));
        const char *value = json_string_value(json_object_get(item, "value"));
        const char *origin = json_string_value(json_object_get(item, "origin"));
        assert_non_null(json_string_value(json_object_get(item, "help")));
        if (strcmp(key, "retry.max") == 0 && ++seen) {
            assert_string_equal(value, "8");
            assert_string_equal(origin, "--set");
        } else if (strcmp(key, "intake.listen") == 0 && ++seen) {
            assert_string_equal(value, "127.0.0.1:0");
            assert_string_equal(origin, "file");
        } else if (strcmp(key, "intake.api_key") == 0 && ++seen) {
            assert_string_equal(value, "(set)");
        }
    }
    assert_int_equal(seen, 3);
    json_decref(all);
    struct run r;
    program_expect(p, &r, 0, NULL, "config");
    assert_non_null(strstr(r.out, "debounce.window"));
    assert_non_null(strstr(r.out, "30s"));
    run_free(&r);
}

static void completion_names_every_verb(void **state)
{
    static const char *const shells[] = {"bash", "zsh", "fish"};
    const struct program *p = *state;
    for (size_t i = 0; i < 3; i++) {
        char words[40];
        struct run r;
        snprintf(words, sizeof words, "completion %s", shells[i]);
        program_expect(p, &r, 0, NULL, words);
        assert_non_null(strstr(r.out, "opik-alerts"));
        assert_non_null(strstr(r.out, "replay"));
        assert_non_null(strstr(r.out, "retry.max="));
        assert_non_null(strstr(r.out, "data-dir"));
        run_free(&r);
    }
}

/* What fish offers after `alert create` are files, and no second command. */
static void completion_of_fish_knows_the_second_word(void **state)
{
    const struct program *p = *state;
    struct run r;
    program_expect(p, &r, 0, NULL, "completion fish");
    assert_non_null(strstr(r.out, "'__fish_seen_subcommand_from bucket; and not "
                                  "__fish_seen_subcommand_from list send' -a send"));
    assert_non_null(strstr(r.out, "'__fish_seen_subcommand_from alert; and "
                                  "__fish_seen_subcommand_from import' -l dry-run"));
    run_free(&r);
}

static void completion_is_read_by_bash(void **state)
{
    static const char script[] =
        "eval \"$($OPIK_ALERTS completion bash)\"\n"
        "try() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _opik_alerts; "
        "echo \"${COMPREPLY[*]}\"; }\n"
        "compopt() { :; }\n"
        "try opik-alerts alert cr\n"
        "try opik-alerts --data-dir /x de\n"
        "try opik-alerts completion fi\n"
        "try opik-alerts --set retry.ma\n"
        "try opik-alerts --set = retry.ma\n"
        "try opik-alerts --data-dir = /x --set retry.max = 3 aler\n"
        "try opik-alerts --filter status : dead delivery re\n"
        "try opik-alerts delivery list --filter stat\n"
        "try opik-alerts serve --f\n"
        "try opik-alerts log --f\n"
        "try opik-alerts --fo\n"
        "try opik-alerts silence add --then \"\"\n";
    const struct program *p = *state;
    const char *argv[] = {"/bin/bash", p->file, NULL};
    struct run r;
    run_write_file(p->file, script, 0600);
    run_program(&r, NULL, argv);
    assert_string_equal(r.err, "");
    assert_string_equal(r.out, "create\ndelivery demo\nfish\nretry.max= retry.max_delay=\n"
                               "retry.max= retry.max_delay=\nalert\nreplay\n\n"
                               "\n--follow\n--follow --for\ndigest drop\n");
    run_free(&r);
}

static void output_that_is_full_fails(void **state)
{
    const struct program *p = *state;
    char command[1024];
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    struct run r;
    snprintf(command, sizeof command, "exec $OPIK_ALERTS --data-dir %s config > /dev/full",
             p->dir);
    run_program(&r, NULL, argv);
    assert_int_equal(r.status, 1);
    assert_non_null(strstr(r.err, "standard output"));
    run_free(&r);
}

/* As after `| head -1`, whose end is closed before anything is written here. */
static void a_reader_that_wants_no_more_is_no_failure(void **state)
{
    static const char *const words[] = {"config", "config --json", "alert list --json",
                                        "log", "doctor", "--help", "--version"};
    const struct program *p = *state;
    char command[1024];
    const char *argv[] = {"/bin/bash", "-c", command, NULL};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct run r;
        snprintf(command, sizeof command,
                 "exec 4> >(:); wait $!; exec $OPIK_ALERTS --data-dir %s --config %s %s >&4",
                 p->dir, p->config, words[i]);
        run_program(&r, NULL, argv);
        assert_string_equal(r.err, "");
        assert_int_equal(r.status, 0);
        run_free(&r);
    }
}

static bool is_null_device(pid_t pid, int fd)
{
    char link[64], file[64] = "";
    snprintf(link, sizeof link, "/proc/%ld/fd/%d", (long)pid, fd);
    ssize_t len = readlink(link, file, sizeof file - 1);
    if (len < 0 && errno == EACCES && geteuid() != 0)
        return true; /* the program is not dumpable: only root may look */
    return len > 0 && strcmp(file, "/dev/null") == 0;
}

/* What is printed must not end in a file of the store that got the number. */
static void closed_descriptors_become_no_files(void **state)
{
    const struct program *p = *state;
    char command[1024], lock[600];
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    struct run r;
    struct run_child c;
    struct stat st;
    snprintf(command, sizeof command, "exec $OPIK_ALERTS --data-dir %s alert create - <&-",
             p->dir);
    run_program(&r, NULL, argv);
    assert_int_equal(r.status, 1);
    assert_non_null(strstr(r.err, "standard input: Bad file descriptor"));
    run_free(&r);
    snprintf(command, sizeof command,
             "exec $OPIK_ALERTS --data-dir %s --config %s serve <&- >&- 2>&-", p->dir, p->config);
    snprintf(lock, sizeof lock, "%s/engine.lock", p->dir);
    run_start(&c, argv);
    long long until = run_now_ms() + RUN_DEADLINE_MS;
    while ((stat(lock, &st) != 0 || st.st_size == 0) && run_now_ms() < until)
        poll(NULL, 0, 10);
    assert_true(run_now_ms() < until);
    for (int fd = 0; fd <= 2; fd++)
        assert_true(is_null_device(c.pid, fd));
    run_kill(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, program_setup, program_teardown)
        TEST(call_wrong_exits_2),
        TEST(read_only_refuses_what_changes),
        TEST(read_only_shows),
        TEST(read_only_makes_nothing),
        TEST(options_stand_anywhere),
        TEST(help_lists_every_verb),
        TEST(help_of_a_verb_has_its_options),
        TEST(config_shows_value_and_origin),
        TEST(completion_names_every_verb),
        TEST(completion_is_read_by_bash),
        TEST(completion_of_fish_knows_the_second_word),
        TEST(output_that_is_full_fails),
        TEST(a_reader_that_wants_no_more_is_no_failure),
        TEST(closed_descriptors_become_no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
