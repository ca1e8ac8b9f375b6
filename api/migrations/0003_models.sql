-- Models that were fitted once and answer later: their bytes are a file in models/.
CREATE TABLE models (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    owner TEXT NOT NULL,
    file TEXT NOT NULL UNIQUE,
    card TEXT NOT NULL,
    scores TEXT,
    -- The set whose rows it follows, and how its intervals held what was appended there.
    follows TEXT,
    watch TEXT NOT NULL,
    created INTEGER NOT NULL,
    UNIQUE (name, version)
) STRICT;

CREATE INDEX models_by_set ON models (follows);

-- What a kind of job is told beside its spec.
ALTER TABLE jobs ADD COLUMN more TEXT;
