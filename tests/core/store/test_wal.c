/* The log of changes: made longer ahead of its use, emptied when it is long or nobody
 * writes, and never at the cost of what stands in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/sqlite/wal.h"
#include "support/tempdir.h"

enum { SHORT = 500, LONG = 4000, USED = 64 }; /* pages: see wal.c */

struct place {
    char *dir;
    char path[300];
    struct db *db;
    struct wal wal;
    int64_t now;
};

static void run(struct db *db, const char *sql)
{
    struct err err = {0};
    if (!db_run(db, sql, DB_NO_ARGS, &err))
        fail_msg("%s: %s", sql, err.text);
}

static int64_t number(struct db *db, const char *sql)
{
    int64_t n;
    assert_true(db_number(db, sql, DB_NO_ARGS, -1, &n, NULL));
    return n;
}

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    p->dir = tempdir_make();
    snprintf(p->path, sizeof p->path, "%s/file.db", p->dir);
    close(open(p->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    p->db = db_open(p->path, DB_WRITER, NULL);
    assert_non_null(p->db);
    run(p->db, "CREATE TABLE t (bytes BLOB)");
    wal_idle(&p->wal, p->db);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    db_close(&p->db);
    tempdir_remove(p->dir);
    free(p);
    return 0;
}

/* One commit of at least so many pages, as the writer makes them. */
static void commit(struct place *p, int pages, bool waited, bool may)
{
    run(p->db, "BEGIN IMMEDIATE");
    if (may)
        wal_before(&p->wal, p->db);
    assert_true(db_run(p->db, "INSERT INTO t VALUES (zeroblob(? * 4096))",
                       DB_ARGS(db_int(pages)), NULL));
    run(p->db, "COMMIT");
    const struct wal_commit done = {p->now, waited, may};
    wal_after(&p->wal, p->db, &done);
}

static void what_applications_wait_for_keeps_it_short(void **state)
{
    struct place *p = *state;
    commit(p, SHORT - 50, true, true);
    assert_true(db_wal_pages(p->db) >= SHORT - 50);
    commit(p, 50, true, true);
    assert_int_equal(db_wal_pages(p->db), 0);
}

static void what_the_engine_waits_for_gathers(void **state)
{
    struct place *p = *state;
    for (int i = 0; i < 7; i++)
        commit(p, LONG / 8, false, true);
    assert_true(db_wal_pages(p->db) >= LONG / 8 * 7);
    commit(p, SHORT - 50, true, true); /* only its own pages count */
    assert_true(db_wal_pages(p->db) >= LONG / 8 * 7);
    commit(p, LONG / 8, false, true);
    assert_int_equal(db_wal_pages(p->db), 0);
}

static void one_that_may_not_leaves_it(void **state)
{
    struct place *p = *state;
    commit(p, LONG + 100, true, false);
    assert_true(db_wal_pages(p->db) > LONG);
}

/* As long as what was written: a single change costs no zeros. */
static bool is_lengthened(struct place *p)
{
    return db_log_places(p->db) > db_wal_pages(p->db);
}

static void only_a_log_in_use_is_lengthened(void **state)
{
    struct place *p = *state;
    commit(p, 10, true, true);
    commit(p, 10, true, true);
    assert_false(is_lengthened(p));
    commit(p, USED, true, true);
    commit(p, 1, true, true);
    assert_true(is_lengthened(p));
    wal_idle(&p->wal, p->db);
    assert_int_equal(db_log_places(p->db), 0);
    commit(p, 1, true, true);
    assert_false(is_lengthened(p));
}

static void one_in_use_keeps_its_length(void **state)
{
    struct place *p = *state;
    commit(p, SHORT, true, true);
    int places = db_log_places(p->db);
    assert_true(places >= SHORT);
    assert_int_equal(db_wal_pages(p->db), 0);
    for (int i = 0; i < 10; i++) {
        commit(p, SHORT / 5, true, true);
        assert_in_range(db_log_places(p->db), places, SHORT + 2 * USED + SHORT / 5);
    }
    wal_idle(&p->wal, p->db);
    assert_int_equal(db_log_places(p->db), 0);
}

static void one_that_a_reader_made_very_long_does_not(void **state)
{
    struct place *p = *state;
    struct db *reader = db_open(p->path, DB_READER, NULL);
    run(reader, "BEGIN");
    number(reader, "SELECT count(*) FROM t");
    for (int i = 0; i < 2; i++)
        commit(p, LONG, false, true);
    run(reader, "COMMIT");
    commit(p, SHORT, true, true);
    assert_int_equal(db_wal_pages(p->db), 0);
    assert_int_equal(db_log_places(p->db), 0);
    db_close(&reader);
}

static void few_commits_change_its_length(void **state)
{
    struct place *p = *state;
    int changes = 0;
    commit(p, USED, true, true);
    for (int i = 0, last = 0; i < 60; i++) {
        commit(p, 1, false, true);
        changes += db_log_places(p->db) != last;
        last = db_log_places(p->db);
    }
    assert_true(db_wal_pages(p->db) >= 120);
    assert_in_range(changes, 1, 3);
}

static void copy(const char *from, const char *to)
{
    char block[4096];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(in >= 0 && out >= 0);
    for (ssize_t n; (n = read(in, block, sizeof block)) > 0;)
        assert_int_equal(write(out, block, (size_t)n), n);
    close(in);
    close(out);
}

/* The files as a kill leaves them; a copy, since closing them would drop SQLite's locks. */
static void assert_after_kill(struct place *p, int rows)
{
    char from[320], to[320], log[330];
    snprintf(from, sizeof from, "%s-wal", p->path);
    snprintf(to, sizeof to, "%s/killed.db", p->dir);
    snprintf(log, sizeof log, "%s-wal", to);
    pid_t child = fork();
    if (child == 0) {
        copy(p->path, to);
        copy(from, log);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    struct db *killed = db_open(to, DB_WRITER, NULL);
    assert_non_null(killed);
    assert_int_equal(number(killed, "SELECT count(*) FROM t"), rows);
    assert_int_equal(number(killed, "SELECT count(*) FROM pragma_quick_check "
                                    "WHERE quick_check <> 'ok'"),
                     0);
    db_close(&killed);
    unlink(to);
}

static void zeros_are_no_changes(void **state)
{
    struct place *p = *state;
    commit(p, USED, true, true);
    for (int i = 0; i < 20; i++)
        commit(p, 2, true, true);
    assert_true(is_lengthened(p));
    assert_after_kill(p, 21);
}

/* Of the header, and of the page after it. */
static void assert_salts_differ(const struct place *p)
{
    unsigned char bytes[64];
    char name[320];
    snprintf(name, sizeof name, "%s-wal", p->path);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, bytes, sizeof bytes), sizeof bytes);
    assert_memory_not_equal(bytes + 16, bytes + 32 + 8, 8);
    close(fd);
}

