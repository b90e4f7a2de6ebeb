/* A migrated database, and the events that were raised on it, for the tests of prompts. */
#ifndef TEST_PROMPT_FIXTURE_H
#define TEST_PROMPT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "store/prompts.h"
#include "store/sqlite/prompt_sql.h"
#include "store/sqlite/prompt_tx.h"

#define ID_A  "0199a300-0000-7000-8000-00000000000a"
#define ID_B  "0199a300-0000-7000-8000-00000000000b"
#define VER_A "0199a301-0000-7000-8000-0000abcd0001"
#define VER_B "0199a301-0000-7000-8000-0000abcd0002"

struct event {
    enum event_type type;
    char *workspace, *user, *entity;
};

struct fixture {
    char path[32];
    struct db *db;
    struct prompt_tx tx;
    struct event events[16];
    size_t count;
    bool refuse; /* events */
};

static inline bool keep_event(void *arg, enum event_type type, const char *workspace,
                              const char *user, struct span entity, struct err *err)
{
    struct fixture *f = arg;
    if (f->refuse)
        return err_set(err, ERR_FULL, "no room");
    assert_true(f->count < 16);
    f->events[f->count++] = (struct event){type, strdup(workspace), strdup(user),
                                           strndup(entity.at, entity.len)};
    return true;
}

static inline void forget_events(struct fixture *f)
{
    while (f->count > 0) {
        struct event *e = &f->events[--f->count];
        free(e->workspace);
        free(e->user);
        free(e->entity);
    }
}

static inline struct db *open_db(const char *path)
{
    struct err err = {0};
    struct db *db = db_open(path, DB_WRITER, &err);
    if (!db || !db_migrate(db, &err))
        fail_msg("%s", err.text);
    return db;
}

static inline void remove_files(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static inline int init(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->path, sizeof f->path, "/tmp/test-prompt-XXXXXX");
    close(mkstemp(f->path));
    f->db = open_db(f->path);
    f->tx = (struct prompt_tx){f->db, 1700000000000, keep_event, f};
    *state = f;
    return 0;
}

static inline int cleanup(void **state)
{
    struct fixture *f = *state;
    forget_events(f);
    db_close(&f->db);
    remove_files(f->path);
    free(f);
    return 0;
}

static inline struct prompt_write write_of(const char *name, const char *tmpl)
{
    return (struct prompt_write){
        .workspace = "default", .user = "admin", .name = name, .tmpl = tmpl};
}

static inline void create(struct fixture *f, struct prompt_write w)
{
    struct prompt p;
    struct err err = {0};
    if (!prompt_tx_create(&f->tx, &w, &p, &err))
        fail_msg("%s", err.text);
    prompt_free(&p);
}

static inline struct prompt_version commit(struct fixture *f, struct prompt_write w)
{
    struct prompt_version v;
    struct err err = {0};
    if (!prompt_tx_commit(&f->tx, &w, &v, &err))
        fail_msg("%s", err.text);
    return v;
}

static inline int64_t number(struct db *db, const char *sql)
{
    int64_t n;
    assert_true(db_number(db, sql, DB_NO_ARGS, -1, &n, NULL));
    return n;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, init, cleanup)

#endif
