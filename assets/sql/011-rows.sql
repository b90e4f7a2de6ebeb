-- Indexes that have no entry for most deliveries, since each entry is written at a birth and at an
-- end. Of what is delivered there is none by state: its statuses are 2xx. What is being sent (1)
-- is found by state, and is only a few.
DROP INDEX deliveries_open;
DROP INDEX deliveries_by_state;
DROP INDEX deliveries_by_status;
CREATE INDEX deliveries_open ON deliveries (alert, state) WHERE state IN (0, 2);
CREATE INDEX deliveries_by_state ON deliveries (state, created_at) WHERE state <> 3;
CREATE INDEX deliveries_by_status ON deliveries (status, created_at) WHERE status <> 0;
