-- The id of the request that asked for a job: its log lines carry it, also after a restart.

ALTER TABLE jobs ADD COLUMN request TEXT NOT NULL DEFAULT '';
