-- Endpoints that fail: those whose breaker is not closed (rules/breaker.h).
CREATE TABLE endpoints (
    endpoint TEXT PRIMARY KEY,
    state INTEGER NOT NULL,
    since INTEGER NOT NULL,
    probe_at INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alerts_by_endpoint ON alerts (endpoint);
