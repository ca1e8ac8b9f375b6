-- What a job does: a backtest, or a forecast or a training that takes long.
ALTER TABLE jobs ADD COLUMN kind TEXT NOT NULL DEFAULT 'backtest'
    CHECK (kind IN ('backtest', 'forecast', 'train'));
