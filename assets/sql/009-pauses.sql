-- Until when an endpoint asked to be left alone (Retry-After; steady ms, 0: it did not). A row may
-- be there for this alone.
ALTER TABLE endpoints ADD COLUMN paused_until INTEGER NOT NULL DEFAULT 0;
