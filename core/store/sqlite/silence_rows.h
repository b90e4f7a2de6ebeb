/* Silences as rows. Internal to store/sqlite. */
#ifndef SQLITE_SILENCE_ROWS_H
#define SQLITE_SILENCE_ROWS_H

#include "rules/silence.h"
#include "store/sqlite/writer.h"

/* Those of all workspaces that are not over at `now` (wall ms); nothing looked at yet. */
bool silence_rows_in_force(struct db *db, int64_t now, struct silences *out,
                           struct err *err);

/* The one with that id, or none. */
bool silence_rows_with_id(struct db *db, const char *id, struct silences *out,
                          struct err *err);

/* Why what it dropped was dropped, for the log: "silenced by ann: deploy". */
enum { SILENCE_WORDS_SIZE = 320 };
bool silence_words(struct tx *tx, int64_t row, char out[SILENCE_WORDS_SIZE],
                   struct err *err);

/* The alert is deleted: what names it ends. */
bool silence_rows_end_of_alert(struct tx *tx, const char *alert_id, struct err *err);

/* Takes away those that were over before that time (wall ms) and hold nothing any more. */
bool silence_rows_purge(struct tx *tx, int64_t before, struct err *err);

#endif
