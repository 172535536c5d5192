"""Repositories made, filled, changed and pruned by one implementation and read by the other."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import salver
import sample

DIRECTIONS = ["salver_reads", "gen3_reads"]


@pytest.fixture(scope="module")
def repositories(gen3, tmp_path_factory) -> dict[str, Path]:
    """The sample repository, made by each."""
    folder = tmp_path_factory.mktemp("interop")
    for name, impl in (("salver", salver), ("gen3", gen3)):
        sample.build(impl, folder / name)
    return {name: folder / name for name in ("salver", "gen3")}


@pytest.fixture(params=DIRECTIONS)
def direction(request, gen3) -> tuple[str, Any, Any]:
    """Name of the maker, the maker, the reader."""
    if request.param == "salver_reads":
        return "gen3", gen3, salver
    return "salver", salver, gen3


def test_each_reads_all_of_what_the_other_made(direction, repositories) -> None:
    """uc_059: today's repositories are read, and what is written is read by today's software."""
    maker, writes, reads = direction
    assert sample.describe(reads, repositories[maker]) == sample.describe(
        writes, repositories[maker]
    )


def test_both_make_the_same_repository(repositories, gen3) -> None:
    """Paths, values, collections and identifiers that follow from data IDs are the same."""
    ours = sample.describe(gen3, repositories["salver"])
    theirs = sample.describe(gen3, repositories["gen3"])
    assert ours["types"] == theirs["types"]
    assert ours["collections"] == theirs["collections"]
    assert ours["datasets"].keys() == theirs["datasets"].keys()
    ours_root, theirs_root = repositories["salver"], repositories["gen3"]
    for key, entry in ours["datasets"].items():
        other = theirs["datasets"][key]
        assert entry["value"] == other["value"], key
        assert _below(ours_root, entry) == _below(theirs_root, other)
        if key[0] == "raw" and "exposure=6" not in key[2]:
            assert entry["id"] == other["id"], key


def _below(root: Path, entry: dict[str, Any]) -> str:
    """A path without the name of its repository."""
    return entry["path"].replace(f"{root}-files", "outside:").replace(str(root), "")


def _rows(root: Path, ignore: set[str]) -> dict[str, Any]:
    """Schema and row counts of a repository's database."""
    with sqlite3.connect(root / "gen3.sqlite3") as db:
        schema = db.execute(
            "select type, name, sql from sqlite_master order by type, name"
        ).fetchall()
        tables = [name for kind, name, _ in schema if kind == "table" and name not in ignore]
        counts = {t: db.execute(f'select count(*) from "{t}"').fetchone()[0] for t in tables}
    names = {(kind, name) for kind, name, _ in schema if name not in ignore}
    return {"schema": names, "counts": counts}


def test_databases_have_the_same_tables_and_rows(repositories) -> None:
    """Gen3 format §3, §4, §7: schema, overlap rows, summaries, records."""
    ours, theirs = (_rows(repositories[n], set()) for n in ("salver", "gen3"))
    assert ours["schema"] == theirs["schema"]
    assert ours["counts"] == theirs["counts"]


def test_records_regions_and_times_are_read_by_the_other(direction, repositories) -> None:
    maker, _, reads = direction
    butler = reads.Butler.from_config(str(repositories[maker]))
    data_id = {"instrument": "CamA", "visit": 103, "detector": 1}
    full = butler.registry.expandDataId(data_id)
    assert full["band"] == "r" and full["physical_filter"] == "A_r2" and full["day_obs"] == 20240301
    visit = full.records["visit"]
    span = sample.span(reads, "2024-03-01T22:00:00", "2024-03-01T22:30:30.123456789")
    assert visit.timespan == span and visit.name == "visit-103" and visit.seq_num == 3
    region = full.records["visit_detector_region"].region
    assert region == sample.square(reads, 10.9 + 0.2, 0.3 - 0.2, 0.2)
    hashed = butler.registry.expandDataId(skymap="sky/map 1").records["skymap"].hash
    assert hashed == bytes(range(20)) * 2
    butler.close()


