-- The last version of each name: a number that was given is not given again.
CREATE TABLE model_names (
    name TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

INSERT INTO model_names (name, last) SELECT name, max(version) FROM models GROUP BY name;
