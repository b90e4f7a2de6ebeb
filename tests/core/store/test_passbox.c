/* Secrets under a passphrase. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/passbox.h"

static struct passbox *box(const char *passphrase)
{
    struct err err = {0};
    struct passbox *p = passbox_new(span_of(passphrase), &err);
    assert_non_null(p);
    return p;
}

static char *sealed(struct passbox *p, const char *plain)
{
    struct buf out;
    struct err err = {0};
    buf_init(&out, BUF_UNLIMITED);
    assert_true(passbox_seal(p, span_of(plain), &out, &err));
    return buf_take(&out);
}

static void comes_back_with_the_same_passphrase_only(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "!", "a longer secret \xf0\x9f\x94\xa5"};
    struct passbox *one = box("correct horse"), *again = box("correct horse"),
                   *other = box("wrong");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = sealed(one, texts[i]);
        struct buf plain;
        struct err err = {0};
        assert_true(passbox_is_sealed(text));
        assert_true(!texts[i][0] || !strstr(text, texts[i]));
        buf_init(&plain, BUF_UNLIMITED);
        assert_true(passbox_open(again, text, &plain, &err));
        assert_string_equal(buf_text(&plain), texts[i]);
        buf_clear(&plain);
        assert_false(passbox_open(other, text, &plain, &err));
        assert_int_equal(err.code, ERR_DENIED);
        buf_free(&plain);
        free(text);
    }
    passbox_free(&one);
    passbox_free(&again);
    passbox_free(&other);
}

static void the_same_secret_never_looks_the_same(void **state)
{
    (void)state;
    struct passbox *p = box("p");
    char *one = sealed(p, "secret"), *two = sealed(p, "secret");
    assert_string_not_equal(one, two);
    free(one);
    free(two);
    passbox_free(&p);
}

static void damage_is_told(void **state)
{
    (void)state;
    struct passbox *p = box("p");
    char *text = sealed(p, "secret");
    static const char *const wrong[] = {"sealed:1:", "sealed:1:AAAA", "sealed:1:!!!!",
                                        "sealed:1:====", "sealed:1:A"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct buf plain;
        struct err err = {0};
        buf_init(&plain, BUF_UNLIMITED);
        assert_false(passbox_open(p, wrong[i], &plain, &err));
        assert_int_equal(err.code, ERR_INVALID);
        buf_free(&plain);
    }
    struct buf plain;
    struct err err = {0};
    buf_init(&plain, BUF_UNLIMITED);
    text[strlen(text) - 6] ^= 1;
    assert_false(passbox_open(p, text, &plain, &err));
    buf_free(&plain);
    free(text);
    passbox_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_with_the_same_passphrase_only),
        cmocka_unit_test(the_same_secret_never_looks_the_same),
        cmocka_unit_test(damage_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
