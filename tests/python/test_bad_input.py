"""Wrong requests: each gives its error, and both programs agree on what is there afterwards (UC-87)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import salver
import views
from salver import Butler, ErrorKind

# -- requests that are wrong -------------------------------------------------------------------------------
IDS: list[tuple[dict[str, Any], ErrorKind, str, tuple[str, ...]]] = [
    ({"instrument": "Cam"}, ErrorKind.INVALID_INPUT, "DimensionNameError", ("detector",)),
    ({}, ErrorKind.INVALID_INPUT, "DimensionNameError", ("instrument",)),
    ({**views.WHERE, "nonsense": 1}, ErrorKind.INVALID_INPUT, "DimensionNameError", ("nonsense",)),
    ({**views.WHERE, "detectr": 1}, ErrorKind.INVALID_INPUT, "DimensionNameError", ("detectr",)),
    (
        {**views.WHERE, "detector": "x"},
        ErrorKind.INVALID_INPUT,
        "DataIdValueError",
        ("detector", "x"),
    ),
    ({**views.WHERE, "detector": 99}, ErrorKind.INVALID_INPUT, "DataIdValueError", ("99",)),
    ({**views.WHERE, "instrument": "No"}, ErrorKind.INVALID_INPUT, "DataIdValueError", ("No",)),
]


@pytest.mark.parametrize(("data_id", "kind", "cls", "words"), IDS)
def test_uc_087_a_data_id_that_does_not_fit_is_not_put(
    data_id, kind, cls, words, formats, spoiled, gen3
) -> None:
    with Butler.from_config(str(spoiled), run=views.RUN) as butler:
        with views.refused(kind, cls) as caught:
            butler.put(views.NEW, "stats", data_id)
        for word in words:
            assert word in str(caught[0]), caught[0]
    text = ",".join(f"{k}={v}" for k, v in data_id.items())
    file = spoiled.parent / "new.json"
    file.write_text(json.dumps(views.NEW))
    args = ["-d", text] if text else []
    done = views.cli("put", spoiled, "stats", file, *args, "-r", views.RUN)
    views.failed(done, *words)
    views.unchanged(gen3, formats, spoiled)


def test_uc_087_a_value_of_another_type_is_not_put(formats, spoiled, gen3) -> None:
    with Butler.from_config(str(spoiled), run=views.RUN) as butler:
        for value in (1.5, [1], {"a": 1}, b"1", None, 2**70):
            with views.refused(ErrorKind.INVALID_INPUT):
                butler.put(views.NEW, "stats", instrument="Cam", detector=value)
    views.unchanged(gen3, formats, spoiled)


def test_uc_087_values_that_contradict_each_other_are_refused(tmp_path, gen3) -> None:
    """Other fields of a record that is named by its key too must be that record's."""
    root = views.clone(views.SAMPLE, tmp_path / "repo")
    rows, files = views.rows(root), views.files(root)
    where = {"instrument": "CamA", "visit": 101, "detector": 0}
    for more in ({"detector.full_name": "R01_S1"}, {"full_name": "R01_S1"}, {"seq_num": 99}):
        with Butler.from_config(str(root), run="CamA/runs/2") as butler:
            with views.refused(
                ErrorKind.INVALID_INPUT, "InconsistentDataIdError", ValueError
            ) as caught:
                butler.put({"x": 1}, "stats", {**where, **more})
            assert str(next(iter(more.values()))) in str(caught[0])
        with gen3.Butler.from_config(str(root), run="CamA/runs/2") as butler:
            with pytest.raises(Exception, match="inconsistent"):
                butler.put({"x": 1}, "stats", {**where, **more})
    assert (views.rows(root), views.files(root)) == (rows, files)


