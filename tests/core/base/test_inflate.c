#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <zlib.h>

#include "base/inflate.h"

enum { GZIP = MAX_WBITS + 16, ZLIB = MAX_WBITS };

static void compress_into(struct buf *out, struct span in, int window)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t bound = deflateBound(&z, in.len);
    assert_true(buf_reserve(out, bound));
    z.next_in = (unsigned char *)(uintptr_t)in.at;
    z.avail_in = (uInt)in.len;
    z.next_out = (unsigned char *)out->data + out->len;
    z.avail_out = (uInt)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += bound - z.avail_out;
    deflateEnd(&z);
}

/* Feeds copies of `piece` bytes each that end where their memory ends. */
static bool feed(struct span in, size_t piece, struct buf *out, bool *finished,
                 struct err *err)
{
    struct inflate *z = inflate_new(NULL);
    bool ok = true;
    assert_non_null(z);
    for (size_t at = 0; ok && at < in.len; at += piece) {
        size_t len = in.len - at < piece ? in.len - at : piece;
        char *copy = malloc(len);
        assert_non_null(copy);
        memcpy(copy, in.at + at, len);
        ok = inflate_feed(z, (struct span){copy, len}, out, err);
        free(copy);
    }
    *finished = inflate_finished(z);
    inflate_free(&z);
    assert_null(z);
    return ok;
}

struct fixture {
    struct buf plain, packed, out;
    struct err err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    buf_init(&f->plain, BUF_UNLIMITED);
    buf_init(&f->packed, BUF_UNLIMITED);
    buf_init(&f->out, BUF_UNLIMITED);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    buf_free(&f->plain);
    buf_free(&f->packed);
    buf_free(&f->out);
    free(f);
    return 0;
}

static void pack_lines(struct fixture *f, int lines)
{
    for (int i = 0; i < lines; i++)
        buf_add_format(&f->plain, "line %d of %d\n", i, i * 7919 % 104729);
    compress_into(&f->packed, buf_span(&f->plain), GZIP);
}

static void feed_gives_the_bytes_back_in_any_pieces(void **state)
{
    struct fixture *f = *state;
    static const size_t pieces[] = {1, 7, 4096, SIZE_MAX / 2};
    pack_lines(f, 10000);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        bool finished;
        buf_clear(&f->out);
        assert_true(feed(buf_span(&f->packed), pieces[i], &f->out, &finished, &f->err));
        assert_true(finished);
        assert_true(span_same(buf_span(&f->out), buf_span(&f->plain)));
    }
}

static void feed_accepts_an_empty_stream_and_an_empty_piece(void **state)
{
    struct fixture *f = *state;
    struct inflate *z = inflate_new(&f->err);
    compress_into(&f->packed, span_of(""), GZIP);
    assert_true(inflate_feed(z, (struct span){NULL, 0}, &f->out, &f->err));
    assert_false(inflate_finished(z));
    assert_true(inflate_feed(z, buf_span(&f->packed), &f->out, &f->err));
    assert_true(inflate_finished(z));
    assert_int_equal(f->out.len, 0);
    inflate_free(&z);
}

static void feed_stops_at_the_limit(void **state)
{
    struct fixture *f = *state;
    bool finished;
    assert_true(buf_reserve(&f->plain, 50 << 20));
    memset(f->plain.data, 0, 50 << 20);
    f->plain.len = 50 << 20;
    compress_into(&f->packed, buf_span(&f->plain), GZIP);
    f->out.max = 1 << 20;
    assert_false(feed(buf_span(&f->packed), 4096, &f->out, &finished, &f->err));
    assert_int_equal(f->err.code, ERR_TOO_LARGE);
    assert_in_range(f->out.cap, 0, 4 << 20);
}

static void feed_accepts_exactly_the_limit(void **state)
{
    struct fixture *f = *state;
    bool finished;
    pack_lines(f, 5000);
    f->out.max = f->plain.len;
    assert_true(feed(buf_span(&f->packed), 1000, &f->out, &finished, &f->err));
    assert_true(finished);
    buf_clear(&f->out);
    f->out.max = f->plain.len - 1;
    assert_false(feed(buf_span(&f->packed), 1000, &f->out, &finished, &f->err));
    assert_int_equal(f->err.code, ERR_TOO_LARGE);
}

static void finished_is_false_for_every_truncation(void **state)
{
    struct fixture *f = *state;
    pack_lines(f, 50);
    for (size_t len = 0; len < f->packed.len; len++) {
        bool finished;
        buf_clear(&f->out);
        assert_true(
            feed((struct span){f->packed.data, len}, 64, &f->out, &finished, &f->err));
        assert_false(finished);
    }
}

static void feed_refuses_bytes_after_the_end(void **state)
{
    struct fixture *f = *state;
    bool finished;
    pack_lines(f, 10);
    size_t whole = f->packed.len;
    buf_add_char(&f->packed, 'x');
    assert_false(feed(buf_span(&f->packed), 1 << 20, &f->out, &finished, &f->err));
    assert_int_equal(f->err.code, ERR_INVALID);
    assert_false(feed(buf_span(&f->packed), whole, &f->out, &finished, &f->err));
    f->packed.len = whole;
    compress_into(&f->packed, span_of("a second member"), GZIP);
    assert_false(feed(buf_span(&f->packed), 1 << 20, &f->out, &finished, &f->err));
    assert_non_null(strstr(f->err.text, "follow"));
}

static void feed_refuses_what_is_not_gzip(void **state)
{
    struct fixture *f = *state;
    bool finished;
    assert_false(feed(span_of("{\"plain\":1}"), 100, &f->out, &finished, &f->err));
    assert_int_equal(f->err.code, ERR_INVALID);
    assert_false(finished);
    compress_into(&f->packed, span_of("zlib, not gzip"), ZLIB);
    assert_false(feed(buf_span(&f->packed), 100, &f->out, &finished, &f->err));
}

static void feed_refuses_a_changed_checksum(void **state)
{
    struct fixture *f = *state;
    bool finished;
    pack_lines(f, 100);
    f->packed.data[f->packed.len - 6] ^= 1;
    assert_false(feed(buf_span(&f->packed), 100, &f->out, &finished, &f->err));
    assert_int_equal(f->err.code, ERR_INVALID);
    assert_false(finished);
}

int main(void)
{
#define WITH_FIXTURE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(feed_gives_the_bytes_back_in_any_pieces),
        WITH_FIXTURE(feed_accepts_an_empty_stream_and_an_empty_piece),
        WITH_FIXTURE(feed_stops_at_the_limit),
        WITH_FIXTURE(feed_accepts_exactly_the_limit),
        WITH_FIXTURE(finished_is_false_for_every_truncation),
        WITH_FIXTURE(feed_refuses_bytes_after_the_end),
        WITH_FIXTURE(feed_refuses_what_is_not_gzip),
        WITH_FIXTURE(feed_refuses_a_changed_checksum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
