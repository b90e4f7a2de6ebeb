CREATE TABLE prompts (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    tags TEXT,
    structure TEXT NOT NULL,
    created_by TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    versions INTEGER NOT NULL,
    UNIQUE (workspace, name)
) STRICT;

CREATE TABLE prompt_versions (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    prompt INTEGER NOT NULL REFERENCES prompts (row) ON DELETE CASCADE,
    commit_id TEXT NOT NULL,
    template TEXT NOT NULL,
    type TEXT,
    metadata TEXT,
    change_description TEXT,
    tags TEXT,
    structure TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (prompt, commit_id)
) STRICT;
