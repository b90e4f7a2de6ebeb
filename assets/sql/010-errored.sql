-- Traces that have raised an error, in runs: the ids of those of one workspace and commit, 16
-- bytes each, and the number of the last. The oldest rows go first. What was one row each stays so.
CREATE TABLE errored_runs (
    seq INTEGER PRIMARY KEY,
    trace BLOB NOT NULL,
    workspace TEXT NOT NULL
) STRICT;
INSERT INTO errored_runs (seq, trace, workspace) SELECT seq, trace, workspace FROM errored;
DROP TABLE errored;
ALTER TABLE errored_runs RENAME TO errored;
