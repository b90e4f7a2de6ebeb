#include "send/send.h"

#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>
#include <utlist.h>

#include "base/secret.h"
#include "base/text.h"
#include "send/address.h"
#include "send/answer.h"
#include "send/headers.h"
#include "send/option.h"
#include "send/scrub.h"
#include "send/signing.h"
#include "send/tls.h"

enum {
    CONNECTION_IDLE_S = 60,
    CONNECTION_LIFE_S = 300,
    IDLE_HANDLES_MAX = 64,
    FORGET_AFTER_MS = 50, /* a handle remembers the last URL and answer until its next use */
    KEPT_CONNECTIONS_MAX = 1024,
    /* What libcurl holds of a body, and of an answer: for each request it takes the blocks, and
     * gives them back wiped. */
    UPLOAD_BYTES = 16 * 1024,
    PIECE_BYTES = 32 * 1024, /* of a body that it is given in pieces */
    ANSWER_BYTES = 4 * 1024,
};

struct send_handle {
    struct send_handle *prev, *next;
    struct sender *sender;
    CURL *easy; /* NULL: refused before it began */
    struct curl_slist *headers;
    struct answer answer;
    struct scrub scrub;
    char words[CURL_ERROR_SIZE];
    const char *problem; /* why it is not sent */
    enum outcome_kind problem_kind;
    bool cancelled;
    bool not_judged; /* the address connected to is no receiver's */
    bool own_options; /* beside those that every request sets: of TLS, or for pieces */
    int64_t started_at, timeout_ms;
    send_more *more; /* the body in pieces; NULL: it is whole */
    void *more_arg;
    size_t sent, len;
    send_done *done;
    void *arg;
};

struct sender {
    CURLM *multi;
    const struct clock *clock;
    char *proxy, *ca_file, *unix_path;
    enum address_rule rule;
    struct send_handle *active; /* all that have not had their done */
    size_t count, settled;      /* settled: done can be called without libcurl */
    uint64_t finished;          /* all that had their done, ever */
    bool added;                 /* something that libcurl has not begun with */
    int64_t idle_ms;            /* monotonic; since when nothing is under way */
    CURL *idle[IDLE_HANDLES_MAX];
    size_t idle_count;
};

static void *realloc_wiped(void *block, size_t size)
{
    size_t old = block ? malloc_usable_size(block) : 0;
    void *more = malloc(size);
    if (more && block) {
        memcpy(more, block, old < size ? old : size);
        secret_free_block(block);
    }
    return more;
}

/* URLs, headers and bodies go through many a buffer of libcurl: none is left as it was. */
static void global_init(void)
{
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, secret_free_block, realloc_wiped, strdup,
                         calloc);
}

static void free_sender(struct sender *s)
{
    free(s->proxy);
    free(s->ca_file);
    free(s->unix_path);
    free(s);
}

struct sender *sender_new(const struct sender_options *o, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, global_init);
    struct sender *s = calloc(1, sizeof *s);
    if (!s || !text_copy(&s->proxy, o->proxy) || !text_copy(&s->ca_file, o->ca_file) ||
        !text_copy(&s->unix_path, o->unix_path) || !(s->multi = curl_multi_init())) {
        if (s)
            free_sender(s);
        err_memory(err);
        return NULL;
    }
    s->clock = o->clock;
    s->rule = o->refuse_private ? ADDRESS_PRIVATE_REFUSED : ADDRESS_PRIVATE_ALLOWED;
    long kept = (long)(o->connections < KEPT_CONNECTIONS_MAX ? o->connections
                                                             : KEPT_CONNECTIONS_MAX);
    curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, kept > 0 ? kept : 1);
    curl_multi_setopt(s->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return s;
}

/* ------------------------------------------------------------------ addresses */

