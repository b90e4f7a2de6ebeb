-- What thresholds are compared with: counts and sums by project and slot. `minutes` is the
-- length of a slot (1 or 60), `slot` the minute it begins with, counted since 1970.
CREATE TABLE metrics (
    workspace TEXT NOT NULL,
    type INTEGER NOT NULL,
    name TEXT NOT NULL,
    minutes INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    project INTEGER NOT NULL,
    count INTEGER NOT NULL,
    sum REAL NOT NULL,
    PRIMARY KEY (workspace, type, name, minutes, slot, project)
) STRICT, WITHOUT ROWID;
CREATE INDEX metrics_by_slot ON metrics (slot);

-- Traces and spans that were counted for their duration or cost; the oldest rows go first.
CREATE TABLE measured (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    workspace TEXT NOT NULL,
    type INTEGER NOT NULL,
    UNIQUE (id, workspace, type)
) STRICT;

-- How each condition of an enabled alert stood when it was last looked at.
CREATE TABLE conditions (
    alert TEXT NOT NULL,
    id TEXT NOT NULL,
    type INTEGER NOT NULL,
    met INTEGER NOT NULL,
    value REAL,
    fired_at INTEGER NOT NULL,
    looked_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    PRIMARY KEY (alert, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX conditions_due ON conditions (due_at);

-- What an SDK said of its experiments, for the event that ends them; the oldest rows go first.
CREATE TABLE experiments (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    workspace TEXT NOT NULL,
    body TEXT NOT NULL,
    finished INTEGER NOT NULL DEFAULT 0,
    UNIQUE (id, workspace)
) STRICT;
