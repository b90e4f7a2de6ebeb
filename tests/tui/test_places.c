/* Where everything is kept: what others could read, write or exchange is refused in words,
 * and what is made is for its owner alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app.h"
#include "support/program.h"

enum wrong { READABLE, WRITABLE, FOREIGN, LINK, HARD_LINK, FIFO, WRONGS };

static const char *const WRONG[WRONGS] = {"readable by the group", "writable by all",
                                          "of another user",       "a symbolic link",
                                          "a hard link",           "a FIFO"};

/* Puts the thing at `path` into that state, and back; `aside` is another name beside it. */
static void spoil(const char *path, const char *aside, enum wrong how)
{
    switch (how) {
    case READABLE:
        assert_int_equal(chmod(path, 0640), 0);
        break;
    case WRITABLE:
        assert_int_equal(chmod(path, 0666), 0);
        break;
    case FOREIGN:
        assert_int_equal(chown(path, 12345, 12345), 0);
        break;
    case LINK:
        assert_int_equal(rename(path, aside), 0);
        assert_int_equal(symlink(aside, path), 0);
        break;
    case HARD_LINK:
        assert_int_equal(link(path, aside), 0);
        break;
    case FIFO:
        assert_int_equal(rename(path, aside), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        break;
    case WRONGS:
        break;
    }
}

static void mend(const char *path, const char *aside, enum wrong how)
{
    if (how == READABLE || how == WRITABLE)
        assert_int_equal(chmod(path, 0600), 0);
    else if (how == FOREIGN)
        assert_int_equal(chown(path, geteuid(), getegid()), 0);
    else if (how == HARD_LINK)
        assert_int_equal(unlink(aside), 0);
    else
        assert_int_equal(rename(aside, path), 0);
}

/* Whether `serve` refuses it, naming the file and giving a sentence. */
static void refuses(const struct program *p, const char *name, enum wrong how)
{
    struct run r;
    program_run(p, &r, NULL, "serve");
    if (r.status <= 0 || !strstr(r.err, name) || strlen(r.err) < strlen(name) + 20)
        fail_msg("%s that is %s: %d %s%s", name, WRONG[how], r.status, r.out, r.err);
    run_free(&r);
}

/* A data directory as serve leaves it when it is killed: every file is there. */
static void fill(const struct program *p)
{
    struct run_child c;
    char url[128], id[64];
    program_serve(p, &c, "", url);
    program_create(p, "{\"name\":\"x\",\"webhook\":{\"url\":\"http://127.0.0.1:1/\"}}", id);
    kill(c.pid, SIGKILL);
    run_kill(&c);
}

static void refuses_what_others_could_use(void **state)
{
    static const struct {
        const char *name;
        unsigned fine; /* bits of what does no harm there */
    } files[] = {
        {"store.db", 0},
        {"store.db-wal", 0},
        {"store.db-shm", 0},
        {"engine.lock", 0},
        {"key", 1u << HARD_LINK}, /* so it is made: the first process's link() wins */
        {"config.ini", 1u << READABLE | 1u << HARD_LINK},
        {"api-key", 1u << HARD_LINK},
    };
    const struct program *p = *state;
    char path[400], aside[420], text[500];
    snprintf(path, sizeof path, "%s/api-key", p->dir);
    run_write_file(path, "secret-key\n", 0600);
    snprintf(text, sizeof text, "[intake]\nlisten = 127.0.0.1:0\napi_key = file:%s\n",
             path);
    run_write_file(p->config, text, 0600);
    fill(p);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", p->dir, files[i].name);
        snprintf(aside, sizeof aside, "%s/aside", p->dir);
        for (enum wrong how = 0; how < WRONGS; how++) {
            if (files[i].fine & 1u << how || (how == FOREIGN && geteuid() != 0))
                continue;
            spoil(path, aside, how);
            refuses(p, files[i].name, how);
            mend(path, aside, how);
        }
    }
    fill(p); /* and now it is as it was */
}

static void refuses_a_place_that_others_could_exchange(void **state)
{
    const struct program *p = *state;
    char parent[300], words[400];
    struct run r;
    snprintf(parent, sizeof parent, "%s/parent", p->dir);
    assert_int_equal(mkdir(parent, 0700), 0);
    snprintf(words, sizeof words, "serve --data-dir %s/data", parent);
    assert_int_equal(chmod(parent, 0777), 0);
    program_expect(p, &r, 1, NULL, words);
    assert_non_null(strstr(r.err, "in its place"));
    run_free(&r);
    assert_int_equal(chmod(parent, 01777), 0); /* as /tmp */
    struct run_child c;
    char url[128];
    program_serve(p, &c, words + strlen("serve "), url);
    run_kill(&c);
}

/* ---------------------------------------------------------------- what is made */

static void look_at(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(lstat(path, &st), 0);
    if (st.st_mode & 077)
        fail_msg("%s was made with mode %o", path, (unsigned)st.st_mode & 07777);
}

/* Even where the umask would let others in. */
static void makes_all_for_its_owner_alone(void **state)
{
    const struct program *p = *state;
    struct run_child c;
    char data[300], words[400], url[128];
    snprintf(data, sizeof data, "%s/data", p->dir);
    snprintf(words, sizeof words, "--data-dir %s", data);
    mode_t old = umask(0);
    program_serve(p, &c, words, url);
    umask(old);
    DIR *d = opendir(data);
    assert_non_null(d);
    int files = 0;
    for (struct dirent *e; (e = readdir(d)); files++)
        if (strcmp(e->d_name, "..") != 0)
            look_at(data, e->d_name);
    closedir(d);
    assert_true(files >= 6);
    run_kill(&c);
}

/* What attaches to it, or a core file, would show them all. */
static void nobody_else_looks_into_it(void **state)
{
    (void)state;
    int status;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rlimit core;
        char *argv[] = {"opik-alerts", "--version", NULL};
        bool ran =
            freopen("/dev/null", "w", stdout) && app_main(2, argv, clock_system()) == 0;
        getrlimit(RLIMIT_CORE, &core);
        _exit(ran && prctl(PR_GET_DUMPABLE) == 0 && core.rlim_max == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, program_setup, program_teardown)
    const struct CMUnitTest tests[] = {
        TEST(refuses_what_others_could_use),
        TEST(refuses_a_place_that_others_could_exchange),
        TEST(makes_all_for_its_owner_alone),
        cmocka_unit_test(nobody_else_looks_into_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