/* Nor is what stands behind the header, which was copied: the file went on from there. */
static void an_emptied_log_holds_no_changes(void **state)
{
    struct place *p = *state;
    commit(p, SHORT, true, true);
    assert_true(db_log_places(p->db) >= SHORT);
    assert_salts_differ(p);
    assert_after_kill(p, 1);
    commit(p, 1, true, true);
    run(p->db, "DELETE FROM t WHERE length(bytes) > 4096");
    assert_after_kill(p, 1);
    commit(p, SHORT, true, true);
    assert_after_kill(p, 2);
}

static void write_and_be_killed(const char *path)
{
    struct place p = {.db = db_open(path, DB_WRITER, NULL)};
    if (!p.db)
        _exit(1);
    snprintf(p.path, sizeof p.path, "%s", path);
    for (int i = 0; i < 2; i++)
        commit(&p, SHORT, true, true);
    _exit(db_wal_pages(p.db) != 0 || db_log_places(p.db) < SHORT);
}

static void write_in_child(const char *path)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        write_and_be_killed(path);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

struct asked {
    int ask, answer;
};

static void read_when_asked(const char *path, struct asked to)
{
    char uri[360], byte;
    sqlite3 *reader;
    sqlite3_stmt *count;
    snprintf(uri, sizeof uri, "file:%s?readonly_shm=1", path);
    if (sqlite3_open_v2(uri, &reader, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) ||
        sqlite3_prepare_v2(reader, "SELECT count(*) FROM t", -1, &count, NULL))
        _exit(1);
    while (read(to.ask, &byte, 1) == 1) {
        int rows = sqlite3_step(count) == SQLITE_ROW ? sqlite3_column_int(count, 0) : -1;
        sqlite3_reset(count);
        if (write(to.answer, &rows, sizeof rows) != sizeof rows)
            break;
    }
    _exit(0);
}

/* A process of its own: in one, SQLite knows all that is open. */
static pid_t start_reader(const char *path, struct asked *from)
{
    int ask[2], answer[2];
    assert_int_equal(pipe(ask) | pipe(answer), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ask[1]);
        read_when_asked(path, (struct asked){ask[0], answer[1]});
    }
    close(ask[0]);
    close(answer[1]);
    *from = (struct asked){ask[1], answer[0]};
    return child;
}

