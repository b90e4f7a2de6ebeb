-- The status of the last attempt, so that a list can say it and be filtered by it.
ALTER TABLE deliveries ADD COLUMN status INTEGER NOT NULL DEFAULT 0;
UPDATE deliveries SET status = coalesce(
    (SELECT l.status FROM log AS l WHERE l.delivery = deliveries.row ORDER BY l.seq DESC LIMIT 1), 0);
CREATE INDEX deliveries_by_status ON deliveries (status, created_at);

-- Why and why not: a sample of the events, with what each alert made of it. The oldest rows go
-- first. `passed_over`: events that came since the row before and are not kept.
CREATE TABLE activity (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    workspace TEXT NOT NULL,
    type INTEGER NOT NULL,
    project TEXT,
    user TEXT NOT NULL,
    matched INTEGER NOT NULL,
    considered INTEGER NOT NULL,
    passed_over INTEGER NOT NULL,
    verdicts TEXT NOT NULL
) STRICT;
CREATE INDEX activity_by_workspace ON activity (workspace);
