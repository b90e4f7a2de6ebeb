#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "store/datadir.h"

struct fixture {
    char base[64], dir[96], lock[128];
};

static int init(void **state)
{
    static struct fixture f;
    snprintf(f.base, sizeof f.base, "/tmp/test-datadir-XXXXXX");
    if (!mkdtemp(f.base))
        return -1;
    snprintf(f.dir, sizeof f.dir, "%s/data", f.base);
    snprintf(f.lock, sizeof f.lock, "%s/engine.lock", f.dir);
    *state = &f;
    return datadir_prepare(f.dir, false, NULL) ? 0 : -1;
}

static int cleanup(void **state)
{
    struct fixture *f = *state;
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", f->base, (char *)NULL);
        _exit(127);
    }
    return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A process that takes the lock and then only waits to be killed. Returns once it has it.
 */
static pid_t fork_holder(const char *dir, const char *address)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct datadir_lock *lock = datadir_lock_try(dir, NULL);
        if (!lock || !datadir_lock_announce(lock, address, NULL) ||
            write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void end_holder(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---------------------------------------------------------------- the directory */

static void prepare_makes_parents_whatever_the_umask(void **state)
{
    struct fixture *f = *state;
    static const mode_t masks[] = {0, 022, 077, 0777};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        char parent[128], path[160];
        struct err err = {0};
        snprintf(parent, sizeof parent, "%s/p%zu", f->base, i);
        snprintf(path, sizeof path, "%s//deep/dir/", parent);
        mode_t old = umask(masks[i]);
        bool made = datadir_prepare(path, false, &err);
        umask(old);
        if (!made)
            fail_msg("umask %o: %s", masks[i], err.text);
        assert_int_equal(mode_of(parent), 0700);
        assert_int_equal(mode_of(path), 0700);
        assert_true(datadir_prepare(path, false, NULL));
        assert_true(datadir_prepare(path, true, NULL));
    }
}

static void prepare_read_only_makes_nothing(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct err err = {0};
    struct stat st;
    snprintf(path, sizeof path, "%s/none", f->base);
    assert_false(datadir_prepare(path, true, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(stat(path, &st), -1);
}

static void prepare_refuses_links(void **state)
{
    struct fixture *f = *state;
    static const char *const ends[] = {"", "/", "//", "/.", "/./"};
    char link[96];
    snprintf(link, sizeof link, "%s/link", f->base);
    assert_int_equal(symlink(f->dir, link), 0);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char path[128];
        struct err err = {0};
        snprintf(path, sizeof path, "%s%s", link, ends[i]);
        assert_false(datadir_prepare(path, i % 2, &err));
        assert_int_equal(err.code, ERR_DENIED);
        assert_non_null(strstr(err.text, "link"));
    }
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("nowhere", link), 0);
    assert_false(datadir_prepare(link, false, NULL));
}

static void prepare_accepts_linked_parent(void **state)
{
    struct fixture *f = *state;
    char link[96], path[128];
    snprintf(link, sizeof link, "%s/link", f->base);
    snprintf(path, sizeof path, "%s/below", link);
    assert_int_equal(symlink(f->dir, link), 0);
    assert_true(datadir_prepare(path, false, NULL));
    assert_int_equal(mode_of(path), 0700);
}

static void prepare_refuses_what_others_can_write(void **state)
{
    struct fixture *f = *state;
    static const struct {
        mode_t mode;
        bool ok;
    } rows[] = {{0700, true}, {0755, true}, {0770, false}, {0702, false}, {01777, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        assert_int_equal(chmod(f->dir, rows[i].mode), 0);
        assert_int_equal(datadir_prepare(f->dir, false, &err), rows[i].ok);
        assert_int_equal(err.code, rows[i].ok ? ERR_NONE : ERR_DENIED);
    }
}

static void prepare_refuses_other_owner(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(f->dir, 12345, 12345), 0);
    assert_false(datadir_prepare(f->dir, false, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_non_null(strstr(err.text, "another user"));
}

static void prepare_refuses_files_and_nonsense(void **state)
{
    struct fixture *f = *state;
    char path[256];
    snprintf(path, sizeof path, "%s/file", f->base);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_false(datadir_prepare(path, false, NULL));
    snprintf(path, sizeof path, "%s/file/below", f->base);
    assert_false(datadir_prepare(path, false, NULL));
    assert_false(datadir_prepare("", false, NULL));
    struct err err = {0};
    snprintf(path, sizeof path, "%s/\x1b[2J", f->base);
    assert_false(datadir_prepare(path, true, &err));
    assert_null(strchr(err.text, 0x1b));
}

/* ---------------------------------------------------------------- the lock */

static void try_gives_lock_to_one(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    mode_t old = umask(0);
    struct datadir_lock *lock = datadir_lock_try(f->dir, &err);
    umask(old);
    assert_non_null(lock);
    assert_int_equal(mode_of(f->lock), 0600);
    assert_null(datadir_lock_try(f->dir, &err));
    assert_int_equal(err.code, ERR_BUSY);
    datadir_unlock(&lock);
    assert_null(lock);
    datadir_unlock(&lock);
    lock = datadir_lock_try(f->dir, &err);
    assert_non_null(lock);
    datadir_unlock(&lock);
}

static void try_refuses_link_and_fifo_as_lock(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    assert_int_equal(symlink("/tmp/elsewhere-test-datadir", f->lock), 0);
    assert_null(datadir_lock_try(f->dir, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_int_equal(unlink(f->lock), 0);
    assert_int_equal(mkfifo(f->lock, 0600), 0);
    assert_null(datadir_lock_try(f->dir, &err));
    assert_int_equal(err.code, ERR_DENIED);
}

static void try_lock_is_not_inherited_by_programs(void **state)
{
    struct fixture *f = *state;
    struct datadir_lock *lock = datadir_lock_try(f->dir, NULL);
    assert_non_null(lock);
    struct stat want;
    assert_int_equal(stat(f->lock, &want), 0);
    for (int fd = 0; fd < 256; fd++) {
        struct stat st;
        if (fstat(fd, &st) == 0 && st.st_ino == want.st_ino && st.st_dev == want.st_dev)
            assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    datadir_unlock(&lock);
}

struct release {
    int fd;
    int64_t after_ms;
};

static void *hold_shared_for_a_moment(void *arg)
{
    struct release *r = arg;
    poll(NULL, 0, (int)r->after_ms);
    flock(r->fd, LOCK_UN);
    return NULL;
}

static void try_tolerates_a_probe(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    struct datadir_lock *lock = datadir_lock_try(f->dir, NULL);
    datadir_unlock(&lock);
    struct release r = {open(f->lock, O_RDONLY), 30};
    assert_int_equal(flock(r.fd, LOCK_SH | LOCK_NB), 0);
    assert_int_equal(pthread_create(&thread, NULL, hold_shared_for_a_moment, &r), 0);
    lock = datadir_lock_try(f->dir, NULL);
    pthread_join(thread, NULL);
    assert_non_null(lock);
    datadir_unlock(&lock);
    close(r.fd);
}

static void wait_takes_over_from_killed_holder(void **state)
{
    struct fixture *f = *state;
    struct datadir_holder holder;
    struct err err = {0};
    pid_t first = fork_holder(f->dir, "http://127.0.0.1:5173/api");
    assert_null(datadir_lock_try(f->dir, NULL));
    pid_t killer = fork();
    if (killer == 0) {
        poll(NULL, 0, 200);
        _exit(kill(first, SIGKILL));
    }
    int64_t begin = now_ms();
    struct datadir_lock *lock = datadir_lock_wait(f->dir, -1, &err);
    assert_non_null(lock);
    assert_in_range(now_ms() - begin, 150, 2200);
    waitpid(killer, NULL, 0);
    waitpid(first, NULL, 0);
    assert_true(datadir_holder(f->dir, &holder));
    assert_int_equal(holder.pid, getpid());
    assert_string_equal(holder.address, "");
    datadir_unlock(&lock);
}

static void wait_is_ended_by_cancel_fd(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    int cancel[2];
    assert_int_equal(pipe(cancel), 0);
    pid_t first = fork_holder(f->dir, "");
    assert_int_equal(write(cancel[1], "x", 1), 1);
    int64_t begin = now_ms();
    assert_null(datadir_lock_wait(f->dir, cancel[0], &err));
    assert_int_equal(err.code, ERR_BUSY);
    assert_in_range(now_ms() - begin, 0, 400);
    end_holder(first);
    close(cancel[0]);
    close(cancel[1]);
}

static void wait_ends_when_the_directory_is_unfit(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    assert_int_equal(chmod(f->dir, 0777), 0);
    assert_null(datadir_lock_wait(f->dir, -1, &err));
    assert_int_equal(err.code, ERR_DENIED);
}

/* ---------------------------------------------------------------- who holds it */

static void holder_names_process_and_address(void **state)
{
    struct fixture *f = *state;
    struct datadir_holder holder = {.pid = 7};
    assert_true(datadir_holder(f->dir, &holder));
    assert_int_equal(holder.pid, 0);

    pid_t first = fork_holder(f->dir, "http://127.0.0.1:65535/api");
    assert_true(datadir_holder(f->dir, &holder));
    assert_int_equal(holder.pid, first);
    assert_string_equal(holder.address, "http://127.0.0.1:65535/api");
    assert_true(llabs((long long)(holder.since / 1000 - time(NULL))) < 60);

    end_holder(first);
    assert_true(datadir_holder(f->dir, &holder));
    assert_int_equal(holder.pid, 0);
    assert_string_equal(holder.address, "");
}

static void holder_of_missing_directory_is_nobody(void **state)
{
    (void)state;
    struct datadir_holder holder = {.pid = 7};
    assert_true(datadir_holder("/tmp/no/such/test-datadir", &holder));
    assert_int_equal(holder.pid, 0);
}

static void holder_survives_hostile_texts(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "pid",
        "pid 1",
        "pid -4\nsince 1\naddress \n",
        "pid 0\nsince 1\naddress \n",
        "pid 1\nsince 1\naddress",
        "pid 1\nsince 1\naddress \x1b[2J\n",
        "pid 1\nsince 1\naddressx\n",
        "pid 1\nsince 1\naddress "
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
        "pid 99999999999999999999999\nsince 1\naddr \n",
    };
    struct fixture *f = *state;
    struct datadir_lock *lock = datadir_lock_try(f->dir, NULL);
    int fd = open(f->lock, O_RDWR);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct datadir_holder holder = {0};
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, texts[i], strlen(texts[i]), 0), strlen(texts[i]));
        assert_true(datadir_holder(f->dir, &holder));
        assert_int_equal(holder.pid, -1);
        assert_string_equal(holder.address, "");
    }
    close(fd);
    datadir_unlock(&lock);
}

static void announce_replaces_and_clears(void **state)
{
    struct fixture *f = *state;
    struct datadir_holder holder;
    char longest[sizeof holder.address + 1];
    struct datadir_lock *lock = datadir_lock_try(f->dir, NULL);
    memset(longest, 'a', sizeof longest);
    longest[sizeof holder.address - 1] = 0;
    assert_true(datadir_lock_announce(lock, longest, NULL));
    assert_true(datadir_holder(f->dir, &holder));
    assert_string_equal(holder.address, longest);
    assert_true(datadir_lock_announce(lock, "http://h:1/api", NULL));
    assert_true(datadir_holder(f->dir, &holder));
    assert_string_equal(holder.address, "http://h:1/api");
    longest[sizeof holder.address - 1] = 'a';
    longest[sizeof holder.address] = 0;
    assert_false(datadir_lock_announce(lock, longest, NULL));
    assert_false(datadir_lock_announce(lock, "two\nlines", NULL));
    assert_true(datadir_lock_announce(lock, "", NULL));
    assert_true(datadir_holder(f->dir, &holder));
    assert_string_equal(holder.address, "");
    assert_int_equal(holder.pid, getpid());
    datadir_unlock(&lock);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, init, cleanup)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(prepare_makes_parents_whatever_the_umask),
        TEST(prepare_read_only_makes_nothing),
        TEST(prepare_refuses_links),
        TEST(prepare_accepts_linked_parent),
        TEST(prepare_refuses_what_others_can_write),
        TEST(prepare_refuses_other_owner),
        TEST(prepare_refuses_files_and_nonsense),
        TEST(try_gives_lock_to_one),
        TEST(try_refuses_link_and_fifo_as_lock),
        TEST(try_lock_is_not_inherited_by_programs),
        TEST(try_tolerates_a_probe),
        TEST(wait_takes_over_from_killed_holder),
        TEST(wait_is_ended_by_cancel_fd),
        TEST(wait_ends_when_the_directory_is_unfit),
        TEST(holder_names_process_and_address),
        TEST(holder_of_missing_directory_is_nobody),
        TEST(holder_survives_hostile_texts),
        TEST(announce_replaces_and_clears),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
