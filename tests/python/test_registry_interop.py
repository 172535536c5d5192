"""A registry made by Salver is the same to `lsst.daf.butler`, and the other way round: collections,
dataset types, datasets, validity ranges, records, and what queries over space and time find."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """\
datastore:
  cls: lsst.daf.butler.datastores.fileDatastore.FileDatastore
  records:
    table: file_datastore_records
  root: <butlerRoot>
registry:
  db: sqlite:///<butlerRoot>/gen3.sqlite3
"""


@pytest.fixture(scope="session")
def interop() -> Path:
    """The program that fills and dumps a registry (an example of the crate)."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    program = target / "debug" / "examples" / "interop"
    build = ["cargo", "build", "--quiet", "-p", "salver-registry", "--example", "interop"]
    subprocess.run(build, cwd=ROOT, check=True)
    return program


def dump(interop: Path, folder: Path) -> dict:
    """What Salver sees."""
    out = subprocess.run([interop, "dump", folder], check=True, capture_output=True, text=True)
    seen = json.loads(out.stdout)
    for dataset in seen["datasets"]:
        dataset["ref"]["dataId"].pop("records", None)
    return seen


def view(butler) -> dict:
    """What lsst.daf.butler sees, in the same form."""
    registry = butler.registry
    collections = []
    for info in butler.collections.query_info("*", include_summary=True, include_doc=True):
        summary = registry.getCollectionSummary(info.name)
        governors = {k: sorted(v) for k, v in summary.governors.items() if v}
        collections.append(
            {
                "name": info.name,
                "type": info.type.name,
                "doc": info.doc or None,
                "children": list(info.children),
                "dataset_types": sorted(t.name for t in summary.dataset_types),
                "governors": governors,
            }
        )
    types = sorted(registry.queryDatasetTypes(...), key=lambda t: t.name)
    datasets, associations = [], []
    plain = {"RUN", "TAGGED", "CALIBRATION"}
    for dataset_type in types:
        for collection in collections:
            if collection["type"] not in plain:
                continue
            name = collection["name"]
            if dataset_type.name not in collection["dataset_types"]:
                continue
            found = registry.queryDatasetAssociations(dataset_type, collections=[name])
            for one in found:
                span = one.timespan and list(one.timespan.nsec)
                associations.append([str(one.ref.id), one.collection, span])
            if collection["type"] == "RUN":
                refs = registry.queryDatasets(dataset_type, collections=[name]).expanded()
                for ref in refs:
                    data_id = dict(ref.dataId.mapping.items())
                    simple = json.loads(ref.to_json())
                    simple["dataId"] = {"dataId": data_id}
                    datasets.append({"ref": simple, "records": records_of(butler, ref)})
    elements = {}
    for element in butler.dimensions.elements:
        if element.name.startswith(("htm", "healpix")):
            continue
        rows = registry.queryDimensionRecords(element.name)
        elements[element.name] = [json.loads(row.to_json()) for row in rows]
    return {
        "collections": collections,
        "dataset_types": [json.loads(t.to_json()) for t in types],
        "datasets": datasets,
        "associations": associations,
        "records": elements,
    }


def records_of(butler, ref) -> list:
    """The datastore's rows of a dataset."""
    found = butler._datastore.export_records([ref])
    rows = []
    for opaque in found.values():
        for infos in opaque.records.values():
            for info in infos.get("file_datastore_records", []):
                rows.append(
                    [
                        info.path,
                        info.component,
                        info.storageClass.name,
                        str(info.formatter),
                        info.file_size,
                    ]
                )
    return rows


def sorted_view(value):
    """Lists in a fixed order, so that two views compare."""
    if isinstance(value, dict):
        return {k: sorted_view(v) for k, v in value.items()}
    if isinstance(value, list):
        rows = [sorted_view(v) for v in value]
        return sorted(rows, key=lambda v: json.dumps(v, sort_keys=True))
    return value


def assert_same(salver: dict, gen3: dict) -> None:
    chains = [{c["name"]: c["children"] for c in one["collections"]} for one in (salver, gen3)]
    assert chains[0] == chains[1]
    for part in ("collections", "dataset_types", "datasets", "associations", "records"):
        assert sorted_view(salver[part]) == sorted_view(gen3[part]), part


@pytest.fixture
def ours(interop: Path, tmp_path: Path) -> Path:
    """A repository whose registry Salver made."""
    subprocess.run([interop, "fill", tmp_path], check=True)
    (tmp_path / "butler.yaml").write_text(CONFIG)
    return tmp_path


def test_uc_059_a_registry_of_ours_is_the_same_to_gen3(gen3, interop: Path, ours: Path) -> None:
    butler = gen3.Butler.from_config(str(ours), writeable=True)
    assert_same(dump(interop, ours), view(butler))


def test_the_sample_repository_is_the_same_to_both(gen3, interop: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "testdata" / "gen3" / "sample-repo", tmp_path / "repo")
    butler = gen3.Butler.from_config(str(tmp_path / "repo"))
    assert_same(dump(interop, tmp_path / "repo"), view(butler))


