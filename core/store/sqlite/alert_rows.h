/* Alerts as rows: triggers and metadata as JSON text, the secrets as one sealed value.
 * Internal to store/sqlite. */
#ifndef SQLITE_ALERT_ROWS_H
#define SQLITE_ALERT_ROWS_H

#include "base/buf.h"
#include "model/alert.h"
#include "store/alerts.h"
#include "store/seal.h"
#include "store/sqlite/db.h"
#include "store/sqlite/writer.h"

/* What a row is read from, in this order. */
#define ALERT_COLUMNS                                                                      \
    "id, workspace, name, enabled, destination, created_at, updated_at, webhook_id, "      \
    "project_id, revision, created_by, updated_by, metadata, triggers"

/* `out` is overwritten; on failure it is empty. Without secrets. */
bool alert_row_read(sqlite3_stmt *row, struct alert *out, struct err *err);

bool alert_rows_all(struct db *db, struct alerts *out, struct err *err);

/* One alert by id; found tells whether. With secrets where a sealer is given. */
bool alert_row_find(struct db *db, const struct sealer *sealer, const char *id, bool *found,
                    struct alert *out, struct err *err);

bool alert_triggers_json(const struct alert *a, struct buf *out);
bool alert_metadata_json(const struct alert *a, struct buf *out); /* without secrets */

/* URL, token, headers and the secrets of the metadata. Both wipe what they used. */
bool alert_secrets_seal(const struct sealer *s, const struct alert *a, struct buf *sealed,
                        struct err *err);
bool alert_secrets_unseal(const struct sealer *s, const char *id, struct span sealed,
                          struct alert *a, struct err *err);

/* The endpoint said 410 Gone (RFC 9110 15.5.11): disables the alert, unless it sends elsewhere by
 * now, with what follows from that. */
bool alert_disable_gone(struct tx *tx, const char *id, const char *endpoint, struct err *err);

#endif