@pytest.mark.parametrize("implied", [{"band": "r"}, {"day_obs": 20240302}])
def test_uc_087_implied_values_are_those_of_the_records(implied, tmp_path, gen3) -> None:
    """As in Gen3: what a visit implies is read from its record, whatever else was given."""
    root = views.clone(views.SAMPLE, tmp_path / "repo")
    where = {"instrument": "CamA", "visit": 101, "detector": 0, **implied}
    seen = []
    for impl in (salver, gen3):
        with impl.Butler.from_config(str(root), run="CamA/runs/2") as butler:
            ref = butler.put({"x": 1}, "stats", where)
            path = butler.getURI(ref).ospath
            seen.append((path, butler.registry.expandDataId(ref.dataId)["band"]))
            butler.pruneDatasets([ref], disassociate=True, unstore=True, purge=True)
    assert seen[0] == seen[1] and seen[0][1] == "g"


def _many(butler: Any) -> list[tuple[str, ErrorKind, str, Callable[[], Any], tuple[str, ...]]]:
    found = butler.find_dataset("stars", views.WHERE)
    put, get = butler.put, butler.get
    kind = ErrorKind
    return [
        ("put of an unknown type", kind.NOT_FOUND, "MissingDatasetTypeError",
         lambda: put(1, "stat", views.WHERE), ("stat",)),
        ("get of an unknown type", kind.NOT_FOUND, "MissingDatasetTypeError",
         lambda: get("stat", views.WHERE), ("stat",)),
        ("second put", kind.CONFLICT, "ConflictingDefinitionError",
         lambda: put({"x": 1}, "stats", views.WHERE), (views.RUN, "stats")),
        ("put into a tag", kind.INVALID_INPUT, "CollectionTypeError",
         lambda: put({"x": 1}, "stats", views.WHERE, run="tagged"), ("tagged",)),
        ("put into nothing", kind.NOT_FOUND, "MissingCollectionError",
         lambda: put({"x": 1}, "stats", {**views.WHERE, "detector": 2}, run="nowhere"), ("nowhere",)),
        ("get from nowhere", kind.NOT_FOUND, "MissingCollectionError",
         lambda: get("stats", views.WHERE, collections="nowhere"), ("nowhere",)),
        ("chain of nothing", kind.NOT_FOUND, "MissingCollectionError",
         lambda: butler.collections.redefine_chain("chain", ["nowhere"]), ("nowhere",)),
        ("chain of itself", kind.INVALID_INPUT, "CollectionCycleError",
         lambda: butler.collections.redefine_chain("chain", ["chain"]), ("chain",)),
        ("children of a run", kind.INVALID_INPUT, "CollectionTypeError",
         lambda: butler.collections.redefine_chain(views.RUN, ["tagged"]), (views.RUN,)),
        ("tag into a run", kind.INVALID_INPUT, "CollectionTypeError",
         lambda: butler.registry.associate(views.RUN, [found]), (views.RUN,)),
        ("removal of a tag as a run", kind.INVALID_INPUT, "CollectionTypeError",
         lambda: butler.removeRuns(["tagged"]), ("tagged",)),
        ("removal of no run", kind.NOT_FOUND, "MissingCollectionError",
         lambda: butler.removeRuns(["nowhere"]), ("nowhere",)),
        ("unknown component", kind.NOT_FOUND, "UnknownComponentError",
         lambda: get("stars.nonsense", views.WHERE), ("nonsense",)),
        ("put of a component", kind.INVALID_INPUT, "InvalidInputError",
         lambda: put(1, "stars.columns", views.WHERE), ("stars.columns",)),
        ("unknown parameter", kind.INVALID_INPUT, "InvalidInputError",
         lambda: get("stars", views.WHERE, parameters={"nonsense": 1}), ("nonsense",)),
        ("unknown column", kind.INVALID_INPUT, "InvalidInputError",
         lambda: get("stars", views.WHERE, parameters={"columns": ["nonsense"]}), ("nonsense",)),
        ("unknown storage class", kind.NOT_FOUND, "MissingStorageClassError",
         lambda: butler.registry.registerDatasetType(salver.DatasetType(
             "odd", ["instrument"], "NoSuchClass", universe=butler.dimensions)), ("NoSuchClass",)),
        ("type of an unknown dimension", kind.INVALID_INPUT, "DimensionNameError",
         lambda: salver.DatasetType("odd", ["nonsense"], "int", universe=butler.dimensions),
         ("nonsense",)),
        ("dataset nobody has", kind.NOT_FOUND, "DatasetNotFoundError",
         lambda: get("stats", instrument="Cam", detector=3), ("stats", "detector")),
    ]  # fmt: skip


