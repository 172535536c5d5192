"""The words of a butler, beside `lsst.daf.butler`."""

from __future__ import annotations

import pickle
import uuid

import pytest
import salver
from salver import DataCoordinate, DatasetRef, DatasetType, DimensionUniverse, FileDataset, Timespan

ID = {"instrument": "CamA", "visit": 101, "detector": 3}


@pytest.fixture(scope="module")
def universe() -> DimensionUniverse:
    return DimensionUniverse()


def test_groups_are_those_of_gen3(gen3, universe) -> None:
    theirs = gen3.DimensionUniverse()
    assert (universe.namespace, universe.version) == (theirs.namespace, theirs.version)
    for names in (
        ["visit", "detector"],
        ["patch"],
        ["htm7"],
        [],
        ["exposure", "tract", "healpix5"],
    ):
        ours, other = universe.conform(names), theirs.conform(names)
        assert ours.names == tuple(other.names)
        assert ours.required == tuple(other.required)
        assert ours.implied == tuple(other.implied)
        assert ours.data_coordinate_keys == tuple(other.data_coordinate_keys)
    assert universe["visit"].required == tuple(theirs["visit"].required.names)
    assert universe["visit"].name == "visit" and "visit" in universe and "nonsense" not in universe


def test_a_name_that_is_no_dimension_is_refused_with_the_nearest(universe) -> None:
    """uc_065: a typo gets the nearest name."""
    with pytest.raises(salver.SalverError, match="visits") as caught:
        universe.conform(["visits"])
    assert "visit" in (caught.value.hint or "")


def test_a_data_id_is_a_mapping(universe) -> None:
    data_id = DataCoordinate.standardize(ID, universe=universe)
    assert (
        dict(data_id)
        == dict(data_id.items())
        == {"instrument": "CamA", "detector": 3, "visit": 101}
    )
    assert data_id["visit"] == data_id.get("visit") == 101
    assert data_id.get("tract") is None and "tract" not in data_id and "visit" in data_id
    assert len(data_id) == 3 and list(data_id) == ["instrument", "detector", "visit"]
    assert data_id == ID and data_id == DataCoordinate.standardize(
        detector=3, visit="101", instrument="CamA"
    )
    assert hash(data_id) == hash(DataCoordinate.standardize(ID))
    assert str(data_id) == "{instrument: 'CamA', detector: 3, visit: 101}"
    assert data_id.subset(["detector"]) == {"instrument": "CamA", "detector": 3}
    assert not data_id.hasFull() and not data_id.hasRecords()
    with pytest.raises(KeyError):
        data_id["tract"]
    assert pickle.loads(pickle.dumps(data_id)) == data_id


def test_a_bad_data_id_says_what_is_wrong(universe) -> None:
    group = universe.conform(["visit"])
    for bad, word in [
        ({"instrument": "CamA"}, "visit"),
        ({"instrument": "CamA", "visit": "x"}, "visit"),
        ({"instrument": "CamA", "visit": 1.5}, "1.5"),
        ({"instrument": "CamA", "visit": 1, "nonsense": 2}, "nonsense"),
    ]:
        with pytest.raises(salver.SalverError, match=word):
            DataCoordinate.standardize(bad, dimensions=group)
    with pytest.raises(salver.SalverError, match="not a data ID"):
        DataCoordinate.standardize(3)


def test_dataset_types_compare_and_pickle(universe) -> None:
    kind = DatasetType(
        "cat", ["visit", "detector"], "ArrowTable", universe=universe, isCalibration=True
    )
    assert (kind.name, kind.storageClass_name, kind.isCalibration()) == ("cat", "ArrowTable", True)
    assert kind.dimensions == universe.conform(["visit", "detector"])
    assert pickle.loads(pickle.dumps(kind)) == kind
    rows = kind.makeComponentDatasetType("rowcount")
    assert (rows.name, rows.component(), rows.storageClass_name) == (
        "cat.rowcount",
        "rowcount",
        "int",
    )
    assert rows.makeCompositeDatasetType() == kind
    assert pickle.loads(pickle.dumps(rows)) == rows
    with pytest.raises(KeyError, match="nonsense"):
        kind.makeComponentDatasetType("nonsense")
    assert kind.storageClass.pytype_name == "pyarrow.lib.Table"


def test_refs_are_those_of_gen3(gen3, universe) -> None:
    theirs = gen3.DimensionUniverse()
    kind = DatasetType("raw", ["visit", "detector"], "StructuredDataDict", universe=universe)
    other = gen3.DatasetType("raw", ["visit", "detector"], "StructuredDataDict", universe=theirs)
    for mode in ("DATAID_TYPE", "DATAID_TYPE_RUN"):
        ours = DatasetRef(kind, ID, "r/é", id_generation_mode=salver.DatasetIdGenEnum[mode])
        data_id = gen3.DataCoordinate.standardize(ID, universe=theirs)
        mode3 = gen3.DatasetIdGenEnum[mode]
        assert ours.id == gen3.DatasetRef(other, data_id, "r/é", id_generation_mode=mode3).id
    fresh = DatasetRef(kind, DataCoordinate.standardize(ID), run="r")
    assert isinstance(fresh.id, uuid.UUID) and fresh.id.version == 7
    assert pickle.loads(pickle.dumps(fresh)) == fresh
    assert DatasetRef.from_json(fresh.to_json()) == fresh
    back = gen3.DatasetRef.from_json(fresh.to_json(), universe=theirs)
    assert back.id == fresh.id and back.run == "r" and back.dataId["visit"] == 101
    assert sorted([fresh, DatasetRef(kind, {**ID, "visit": 7}, "r")])[0].dataId["visit"] == 7


def test_timespans_are_those_of_gen3(gen3) -> None:
    from astropy.time import Time

    a, b = (
        Time("2024-03-01T20:00:00", scale="tai"),
        Time("2024-03-01T20:30:30.123456789", scale="tai"),
    )
    for begin, end in [(a, b), (None, b), (a, None), (None, None), (a, a), (b, a), (a.utc, b.tdb)]:
        ours, other = Timespan(begin, end), gen3.Timespan(begin, end)
        assert ours.nsec == other.nsec
        assert ours.isEmpty() == other.isEmpty()
    span = Timespan(a, b)
    assert abs((span.end - b).to_value("ns")) < 1 and span.end.scale == "tai"
    assert span.overlaps(a) and not span.overlaps(b)
    assert Timespan(a, None).intersection(Timespan(None, b)) == span
    assert Timespan(None, None).difference(span) == [Timespan(None, a), Timespan(b, None)]
    assert pickle.loads(pickle.dumps(span)) == span
    assert Timespan.makeEmpty().begin is Timespan.EMPTY
    assert Timespan(a, Timespan.EMPTY) == Timespan.makeEmpty()


def test_enumerations_are_those_of_gen3(gen3) -> None:
    for name in ("CollectionType", "DatasetExistence", "DatasetIdGenEnum"):
        ours, theirs = getattr(salver, name), getattr(gen3, name)
        values = {k: v.value for k, v in theirs.__members__.items()}
        assert {k: v.value for k, v in ours.__members__.items()} == values
    exists = salver.DatasetExistence
    assert exists.VERIFIED and exists.KNOWN and not exists.RECORDED


def test_a_file_dataset_takes_one_ref_or_many(universe) -> None:
    kind = DatasetType("raw", ["instrument"], "int", universe=universe)
    one = DatasetRef(kind, {"instrument": "CamA"}, "r")
    assert FileDataset("a", one).refs == FileDataset("a", [one]).refs == [one]
    assert "a" in repr(FileDataset("a", one))
