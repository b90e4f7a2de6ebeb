-- Sums; see enum counter. Names are numbers of that enum, which only grows at its end.
CREATE TABLE counters (
    name INTEGER PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

CREATE TABLE projects (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (workspace, name)
) STRICT;

-- URL, token and headers are in `sealed`, last, so that a list never reads it.
CREATE TABLE alerts (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    destination INTEGER NOT NULL,
    origin TEXT NOT NULL,
    trigger_bits INTEGER NOT NULL,
    scoped_bits INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_by TEXT,
    updated_by TEXT,
    metadata TEXT,
    triggers TEXT NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX alerts_by_name ON alerts (name COLLATE NOCASE, id);
CREATE INDEX alerts_by_workspace ON alerts (workspace, name COLLATE NOCASE, id);

-- The newest delivery of each alert.
CREATE TABLE alert_last (
    alert INTEGER PRIMARY KEY REFERENCES alerts (row) ON DELETE CASCADE,
    delivery INTEGER NOT NULL,
    state INTEGER NOT NULL,
    status INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE buckets (
    row INTEGER PRIMARY KEY,
    alert TEXT NOT NULL,
    type INTEGER NOT NULL,
    workspace TEXT NOT NULL,
    kept INTEGER NOT NULL,
    truncated INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    UNIQUE (alert, type)
) STRICT;
CREATE INDEX buckets_due ON buckets (due_at);

-- The events that one commit added to a bucket (chunk.h).
CREATE TABLE bucket_chunks (
    row INTEGER PRIMARY KEY,
    bucket INTEGER NOT NULL REFERENCES buckets (row) ON DELETE CASCADE,
    events BLOB NOT NULL
) STRICT;
CREATE INDEX chunks_by_bucket ON bucket_chunks (bucket);

-- next_at is set only while a delivery waits for it. round_from: how many attempts were
-- made before its last replay, with which they are counted anew.
CREATE TABLE deliveries (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    alert TEXT NOT NULL,
    alert_name TEXT NOT NULL,
    workspace TEXT NOT NULL,
    type INTEGER NOT NULL,
    state INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    events INTEGER NOT NULL,
    truncated INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    born_at INTEGER NOT NULL,
    next_at INTEGER,
    attempts INTEGER NOT NULL,
    round_from INTEGER NOT NULL DEFAULT 0,
    reason TEXT
) STRICT;
CREATE INDEX deliveries_due ON deliveries (next_at, endpoint) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_queues ON deliveries (endpoint, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_open ON deliveries (alert, state) WHERE state < 3;
CREATE INDEX deliveries_by_time ON deliveries (created_at);
CREATE INDEX deliveries_by_workspace ON deliveries (workspace, created_at);
CREATE INDEX deliveries_by_alert ON deliveries (alert, created_at);
CREATE INDEX deliveries_by_state ON deliveries (state, created_at);

CREATE TABLE delivery_bodies (
    delivery INTEGER PRIMARY KEY REFERENCES deliveries (row) ON DELETE CASCADE,
    body BLOB NOT NULL
) STRICT;

-- One row for each attempt that ended and each bucket that was dropped.
CREATE TABLE log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    at INTEGER NOT NULL,
    alert TEXT NOT NULL,
    alert_name TEXT NOT NULL,
    workspace TEXT NOT NULL,
    type INTEGER NOT NULL,
    events INTEGER NOT NULL,
    delivery INTEGER,
    delivery_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    of INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    status INTEGER NOT NULL,
    latency_us INTEGER NOT NULL,
    state INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    text TEXT
) STRICT;
CREATE INDEX log_by_delivery ON log (delivery) WHERE delivery IS NOT NULL;
CREATE INDEX log_by_workspace ON log (workspace);
CREATE INDEX log_of_dropped ON log (at) WHERE delivery IS NULL;

CREATE TABLE attempts (
    seq INTEGER PRIMARY KEY REFERENCES log (seq) ON DELETE CASCADE,
    started_at INTEGER NOT NULL,
    timed_out INTEGER NOT NULL,
    dns_us INTEGER NOT NULL,
    connect_us INTEGER NOT NULL,
    tls_us INTEGER NOT NULL,
    first_us INTEGER NOT NULL,
    retry_after_ms INTEGER NOT NULL,
    body_total INTEGER NOT NULL,
    address TEXT NOT NULL,
    request_headers TEXT,
    headers BLOB,
    body BLOB
) STRICT;

-- What is remembered of traces whose requests come in pieces; the oldest rows go first.
CREATE TABLE traces (
    seq INTEGER PRIMARY KEY,
    trace BLOB NOT NULL,
    workspace TEXT NOT NULL,
    project INTEGER NOT NULL,
    name TEXT
) STRICT;

-- Traces that have raised an error; the oldest rows go first.
CREATE TABLE errored (
    seq INTEGER PRIMARY KEY,
    trace BLOB NOT NULL,
    workspace TEXT NOT NULL,
    UNIQUE (trace, workspace)
) STRICT;
