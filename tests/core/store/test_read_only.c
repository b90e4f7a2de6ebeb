/* A store that is only read, also where nothing can be written. */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/store/file_fixture.h"
#include "store/alerts.h"

static void read_only_makes_nothing(void **state)
{
    struct store_fixture *f = *state;
    struct err err;
    char path[512];
    struct stat st;
    store_fixture_close(f);
    path_in(f, "store.db", path);
    assert_int_equal(unlink(path), 0);
    assert_null(open_again(f, true, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_not_equal(stat(path, &st), 0);
}

static void read_only_reads_and_refuses_steps(void **state)
{
    struct store_fixture *f = *state;
    struct err err;
    add_alert(f->store, NULL);
    store_fixture_close(f);
    struct store *s = open_again(f, true, &err);
    assert_non_null(s);
    struct store_reader *r = store_reader_open(s, NULL);
    struct alert_rows rows;
    assert_true(store_alert_list(r, NULL, &rows, NULL));
    assert_int_equal(rows.count, 1);
    alert_rows_free(&rows);
    assert_false(step_accept(s, step_request("default"), NULL, &err));
    assert_int_equal(err.code, ERR_DENIED);
    store_drain(s);
    store_reader_close(&r);
    store_close(&s);
}

/* What root may in spite of a mode, for this thread; what it had. */
static void set_rights(struct __user_cap_data_struct data[2], bool none)
{
    struct __user_cap_header_struct who = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct now[2];
    if (none)
        assert_int_equal(syscall(SYS_capget, &who, data), 0);
    memcpy(now, data, sizeof now);
    for (int i = 0; none && i < 2; i++)
        now[i].effective = 0;
    assert_int_equal(syscall(SYS_capset, &who, now), 0);
}

/* As on a medium that is mounted read-only; the name is one that a URI must escape. */
static void read_only_reads_where_nothing_can_be_written(void **state)
{
    struct store_fixture *f = *state;
    struct __user_cap_data_struct rights[2];
    struct alert_rows rows = {0};
    struct err err;
    char dir[512];
    path_in(f, "a%3f?immutable=0#b", dir);
    struct store *s = open_in(f, dir, false, &err);
    assert_non_null(s);
    add_alert(s, NULL);
    store_close(&s);
    assert_int_equal(chmod(dir, 0500), 0);
    set_rights(rights, true);
    struct store *writes = open_in(f, dir, false, &err);
    bool refused = !writes && strstr(err.text, "cannot write into the data directory");
    s = open_in(f, dir, true, &err);
    struct store_reader *r = s ? store_reader_open(s, &err) : NULL;
    bool read = r && store_alert_list(r, NULL, &rows, &err);
    set_rights(rights, false);
    assert_int_equal(chmod(dir, 0700), 0);
    if (!read)
        fail_msg("%s", err.text);
    assert_int_equal(rows.count, 1);
    assert_true(refused);
    alert_rows_free(&rows);
    store_reader_close(&r);
    store_close(&s);
}

static size_t count_alerts(struct store_reader *r)
{
    struct alert_rows rows;
    assert_true(store_alert_list(r, NULL, &rows, NULL));
    size_t count = rows.count;
    alert_rows_free(&rows);
    return count;
}

/* A reader of the directory by one who can write nothing there. */
static struct store_reader *look_on(struct store_fixture *f, struct store **s)
{
    struct __user_cap_data_struct rights[2];
    struct err err;
    assert_int_equal(chmod(f->dir, 0500), 0);
    set_rights(rights, true);
    *s = open_in(f, f->dir, true, &err);
    struct store_reader *r = *s ? store_reader_open(*s, &err) : NULL;
    set_rights(rights, false);
    assert_int_equal(chmod(f->dir, 0700), 0);
    if (!r)
        fail_msg("%s", err.text);
    return r;
}

/* As through a read-only mount of a directory in which an engine works. */
static void read_only_sees_changes_where_only_others_can_write(void **state)
{
    struct store_fixture *f = *state;
    add_alert(f->store, NULL);
    store_fixture_close(f);
    store_fixture_open(f); /* its log is empty */
    struct store *s;
    struct store_reader *r = look_on(f, &s);
    assert_int_equal(count_alerts(r), 1);
    add_alert(f->store, NULL);
    assert_int_equal(count_alerts(r), 2);
    store_reader_close(&r);
    store_close(&s);
}

/* What nobody had open when it was read first does not stay as it was then. */
static void read_only_sees_changes_of_who_comes_later(void **state)
{
    struct store_fixture *f = *state;
    const struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    char path[512];
    add_alert(f->store, NULL);
    store_fixture_close(f);
    path_in(f, "store.db", path);
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
    struct store *s;
    struct store_reader *r = look_on(f, &s);
    assert_int_equal(count_alerts(r), 1);
    store_fixture_open(f);
    add_alert(f->store, NULL);
    store_fixture_close(f); /* and is gone again */
    assert_int_equal(count_alerts(r), 2);
    store_fixture_open(f);
    assert_int_equal(count_alerts(r), 2);
    add_alert(f->store, NULL);
    assert_int_equal(count_alerts(r), 3);
    store_reader_close(&r);
    store_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(read_only_makes_nothing),
        TEST(read_only_reads_and_refuses_steps),
        TEST(read_only_reads_where_nothing_can_be_written),
        TEST(read_only_sees_changes_where_only_others_can_write),
        TEST(read_only_sees_changes_of_who_comes_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