def test_gen3_finds_what_overlaps_in_space_and_time(gen3, ours: Path) -> None:
    butler = gen3.Butler.from_config(str(ours), collections="Cam/defaults")
    pairs = {
        (d["visit"], d["tract"])
        for d in butler.query_data_ids(
            ["visit", "tract"], where="instrument='Cam' AND skymap='map'"
        )
    }
    assert pairs == {(1, 0), (2, 0), (3, 0), (3, 1), (4, 1)}
    with butler.query() as query:
        inside = "visit.region OVERLAPS POINT(42.1, 10.1) AND instrument='Cam'"
        rows = query.data_ids(["visit"]).where(inside)
        assert {d["visit"] for d in rows} == {2}
    early, late = (
        butler.find_dataset("bias", instrument="Cam", detector=0, timespan=when)
        for when in (
            gen3.Timespan.fromInstant(butler_time(1000)),
            gen3.Timespan.fromInstant(butler_time(80000)),
        )
    )
    assert early is not None and late is not None


def butler_time(seconds: float):
    """So many seconds after the begin of the day of the test repository."""
    import astropy.time

    day = astropy.time.Time("2024-03-01T00:00:37", scale="tai", format="isot")
    return day + astropy.time.TimeDelta(seconds, format="sec", scale="tai")


def test_gen3_changes_are_seen_and_checked(gen3, interop: Path, ours: Path) -> None:
    butler = gen3.Butler.from_config(str(ours), writeable=True, run="new/run")
    registry = butler.registry
    kind = gen3.DatasetType(
        "extra", ["instrument", "visit"], "StructuredDataDict", universe=butler.dimensions
    )
    registry.registerDatasetType(kind)
    ref = butler.put({"a": 1}, "extra", instrument="Cam", visit=2)
    registry.registerCollection("tag2", gen3.CollectionType.TAGGED)
    registry.associate("tag2", [ref])
    registry.setCollectionChain("inner", ["tag2", "good"])
    raw = butler.find_dataset(
        "raw", instrument="Cam", detector=0, exposure=1, collections="Cam/raw/all"
    )
    (ours / "files").mkdir()
    (ours / "files" / f"{raw.id}.json").write_text('{"b": 2}')
    assert butler.get(raw) == {"b": 2}
    butler.pruneDatasets([raw], disassociate=True, unstore=True, purge=True)
    registry.decertify("Cam/calib", "bias", gen3.Timespan(None, butler_time(500)))
    assert_same(dump(interop, ours), view(gen3.Butler.from_config(str(ours), writeable=True)))
    assert butler.get(ref) == {"a": 1}


