#include "torture/migrations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/asset.h"
#include "base/buf.h"
#include "base/span.h"
#include "support/unpacked.h"

int migrations_run(sqlite3 *db, const char *sql, void (*before_each)(void), int *code)
{
    int count = 0;
    sqlite3_stmt *s;
    *code = SQLITE_OK;
    while (*code == SQLITE_OK && *sql) {
        *code = sqlite3_prepare_v2(db, sql, -1, &s, &sql);
        if (*code != SQLITE_OK || !s)
            continue;
        if (before_each)
            before_each();
        while ((*code = sqlite3_step(s)) == SQLITE_ROW)
            continue;
        *code = sqlite3_finalize(s);
        count++;
    }
    return count;
}

/* The text of the migration that leads to that version; at == NULL: there is none. */
static struct span migration_to(int version, char out[64])
{
    snprintf(out, 64, "sql/%03d-", version);
    for (size_t i = 0; i < asset_count; i++)
        if (strncmp(asset_table[i].name, out, strlen(out)) == 0)
            return asset_find(asset_table[i].name);
    return (struct span){NULL, 0};
}

int migrations_newest(void)
{
    int version = 0;
    char name[64];
    while (migration_to(version + 1, name).at)
        version++;
    return version;
}

/* Returns how many statements it has. */
static int migrate_to(sqlite3 *db, int version)
{
    char name[64], *text;
    int code;
    struct span sql = migration_to(version, name);
    assert_non_null(text = strndup(sql.at, sql.len));
    int count = migrations_run(db, text, NULL, &code);
    assert_int_equal(code, SQLITE_OK);
    free(text);
    return count;
}

int64_t migrations_calls(int from)
{
    enum { BEGIN_VERSION_AND_COMMIT = 4 }; /* before it and after it */
    sqlite3 *db;
    int64_t calls = 0;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    for (int v = 1; v <= migrations_newest(); v++) {
        int statements = migrate_to(db, v);
        calls += v > from ? statements + BEGIN_VERSION_AND_COMMIT : 0;
    }
    sqlite3_close(db);
    return calls;
}

static void run(sqlite3 *db, const char *sql)
{
    char *words = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK)
        fail_msg("%s: %s", sql, words);
}

/* What both have: a later migration may have added columns, or taken some away. */
static void copy_table(sqlite3 *db, const char *table)
{
    struct buf columns, sql;
    sqlite3_stmt *row;
    buf_init(&columns, BUF_UNLIMITED);
    buf_init(&sql, BUF_UNLIMITED);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT name FROM pragma_table_info(?1, 'main') "
                           "INTERSECT SELECT name FROM pragma_table_info(?1, 'newest')",
                           -1, &row, NULL),
        SQLITE_OK);
    sqlite3_bind_text(row, 1, table, -1, SQLITE_STATIC);
    while (sqlite3_step(row) == SQLITE_ROW)
        buf_add_format(&columns, "%s%s", columns.len ? ", " : "",
                       sqlite3_column_text(row, 0));
    sqlite3_finalize(row);
    buf_add_format(&sql, "INSERT INTO main.%s (%s) SELECT %s FROM newest.%s", table,
                   buf_text(&columns), buf_text(&columns), table);
    if (columns.len)
        run(db, buf_text(&sql));
    buf_free(&columns);
    buf_free(&sql);
}

/* Their bucket was a column up to version 10, and up to 11 they were not packed. */
static void copy_chunks(sqlite3 *db, int version)
{
    assert_true(unpacked_add(db));
    if (version > 11)
        copy_table(db, "bucket_chunks");
    else if (version > 10)
        run(db, "INSERT INTO main.bucket_chunks (row, events) "
                "SELECT row, unpacked(events, size) FROM newest.bucket_chunks");
    else
        run(db, "INSERT INTO main.bucket_chunks (row, bucket, events) "
                "SELECT row, row >> 24, unpacked(events, size) FROM newest.bucket_chunks");
}

/* Up to version 13 all were whole, in a table of another name. */
static void copy_bodies(sqlite3 *db, int version)
{
    if (version > 13)
        copy_table(db, "bodies");
    else
        run(db,
            "INSERT INTO main.delivery_bodies (delivery, body) "
            "SELECT delivery, CASE WHEN size > 0 THEN (SELECT CAST(group_concat(p, '') AS "
            "BLOB) FROM (SELECT unpacked(bytes, size) AS p FROM newest.body_parts "
            "WHERE delivery = b.delivery ORDER BY at)) ELSE body END "
            "FROM newest.bodies AS b");
}

static void copy_tables(sqlite3 *db, int version)
{
    sqlite3_stmt *row;
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT name FROM main.sqlite_schema WHERE type = 'table' "
                           "AND name NOT LIKE 'sqlite%' AND name <> 'bucket_chunks' "
                           "AND name NOT LIKE '%bodies'",
                           -1, &row, NULL),
        SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW)
        copy_table(db, (const char *)sqlite3_column_text(row, 0));
    sqlite3_finalize(row);
    copy_chunks(db, version);
    copy_bodies(db, version);
}

void migrations_downgrade(const char *dir, int version)
{
    char store[300], old[300], sql[400];
    sqlite3 *db;
    snprintf(store, sizeof store, "%s/store.db", dir);
    snprintf(old, sizeof old, "%s/old.db", dir);
    assert_int_equal(sqlite3_open(old, &db), SQLITE_OK);
    for (int v = 1; v <= version; v++)
        migrate_to(db, v);
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d; ATTACH '%s' AS newest", version,
             store);
    run(db, sql);
    run(db, "BEGIN");
    copy_tables(db, version);
    run(db, "COMMIT");
    run(db, "DETACH newest");
    sqlite3_close(db);
    assert_int_equal(chmod(old, 0600), 0);
    assert_int_equal(rename(old, store), 0);
}
