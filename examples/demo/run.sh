#!/usr/bin/env bash
# run.sh FOLDER: the demo, into a fresh folder. Needs `salver` on PATH and a Python with the package in $PYTHON.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$here/../data
out=${1:?usage: run.sh FOLDER}
python=${PYTHON:-python3}
repo=$out/repo
rm -rf "$out"
mkdir -p "$out"

say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "$(printf '%q ' "$@" | sed "s|$out/||g; s|$here/../||g")"; "$@"; }

say 'A fresh repository'
run salver create "$repo" --seed-config "$here/repo.yaml"

say 'Real images go in; what they are is read from their headers and sky maps'
run salver ingest-images "$repo" "$data/hst_acs_hrc_j8bt06nyq_flt.fits" "$data"/jwst_nircam_*_hdr.fits \
  "$data/m13.fits" "$data/ngc1316_rice.fits" --run demo/images --dataset-type image
for form in rice gzip hcomp plio; do
  run salver ingest-images "$repo" "$data/m13_$form.fits" --run "demo/m13/$form" --dataset-type image
done

say 'Python: tables go in, and the HST planes again, tile-compressed'
run "$python" "$here/fill.py" "$repo" "$data"

say 'Which images of 2002 show this place in 47 Tucanae?'
run salver query-datasets "$repo" image --overlaps '6.027 -72.084' --time 2002-01-01/2003-01-01

say 'A stamp around it, out of the tile-compressed file: only the tiles it touches move'
run salver cutout "$repo" flt --collections demo/rice --data-id instrument=HST-ACS,exposure=20020413204022,detector=1 \
  --ra 6.027 --dec -72.084 --size 100 --out "$out/stamp.fits"

say 'What is there'
run salver query-collections "$repo"
run salver query-dataset-types "$repo"

say 'The same from Python, and a page with the pictures'
run "$python" "$here/look.py" "$repo" "$out"
say 'lsst-daf-butler opens the same repository'
run "$python" "$here/check_lsst.py" "$repo"
