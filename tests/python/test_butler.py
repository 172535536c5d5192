"""Put and get: values of each storage class, parts, parameters, errors."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import salver
from salver import Butler, DatasetRef, DatasetType, FileDataset

JSON = "lsst.daf.butler.formatters.json.JsonFormatter"
TYPES = [
    ("stats", "StructuredDataDict"),
    ("listed", "StructuredDataList"),
    ("count", "int"),
    ("pixels", "NumpyArray"),
    ("arrow", "ArrowTable"),
    ("stars", "ArrowAstropy"),
    ("records", "ArrowNumpy"),
    ("columns", "ArrowNumpyDict"),
    ("frame", "DataFrame"),
    ("validity", "Timespan"),
    ("ecsv", "AstropyTable"),
]


def _fill(root: Path, impl: Any) -> Any:
    """A repository with one camera and a dataset type of each storage class."""
    formatters = {"StructuredDataDict": JSON, "StructuredDataList": JSON}
    seed = root.parent / "seed.json"
    seed.write_text(json.dumps({"datastore": {"formatters": formatters}}))
    impl.Butler.makeRepo(str(root), config=str(seed))
    butler = impl.Butler.from_config(str(root), writeable=True)
    registry = butler.registry
    registry.insertDimensionData("instrument", {"name": "Cam", "detector_max": 10})
    registry.insertDimensionData(
        "detector", *[{"instrument": "Cam", "id": i, "full_name": f"D{i}"} for i in range(10)]
    )
    for name, storage_class in TYPES:
        registry.registerDatasetType(
            impl.DatasetType(
                name, ["instrument", "detector"], storage_class, universe=butler.dimensions
            )
        )
    butler.close()
    return impl.Butler.from_config(str(root), run="run", instrument="Cam")


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Butler:
    return _fill(tmp_path_factory.mktemp("butler") / "repo", salver)


@pytest.fixture
def butler(tmp_path) -> Butler:
    return _fill(tmp_path / "repo", salver)


# -- values -----------------------------------------------------------------------------------------
def _stars() -> Any:
    import astropy.table

    table = astropy.table.Table(
        {"id": [1, 2, 3], "ra": [10.0, 11.0, 12.5], "name": ["a", "bb", "é"]}
    )
    table["ra"].unit = "deg"
    table["ra"].description = "right ascension"
    table["mag"] = astropy.table.MaskedColumn(
        np.array([1, 2, 3], "f4"), mask=[False, True, False], unit="mag"
    )
    table.meta["made by"] = {"tests": [1, 2]}
    return table


def _values() -> dict[str, Any]:
    import pandas as pd
    import pyarrow as pa
    from astropy.time import Time

    return {
        "stats": {"a": 1, "b": [1.5, None, "é", True], "c": {"d": {}}, "e": 2**63, "f": -0.0},
        "listed": [1, "two", {"three": [3]}],
        "count": 42,
        "pixels": np.arange(24, dtype="f4").reshape(2, 3, 4),
        "arrow": pa.table({"x": pa.array([1, None, 3], pa.int16()), "s": ["a", None, "é"]}),
        "stars": _stars(),
        "records": np.array(
            [(1, 2.5, "ab"), (2, 3.5, "c")], [("i", "i4"), ("f", "f8"), ("s", "U4")]
        ),
        "columns": {"x": np.arange(3.0), "n": np.array([1, 2, 3], "i2")},
        "frame": pd.DataFrame({"x": [1, 2], "s": ["a", "b"]}, index=pd.Index([7, 8], name="k")),
        "ecsv": _stars(),
        "validity": ("2024-01-01T00:00:00", Time),
    }


def _value(impl: Any, name: str) -> Any:
    value = _values()[name]
    if name == "validity":
        start, time = value
        return impl.Timespan(time(start, scale="tai"), None)
    return value


def _same(got: Any, wanted: Any) -> None:
    kind = type(wanted).__module__.partition(".")[0]
    # structured arrays come from the reference as `numpy.recarray`
    assert isinstance(got, type(wanted)) or type(wanted).__name__ == "Timespan"
    if kind == "pandas":
        assert got.equals(wanted) and got.index.name == wanted.index.name
    elif kind == "pyarrow":
        assert got.equals(wanted)
    elif kind == "astropy":
        assert got.colnames == wanted.colnames
        for name in wanted.colnames:
            ours, theirs = got[name], wanted[name]
            assert ours.dtype == theirs.dtype and str(ours.unit) == str(theirs.unit)
            assert ours.description == theirs.description
            np.testing.assert_array_equal(np.ma.getmaskarray(ours), np.ma.getmaskarray(theirs))
            assert [str(v) for v in ours] == [str(v) for v in theirs]
        own = {k: v for k, v in got.meta.items() if not k.upper().startswith("LSST.BUTLER")}
        assert own == wanted.meta
    elif kind == "numpy":
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(got, wanted)
    elif isinstance(wanted, dict) and any(isinstance(v, np.ndarray) for v in wanted.values()):
        assert got.keys() == wanted.keys()
        for name, column in wanted.items():
            np.testing.assert_array_equal(got[name], column)
    elif type(wanted).__name__ == "Timespan":
        assert got.nsec == wanted.nsec
    else:
        assert got == wanted and repr(got) == repr(wanted)


@pytest.mark.parametrize("name", [name for name, _ in TYPES])
def test_a_value_of_each_storage_class_comes_back(shared, name) -> None:
    """uc_055: objects of the kinds that people use go in and come out."""
    ref = shared.put(_value(salver, name), name, detector=1)
    _same(shared.get(ref), _value(salver, name))
    _same(shared.get(name, detector=1), _value(salver, name))
    _same(shared.getDeferred(name, detector=1).get(), _value(salver, name))


@pytest.mark.parametrize("name", [name for name, _ in TYPES])
@pytest.mark.parametrize("writer", ["salver", "gen3"])
def test_what_one_writes_the_other_reads(gen3, tmp_path, name, writer) -> None:
    """uc_059: value by value, both directions."""
    root = tmp_path / "repo"
    writes, reads = (salver, gen3) if writer == "salver" else (gen3, salver)
    butler = _fill(root, writes)
    butler.put(_value(writes, name), name, detector=1)
    butler.close()
    other = reads.Butler.from_config(str(root), collections="run", instrument="Cam")
    # the reference leaves a table's own meta out unless it is asked for
    whole = {"strip_astropy_meta_yaml": False} if name == "stars" else None
    _same(other.get(name, detector=1, parameters=whole), _value(reads, name))
    other.close()


def test_what_get_returns_is_writable_and_its_own(shared) -> None:
    value = np.arange(6.0).reshape(2, 3)
    ref = shared.put(value, "pixels", detector=2)
    got = shared.get(ref)
    assert got.flags.writeable
    got[:] = -1
    np.testing.assert_array_equal(shared.get(ref), value)
    np.testing.assert_array_equal(value, np.arange(6.0).reshape(2, 3))


def test_columns_and_components_of_a_table(shared) -> None:
    """uc_058: a few columns of a table are read without the others."""
    ref = shared.put(_stars(), "stars", detector=3)
    few = shared.get(ref, parameters={"columns": ["ra", "id"]})
    assert few.colnames == ["ra", "id"] and str(few["ra"].unit) == "deg"
    assert shared.get("stars.columns", detector=3) == ["id", "ra", "name", "mag"]
    assert shared.get(ref.makeComponentRef("rowcount")) == 3
    assert shared.getDeferred("stars", detector=3).get(component="rowcount") == 3


def test_another_kind_of_object_is_made_where_asked(shared) -> None:
    """uc_055: a table is read as the kind of table that the reader likes."""
    ref = shared.put(_stars(), "stars", detector=4)
    assert list(shared.get(ref, storageClass="DataFrame")["ra"]) == [10.0, 11.0, 12.5]
    assert shared.get(ref, storageClass="ArrowTable").num_rows == 3
    assert shared.get(ref.overrideStorageClass("ArrowNumpy")).dtype.names[0] == "id"


# -- finding ----------------------------------------------------------------------------------------
def test_a_dataset_is_named_in_every_way_of_gen3(shared) -> None:
    ref = shared.put({"at": 5}, "stats", {"detector": 5})
    kind = shared.get_dataset_type("stats")
    for found in (
        shared.find_dataset("stats", detector=5),
        shared.find_dataset(kind, {"instrument": "Cam", "detector": 5}, collections="run"),
        shared.find_dataset("stats", {"detector.full_name": "D5"}),
        shared.get_dataset(ref.id),
        shared.get_dataset(str(ref.id)),
        shared.get_many_datasets([ref.id])[0],
        shared.registry.findDataset("stats", detector=5),
    ):
        assert found == ref and hash(found) == hash(ref)
    assert shared.find_dataset("stats", detector=6) is None
    expanded = shared.find_dataset("stats", detector=5, dimension_records=True)
    assert expanded.dataId.records["detector"].full_name == "D5"


def test_what_is_known_of_a_dataset(butler) -> None:
    exists = salver.DatasetExistence
    ref = butler.put({"x": 1}, "stats", detector=1)
    assert butler.exists(ref) is exists.VERIFIED or butler.exists(ref) == exists.VERIFIED
    assert butler.exists("stats", detector=1, full_check=False) == exists.KNOWN
    assert butler.exists("stats", detector=2) == exists.UNRECOGNIZED
    path = butler.getURI(ref).ospath
    assert os.path.exists(path) and butler.getURI(ref).getExtension() == ".json"
    assert butler.getURIs("stats", detector=1)[0].geturl() == f"file://{path}"
    os.unlink(path)
    assert butler.exists(ref) == exists.RECORDED | exists.DATASTORE
    assert not butler.exists(ref)
    with pytest.raises(FileNotFoundError):
        butler.get(ref)


def test_listings(butler) -> None:
    for detector in range(3):
        butler.put({"x": detector}, "stats", detector=detector)
    butler.put(1, "count", detector=0)
    assert len(butler.query_datasets("stats")) == 3
    assert [r.dataId["detector"] for r in butler.query_datasets("stats", detector=2)] == [2]
    assert butler.query_datasets("count", detector=5, explain=False) == []
    with pytest.raises(salver.EmptyQueryResultError):
        butler.query_datasets("count", detector=5)
    with pytest.warns(UserWarning, match="more than 2"):
        assert len(butler.query_datasets("stats", limit=-2)) == 2
    with pytest.raises(NotImplementedError):
        butler.query_datasets("stats", where="detector = 1")
    records = butler.query_dimension_records("detector", instrument="Cam")
    assert [r.id for r in records] == list(range(10)) and records[3].full_name == "D3"
    assert sorted(t.name for t in butler.registry.queryDatasetTypes("s*")) == ["stars", "stats"]


# -- taking in, removing ------------------------------------------------------------------------------
@pytest.mark.parametrize("transfer", ["copy", "move", "link", "hardlink", "symlink", "direct"])
def test_files_are_ingested(butler, tmp_path, transfer) -> None:
    """uc_073: existing files become datasets."""
    kind = butler.get_dataset_type("stats")
    files = []
    for detector in range(3):
        path = tmp_path / f"f {detector}.json"
        path.write_text(f'{{"at": {detector}}}')
        files.append(
            FileDataset(path, DatasetRef(kind, {"instrument": "Cam", "detector": detector}, "run"))
        )
    butler.ingest(*files, transfer=transfer)
    for detector in range(3):
        assert butler.get("stats", detector=detector) == {"at": detector}
    assert (tmp_path / "f 0.json").exists() == (transfer != "move")


def test_a_conflict_in_an_ingest_leaves_nothing(butler, tmp_path) -> None:
    """uc_073: all files or none."""
    kind = butler.get_dataset_type("stats")
    butler.put({"old": 1}, "stats", detector=1)
    before = sorted(p for p in tmp_path.rglob("*") if p.is_file())
    files = []
    for detector in (0, 1):
        path = tmp_path / f"{detector}.json"
        path.write_text("{}")
        files.append(
            FileDataset(path, DatasetRef(kind, {"instrument": "Cam", "detector": detector}, "run"))
        )
    with pytest.raises(salver.ConflictingDefinitionError):
        butler.ingest(*files, transfer="copy")
    assert butler.find_dataset("stats", detector=0) is None
    assert butler.get("stats", detector=1) == {"old": 1}
    after = sorted(p for p in tmp_path.rglob("*") if p.is_file())
    assert after == sorted([*before, tmp_path / "0.json", tmp_path / "1.json"])


def test_pruned_datasets_are_gone(butler) -> None:
    refs = [butler.put({"x": d}, "stats", detector=d) for d in range(3)]
    paths = [butler.getURI(r).ospath for r in refs]
    butler.pruneDatasets(refs[:1], disassociate=False, unstore=True)
    assert butler.find_dataset("stats", detector=0) == refs[0] and not butler.stored(refs[0])
    butler.pruneDatasets(refs[:2], purge=True, unstore=True, disassociate=True)
    assert [butler.find_dataset("stats", detector=d) is None for d in range(3)] == [
        True,
        True,
        False,
    ]
    assert [os.path.exists(p) for p in paths] == [False, False, True]
    with pytest.raises(salver.SalverError):
        butler.pruneDatasets(refs[2:], purge=True)
    butler.removeRuns(["run"])
    assert not os.path.exists(paths[2])
    assert butler.collections.query("*") == []


# -- errors ---------------------------------------------------------------------------------------------
def test_a_second_put_is_a_conflict(butler) -> None:
    """uc_019: nothing is overwritten."""
    butler.put({"x": 1}, "stats", detector=1)
    with pytest.raises(salver.ConflictingDefinitionError) as caught:
        butler.put({"x": 2}, "stats", detector=1)
    assert caught.value.kind is salver.ErrorKind.CONFLICT
    assert butler.get("stats", detector=1) == {"x": 1}


@pytest.mark.parametrize(
    ("error", "base", "call"),
    [
        ("MissingDatasetTypeError", KeyError, lambda b: b.get("nonsense", detector=1)),
        ("DatasetNotFoundError", LookupError, lambda b: b.get("stats", detector=9)),
        (
            "MissingCollectionError",
            LookupError,
            lambda b: b.get("stats", detector=1, collections="no"),
        ),
        ("DimensionNameError", KeyError, lambda b: b.get("stats")),
        ("DimensionNameError", KeyError, lambda b: b.get("stats", detector=1, nonsense=3)),
        ("DataIdValueError", ValueError, lambda b: b.get("stats", detector="x")),
        ("UnknownComponentError", KeyError, lambda b: b.get("stars.nonsense", detector=8)),
        (
            "UnsupportedError",
            NotImplementedError,
            lambda b: b.put(np.arange(3), "stats", detector=9),
        ),
        ("InvalidInputError", ValueError, lambda b: b.put({1: 2}, "stats", detector=9)),
    ],
)
def test_errors_have_the_classes_of_gen3(shared, error, base, call) -> None:
    """uc_087: what was asked, what is wrong, what would have been accepted."""
    if shared.find_dataset("stars", detector=8) is None:
        shared.put(_stars(), "stars", detector=8)
    with pytest.raises(base) as caught:
        call(shared)
    assert isinstance(caught.value, getattr(salver, error)), repr(caught.value)
    assert isinstance(caught.value, salver.SalverError) and caught.value.operation


def test_a_read_only_butler_does_not_write(shared) -> None:
    reader = Butler.from_config(
        shared.getURI(shared.put(1, "count", detector=7)).ospath.split("/run/")[0]
    )
    for call in (
        lambda: reader.put({"x": 1}, "stats", detector=0, instrument="Cam", run="run"),
        lambda: reader.collections.register("new"),
        lambda: reader.removeRuns(["run"]),
    ):
        with pytest.raises(salver.DeniedError) as caught:
            call()
        assert caught.value.kind is salver.ErrorKind.DENIED
    assert not reader.isWriteable()


def test_making_a_repository_twice_is_refused(tmp_path) -> None:
    config = Butler.makeRepo(tmp_path / "repo")
    assert config["datastore.records.table"] == "file_datastore_records"
    with pytest.raises(FileExistsError):
        Butler.makeRepo(tmp_path / "repo")
    with pytest.raises(FileNotFoundError):
        Butler.from_config(tmp_path / "nothing")


def test_a_dataset_type_is_the_same_or_a_conflict(butler) -> None:
    same = DatasetType("count", ["instrument", "detector"], "int", universe=butler.dimensions)
    assert butler.registry.registerDatasetType(same) is False
    other = DatasetType("count", ["instrument"], "int", universe=butler.dimensions)
    with pytest.raises(salver.ConflictingDefinitionError):
        butler.registry.registerDatasetType(other)
    butler.registry.removeDatasetType("count")
    assert butler.registry.registerDatasetType(other) is True


def test_records_are_synchronised(butler) -> None:
    registry = butler.registry
    row = {"instrument": "Cam", "id": 3, "full_name": "D3"}
    assert registry.syncDimensionData("detector", row) is False
    assert registry.syncDimensionData("detector", {**row, "id": 77, "full_name": "D77"}) is True
    with pytest.raises(salver.ConflictingDefinitionError):
        registry.syncDimensionData("detector", {**row, "raft": "R1"})
    assert registry.syncDimensionData("detector", {**row, "raft": "R1"}, update=True) == {
        "raft": None
    }
    with pytest.raises(salver.SalverError):
        registry.insertDimensionData("detector", row)
    registry.insertDimensionData("detector", row, skip_existing=True)
