#include "intake/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

enum {
    ANSWER_MAX = 256 * 1024 * 1024,
    READ_ON_MS = 10 * 1000,
    SAY_MS =
        200, /* for a body that comes with its head, and leaves the connection as it is */
};

struct request *request_new(struct MHD_Connection *connection, size_t max_body)
{
    struct request *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->connection = connection;
    arena_init(&r->arena, BUF_UNLIMITED); /* copies of parts of the body */
    buf_init(&r->body, max_body);
    buf_init(&r->answer, ANSWER_MAX);
    buf_init(&r->words, BUF_UNLIMITED);
    return r;
}

void request_free(struct request *r)
{
    inflate_free(&r->inflate);
    buf_free(&r->body);
    js_index_free(&r->index);
    buf_free(&r->answer);
    buf_free(&r->words);
    arena_free(&r->arena);
    free(r);
}

/* ------------------------------------------------------------------ the body */

/* The answer as it goes straight to the socket. */
static void write_words(struct request *r)
{
    buf_add_format(&r->words,
                   "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
                   "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                   r->status, MHD_get_reason_phrase_for((unsigned)r->status),
                   r->answer.len);
    buf_add_span(&r->words, buf_span(&r->answer));
}

static void begin_discarding(struct request *r, int64_t say_ms)
{
    r->discards_from = clock_steady_ms(r->clock);
    write_words(r);
    if (!r->words.failed)
        peers_read_on(r->peers, r->peer, buf_span(&r->words), say_ms, READ_ON_MS);
}

/* An early answer breaks connections of SDKs, so a refused body is read on for a while. */
static bool discard(struct request *r)
{
    if (r->discards_from == 0)
        begin_discarding(r, READ_ON_MS);
    if (r->received <= 2 * r->body.max &&
        clock_steady_ms(r->clock) - r->discards_from < READ_ON_MS)
        return true;
    peers_cut(r->peers, r->peer);
    return false;
}

