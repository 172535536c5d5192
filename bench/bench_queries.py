"""Cases of queries: `where`, find-first in chains, order, spatial and temporal joins."""

from __future__ import annotations

import benchlib as bl
from bench_cases import case
from benchlib import INSTRUMENT, RUN, SKYMAP

# -- queries ---------------------------------------------------------------------
WHERES = {
    "one": f"instrument='{INSTRUMENT}' AND visit=42 AND detector=7",
    "visit": f"instrument='{INSTRUMENT}' AND visit=42",
    "visit_range": f"instrument='{INSTRUMENT}' AND visit IN (10..59) AND detector IN (0..49:5)",
    "filter": f"instrument='{INSTRUMENT}' AND physical_filter='r' AND detector IN (1..10)",
    "meta": f"instrument='{INSTRUMENT}' AND visit.exposure_time > 30.0 AND detector.raft='R003'",
    "timespan": f"instrument='{INSTRUMENT}' AND visit.timespan OVERLAPS "
    "(T'2025-01-01T00:05:00/tai', T'2025-01-01T01:05:00/tai')",
    "patch": f"instrument='{INSTRUMENT}' AND skymap='{SKYMAP}' AND tract=0 AND patch=55",
    "tract": f"instrument='{INSTRUMENT}' AND skymap='{SKYMAP}' AND tract=0",
    "point": f"instrument='{INSTRUMENT}' AND visit_detector_region.region OVERLAPS POINT(7.11, -0.89)",
}


def _q(c, fn, spatial=True):
    root = c.query_repo(spatial)
    b = c.impl.Butler.from_config(root)
    return bl.measure(lambda _: fn(b), repeats=c.repeats, warmup=1)


def _query_cases(suffix, n, reps, spatial):
    def add(name, fn, r=reps):
        case(f"{name}_{suffix}", f"query_{suffix}", n=n, repeats=r)(lambda c: _q(c, fn, spatial))

    qd = lambda w, **k: (
        lambda b: b.query_datasets("calexp", RUN, where=w, limit=None, explain=False, **k)
    )
    add("query_datasets_all", qd(""))
    if spatial:  # records join visit_detector_region: no rows where it is empty
        add("query_datasets_all_with_records", qd("", with_dimension_records=True))
    for key in ["one", "visit", "visit_range", "filter", "meta", "timespan"]:
        add(f"query_datasets_{key}", qd(WHERES[key]))
    if spatial:
        for key in ["patch", "tract", "point"]:
            add(f"query_datasets_{key}", qd(WHERES[key]))
    add("query_find_first_chain20", lambda b: b.query_datasets("multi", "bench/chain", limit=None))
    add(
        "query_find_first_chain20_visit",
        lambda b: b.query_datasets(
            "multi", "bench/chain", where=WHERES["visit"], limit=None, explain=False
        ),
    )
    add(
        "query_order_limit_100",
        lambda b: b.query_datasets(
            "calexp", RUN, order_by=["-visit.timespan.begin", "detector"], limit=100
        ),
    )

    def count(b):
        with b.query() as q:
            return q.datasets("calexp", RUN).count()

    add("query_count", count)
    add(
        "query_data_ids_visit_patch",
        lambda b: b.query_data_ids(
            ["visit", "patch"], instrument=INSTRUMENT, skymap=SKYMAP, limit=None
        ),
    )
    add(
        "query_data_ids_of_datasets",
        lambda b: _data_ids_of(b),
    )
    add(
        "query_dimension_records_visit",
        lambda b: b.query_dimension_records("visit", instrument=INSTRUMENT, limit=None),
    )


def _data_ids_of(b):
    with b.query() as q:
        return list(q.join_dataset_search("calexp", RUN).data_ids(["visit", "detector"]))


_query_cases("10k", 10_000, 5, True)
_query_cases("100k", 100_000, 3, True)
_query_cases("1m", 1_000_000, 1, False)
