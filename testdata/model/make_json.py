#!/usr/bin/env python3
"""Ask lsst-daf-butler for the JSON forms of what the sample repository holds, and write them down.

    python make_json.py ../gen3/sample-repo json.json

One object: lists of texts as the reference writes them, with what `str` gives for each.
Needs lsst-daf-butler; the repository is copied before it is opened.
"""

import json
import shutil
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

from lsst.daf.butler import (
    Butler,
    DataCoordinate,
    DatasetType,
    SerializedDatasetRefContainerV1,
    Timespan,
)

warnings.simplefilter("ignore")

DATA_IDS = [
    {"instrument": "CamA", "detector": 0},
    {"instrument": "CamA", "visit": 101},
    {"instrument": "CamA", "visit": 101, "detector": 1},
    {"instrument": "CamA", "exposure": 2, "detector": 1},
    {"instrument": "CamA", "exposure": 1, "visit": 101},
    {"instrument": "CamA", "exposure": 1, "visit": 101, "detector": 0},
    {"instrument": "CamA", "physical_filter": "A_r"},
    {"instrument": "CamA", "day_obs": 20240301},
    {"instrument": "CamA", "day_obs": 20240301, "visit": 101},
    {"skymap": "sky/map 1", "tract": 0},
    {"skymap": "sky/map 1", "tract": 0, "patch": 2},
    {"skymap": "sky/map 1", "tract": 0, "patch": 2, "band": "g"},
    {"skymap": "sky/map 1", "tract": 0, "patch": 2, "instrument": "CamA", "visit": 101, "detector": 0},
    {"htm7": 131201},
    {"healpix5": 4522, "band": "r"},
    {"band": "g", "subfilter": 1},
    {"instrument": "CamA", "visit": 101, "band": "g", "subfilter": 1},
    {},
]

TIMESPANS = [
    Timespan(None, None),
    Timespan.makeEmpty(),
    Timespan(None, None, _nsec=(1709294437000000000, 1709294467000000000)),
    Timespan(None, None, _nsec=(0, 1709294467000000000)),
    Timespan(None, None, _nsec=(1709294437123456789, 4102444800000000000)),
]


def file_info(butler: Butler, refs: list, folder: Path) -> list[str]:
    """Index files of zips, which hold the forms of file records."""
    path = butler.retrieve_artifacts_zip(refs, destination=folder)
    with zipfile.ZipFile(path.ospath) as zip_file:
        return [zip_file.read("_butler_zip_index.json").decode()]


def data_ids(butler: Butler) -> list[dict]:
    out = []
    for given in DATA_IDS:
        plain = DataCoordinate.standardize(given, universe=butler.dimensions)
        expanded = butler.registry.expandDataId(plain)
        region, span = expanded.region, expanded.timespan
        full = DataCoordinate.standardize(expanded.mapping, dimensions=plain.dimensions)
        out.append(
            {
                "dimensions": list(plain.dimensions.names),
                "plain": plain.to_json(),
                "plain_str": str(plain),
                "full": full.to_json(),
                "full_str": str(full),
                "expanded": expanded.to_json(),
                "minimal": expanded.to_json(minimal=True),
                "region": None if region is None else region.encode().hex(),
                "timespan": None if span is None else span.nsec,
            }
        )
    return out


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "repo"
        shutil.copytree(sys.argv[1], root)
        butler = Butler.from_config(str(root))
        universe = butler.dimensions
        types = list(butler.registry.queryDatasetTypes())
        types += [t.makeComponentDatasetType("rowcount") for t in types if "Arrow" in t.storageClass_name]
        cal = universe.conform(["detector"])
        exposure = DatasetType("cal", cal, "ExposureF", isCalibration=True)
        types += [exposure, exposure.makeComponentDatasetType("image"), exposure.makeComponentDatasetType("bbox")]
        refs = []
        for dataset_type in butler.registry.queryDatasetTypes():
            found = butler.query_datasets(
                dataset_type, "*", find_first=False, explain=False, with_dimension_records=True
            )
            refs += sorted(found, key=lambda r: r.id)[:2]
        short = [butler.get_dataset(r.id) for r in refs]
        parts = [r.makeComponentRef("rowcount") for r in refs if "Arrow" in r.datasetType.storageClass_name]
        records = []
        for element in universe.elements:
            if element.name[-1] not in "0123456789" or element.name == "htm7":
                try:
                    found = sorted(butler.registry.queryDimensionRecords(element.name))
                except Exception:
                    found = list(butler.registry.queryDimensionRecords(element.name)) if element.has_own_table else []
                records += [r.to_json() for r in found]
        container = SerializedDatasetRefContainerV1.from_refs(refs)
        short_container = SerializedDatasetRefContainerV1.from_refs(short)
        answer = {
            "dataset_types": [{"json": t.to_json(), "minimal": t.to_json(minimal=True), "str": str(t)} for t in types],
            "refs": [
                {"json": r.to_json(), "minimal": r.to_json(minimal=True), "str": str(r)} for r in short + parts + refs
            ],
            "data_ids": data_ids(butler),
            "records": records,
            "timespans": [{"json": t.model_dump_json() if hasattr(t, "model_dump_json") else json.dumps(t.nsec), "str": str(t)} for t in TIMESPANS],
            "groups": [json.dumps(list(t.dimensions.names), separators=(",", ":")) for t in types],
            "containers": [container.model_dump_json(), short_container.model_dump_json()],
            "zip_indexes": file_info(butler, refs[:8], Path(folder)),
        }
    text = json.dumps(answer, indent=0, ensure_ascii=False)
    Path(sys.argv[2]).write_text(text + "\n")


if __name__ == "__main__":
    main()