def test_uc_070_writers_of_both_kinds_race_and_one_wins_each_data_id(gen3, interop, ours) -> None:
    butler = gen3.Butler.from_config(str(ours), writeable=True)
    butler.collections.register("race")
    racers = [
        subprocess.Popen([interop, "race", ours, "race"], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    won = 0
    for n in range(12):
        try:
            butler.put({}, "raw", instrument="Cam", detector=n % 3, exposure=1 + n // 3, run="race")
            won += 1
        except (gen3.registry.ConflictingDefinitionError, sqlite3.IntegrityError):
            pass
    for racer in racers:
        out, _ = racer.communicate(timeout=300)
        assert racer.returncode == 0
        won += int(out)
    assert won == 12
    assert len(set(butler.registry.queryDatasets("raw", collections="race"))) == 12
    assert_same(dump(interop, ours), view(gen3.Butler.from_config(str(ours), writeable=True)))


def test_the_schema_is_gen3s(gen3, ours: Path, tmp_path: Path) -> None:
    gen3.Butler.makeRepo(str(tmp_path / "theirs"))
    theirs = gen3.Butler.from_config(str(tmp_path / "theirs"), writeable=True)
    for name, dims, calibration in [
        ("raw", ["detector", "exposure"], False),
        ("stats", ["detector", "visit"], False),
        ("bias", ["detector"], True),
        ("flat", ["detector", "physical_filter"], True),
        ("coadd", ["patch", "band"], False),
        ("count", [], False),
        ("refcat", ["htm7"], False),
    ]:
        kind = gen3.DatasetType(
            name, dims, "StructuredDataDict", universe=theirs.dimensions, isCalibration=calibration
        )
        theirs.registry.registerDatasetType(kind)
    assert schema(ours) == schema(tmp_path / "theirs")
    assert pragmas(ours) == pragmas(tmp_path / "theirs")


def schema(folder: Path) -> dict[str, str]:
    with sqlite3.connect(folder / "gen3.sqlite3") as db:
        rows = db.execute("SELECT type || ' ' || name, sql FROM sqlite_master").fetchall()
    return {name: " ".join((sql or "").split()) for name, sql in rows}


def pragmas(folder: Path) -> list:
    names = (
        "user_version",
        "application_id",
        "journal_mode",
        "page_size",
        "encoding",
        "auto_vacuum",
    )
    with sqlite3.connect(folder / "gen3.sqlite3") as db:
        return [db.execute(f"PRAGMA {name}").fetchone() for name in names]


NAME_KEYS = "lsst.daf.butler.registry.collections.nameKey.NameKeyCollectionManager"


def test_collections_keyed_by_name_are_read_and_not_written(gen3, interop, tmp_path) -> None:
    config = gen3.Config({"registry": {"managers": {"collections": NAME_KEYS}}})
    gen3.Butler.makeRepo(str(tmp_path), config=config)
    butler = gen3.Butler.from_config(str(tmp_path), writeable=True, run="r1")
    registry = butler.registry
    registry.insertDimensionData("instrument", {"name": "Cam"})
    for detector in range(3):
        row = {"instrument": "Cam", "id": detector, "full_name": f"S{detector}"}
        registry.insertDimensionData("detector", row)
    kind = gen3.DatasetType(
        "bias", ["detector"], "StructuredDataDict", universe=butler.dimensions, isCalibration=True
    )
    registry.registerDatasetType(kind)
    refs = [butler.put({"a": 1}, "bias", instrument="Cam", detector=d) for d in range(3)]
    registry.registerCollection("t", gen3.CollectionType.TAGGED)
    registry.registerCollection("cal", gen3.CollectionType.CALIBRATION)
    registry.registerCollection("c", gen3.CollectionType.CHAINED)
    registry.associate("t", refs[:1])
    registry.certify("cal", refs, gen3.Timespan(None, butler_time(500)))
    registry.setCollectionChain("c", ["t", "r1", "cal"])
    assert_same(dump(interop, tmp_path), view(butler))
    refused = subprocess.run([interop, "race", tmp_path, "x"], capture_output=True, text=True)
    assert refused.returncode != 0
    assert "read_only_database" in refused.stderr


def test_the_old_form_of_dates_is_read_and_written(gen3, interop, tmp_path) -> None:
    cls = (
        "lsst.daf.butler.registry.datasets.byDimensions.ByDimensionsDatasetRecordStorageManagerUUID"
    )
    manager = {"cls": cls, "schema_version": "1.0.0"}
    config = gen3.Config({"registry": {"managers": {"datasets": manager}}})
    gen3.Butler.makeRepo(str(tmp_path / "theirs"), config=config)
    butler = gen3.Butler.from_config(str(tmp_path / "theirs"), writeable=True, run="r1")
    registry = butler.registry
    registry.insertDimensionData("instrument", {"name": "Cam"})
    for detector in range(3):
        registry.insertDimensionData("detector", {"instrument": "Cam", "id": detector})
    registry.insertDimensionData("day_obs", {"instrument": "Cam", "id": 20240301})
    registry.insertDimensionData("group", {"instrument": "Cam", "name": "g"})
    registry.insertDimensionData("physical_filter", {"instrument": "Cam", "name": "f", "band": "g"})
    for exposure in range(1, 5):
        row = {"instrument": "Cam", "id": exposure, "obs_id": str(exposure), "group": "g"}
        row |= {"day_obs": 20240301, "physical_filter": "f"}
        registry.insertDimensionData("exposure", row)
    kind = gen3.DatasetType(
        "raw", ["detector", "exposure"], "StructuredDataDict", universe=butler.dimensions
    )
    registry.registerDatasetType(kind)
    butler.put({}, "raw", instrument="Cam", detector=0, exposure=1)
    subprocess.run([interop, "race", tmp_path / "theirs", "salver"], check=True)
    assert_same(dump(interop, tmp_path / "theirs"), view(butler))
    refs = registry.queryDatasets("raw", collections="salver")
    assert len(list(refs)) == 12
    with sqlite3.connect(tmp_path / "theirs" / "gen3.sqlite3") as db:
        dates = [date for (date,) in db.execute("SELECT ingest_date FROM dataset")]
    assert len({len(date) for date in dates}) == 1, dates


@pytest.mark.parametrize("version", [0, 1, 2, 3, 4, 5, 6, 7])
def test_older_universes_have_gen3s_schema(gen3, interop, tmp_path, version) -> None:
    config = Path(gen3.__file__).parent / "configs" / "old_dimensions"
    config = config / f"daf_butler_universe{version}.yaml"
    for name in ("theirs", "ours"):
        (tmp_path / name).mkdir()
    gen3.Butler.makeRepo(str(tmp_path / "theirs"), dimensionConfig=str(config))
    gen3.Butler.from_config(str(tmp_path / "theirs"), writeable=True)  # makes the datastore's table
    with sqlite3.connect(tmp_path / "theirs" / "gen3.sqlite3") as db:
        query = "SELECT value FROM butler_attributes WHERE name = 'config:dimensions.json'"
        (text,) = db.execute(query).fetchone()
    (tmp_path / "universe.json").write_text(text)
    create = [interop, "create", tmp_path / "ours", tmp_path / "universe.json"]
    subprocess.run(create, check=True)
    assert schema(tmp_path / "ours") == schema(tmp_path / "theirs")
    (tmp_path / "ours" / "butler.yaml").write_text(CONFIG)
    butler = gen3.Butler.from_config(str(tmp_path / "ours"), writeable=True)
    assert butler.dimensions.version == version
