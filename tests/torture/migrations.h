/* The migrations of the store's file, statement by statement, and files of earlier
 * versions, for test_steps. Failures fail the test, but for those of migrations_run(). One
 * thread. */
#ifndef TORTURE_MIGRATIONS_H
#define TORTURE_MIGRATIONS_H

#include <stdint.h>

#include <sqlite3.h>

/* The version that the last of assets/sql leads to. */
int migrations_newest(void);

/* Runs the statements one by one, until one fails; before_each (may be NULL) is called
 * before each. Returns how many were run; *code is SQLite's of the last. */
int migrations_run(sqlite3 *db, const char *sql, void (*before_each)(void), int *code);

/* How often the step "migration" of kill_wraps.c is reached on the way from that version
 * (0: no file yet) to the newest: before each statement, those of the transactions too, and
 * after each commit. */
int64_t migrations_calls(int from);

/* Makes store.db of that directory what an earlier program would have left: its tables with
 * what both versions have. No process may have it open, and all must be in the one file. */
void migrations_downgrade(const char *dir, int version);

#endif
