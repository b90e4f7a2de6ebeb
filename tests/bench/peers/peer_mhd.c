/* Peers for accepting, on libmicrohttpd as our intake is (epoll, two threads):
 *   peer_mhd bare PORT            the body is read, nothing is parsed, 204
 *   peer_mhd jansson PORT         + every body becomes a jansson tree
 *   peer_mhd store PORT FILE      + a row of SQLite for each trace, many requests in one
 * commit (synchronous=FULL), answered after it peer_mhd scan PORT            our own
 * scanner validates every body and finds each trace's id peer_mhd scan-store PORT FILE + a
 * row each, as above, of the trace's own bytes What a team would write first, made as well
 * as it can be; the last two are how fast a server with our scanner could be that does
 * nothing else. */
#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

enum { MOST_TOGETHER = 256 };
static enum { BARE, JANSSON, STORE, SCAN, SCAN_STORE, MODES } mode;
static const char *const mode_names[MODES] = {"bare", "jansson", "store", "scan",
                                              "scan-store"};

struct request {
    struct MHD_Connection *connection;
    char *body;
    size_t len, room;
    json_t *tree;
    struct js_index index;
    struct js_value root;
    bool stored;
    struct request *next;
};

/* ---------------------------------------------------------------- rows */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct request *first, **last;
    sqlite3 *db;
    sqlite3_stmt *insert;
} rows = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, &rows.first, NULL, NULL};

static void must(int code)
{
    if (code != SQLITE_OK && code != SQLITE_DONE) {
        fprintf(stderr, "%s\n", sqlite3_errmsg(rows.db));
        exit(1);
    }
}

static void insert(const char *id, int id_len, const char *text, int len)
{
    sqlite3_bind_text(rows.insert, 1, id, id_len, SQLITE_STATIC);
    sqlite3_bind_text(rows.insert, 2, text, len, SQLITE_STATIC);
    must(sqlite3_step(rows.insert));
    must(sqlite3_reset(rows.insert));
}

static void insert_tree(const struct request *r)
{
    size_t i;
    json_t *trace;
    json_array_foreach(json_object_get(r->tree, "traces"), i, trace) {
        char *text = json_dumps(trace, JSON_COMPACT);
        const char *id = json_string_value(json_object_get(trace, "id"));
        insert(id, -1, text, -1);
        free(text);
    }
}

/* Calls insert() for each trace, if asked to. */
static void walk(const struct request *r, bool insert_each)
{
    struct js_iter it;
    struct js_item trace;
    js_iter(&it, js_get(r->root, "traces"));
    while (js_next(&it, &trace)) {
        struct span id = js_get(trace.value, "id").text, all = trace.value.text;
        if (insert_each)
            insert(id.at, (int)id.len, all.at, (int)all.len);
    }
}

static struct request *take_group(void)
{
    pthread_mutex_lock(&rows.lock);
    while (!rows.first)
        pthread_cond_wait(&rows.wake, &rows.lock);
    struct request *group = rows.first, **end = &rows.first;
    for (int i = 0; *end && i < MOST_TOGETHER; i++)
        end = &(*end)->next;
    rows.first = *end;
    *end = NULL;
    if (!rows.first)
        rows.last = &rows.first;
    pthread_mutex_unlock(&rows.lock);
    return group;
}

static void *write_rows(void *arg)
{
    (void)arg;
    for (;;) {
        struct request *group = take_group();
        must(sqlite3_exec(rows.db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
        for (struct request *r = group; r; r = r->next)
            mode == STORE ? insert_tree(r) : walk(r, true);
        must(sqlite3_exec(rows.db, "COMMIT", NULL, NULL, NULL));
        for (struct request *r = group, *next; r; r = next) {
            next = r->next;
            r->stored = true;
            MHD_resume_connection(r->connection);
        }
    }
    return NULL;
}

static void open_rows(const char *path)
{
    pthread_t thread;
    must(sqlite3_open(path, &rows.db));
    must(sqlite3_exec(rows.db,
                      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                      "CREATE TABLE events (row INTEGER PRIMARY KEY, id TEXT, body TEXT) STRICT",
                      NULL, NULL, NULL));
    must(sqlite3_prepare_v2(rows.db, "INSERT INTO events (id, body) VALUES (?, ?)", -1,
                            &rows.insert, NULL));
    pthread_create(&thread, NULL, write_rows, NULL);
}

static void store(struct request *r)
{
    MHD_suspend_connection(r->connection);
    pthread_mutex_lock(&rows.lock);
    r->next = NULL;
    *rows.last = r;
    rows.last = &r->next;
    pthread_cond_signal(&rows.wake);
    pthread_mutex_unlock(&rows.lock);
}

/* ---------------------------------------------------------------- requests */

static void add(struct request *r, const char *bytes, size_t len)
{
    if (r->len + len > r->room) {
        r->room = (r->len + len) * 2;
        r->body = realloc(r->body, r->room);
        if (!r->body)
            abort();
    }
    memcpy(r->body + r->len, bytes, len);
    r->len += len;
}

static enum MHD_Result answer(struct MHD_Connection *c)
{
    struct MHD_Response *empty = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_queue_response(c, MHD_HTTP_NO_CONTENT, empty);
    MHD_destroy_response(empty);
    return result;
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **context)
{
    struct request *r = *context;
    (void)arg, (void)url, (void)method, (void)version;
    if (!r) {
        *context = r = calloc(1, sizeof *r);
        if (!r)
            return MHD_NO;
        r->connection = c;
        return MHD_YES;
    }
    if (*size) {
        if (mode != BARE)
            add(r, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (mode == BARE || r->stored)
        return answer(c);
    if (mode == JANSSON || mode == STORE)
        r->tree = json_loadb(r->body, r->len, 0, NULL);
    else
        js_parse_indexed((struct span){r->body, r->len}, &r->index, &r->root, NULL);
    if (mode == SCAN)
        walk(r, false);
    if (mode == JANSSON || mode == SCAN)
        return answer(c);
    store(r);
    return MHD_YES;
}

static void done(void *arg, struct MHD_Connection *c, void **context,
                 enum MHD_RequestTerminationCode code)
{
    struct request *r = *context;
    (void)arg, (void)c, (void)code;
    if (!r)
        return;
    json_decref(r->tree);
    js_index_free(&r->index);
    free(r->body);
    free(r);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    while (mode < MODES && strcmp(argv[1], mode_names[mode]) != 0)
        mode++;
    bool stores = mode == STORE || mode == SCAN_STORE;
    if (mode == MODES || (stores && argc < 4))
        return 2;
    signal(SIGPIPE, SIG_IGN);
    if (stores)
        open_rows(argv[3]);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | (stores ? MHD_ALLOW_SUSPEND_RESUME : 0),
        (uint16_t)atoi(argv[2]), NULL, NULL, handle, NULL, MHD_OPTION_THREAD_POOL_SIZE, 2u,
        MHD_OPTION_CONNECTION_LIMIT, 1024u, MHD_OPTION_NOTIFY_COMPLETED, done, NULL,
        MHD_OPTION_END);
    if (!daemon)
        return 1;
    for (;;)
        pause();
}
