#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "store/datadir.h"
#include "store/seal.h"

struct fixture {
    char dir[64], key[96];
};

static int init(void **state)
{
    static struct fixture f;
    snprintf(f.dir, sizeof f.dir, "/tmp/test-seal-XXXXXX");
    if (!mkdtemp(f.dir))
        return -1;
    snprintf(f.key, sizeof f.key, "%s/key", f.dir);
    *state = &f;
    return 0;
}

static int cleanup(void **state)
{
    struct fixture *f = *state;
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", f->dir, (char *)NULL);
        _exit(127);
    }
    return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static struct sealer *open_sealer(struct fixture *f)
{
    struct err err = {0};
    struct sealer *s = sealer_open(f->dir, SEALER_MAKE, &err);
    if (!s)
        fail_msg("%s", err.text);
    return s;
}

static void write_key_file(struct fixture *f, const char *text)
{
    int fd = open(f->key, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void unseal_gives_back_what_was_sealed(void **state)
{
    static char big[1 << 20];
    const struct span plains[] = {
        {"", 0}, {"x", 1}, {"a\0b", 3}, span_of("token \xc3\xa9"), {big, sizeof big}};
    struct sealer *s = open_sealer(*state);
    for (size_t i = 0; i < sizeof plains / sizeof *plains; i++) {
        struct buf sealed, plain;
        buf_init(&sealed, BUF_UNLIMITED);
        buf_init(&plain, BUF_UNLIMITED);
        assert_true(seal(s, "row", plains[i], &sealed));
        assert_int_equal(sealed.data[0], 1);
        assert_int_equal(sealed.len, 1 + 24 + plains[i].len + 16);
        if (plains[i].len > 2)
            assert_null(memmem(sealed.data, sealed.len, plains[i].at, plains[i].len));
        assert_true(unseal(s, "row", buf_span(&sealed), &plain, NULL));
        assert_true(span_same(buf_span(&plain), plains[i]));
        buf_free(&sealed);
        buf_free(&plain);
    }
    sealer_close(&s);
    assert_null(s);
    sealer_close(&s);
}

static void seal_twice_differs_and_appends(void **state)
{
    struct sealer *s = open_sealer(*state);
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_true(seal(s, "row", span_of("same"), &out));
    size_t one = out.len;
    assert_true(seal(s, "row", span_of("same"), &out));
    assert_int_equal(out.len, 2 * one);
    assert_memory_not_equal(out.data, out.data + one, one);
    buf_free(&out);
    struct buf small;
    buf_init(&small, 10);
    assert_false(seal(s, "row", span_of("same"), &small));
    buf_free(&small);
    sealer_close(&s);
}

static void unseal_refuses_any_change(void **state)
{
    struct sealer *s = open_sealer(*state);
    struct buf sealed, plain;
    struct err err = {0};
    buf_init(&sealed, BUF_UNLIMITED);
    buf_init(&plain, BUF_UNLIMITED);
    assert_true(seal(s, "row 1", span_of("token"), &sealed));
    assert_false(unseal(s, "row 2", buf_span(&sealed), &plain, &err));
    assert_int_equal(err.code, ERR_DENIED);
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.data[i] ^= 0x40;
        assert_false(unseal(s, "row 1", buf_span(&sealed), &plain, &err));
        assert_int_equal(err.code, i ? ERR_DENIED : ERR_UNSUPPORTED);
        sealed.data[i] ^= 0x40;
        assert_false(unseal(s, "row 1", (struct span){sealed.data, i}, &plain, &err));
    }
    assert_int_equal(plain.len, 0);
    assert_true(unseal(s, "row 1", buf_span(&sealed), &plain, &err));
    buf_free(&sealed);
    buf_free(&plain);
    sealer_close(&s);
}

static void open_keeps_one_key(void **state)
{
    struct fixture *f = *state;
    struct buf sealed, plain;
    struct stat st;
    char one[33], two[33];
    buf_init(&sealed, BUF_UNLIMITED);
    buf_init(&plain, BUF_UNLIMITED);
    mode_t old = umask(0);
    struct sealer *s = open_sealer(f);
    umask(old);
    assert_int_equal(stat(f->key, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_nlink, 1);
    assert_true(seal(s, "r", span_of("kept"), &sealed));
    seal_hash(s, span_of("http://a"), one);
    sealer_close(&s);
    s = sealer_open(f->dir, SEALER_KEEP, NULL);
    assert_non_null(s);
    assert_true(unseal(s, "r", buf_span(&sealed), &plain, NULL));
    seal_hash(s, span_of("http://a"), two);
    assert_string_equal(one, two);
    sealer_close(&s);

    struct err err = {0};
    assert_int_equal(unlink(f->key), 0);
    s = open_sealer(f);
    assert_false(unseal(s, "r", buf_span(&sealed), &plain, &err));
    assert_int_equal(err.code, ERR_DENIED);
    seal_hash(s, span_of("http://a"), two);
    assert_string_not_equal(one, two);
    sealer_close(&s);
    buf_free(&sealed);
    buf_free(&plain);
}

static void open_read_only_makes_no_key(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    assert_null(sealer_open(f->dir, SEALER_KEEP, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(access(f->key, F_OK), -1);
}

static void open_refuses_unfit_keys(void **state)
{
    struct fixture *f = *state;
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0660, 0666, 0601};
    struct sealer *s = open_sealer(f);
    sealer_close(&s);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct err err = {0};
        assert_int_equal(chmod(f->key, modes[i]), 0);
        assert_null(sealer_open(f->dir, SEALER_MAKE, &err));
        assert_int_equal(err.code, ERR_DENIED);
    }
    assert_int_equal(chmod(f->key, 0400), 0);
    s = open_sealer(f);
    sealer_close(&s);
    if (geteuid() == 0) {
        struct err err = {0};
        assert_int_equal(chown(f->key, 12345, 12345), 0);
        assert_null(sealer_open(f->dir, SEALER_MAKE, &err));
        assert_int_equal(err.code, ERR_DENIED);
    }
    struct err err = {0};
    char other[96];
    snprintf(other, sizeof other, "%s/other", f->dir);
    assert_int_equal(rename(f->key, other), 0);
    assert_int_equal(symlink("other", f->key), 0);
    assert_null(sealer_open(f->dir, SEALER_MAKE, &err));
    assert_int_equal(err.code, ERR_DENIED);
}

static void open_refuses_unfit_directory(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    assert_int_equal(chmod(f->dir, 0777), 0);
    assert_null(sealer_open(f->dir, SEALER_MAKE, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_int_equal(access(f->key, F_OK), -1);
}

static void open_refuses_damaged_keys(void **state)
{
    static const char *const texts[] = {
        "",
        "opik-alerts-key-1:",
        "opik-alerts-key-1:"
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeef\n",
        "opik-alerts-key-1:"
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "opik-alerts-key-1:"
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n\n",
        "opik-alerts-key-1:0011223344556677889 "
        "aabbccddeeff00112233445566778899aabbccddeeff\n",
        "opik-alerts-key-2:"
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err err = {0};
        write_key_file(f, texts[i]);
        assert_null(sealer_open(f->dir, SEALER_MAKE, &err));
        assert_int_equal(err.code, ERR_INVALID);
        assert_null(strstr(err.text, "0011"));
    }
    write_key_file(f, "opik-alerts-key-1:00112233445566778899aabbccddeeff"
                      "00112233445566778899aabbccddeeff\n");
    struct sealer *s = open_sealer(f);
    sealer_close(&s);
}

static void hash_is_32_hex_and_keyed_by_text(void **state)
{
    struct sealer *s = open_sealer(*state);
    char a[33], b[33], c[33];
    seal_hash(s, span_of("https://a/1"), a);
    seal_hash(s, span_of("https://a/2"), b);
    seal_hash(s, (struct span){NULL, 0}, c);
    assert_int_equal(strlen(a), 32);
    assert_int_equal(strspn(a, "0123456789abcdef"), 32);
    assert_string_not_equal(a, b);
    assert_string_not_equal(a, c);
    sealer_close(&s);
}

/* Many processes at once on an empty directory: all must end with the same key. */
static void open_at_once_agrees_on_one_key(void **state)
{
    enum { PROCESSES = 12, ROUNDS = 10 };
    struct fixture *f = *state;
    for (int round = 0; round < ROUNDS; round++) {
        char first[33], hash[33];
        int out[2], start[2];
        unlink(f->key);
        assert_int_equal(pipe(out), 0);
        assert_int_equal(pipe(start), 0);
        for (int i = 0; i < PROCESSES; i++) {
            pid_t pid = fork();
            assert_true(pid >= 0);
            if (pid == 0) {
                char byte;
                close(start[1]);
                if (read(start[0], &byte, 1) != 0)
                    _exit(1);
                struct sealer *s = sealer_open(f->dir, SEALER_MAKE, NULL);
                if (!s)
                    _exit(1);
                seal_hash(s, span_of("x"), hash);
                sealer_close(&s);
                _exit(write(out[1], hash, sizeof hash) == sizeof hash ? 0 : 1);
            }
        }
        close(start[0]);
        close(start[1]);
        for (int i = 0; i < PROCESSES; i++) {
            int status;
            assert_true(wait(&status) > 0);
            assert_int_equal(status, 0);
            assert_int_equal(read(out[0], hash, sizeof hash), sizeof hash);
            if (i == 0)
                memcpy(first, hash, sizeof hash);
            assert_string_equal(hash, first);
        }
        close(out[0]);
        close(out[1]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, init, cleanup)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(unseal_gives_back_what_was_sealed), TEST(seal_twice_differs_and_appends),
        TEST(unseal_refuses_any_change),         TEST(open_keeps_one_key),
        TEST(open_read_only_makes_no_key),       TEST(open_refuses_unfit_keys),
        TEST(open_refuses_unfit_directory),      TEST(open_refuses_damaged_keys),
        TEST(hash_is_32_hex_and_keyed_by_text),  TEST(open_at_once_agrees_on_one_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
