#!/usr/bin/env bash
# The demo's command-line half. Each command is printed before it runs.
set -euo pipefail
out=$1
here=$(cd "$(dirname "$0")" && pwd)
data=$(cd "$here/../data" && pwd)
repo=$out/repo
pictures=$out/pictures
mkdir -p "$pictures"

say() { printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi; }
run() {
  local shown="$*"
  shown=${shown//$repo/REPO}
  shown=${shown//$here\//}
  printf '$ %s\n' "${shown//$data\//data/}"
  "$@"
}
# As run, and keeps what it printed for the report.
keep() {
  local name=$1
  shift
  run "$@" | tee "$out/$name.txt"
}

say "1. A repository"
run salver create "$repo" --seed-config "$here/seed.yaml"
run salver register-dataset-type "$repo" acs_flt AcsExposure instrument detector exposure
run salver register-dataset-type "$repo" acs_rice AcsExposure instrument detector visit
run salver register-dataset-type "$repo" survey FitsFile instrument detector exposure
run salver register-dataset-type "$repo" nircam FitsFile instrument detector exposure
run salver register-dataset-type "$repo" desi_coadd FitsFile instrument detector day_obs
run salver register-dataset-type "$repo" tycho2 FitsFile
run salver register-dataset-type "$repo" sources ArrowAstropy instrument detector visit

say "2. Real images: their dimension records come from headers and WCS"
run salver ingest-images "$repo" acs_flt hst/flt "$data/hst_acs_hrc_j8bt06nyq_flt.fits" --transfer copy
run salver ingest-images "$repo" nircam jwst/headers "$data"/jwst_nircam_*_hdr.fits --transfer copy
run salver ingest-images "$repo" survey survey/plain "$data/m13.fits" --transfer copy
run salver ingest-images "$repo" survey survey/rice "$data/m13_rice.fits" "$data/ngc1316_rice.fits" --transfer copy
for codec in gzip hcomp plio; do
  run salver ingest-images "$repo" survey "survey/$codec" "$data/m13_$codec.fits" --transfer copy
done
run salver query-dimension-records "$repo" visit_detector_region

say "3. Tables: their records from a file, their places from a list"
run salver insert-dimension-records "$repo" "$here/desi.yaml"
printf 'file,day_obs,detector\ndesi_coadd_tile5_petal169.fits,20210419,5\n' > "$out/desi.csv"
run salver ingest-files "$repo" desi_coadd tables "$out/desi.csv" --prefix "$data" --data-id instrument=DESI --transfer copy
printf 'file\ntycho2_bright60k.fits\n' > "$out/tycho2.csv"
run salver ingest-files "$repo" tycho2 tables "$out/tycho2.csv" --prefix "$data" --transfer copy
run salver collection-chain "$repo" demo hst/flt,jwst/headers,survey/plain,survey/rice,survey/gzip,survey/hcomp,survey/plio,tables
keep collections salver query-collections "$repo"

say "4. Which images overlap RA 6.027, Dec -72.083 in April 2002?"
keep found salver query-datasets "$repo" '*' --collections demo --overlaps "6.027 -72.083" --time 2002-04-01/2002-05-01

say "5. Fetch it, and store its planes again as RICE"
exposure=20020413204022
run salver get "$repo" acs_flt --collections demo --data-id "instrument=HST-ACS,detector=1,exposure=$exposure" --output "$out/acs_flt.fits"
run salver put "$repo" acs_rice "$out/acs_flt.fits" --run hst/rice --data-id "instrument=HST-ACS,detector=1,visit=$exposure"
run salver collection-chain "$repo" demo --mode extend hst/rice
keep show salver show "$repo" acs_rice --collections demo --data-id "instrument=HST-ACS,detector=1,visit=$exposure" --png "$pictures/acs.png"

say "6. A cutout around the position: only the tiles that it touches are read"
keep cutout salver cutout "$repo" acs_rice.SCI --collections demo --data-id "instrument=HST-ACS,detector=1,visit=$exposure" --position "6.027 -72.083" --size 100 --output "$pictures/acs_cutout.png"

for codec in plain rice gzip hcomp plio; do
  run salver show "$repo" survey --collections "survey/$codec" --data-id "instrument=SurveyImage,detector=0,exposure=250423126460" --png "$pictures/m13_$codec.png" > "$out/m13_$codec.txt"
done
ngc=$(salver query-datasets "$repo" survey --collections survey/rice --overlaps "50.67 -37.21" --json | sed -n 's/.*"exposure": \([0-9]*\).*/\1/p' | head -1)
run salver show "$repo" survey --collections survey/rice --data-id "instrument=SurveyImage,detector=0,exposure=$ngc" --png "$pictures/ngc1316.png" > "$out/ngc1316.txt"