def test_calibrations_are_found_by_time(direction, repositories) -> None:
    """uc_063: a calibration is looked up by the time of the exposure."""
    maker, _, reads = direction
    butler = reads.Butler.from_config(str(repositories[maker]), collections="CamA/calib")

    def find(name: str, begin: str, end: str, **data_id: Any) -> Any:
        span = sample.span(reads, begin, end)
        return butler.find_dataset(name, instrument="CamA", timespan=span, **data_id)

    morning = ("2024-03-01T01:00:00", "2024-03-01T02:00:00")
    cut = ("2024-03-01T07:00:00", "2024-03-01T08:00:00")
    assert find("bias", *morning, detector=1).run == sample.CALIB_RUN
    assert find("bias", *cut, detector=1) is None
    assert find("bias", *cut, detector=0) is not None
    assert find("camera", "2024-03-03T00:00:00", "2024-03-03T01:00:00").run == sample.RUN2
    assert find("camera", *morning).run == sample.CALIB_RUN
    butler.close()


def test_what_one_changes_the_other_sees(direction, repositories, tmp_path) -> None:
    """Puts, chains, tags and removals by one in a repository that the other made."""
    maker, reads, changes = direction
    root = tmp_path / "changed"
    shutil.copytree(repositories[maker], root)
    butler = changes.Butler.from_config(str(root), writeable=True)
    new = {"instrument": "CamA", "visit": 104, "detector": 2}
    butler.collections.register("CamA/runs/3")
    put = butler.put({"new": True}, "stats", new, run="CamA/runs/3")
    butler.collections.prepend_chain("CamA/defaults", "CamA/runs/3")
    butler.registry.disassociate(
        "CamA/tagged/good",
        [
            butler.find_dataset(
                "stats", instrument="CamA", visit=101, detector=0, collections=sample.RUN1
            )
        ],
    )
    old = butler.find_dataset(
        "stats", instrument="CamA", visit=103, detector=1, collections=sample.RUN1
    )
    gone = butler.getURI(old).ospath
    butler.pruneDatasets([old], disassociate=True, unstore=True, purge=True)
    half = butler.find_dataset(
        "stats", instrument="CamA", visit=103, detector=0, collections=sample.RUN1
    )
    butler.pruneDatasets([half], disassociate=False, unstore=True)
    butler.collections.redefine_chain("CamA/inner", [sample.RAW_RUN])
    butler.close()

    assert not Path(gone).exists()
    butler = reads.Butler.from_config(str(root), collections="CamA/defaults")
    assert butler.get("stats", new) == {"new": True}
    assert butler.find_dataset("stats", new).id == put.id
    assert list(butler.collections.get_info("CamA/inner").children) == [sample.RAW_RUN]
    assert butler.collections.get_info("CamA/defaults").children[0] == "CamA/runs/3"
    assert butler.find_dataset("stats", instrument="CamA", visit=103, detector=1) is None
    half = butler.find_dataset("stats", instrument="CamA", visit=103, detector=0)
    assert half is not None and not butler.stored(half)
    with pytest.raises(FileNotFoundError):
        butler.get(half)
    tagged = butler.query_datasets("stats", "CamA/tagged/good", find_first=False)
    assert [r.dataId["visit"] for r in tagged] == [102]
    butler.close()


def test_runs_removed_by_one_are_gone_for_the_other(direction, repositories, tmp_path) -> None:
    maker, reads, changes = direction
    root = tmp_path / "removed"
    shutil.copytree(repositories[maker], root)
    butler = changes.Butler.from_config(str(root), writeable=True)
    butler.removeRuns([sample.RUN2], unlink_from_chains=True)
    butler.close()
    assert not [f for f in (root / sample.RUN2).rglob("*") if f.is_file()]
    butler = reads.Butler.from_config(str(root))
    with pytest.raises(_errors(reads, "MissingCollectionError")):
        butler.collections.get_info(sample.RUN2)
    assert sample.RUN2 not in butler.collections.get_info("CamA/defaults").children
    left = sample.datasets(butler)
    assert left and all(run != sample.RUN2 for _, run, _ in left)
    butler.close()


def _errors(impl: Any, name: str) -> type[Exception]:
    if impl is salver:
        return getattr(salver, name)
    import lsst.daf.butler.registry as registry

    return getattr(impl, name, None) or getattr(registry, name)


# -- the sample repository that lsst-daf-butler made ------------------------------------------------
@pytest.fixture
def stored_sample(testdata, tmp_path) -> Path:
    root = tmp_path / "sample"
    shutil.copytree(testdata / "gen3" / "sample-repo", root)
    return root