/* Asked for every address of the host that is tried... */
static curl_socket_t open_socket(void *arg, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    struct send_handle *h = arg;
    struct answer *a = &h->answer;
    (void)purpose;
    a->refused = h->not_judged ? NULL : address_problem(&address->addr, h->sender->rule);
    if (a->refused) {
        getnameinfo(&address->addr, address->addrlen, a->refused_address,
                    sizeof a->refused_address, NULL, 0, NI_NUMERICHOST);
        return CURL_SOCKET_BAD;
    }
    a->tried = true;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ...and for every request, also on a connection that is used again. */
static int before_request(void *arg, char *peer, char *local, int peer_port, int local_port)
{
    struct send_handle *h = arg;
    struct answer *a = &h->answer;
    (void)local;
    (void)peer_port;
    (void)local_port;
    a->refused = h->not_judged ? NULL : address_text_problem(peer, h->sender->rule);
    if (!a->refused)
        return CURL_PREREQFUNC_OK;
    a->tried = false;
    snprintf(a->refused_address, sizeof a->refused_address, "%s", peer);
    return CURL_PREREQFUNC_ABORT;
}

/* Through a proxy the address is the proxy's: at least what the URL itself says is judged.
 */
static const char *host_problem(CURLU *url, enum address_rule rule, bool *memory)
{
    char *host = NULL, bare[256];
    CURLUcode code = curl_url_get(url, CURLUPART_HOST, &host, 0);
    *memory = code != CURLUE_OUT_OF_MEMORY;
    if (code != CURLUE_OK)
        return "the URL has no host";
    size_t len = strlen(host);
    bool brackets = *host == '[' && len >= 2;
    snprintf(bare, sizeof bare, "%.*s", (int)(brackets ? len - 2 : len), host + brackets);
    curl_free(host);
    bool numeric = brackets || strspn(bare, "0123456789.") == strlen(bare);
    return numeric ? address_text_problem(bare, rule) : NULL;
}

/* *memory: there was enough to tell. Without a proxy libcurl reads the URL only as it
 * begins, and answer.c says what it thought of it. */
static const char *url_problem(const struct sender *s, const char *text, bool *memory)
{
    const char *problem = alert_url_problem(text);
    if (problem || !s->proxy)
        return problem;
    CURLU *url = curl_url();
    *memory = url != NULL;
    if (!url)
        return NULL;
    CURLUcode code = curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER);
    *memory = code != CURLUE_OUT_OF_MEMORY;
    problem = code == CURLUE_OK ? host_problem(url, s->rule, memory) : ANSWER_BAD_URL;
    curl_url_cleanup(url);
    return problem;
}

/* ------------------------------------------------------------------ one request */