def test_uc_087_each_wrong_request_has_its_error_and_changes_nothing(
    formats, spoiled, gen3
) -> None:
    with Butler.from_config(str(spoiled), run=views.RUN) as butler:
        butler.collections.register("tagged", salver.CollectionType.TAGGED)
        butler.collections.register("chain", salver.CollectionType.CHAINED)
        for what, kind, cls, call, words in _many(butler):
            try:
                with views.refused(kind, cls) as caught:
                    call()
            except (Exception, pytest.fail.Exception) as error:
                raise AssertionError(what) from error
            for word in words:
                assert word in str(caught[0]), (what, caught[0])
    views.unchanged(gen3, formats, spoiled)


def test_uc_019_a_second_put_names_the_holder_and_leaves_the_first(formats, spoiled, gen3) -> None:
    file = spoiled.parent / "new.json"
    file.write_text("{}")
    holder = views.agree(gen3, spoiled)[("stats", views.RUN, 1)][0]
    done = views.cli(
        "put", spoiled, "stats", file, "-d", "instrument=Cam,detector=1", "-r", views.RUN
    )
    views.failed(done, holder, "hint: put into another run")
    views.unchanged(gen3, formats, spoiled)


CLI: list[tuple[list[str], tuple[str, ...]]] = [
    (["get", "ROOT", "stat", "-d", "instrument=Cam,detector=1"], ("stat",)),
    (["get", "ROOT", "stats", "-d", "instrument=Cam,detector=3"], ("stats", "detector='3'")),
    (["get", "ROOT", "stats", "-d", "instrument=Cam"], ("detector",)),
    (["get", "ROOT", "stats", "-d", "instrument=Cam,detector=x"], ("detector", "x")),
    (["get", "ROOT", "stats", "-d", "nonsense"], ("nonsense",)),
    (["get", "ROOT", "stats", "-d", "instrument=Cam,detector=1", "-c", "no"], ("no",)),
    (["get", "ROOT", "stars.no", "-d", "instrument=Cam,detector=1"], ("no",)),
    (["get", "ROOT", "--id", "nonsense"], ("nonsense",)),
    (["get", "ROOT", "--id", "00000000-0000-0000-0000-000000000000"], ("00000000",)),
    (["query-datasets", "ROOT", "--collections", "nowhere"], ("nowhere",)),
    (["register-dataset-type", "ROOT", "odd", "NoSuchClass", "instrument"], ("NoSuchClass",)),
    (["register-dataset-type", "ROOT", "odd", "int", "nonsense"], ("nonsense",)),
    (["register-dataset-type", "ROOT", "stats", "int", "instrument"], ("stats",)),
    (["collection-chain", "ROOT", "chain", "nowhere"], ("nowhere",)),
    (["insert-dimension-records", "ROOT", "none.yaml"], ("none.yaml",)),
    (["query-collections", "ROOT/none"], ("none",)),
    (["create", "ROOT"], ("ROOT",)),
]


@pytest.mark.parametrize(("args", "words"), CLI, ids=lambda v: " ".join(v)[:60])
def test_uc_087_the_command_line_says_what_is_wrong(args, words, formats) -> None:
    before = views.rows(formats), views.files(formats)
    done = views.cli(*[a.replace("ROOT", str(formats)) for a in args])
    views.failed(done, *[w.replace("ROOT", str(formats)) for w in words])
    assert (views.rows(formats), views.files(formats)) == before
