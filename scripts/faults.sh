#!/usr/bin/env bash
# faults.sh VENV: the whole campaign of kills, failing calls and damaged files, as `make faults` runs it.
# SALVER_FLIPS sets how many bits are flipped in a file of each format (default 20000).
set -euo pipefail
venv=$1

if ! command -v strace >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends strace >/dev/null
  else
    echo "please install: strace" >&2
    exit 1
  fi
fi
export SALVER_REQUIRE_GEN3=1 SALVER_FAULTS_ALL=1 SALVER_FLIPS="${SALVER_FLIPS:-20000}"
exec "$venv/bin/python" -m pytest -q -rs tests/python/test_faults.py tests/python/test_system_calls.py \
  tests/python/test_bad_files.py tests/python/test_bad_input.py tests/python/test_bad_places.py
