-- Indexes that have no entry for most deliveries, since each entry is written at a birth and at an
-- end. Of what is delivered there is none by state: its statuses are 2xx. What is being sent (1)
-- is found by state, and is only a few.
DROP INDEX deliveries_open;
DROP INDEX deliveries_by_state;
DROP INDEX deliveries_by_status;
CREATE INDEX deliveries_open ON deliveries (alert, state) WHERE state IN (0, 2);
CREATE INDEX deliveries_by_state ON deliveries (state, created_at) WHERE state <> 3;
CREATE INDEX deliveries_by_status ON deliveries (status, created_at) WHERE status <> 0;

-- The chunks of a bucket are a range of rows, so that no index is needed and no key is looked up:
-- bucket << 24 | how many of its events are in the chunks before. Those that are carried over are
-- numbered from 0, which is never more. They are removed with their bucket by name.
CREATE TABLE chunks_anew (
    row INTEGER PRIMARY KEY,
    events BLOB NOT NULL
) STRICT;
INSERT INTO chunks_anew (row, events)
    SELECT (n.bucket << 24) | n.before, c.events FROM (
        SELECT row, bucket, row_number() OVER (PARTITION BY bucket ORDER BY row) - 1 AS before
        FROM bucket_chunks) AS n
    JOIN bucket_chunks AS c ON c.row = n.row;
DROP TABLE bucket_chunks;
ALTER TABLE chunks_anew RENAME TO bucket_chunks;