static int rows_read(const struct asked *from)
{
    int rows = -1;
    assert_int_equal(write(from->ask, "", 1), 1);
    assert_int_equal(read(from->answer, &rows, sizeof rows), sizeof rows);
    return rows;
}

/* One that cannot write to the shared memory beside the log, as on a file system that is
 * mounted read-only, knows by the salt alone that what it holds of the file is old. */
static void who_may_only_read_sees_what_came_after(void **state)
{
    struct place *p = *state;
    struct asked reader;
    char path[320];
    snprintf(path, sizeof path, "%s/other.db", p->dir);
    close(open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    struct db *made = db_open(path, DB_WRITER, NULL);
    run(made, "CREATE TABLE t (bytes BLOB)");
    db_close(&made);
    write_in_child(path);
    pid_t child = start_reader(path, &reader);
    for (int rows = 2; rows <= 6; rows += 2) {
        assert_int_equal(rows_read(&reader), rows);
        write_in_child(path);
    }
    close(reader.ask);
    close(reader.answer);
    waitpid(child, NULL, 0);
}

static void one_that_fills_slowly_is_cut(void **state)
{
    struct place *p = *state;
    commit(p, SHORT, true, true);
    p->now += 9999;
    commit(p, SHORT, true, true);
    assert_true(db_log_places(p->db) > 0);
    p->now += 10000;
    commit(p, SHORT, true, true);
    assert_int_equal(db_log_places(p->db), 0);
}

static void what_is_not_used_again_is_cut(void **state)
{
    struct place *p = *state;
    for (int i = 0; i < 9; i++)
        commit(p, LONG / 8, false, true);
    assert_true(db_log_places(p->db) >= LONG);
    commit(p, SHORT, true, true);
    assert_int_equal(db_log_places(p->db), 0);
}

/* Whoever lengthens does not know where another connection ended. */
static void what_another_wrote_behind_the_end_stays(void **state)
{
    struct place *p = *state;
    struct db *other = db_open(p->path, DB_WRITER, NULL);
    assert_non_null(other);
    commit(p, SHORT, true, true);
    for (int i = 1; i <= 60; i++) {
        commit(p, 1, false, true);
        assert_true(db_run(other, "INSERT INTO t VALUES (zeroblob(? * 4096))",
                           DB_ARGS(db_int(i % 4 * 40)), NULL));
        assert_int_equal(number(other, "SELECT count(*) FROM t"), 1 + 2 * i);
    }
    assert_int_equal(number(p->db, "SELECT count(*) FROM t WHERE length(bytes) >= 0"), 121);
    assert_int_equal(
        number(p->db, "SELECT count(*) FROM pragma_quick_check WHERE quick_check <> 'ok'"),
        0);
    db_close(&other);
}

/* It waits for the reader each time, so it is not tried with every commit. */
static void a_reader_puts_a_checkpoint_off(void **state)
{
    struct place *p = *state;
    struct db *reader = db_open(p->path, DB_READER, NULL);
    commit(p, 1, true, true);
    run(reader, "BEGIN");
    number(reader, "SELECT count(*) FROM t");
    commit(p, SHORT, true, true);
    int tried = p->wal.tried;
    assert_true(tried >= SHORT);
    commit(p, 1, true, true);
    assert_int_equal(p->wal.tried, tried);
    commit(p, SHORT, true, true);
    assert_true(p->wal.tried > tried);
    run(reader, "COMMIT");
    commit(p, SHORT, true, true);
    assert_int_equal(db_wal_pages(p->db), 0);
    db_close(&reader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_applications_wait_for_keeps_it_short),
        TEST(what_the_engine_waits_for_gathers),
        TEST(one_that_may_not_leaves_it),
        TEST(only_a_log_in_use_is_lengthened),
        TEST(one_in_use_keeps_its_length),
        TEST(one_that_a_reader_made_very_long_does_not),
        TEST(few_commits_change_its_length),
        TEST(zeros_are_no_changes),
        TEST(an_emptied_log_holds_no_changes),
        TEST(who_may_only_read_sees_what_came_after),
        TEST(one_that_fills_slowly_is_cut),
        TEST(what_is_not_used_again_is_cut),
        TEST(what_another_wrote_behind_the_end_stays),
        TEST(a_reader_puts_a_checkpoint_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