static const char *header(const struct request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* Who asks whether to send the body is told before it does. Another one may wait with it
 * all the same, or send it slowly: it is told in the middle of it. */
enum MHD_Result request_refused(struct request *r)
{
    if (header(r, "Expect")) {
        r->last = true;
        peers_answered(r->peers, r->peer);
        return request_answer(r);
    }
    if (header(r, "Content-Length") || header(r, "Transfer-Encoding"))
        begin_discarding(r, SAY_MS);
    return MHD_YES;
}

static void fail_too_large(struct request *r)
{
    char text[96];
    snprintf(text, sizeof text, "the body is over the limit of %zu bytes", r->body.max);
    request_fail_text(r, 413, text);
}

static void keep(struct request *r, struct span piece)
{
    struct err err = {0};
    bool kept = r->inflate ? inflate_feed(r->inflate, piece, &r->body, &err)
                           : buf_add_span(&r->body, piece);
    if (kept)
        return;
    if (r->inflate)
        request_fail(r, &err);
    else if (r->body.len + piece.len > r->body.max)
        fail_too_large(r);
    else
        request_fail_text(r, 503, "out of memory");
    buf_free(&r->body);
}

bool request_take(struct request *r, struct span piece)
{
    r->received += piece.len;
    if (!atomic_load(&r->ready) && r->received > 2 * r->body.max)
        fail_too_large(r); /* gzip that hardly yields anything */
    if (!atomic_load(&r->ready))
        keep(r, piece);
    return !atomic_load(&r->ready) || discard(r);
}

void request_body_ended(struct request *r)
{
    if (!atomic_load(&r->ready) && r->inflate && !inflate_finished(r->inflate))
        request_fail_text(r, 400, "the gzip body ends too early");
}

/* ------------------------------------------------------------------ reading */

struct store_reader *request_reader(struct request *r)
{
    struct err err;
    struct store_reader *reader = readers_take(r->readers, &err);
    if (!reader)
        request_fail(r, &err);
    return reader;
}

void request_reader_done(struct request *r, struct store_reader **reader)
{
    readers_give(r->readers, reader);
}

const char *request_query(const struct request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* An empty one is as none. */
static bool query_number(struct request *r, const char *name, int64_t max, int64_t *value)
{
    const char *text = request_query(r, name);
    char words[64], *end;
    if (!text || !*text)
        return true;
    long long number = strtoll(text, &end, 10);
    if (*end || number < 1) {
        snprintf(words, sizeof words, "%s: must be a whole number from 1", name);
        request_fail_text(r, 400, words);
        return false;
    }
    *value = number > max ? max : number;
    return true;
}

bool request_page(struct request *r, struct request_page *out)
{
    *out = (struct request_page){.number = 1, .size = 10};
    if (!query_number(r, "page", INT32_MAX, &out->number) ||
        !query_number(r, "size", 1000, &out->size))
        return false;
    out->first = (out->number - 1) * out->size;
    return true;
}

bool request_object(struct request *r, struct js_value *root)
{
    struct err err;
    if (r->body.len == 0) {
        request_fail_text(r, 400, "the body is missing: it must be a JSON object");
        return false;
    }
    if (!js_parse_indexed(buf_span(&r->body), &r->index, root, &err)) {
        request_fail(r, &err);
        return false;
    }
    if (root->type == JS_OBJECT)
        return true;
    request_fail_text(r, 400, "the body must be a JSON object");
    return false;
}

/* Takes the copy of `text` into the arena; frees text. */
static bool take_copy(struct request *r, struct buf *text, bool fine, const char **out,
                      struct err *err)
{
    *out = fine ? arena_copy(&r->arena, buf_span(text)) : NULL;
    buf_free(text);
    return *out || err_memory(err);
}

bool request_text(struct request *r, struct js_value object, const char *key,
                  const char **out, struct err *err)
{
    struct js_value value = js_get(object, key);
    struct buf text;
    *out = NULL;
    if (!js_is_set(value))
        return true;
    if (value.type != JS_STRING)
        return err_set(err, ERR_INVALID, "%s: must be a string", key);
    buf_init(&text, BUF_UNLIMITED);
    bool fine = js_string(value, &text);
    if (fine && text.len && memchr(text.data, '\0', text.len)) {
        buf_free(&text);
        return err_set(err, ERR_INVALID, "%s: must not hold a NUL character", key);
    }
    return take_copy(r, &text, fine, out, err);
}

bool request_json(struct request *r, struct js_value object, const char *key,
                  const char **out, struct err *err)
{
    struct js_value value = js_get(object, key);
    struct buf text;
    *out = NULL;
    if (!js_is_set(value))
        return true;
    buf_init(&text, BUF_UNLIMITED);
    return take_copy(r, &text, js_append(&text, value), out, err);
}

const char *request_path_id(struct request *r, size_t which)
{
    char id[UUID_SIZE];
    if (!uuid_read(r->match.params[which], id)) {
        request_fail_text(r, 404, "nothing has this id: ids are UUIDs");
        return NULL;
    }
    const char *copy = arena_copy(&r->arena, span_of(id));
    if (!copy)
        request_fail_text(r, 503, "out of memory");
    return copy;
}

/* ------------------------------------------------------------------ answering */

bool request_wait(struct request *r)
{
    if (!peers_sleep(r->peers, r->peer)) {
        request_fail_text(r, 503, "the intake is stopping");
        return false;
    }
    r->sleeping = true;
    MHD_suspend_connection(r->connection);
    return true;
}

static void reply(struct request *r, int status)
{
    bool sleeping = r->sleeping;
    struct MHD_Connection *connection = r->connection;
    struct peers *peers = r->peers;
    r->status = status;
    atomic_store(&r->ready, true);
    if (!sleeping)
        return;
    MHD_resume_connection(connection); /* from here on r may be gone */
    peers_wake(peers);
}

void request_reply(struct request *r, int status)
{
    if (r->answer.failed)
        request_fail_text(r, 503, "out of memory");
    else
        reply(r, status);
}

void request_reply_created(struct request *r, const char *collection, struct span id)
{
    struct buf text;
    struct err err;
    buf_init(&text, BUF_UNLIMITED);
    buf_add_format(&text, "%s/%s/%.*s", r->below_api ? "/api" : "", collection, (int)id.len,
                   id.at);
    if (take_copy(r, &text, !text.failed, &r->location, &err))
        request_reply(r, 201);
    else
        request_fail(r, &err);
}

void request_fail_texts(struct request *r, int status, const char *const *texts, size_t count)
{
    struct buf safe;
    buf_init(&safe, BUF_UNLIMITED);
    buf_clear(&r->answer);
    buf_add_text(&r->answer, "{\"errors\":[");
    for (size_t i = 0; i < count; i++) {
        buf_clear(&safe);
        text_safe(&safe, span_of(texts[i]), TEXT_SENT);
        if (i)
            buf_add_char(&r->answer, ',');
        js_append_string(&r->answer, buf_span(&safe));
    }
    buf_add_text(&r->answer, "]}");
    buf_free(&safe);
    reply(r, status);
}

void request_fail_text(struct request *r, int status, const char *text)
{
    request_fail_texts(r, status, &text, 1);
}

static int status_of(enum err_code code)
{
    switch (code) {
    case ERR_INVALID:
    case ERR_UNSUPPORTED:
        return 400;
    case ERR_DENIED:
        return 403;
    case ERR_NOT_FOUND:
        return 404;
    case ERR_CONFLICT:
        return 409;
    case ERR_TOO_LARGE:
        return 413;
    default:
        return 503;
    }
}

void request_fail(struct request *r, const struct err *err)
{
    request_fail_text(r, status_of(err->code), err->text);
}

void request_done(void *arg, const struct err *err, const void *result)
{
    struct request *r = arg;
    (void)result;
    if (err)
        request_fail(r, err);
    else
        request_reply(r, 204);
}

/* The words of a failure need memory too: without it they are these. */
static struct MHD_Response *response_without_memory(struct request *r)
{
    static const char none[] = "{\"errors\":[\"out of memory\"]}";
    r->status = 503;
    r->location = r->type = NULL;
    return MHD_create_response_from_buffer(sizeof none - 1, (void *)(uintptr_t)none,
                                           MHD_RESPMEM_PERSISTENT);
}

/* Takes the answer, and wipes it where it carries secrets. */
static struct MHD_Response *response_of(struct request *r)
{
    size_t len = r->answer.len;
    if (r->answer.failed)
        return response_without_memory(r);
    if (!len)
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    char *body = buf_take(&r->answer);
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(
        len, body, r->answer.secret ? secret_free_block : free);
    if (!response)
        secret_free_block(body);
    return response;
}

static bool is_plain(const struct request *r)
{
    return !r->answer.failed && !r->answer.len && !r->location && !r->match.allow[0] && !r->last;
}

enum MHD_Result request_answer(struct request *r)
{
    bool has_body = r->answer.failed || r->answer.len;
    if (r->status >= 100 && r->status < 600)
        atomic_fetch_add(&r->api->tally.answers[r->status / 100], 1);
    if (is_plain(r))
        return MHD_queue_response(r->connection, (unsigned)r->status, r->api->empty);
    struct MHD_Response *response = response_of(r);
    if (!response)
        return MHD_NO;
    if (has_body)
        MHD_add_response_header(response, "Content-Type", r->type ? r->type : "application/json");
    if (r->location)
        MHD_add_response_header(response, "Location", r->location);
    if (r->match.allow[0])
        MHD_add_response_header(response, "Allow", r->match.allow);
    if (r->last)
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result queued =
        MHD_queue_response(r->connection, (unsigned)r->status, response);
    MHD_destroy_response(response);
    return queued;
}
