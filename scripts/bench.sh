#!/usr/bin/env bash
# bench.sh VENV: builds in release, runs the cases of docs/benchmarks.md, prints the tables.
set -euo pipefail
venv=$1
here=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$here/target}
work=${SALVER_BENCH_WORK:-/dev/shm/salver-bench}
python=$venv/bin/python
rounds=${SALVER_BENCH_ROUNDS:-3}

cd "$here"
cargo build --locked --release --package salver-cli
(cd crates/salver-python && VIRTUAL_ENV=$venv PATH="$venv/bin:$PATH" \
  "$venv/bin/maturin" develop --quiet --locked --release)

rm -rf "$work"
mkdir -p "$work"
compare() {
  "$python" bench/compare.py --a lsst --b salver --work "$work" --rounds "$rounds" \
    --cli-b "$target/release/salver" --out "$work/compare.jsonl" "$@" || true
}
echo '## Start-up'
compare --case import cli_help import_and_open open_ro make_repo
echo '## Put and get, on a memory file system'
compare --case put_json put_json_by_ref put_json_one_transaction put_yaml \
  get_json_by_data_id get_json_by_ref get_yaml_by_data_id find_dataset exists_by_data_id get_uri
echo '## Ingest and removal'
compare --case ingest_direct_10k ingest_copy_10k ingest_direct_100k prune_purge_10k remove_runs_10k
echo '## Dimension records'
compare --case register_detectors register_exposures register_visit_regions
echo '## Large values'
compare --case numpy_put_64mb numpy_get_64mb parquet_put_1m parquet_all_1m parquet_cols_1m
echo '## Bare SQL and file calls'
"$python" bench/bench_raw.py --skip query payload --n 10000 100000 --work "$work" --out "$work/raw.jsonl"
echo '## FITS'
for impl in astropy fitsio salver; do
  "$python" bench/bench_fits.py --impl "$impl" --work "$work" --out "$work/fits.jsonl"
done
echo '## All records'
"$python" bench/report.py "$work/compare.jsonl" "$work/fits.jsonl"