/* What all requests of a sender have in common: it is set once for each handle. */
static bool set_fixed(const struct sender *s, CURL *easy)
{
    static const struct send_tls plain = {0};
    bool fine = true;
    OPTION_SET(fine, easy, CURLOPT_NOSIGNAL, 1L);
    OPTION_SET(fine, easy, CURLOPT_QUICK_EXIT, 1L);
    OPTION_SET(fine, easy, CURLOPT_PROTOCOLS_STR, "http,https");
    OPTION_SET(fine, easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    OPTION_SET(fine, easy, CURLOPT_FOLLOWLOCATION, 0L);
    OPTION_SET(fine, easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    OPTION_SET(fine, easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    OPTION_SET(fine, easy, CURLOPT_PROXY, s->proxy ? s->proxy : "");
    OPTION_SET(fine, easy, CURLOPT_NOPROXY, "");
    OPTION_SET(fine, easy, CURLOPT_UNIX_SOCKET_PATH, s->unix_path);
    OPTION_SET(fine, easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    fine = fine && tls_apply(easy, &plain, s->ca_file);
    OPTION_SET(fine, easy, CURLOPT_MAXAGE_CONN, (long)CONNECTION_IDLE_S);
    OPTION_SET(fine, easy, CURLOPT_MAXLIFETIME_CONN, (long)CONNECTION_LIFE_S);
    OPTION_SET(fine, easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    OPTION_SET(fine, easy, CURLOPT_PREREQFUNCTION, before_request);
    OPTION_SET(fine, easy, CURLOPT_POST, 1L);
    OPTION_SET(fine, easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BYTES);
    OPTION_SET(fine, easy, CURLOPT_BUFFERSIZE, (long)ANSWER_BYTES);
    OPTION_SET(fine, easy, CURLOPT_HEADERFUNCTION, answer_header);
    OPTION_SET(fine, easy, CURLOPT_WRITEFUNCTION, answer_body);
    OPTION_SET(fine, easy, CURLOPT_SSL_CTX_FUNCTION, answer_tls_begins);
    return fine;
}

static size_t give_more(char *to, size_t size, size_t count, void *arg)
{
    struct send_handle *h = arg;
    size_t left = h->len - h->sent, room = size * count < left ? size * count : left;
    size_t given = room > 0 ? h->more(h->more_arg, h->sent, to, room) : 0;
    if (room > 0 && (given == 0 || given == SEND_NO_MEMORY))
        return CURL_READFUNC_ABORT;
    h->sent += given;
    return given;
}

/* Again from the start: a kept connection turned out to be closed. */
static int give_again(void *arg, curl_off_t offset, int origin)
{
    struct send_handle *h = arg;
    if (origin != SEEK_SET || offset < 0 || (size_t)offset > h->len)
        return CURL_SEEKFUNC_FAIL;
    h->sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static bool set_body(struct send_handle *h, CURL *easy, const struct send_request *r)
{
    bool fine = true;
    OPTION_SET(fine, easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
    if (!h->more) {
        OPTION_SET(fine, easy, CURLOPT_POSTFIELDS, r->body ? r->body : "");
        return fine;
    }
    OPTION_SET(fine, easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)PIECE_BYTES);
    OPTION_SET(fine, easy, CURLOPT_READFUNCTION, give_more);
    OPTION_SET(fine, easy, CURLOPT_READDATA, h);
    OPTION_SET(fine, easy, CURLOPT_SEEKFUNCTION, give_again);
    OPTION_SET(fine, easy, CURLOPT_SEEKDATA, h);
    return fine;
}

static bool set_request(struct send_handle *h, CURL *easy, const struct send_request *r)
{
    bool fine = true;
    OPTION_SET(fine, easy, CURLOPT_URL, r->url);
    fine = fine && set_body(h, easy, r);
    fine = fine && (tls_is_plain(&r->tls) || tls_apply(easy, &r->tls, h->sender->ca_file));
    OPTION_SET(fine, easy, CURLOPT_HTTPHEADER, h->headers);
    OPTION_SET(fine, easy, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
    OPTION_SET(fine, easy, CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_timeout_ms);
    OPTION_SET(fine, easy, CURLOPT_OPENSOCKETDATA, h);
    OPTION_SET(fine, easy, CURLOPT_PREREQDATA, h);
    OPTION_SET(fine, easy, CURLOPT_HEADERDATA, &h->answer);
    OPTION_SET(fine, easy, CURLOPT_WRITEDATA, &h->answer);
    OPTION_SET(fine, easy, CURLOPT_SSL_CTX_DATA, &h->answer);
    OPTION_SET(fine, easy, CURLOPT_ERRORBUFFER, h->words);
    OPTION_SET(fine, easy, CURLOPT_PRIVATE, h);
    return fine;
}

static CURL *take_easy(struct sender *s)
{
    if (s->idle_count > 0)
        return s->idle[--s->idle_count];
    CURL *easy = curl_easy_init();
    if (!easy || set_fixed(s, easy))
        return easy;
    curl_easy_cleanup(easy);
    return NULL;
}

/* What only this request had goes. */
static bool clear_request(const struct send_handle *h, CURL *easy)
{
    if (h->own_options) {
        curl_easy_reset(easy);
        return set_fixed(h->sender, easy);
    }
    bool fine = true;
    OPTION_SET(fine, easy, CURLOPT_URL, NULL);
    OPTION_SET(fine, easy, CURLOPT_POSTFIELDS, NULL);
    OPTION_SET(fine, easy, CURLOPT_HTTPHEADER, NULL);
    OPTION_SET(fine, easy, CURLOPT_ERRORBUFFER, NULL);
    OPTION_SET(fine, easy, CURLOPT_PRIVATE, NULL);
    return fine;
}

static void give_easy(struct sender *s, const struct send_handle *h, CURL *easy)
{
    if (clear_request(h, easy) && s->idle_count < IDLE_HANDLES_MAX) {
        s->idle[s->idle_count++] = easy;
        return;
    }
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L); /* its cleanup asks for it too */
    curl_easy_cleanup(easy);
}

static void handle_free(struct send_handle *h)
{
    headers_free(h->headers);
    answer_free(&h->answer);
    scrub_free(&h->scrub);
    free(h);
}

/* For the signature, which needs the whole body before it is sent. */
static size_t read_ahead(void *arg, size_t at, char *to, size_t size)
{
    struct send_handle *h = arg;
    size_t given = h->more(h->more_arg, at, to, size);
    if (given == 0) {
        h->problem_kind = OUTCOME_NETWORK; /* it may be there the next time */
        h->problem = "the body could not be read";
    }
    return given == SEND_NO_MEMORY ? 0 : given;
}

static struct curl_slist *make_headers(struct send_handle *h, const struct send_request *r)
{
    struct send_request own = *r;
    if (own.more) {
        own.more = read_ahead;
        own.more_arg = h;
    }
    return headers_list(&own);
}

static bool begin(struct sender *s, struct send_handle *h, const struct send_request *r)
{
    h->headers = scrub_init(&h->scrub, r) ? make_headers(h, r) : NULL;
    if (h->problem)
        return true;
    h->easy = h->headers ? take_easy(s) : NULL;
    if (!h->easy)
        return false;
    if (set_request(h, h->easy, r) && curl_multi_add_handle(s->multi, h->easy) == CURLM_OK)
        return s->added = true;
    give_easy(s, h, h->easy);
    return false;
}

void send_request_of(const struct alert *a, const char *id, int64_t now,
                     struct send_request *out)
{
    *out = (struct send_request){
        .url = a->url ? a->url : "",
        .token = a->token,
        .headers = a->headers,
        .header_count = a->header_count,
        .tls = {.ca_file = alert_metadata(a, ALERT_TLS_CA),
                .client_cert = alert_metadata(a, ALERT_TLS_CERT),
                .client_key = alert_metadata(a, ALERT_TLS_KEY),
                .insecure = alert_is_insecure(a)},
        .signing = {.id = id,
                    .at = now,
                    .secret = alert_metadata(a, ALERT_SIGNING_SECRET),
                    .previous = signing_previous(a, now)},
        .hidden = alert_metadata(a, ALERT_ROUTING_KEY),
    };
}

/* Why it is not sent at all. False: no memory to tell. */
static bool judge(struct send_handle *h, const struct send_request *r)
{
    bool memory = true;
    h->problem_kind = OUTCOME_FORBIDDEN;
    h->problem = headers_problem(r);
    if (!h->problem)
        h->problem = url_problem(h->sender, r->url, &memory);
    if (memory && !h->problem && !tls_check(&r->tls, h->words, sizeof h->words)) {
        h->problem_kind = OUTCOME_NETWORK; /* the file can be there the next time */
        h->problem = h->words;
    }
    return memory;
}

struct send_handle *sender_start(struct sender *s, const struct send_request *r,
                                 send_done *done, void *arg)
{
    struct send_handle *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->sender = s;
    h->done = done;
    h->arg = arg;
    h->not_judged = s->proxy || s->unix_path;
    h->started_at = clock_wall_ms(s->clock);
    h->timeout_ms = r->timeout_ms;
    h->more = r->more;
    h->more_arg = r->more_arg;
    h->len = r->body_len;
    h->own_options = r->more || !tls_is_plain(&r->tls);
    answer_init(&h->answer);
    h->answer.own_ca = r->tls.ca_file != NULL;
    h->answer.proxied = s->proxy != NULL;
    if (!judge(h, r) || (!h->problem && !begin(s, h, r))) {
        handle_free(h);
        return NULL;
    }
    s->settled += h->problem != NULL;
    DL_APPEND(s->active, h);
    s->count++;
    return h;
}

void sender_cancel(struct send_handle *h)
{
    if (h->cancelled || h->problem)
        return;
    h->cancelled = true;
    h->sender->settled++;
}

/* ------------------------------------------------------------------ turning */

static void forget_idle(struct sender *s)
{
    while (s->idle_count > 0)
        curl_easy_cleanup(s->idle[--s->idle_count]);
}

/* The next use may never come. Returns how long to wait at most. */
static int64_t forget_in_time(struct sender *s, int64_t wait_ms)
{
    if (s->count > 0 || s->idle_count == 0)
        return wait_ms;
    int64_t left = s->idle_ms + FORGET_AFTER_MS - clock_monotonic_ms();
    if (left <= 0)
        forget_idle(s);
    return left > 0 && left < wait_ms ? left : wait_ms;
}

static void finish(struct send_handle *h, struct outcome *outcome)
{
    struct sender *s = h->sender;
    send_done *done = h->done;
    void *arg = h->arg;
    outcome->started_at = h->started_at;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a link that is there */
    DL_DELETE(s->active, h);
    s->count--;
    s->finished++;
    if (h->easy) {
        curl_multi_remove_handle(s->multi, h->easy);
        give_easy(s, h, h->easy);
    }
    if (s->count == 0)
        s->idle_ms = clock_monotonic_ms();
    handle_free(h);
    done(arg, outcome);
    outcome_free(outcome);
}

static void finish_settled(struct sender *s)
{
    struct send_handle *h, *next;
    if (s->settled == 0)
        return;
    s->settled = 0;
    DL_FOREACH_SAFE(s->active, h, next)
    {
        struct outcome outcome = {.kind = OUTCOME_CANCELLED, .retry_after_ms = -1};
        if (!h->cancelled && !h->problem)
            continue;
        if (h->problem)
            outcome.kind = h->problem_kind;
        snprintf(outcome.error, sizeof outcome.error, "%s%s",
                 h->problem ? "not sent: " : "cancelled", h->problem ? h->problem : "");
        finish(h, &outcome);
    }
}

static void finish_ended(struct sender *s)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(s->multi, &left))) {
        struct send_handle *h = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &h);
        struct outcome outcome = {.retry_after_ms = -1};
        if (h->cancelled)
            continue; /* finish_settled() ends it */
        answer_judge(&h->answer, h->easy, code, h->words, h->timeout_ms,
                     clock_wall_ms(s->clock), &outcome);
        scrub_apply(&h->scrub, outcome.headers, outcome.headers_len, false);
        scrub_apply(&h->scrub, outcome.body, outcome.body_len,
                    outcome.body_total > (int64_t)outcome.body_len);
        finish(h, &outcome);
    }
}

static void perform(struct sender *s)
{
    int running;
    s->added = false;
    curl_multi_perform(s->multi, &running);
    finish_ended(s);
}

size_t sender_turn(struct sender *s, int64_t wait_ms)
{
    uint64_t finished = s->finished;
    finish_settled(s);
    /* To perform costs a system call for each that is under way: not before there is news. */
    if (s->added || wait_ms <= 0)
        perform(s);
    wait_ms = forget_in_time(s, wait_ms);
    bool quiet = s->finished == finished && s->settled == 0;
    if (quiet && wait_ms > 0) {
        int wait = wait_ms < INT32_MAX ? (int)wait_ms : INT32_MAX;
        curl_multi_poll(s->multi, NULL, 0, wait, NULL);
        perform(s);
    }
    finish_settled(s);
    return s->count;
}

size_t sender_active(const struct sender *s)
{
    return s->count;
}

void sender_wake(struct sender *s)
{
    curl_multi_wakeup(s->multi);
}

void sender_free(struct sender **sp)
{
    struct sender *s = *sp;
    if (!s)
        return;
    for (struct send_handle *h = s->active; h; h = h->next)
        sender_cancel(h);
    while (s->settled > 0)
        finish_settled(s);
    forget_idle(s);
    curl_multi_cleanup(s->multi);
    free_sender(s);
    *sp = NULL;
}
