#!/usr/bin/env bash
# The whole demo into a folder, which is emptied first.
set -euo pipefail
out=${1:?usage: run.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
: "${PYTHON:=python3}"
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)
"$here/demo.sh" "$out"
"$PYTHON" "$here/demo.py" "$out"
"$PYTHON" "$here/check_lsst.py" "$out"
"$PYTHON" "$here/report.py" "$out"
