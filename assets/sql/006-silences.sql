-- What is not to be sent for a time. Ids and type that are NULL: any. `weekly` is the text of
-- model/silence.h; NULL: the whole time from from_at to until_at (wall ms; 0: no end). held and
-- dropped count (event, alert) pairs.
CREATE TABLE silences (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    workspace TEXT NOT NULL,
    alert TEXT,
    project TEXT,
    type INTEGER,
    mode INTEGER NOT NULL,
    from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    weekly TEXT,
    zone TEXT NOT NULL,
    comment TEXT,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX silences_by_workspace ON silences (workspace);
CREATE INDEX silences_in_force ON silences (ended_at);

-- A bucket has a silence beside its alert and type (a row of silences; 0: none), which holds it
-- until `until` (wall ms; due_at is the same as a steady time; -row once it was let go before
-- that). `drops`: nothing is kept in it, it only counts. Made anew, since a table cannot change
-- what is unique in it.
CREATE TABLE buckets_anew (
    row INTEGER PRIMARY KEY,
    alert TEXT NOT NULL,
    type INTEGER NOT NULL,
    workspace TEXT NOT NULL,
    kept INTEGER NOT NULL,
    truncated INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    silence INTEGER NOT NULL DEFAULT 0,
    until INTEGER NOT NULL DEFAULT 0,
    drops INTEGER NOT NULL DEFAULT 0,
    UNIQUE (alert, type, silence, until)
) STRICT;
INSERT INTO buckets_anew (row, alert, type, workspace, kept, truncated, bytes, opened_at, due_at)
    SELECT row, alert, type, workspace, kept, truncated, bytes, opened_at, due_at FROM buckets;
CREATE TABLE chunks_anew (
    row INTEGER PRIMARY KEY,
    bucket INTEGER NOT NULL REFERENCES buckets_anew (row) ON DELETE CASCADE,
    events BLOB NOT NULL
) STRICT;
INSERT INTO chunks_anew (row, bucket, events) SELECT row, bucket, events FROM bucket_chunks;
DROP TABLE bucket_chunks;
DROP TABLE buckets;
ALTER TABLE buckets_anew RENAME TO buckets;
ALTER TABLE chunks_anew RENAME TO bucket_chunks;
CREATE INDEX buckets_due ON buckets (due_at);
CREATE INDEX buckets_held ON buckets (silence) WHERE silence <> 0;
CREATE INDEX chunks_by_bucket ON bucket_chunks (bucket);
