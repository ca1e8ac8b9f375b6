#!/usr/bin/env bash
# A panel walked forward: memory against folds, threads against bits, a kill against nothing.
#
#   benches/panel.sh target/release/almanac sp500_daily_panel.parquet
#
# Six models over 20 and 40 rolling folds of business-day closes, horizon 5.
set -euo pipefail
almanac=$1 data=$2
desk=$(mktemp -d)
trap 'rm -rf "$desk"' EXIT

walk() { # FOLDS THREADS FOLDER
  exec "$almanac" --quiet backtest --data "$data" --id symbol --time date --target close --freq B --horizon 5 --folds "$1" \
    --threads "$2" --model naive --model drift --model ses --model auto_theta --model auto_ets --model 'arima:order=[1,1,1]' \
    --out "$desk/$3" >"$desk/$3.txt"
}
figure() { grep -o "\"$2\": [0-9.]*" "$desk/$1/manifest.json" | head -1 | grep -o '[0-9.]*$'; }
same() { # WHAT FOLDER FOLDER
  for file in forecasts.parquet scores.parquet; do
    cmp -s "$desk/$2/$file" "$desk/$3/$file" || { echo "$1: $file DIFFERS"; exit 1; }
    echo "$1: $file is the same, byte for byte"
  done
}

for folds in 20 40; do
  (walk $folds 2 "run$folds")
  echo "$folds folds, 2 threads: peak $(($(figure "run$folds" peak_bytes) / 1048576)) MiB, $(figure "run$folds" cpu_s) CPU s, $(figure "run$folds" wall_s) s"
done
(walk 20 1 one)
same "1 and 2 threads" run20 one

(walk 20 2 killed) & job=$!
until [ -e "$desk/killed/.unfinished/fold-0009.parquet" ]; do
  kill -0 $job 2>/dev/null || { echo "the run ended before it could be killed"; exit 1; }
  sleep 0.05
done
kill -9 $job
wait $job 2>/dev/null || true
[ ! -e "$desk/killed/manifest.json" ]
echo "killed with $(find "$desk/killed/.unfinished" -name 'fold-*' | wc -l) of 20 folds kept"
(walk 20 2 killed)
same "killed and resumed" run20 killed
cat "$desk/run20.txt"
