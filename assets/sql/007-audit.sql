-- Who did what to which thing, and from where. `workspace` is empty where it concerns all. The
-- oldest rows go first, after audit.retention. No secret ever stands here.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    user TEXT NOT NULL,
    host TEXT NOT NULL,
    via TEXT NOT NULL,
    place TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    name TEXT NOT NULL,
    workspace TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at);

-- Which key the store is sealed with: its id, which tells nothing of it (store/seal.h).
CREATE TABLE sealing (
    row INTEGER PRIMARY KEY CHECK (row = 1),
    key TEXT NOT NULL
) STRICT;
