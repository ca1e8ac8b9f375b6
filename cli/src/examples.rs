//! Commands that show how each one is used, as its help ends with them.

pub const EXAMPLES_BACKTEST: &str = "\
Examples:
  almanac backtest
  almanac backtest --data sales.csv --model auto_ets --model auto_theta --horizon 14 --folds 4
  almanac backtest --data bars.parquet --id symbol --time date --target close --horizon 5
  almanac backtest study.toml --set model.0.alpha=0.3 --set score.primary=mase --out run
  almanac backtest --data nn5.csv --model 'random_forest:trees=100' --horizon 14
  almanac backtest --data nn5.csv --model 'cnn:train.epochs=20' --set lift.window=28 --horizon 14 -v
  almanac backtest studies/atm_chaos.toml --dry-run

Exit codes: 0 done, 1 a failure at run time, 2 a mistake in arguments, spec or data,
3 done but something failed and --strict was given, 130 interrupted (the same command goes on).";

pub const EXAMPLES_FORECAST: &str = "\
Examples:
  almanac forecast --data sales.csv --model auto_ets --horizon 14 > ahead.csv
  almanac forecast --data nile --model theta --model naive --horizon 5 --level 90 --out ahead.parquet
  almanac forecast --data sales.csv --model ridge --set 'features.lags=[1,7]' --horizon 7
  almanac forecast --data sales.csv --known holiday --future plan.csv --model sarimax --horizon 7";

pub const EXAMPLES_FIT: &str = "\
Examples:
  almanac fit --data sales.csv --model auto_ets --horizon 14 --out sales.model
  almanac fit life.toml --out life.model --json
  almanac fit --data nile --model ridge --set 'features.lags=[1,7]' --set lift.scope=panel --horizon 7 --out nile.model";

pub const EXAMPLES_PREDICT: &str = "\
Examples:
  almanac predict --model sales.model > ahead.csv
  almanac predict --model sales.model --data sales-until-today.csv --level 80 --out ahead.parquet
  almanac predict --model life.model --data cells.csv --json";

pub const EXAMPLES_INGEST: &str = "\
Examples:
  almanac ingest raw/*.csv.gz --id machine --time day --target amount --out cash.parquet
  almanac ingest cash.csv --audit
  almanac ingest cash.csv --duplicates mean --gaps zero --out cash.parquet --json";

pub const EXAMPLES_ROSTER: &str = "\
Examples:
  almanac models
  almanac models auto_arima
  almanac models random_forest
  almanac models cnn
  almanac sets nile --json
  almanac metrics mase";

pub const EXAMPLES_COMPARE: &str = "\
Examples:
  almanac compare run-monday run-tuesday
  almanac compare run-monday run-tuesday --json";

pub const EXAMPLES_REPLAY: &str = "\
Examples:
  almanac replay run
  almanac replay run --threads 1";

pub const EXAMPLES_COMPLETIONS: &str = "\
Examples:
  almanac completions bash > ~/.local/share/bash-completion/completions/almanac
  almanac completions zsh > ~/.zfunc/_almanac
  almanac completions fish > ~/.config/fish/completions/almanac.fish";