def test_the_stored_sample_has_the_refs_it_should(stored_sample) -> None:
    """uc_059: a repository of a released lsst-daf-butler is read."""
    expected = json.loads((stored_sample / "expected.json").read_text())
    butler = salver.Butler.from_config(str(stored_sample))
    assert butler.dimensions.version == expected["universe"]["version"]
    for want in expected["datasets"]:
        ref = butler.get_dataset(want["id"])
        assert ref is not None, want
        assert (ref.datasetType.name, ref.run) == (want["dataset_type"], want["run"])
        assert dict(ref.dataId.required) == want["data_id"]
        found = butler.find_dataset(want["dataset_type"], want["data_id"], collections=want["run"])
        assert found == ref
        (record,) = want["records"]
        if "://" not in record["path"]:
            assert butler.getURI(ref).ospath == str(stored_sample / record["path"])
        assert butler.get(ref) is not None
    runs = butler.collections.query("*", salver.CollectionType.RUN)
    listed = butler.query_datasets("*", runs, find_first=False, limit=None)
    assert {str(r.id) for r in listed} == {d["id"] for d in expected["datasets"]}
    butler.close()


def test_the_stored_sample_has_the_collections_it_should(stored_sample) -> None:
    expected = json.loads((stored_sample / "expected.json").read_text())
    butler = salver.Butler.from_config(str(stored_sample))
    registry = butler.registry
    assert sorted(registry.queryCollections()) == [c["name"] for c in expected["collections"]]
    for want in expected["collections"]:
        name = want["name"]
        assert registry.getCollectionType(name).name == want["type"]
        assert registry.getCollectionType(name).value == want["type_code"]
        assert (registry.getCollectionDocumentation(name) or None) == want["doc"]
        if want["children"] is not None:
            assert list(registry.getCollectionChain(name)) == want["children"]
        summary = registry.getCollectionSummary(name)
        assert sorted(t.name for t in summary.dataset_types) == want["summary"]["dataset_types"]
        governors = {k: sorted(v) for k, v in summary.governors.items() if v}
        assert governors == want["summary"]["governors"]
    types = {t.name: t for t in registry.queryDatasetTypes()}
    for want in expected["dataset_types"]:
        made = types[want["name"]]
        assert list(made.dimensions.names) == want["dimensions"]
        assert (made.storageClass_name, made.isCalibration()) == (
            want["storage_class"],
            want["is_calibration"],
        )
    butler.close()


def test_the_stored_sample_has_the_values_it_should(gen3, stored_sample) -> None:
    assert sample.describe(salver, stored_sample) == sample.describe(gen3, stored_sample)


# -- both at once -----------------------------------------------------------------------------------
def _put_in_race(name: str, root: str, barrier: Any, results: Any) -> None:
    impl = salver if name == "salver" else __import__("lsst.daf.butler", fromlist=["Butler"])
    butler = impl.Butler.from_config(root, writeable=True)
    for visit in (101, 102, 103, 104, 105, 106):
        value = {"by": name, "visit": visit, "pad": "x" * 20_000}
        barrier.wait()
        try:
            ref = butler.put(value, "stats", instrument="CamA", visit=visit, detector=3, run="race")
            results.put((name, visit, str(ref.id)))
        except Exception as error:
            results.put((name, visit, f"error: {type(error).__name__}"))


def test_of_two_racing_puts_one_wins_with_its_bytes_whole(gen3, repositories, tmp_path) -> None:
    """uc_019: two writers of the same dataset, one of them lsst-daf-butler."""
    root = tmp_path / "race"
    shutil.copytree(repositories["gen3"], root)
    butler = salver.Butler.from_config(str(root), writeable=True)
    butler.collections.register("race")
    butler.close()
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    workers = [
        context.Process(target=_put_in_race, args=(name, str(root), barrier, results))
        for name in ("salver", "gen3")
    ]
    for worker in workers:
        worker.start()
    said = [results.get(timeout=120) for _ in range(12)]
    for worker in workers:
        worker.join()
    ours = salver.Butler.from_config(str(root), collections="race")
    theirs = gen3.Butler.from_config(str(root), collections="race")
    for visit in (101, 102, 103, 104, 105, 106):
        answers = {name: word for name, at, word in said if at == visit}
        won = [name for name, word in answers.items() if not word.startswith("error")]
        assert len(won) == 1, answers
        data_id = {"instrument": "CamA", "visit": visit, "detector": 3}
        value = ours.get("stats", data_id)
        assert value == {"by": won[0], "visit": visit, "pad": "x" * 20_000}
        assert theirs.get("stats", data_id) == value
        assert str(ours.find_dataset("stats", data_id).id) == answers[won[0]]
    ours.close()
