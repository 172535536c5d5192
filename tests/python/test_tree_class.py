"""The storage class `Tree`: any object, in Salver and in lsst-daf-butler."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import salver
import yaml
from salver import Butler, assemblers

FIRST = {"instrument": "Cam", "detector": 0}


@salver.assembler(tag="treetest.Model")
@dataclass
class Model:
    """A user's own."""

    name: str
    weights: np.ndarray


def make(root: Path, impl: Any = salver, seed: dict | None = None) -> Butler:
    """A repository with one camera and no dataset types."""
    config = root.parent / f"{root.name}-seed.yaml"
    config.write_text(yaml.safe_dump(seed or {}))
    impl.Butler.makeRepo(str(root), config=str(config))
    butler = impl.Butler.from_config(str(root), writeable=True)
    butler.registry.insertDimensionData("instrument", {"name": "Cam", "detector_max": 10})
    for i in range(4):
        record = {"instrument": "Cam", "id": i, "full_name": f"D{i}"}
        butler.registry.insertDimensionData("detector", record)
    butler.collections.register("run")
    return butler


def add_type(butler: Any, name: str, storage_class: str = "Tree", impl: Any = salver) -> None:
    dimensions = ["instrument", "detector"]
    kind = impl.DatasetType(name, dimensions, storage_class, universe=butler.dimensions)
    butler.registry.registerDatasetType(kind)


@pytest.fixture
def butler(tmp_path: Path) -> Butler:
    butler = make(tmp_path / "repo")
    add_type(butler, "thing")
    return butler


def test_the_first_type_writes_the_definition_and_keeps_the_rest(tmp_path: Path) -> None:
    butler = make(tmp_path / "repo")
    file = tmp_path / "repo" / "butler.yaml"
    old = "# our repository\n" + file.read_text() + "# the end\n"
    file.write_text(old)
    butler = Butler.from_config(str(tmp_path / "repo"), writeable=True)
    add_type(butler, "thing")
    new = file.read_text()
    lines = iter(new.splitlines())
    assert all(line in lines for line in old.splitlines()), new  # in order, none lost
    config = yaml.safe_load(new)
    parameters = ["box", "columns", "part"]
    assert config["storageClasses"]["Tree"] == {"pytype": "object", "parameters": parameters}
    assert config["datastore"]["formatters"]["Tree"] == "salver.gen3.TreeFormatter"
    add_type(butler, "other")
    assert file.read_text() == new
    assert [p.name for p in file.parent.glob(".butler*")] == []


def test_a_file_without_a_place_fails_with_the_lines_to_add(tmp_path: Path) -> None:
    make(tmp_path / "repo")
    file = tmp_path / "repo" / "butler.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()), default_flow_style=True))
    old = file.read_text()
    butler = Butler.from_config(str(tmp_path / "repo"), writeable=True)
    with pytest.raises(salver.ConfigError) as caught:
        add_type(butler, "thing")
    told = (
        str(caught.value) + "".join(getattr(caught.value, "__notes__", [])) + str(caught.value.hint)
    )
    assert "storageClasses:\n  Tree:\n" in told and "pytype: object" in told
    assert file.read_text() == old
    with pytest.raises(salver.MissingDatasetTypeError):
        butler.get_dataset_type("thing")


def objects() -> dict[str, Any]:
    """One of each kind, with what compares two of them."""
    from astropy import units
    from astropy.table import QTable
    from astropy.time import Time

    return {
        "nothing": None,
        "number": 5,
        "nested": {"a": [1, {"b": b"\x00"}], "image": np.arange(6.0).reshape(2, 3)},
        "list": [1, "x", None],
        "array": np.arange(12, dtype="i2").reshape(3, 4),
        "own": Model("m", np.arange(3.0)),
        "table": QTable({"x": [1.0, 2.0] * units.km, "t": Time(["2024-01-01", "2025-01-01"])}),
        "quantity": 3 * units.arcsec,
    }


@pytest.mark.parametrize("name", objects())
def test_any_object_is_put_and_comes_back(butler: Butler, name: str) -> None:
    obj = objects()[name]
    ref = butler.put(obj, "thing", FIRST, run="run")
    back = butler.get(ref)
    assert type(back) is type(obj)
    assert repr(back) == repr(obj)
    assert repr(butler.get("thing", FIRST, collections="run")) == repr(obj)


def test_one_node_is_read_alone(butler: Butler) -> None:
    ref = butler.put(objects()["nested"], "thing", FIRST, run="run")
    assert butler.get(ref, parameters={"part": "/a/1/b"}) == b"\x00"
    box = {"part": "/image", "box": [[0, 1], [1, 3]]}
    np.testing.assert_array_equal(butler.get(ref, parameters=box), [[1.0, 2.0]])
    with pytest.raises(salver.InvalidInputError) as caught:
        butler.get(ref, parameters={"bbox": 1})
    assert "box, columns, part" in caught.value.hint


def test_uc_057_an_assembler_is_told_the_data_id_and_the_parameters(butler: Butler) -> None:
    """uc_057: and gets no butler, at put and at get."""
    seen: list[assemblers.Context] = []

    class Curious:
        pass

    def take(obj: Curious, context: assemblers.Context) -> dict:
        seen.append(context)
        return {"x": {"y": 1}}

    def build(parts: dict, context: assemblers.Context) -> Curious:
        seen.append(context)
        return Curious()

    assemblers.register(Curious, tag="treetest.Curious", assemble=build, disassemble=take)
    ref = butler.put(Curious(), "thing", FIRST, run="run")
    assert isinstance(butler.get(ref, parameters={"part": ""}), Curious)
    assert [dict(c.data_id) for c in seen] == [FIRST, FIRST]
    assert [dict(c.parameters) for c in seen] == [{}, {"part": ""}]


def test_uc_052_a_dataset_without_its_class_is_a_tree_with_a_tag(butler: Butler) -> None:
    """uc_052: another process, which never saw the class."""
    ref = butler.put(objects()["own"], "thing", FIRST, run="run")
    code = (
        "import sys, salver\n"
        "thing = salver.Butler.from_config(sys.argv[1], collections='run').get(\n"
        "    'thing', instrument='Cam', detector=0)\n"
        "print(type(thing).__name__, thing.name, thing.version, thing['weights'].tolist())\n"
    )
    place = butler.getURI(ref).geturl().split("/run/")[0].removeprefix("file://")
    run = subprocess.run([sys.executable, "-c", code, place], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout == "Tagged treetest.Model 1 [0.0, 1.0, 2.0]\n"


def test_a_tree_is_read_as_another_storage_class(butler: Butler) -> None:
    """uc_055: one stored table is read as the kind that is asked for."""
    pd = pytest.importorskip("pandas")
    from astropy.table import Table

    ref = butler.put(pd.DataFrame({"a": [1, 2]}), "thing", FIRST, run="run")
    assert isinstance(butler.get(ref), pd.DataFrame)
    table = butler.get(ref, storageClass="ArrowAstropy")
    assert isinstance(table, Table) and list(table["a"]) == [1, 2]
    assert butler.get(ref, storageClass="ArrowTable").num_rows == 2
    array = butler.get(ref, storageClass="ArrowNumpy")
    assert array.dtype.names == ("a",)


def test_a_class_that_the_stored_one_does_not_convert_to_is_refused(tmp_path: Path) -> None:
    """uc_044: as in Gen3, with what would convert."""
    butler = make(tmp_path / "repo")
    add_type(butler, "table", "ArrowAstropy")
    from astropy.table import Table

    ref = butler.put(Table({"a": [1]}), "table", FIRST, run="run")
    assert butler.get(ref, storageClass="DataFrame")["a"].tolist() == [1]
    with pytest.raises(salver.InvalidInputError, match="does not convert") as caught:
        butler.get(ref, storageClass="StructuredDataDict")
    assert "StructuredDataDict" in str(caught.value) and "ArrowAstropy" in str(caught.value)


@pytest.mark.parametrize("format", sorted(salver.tree.formats()))
def test_the_format_of_trees_is_configured(tmp_path: Path, format: str) -> None:
    """uc_054: one that cannot hold an object says so and stores nothing."""
    entry = {"formatter": "salver.gen3.TreeFormatter", "parameters": {"format": format}}
    butler = make(tmp_path / "repo", seed={"datastore": {"formatters": {"Tree": entry}}})
    add_type(butler, "thing")
    able = salver.tree.formats()[format]
    if "tagged" in able["kinds"] and "map" in able["roots"]:
        ref = butler.put(objects()["own"], "thing", FIRST, run="run")
        assert butler.getURI(ref).path.endswith(able["extensions"][0])
        np.testing.assert_array_equal(butler.get(ref).weights, [0.0, 1.0, 2.0])
    else:
        with pytest.raises(salver.UnsupportedError):
            butler.put(objects()["own"], "thing", FIRST, run="run")
        assert not butler.exists("thing", FIRST, collections="run")


def test_a_format_that_is_none_is_a_wrong_configuration(tmp_path: Path) -> None:
    entry = {"formatter": "salver.gen3.TreeFormatter", "parameters": {"format": "hdf7"}}
    with pytest.raises(salver.ConfigError, match="hdf7"):
        make(tmp_path / "repo", seed={"datastore": {"formatters": {"Tree": entry}}})


# -- beside lsst-daf-butler -------------------------------------------------------------------------
@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """Two runs with trees, put by Salver."""
    butler = make(tmp_path / "repo")
    add_type(butler, "thing")
    for run in ("run", "run2"):
        butler.collections.register(run)
        butler.put(objects()["own"], "thing", instrument="Cam", detector=0, run=run)
        butler.put({"n": [1, 2.5]}, "thing", instrument="Cam", detector=1, run=run)
    return tmp_path / "repo"


def test_gen3_finds_gets_and_puts_trees(gen3, filled: Path) -> None:
    theirs = gen3.Butler.from_config(str(filled), writeable=True, run="run")
    assert theirs.exists("thing", FIRST)
    assert len(theirs.query_datasets("thing", collections="run")) == 2
    model = theirs.get("thing", FIRST)
    assert isinstance(model, Model) and model.weights.tolist() == [0.0, 1.0, 2.0]
    assert theirs.get("thing", FIRST, parameters={"part": "/name"}) == "m"
    ref = theirs.put(Model("theirs", np.eye(2)), "thing", instrument="Cam", detector=2)
    mine = Butler.from_config(str(filled), collections="run")
    back = mine.get("thing", instrument="Cam", detector=2)
    assert isinstance(back, Model) and back.name == "theirs"
    np.testing.assert_array_equal(back.weights, np.eye(2))
    assert mine.getURI(mine.get_dataset(ref.id)).exists()


def test_gen3_prunes_and_removes_runs_of_trees(gen3, filled: Path) -> None:
    theirs = gen3.Butler.from_config(str(filled), writeable=True)
    refs = theirs.query_datasets("thing", collections="run")
    files = [theirs.getURI(ref) for ref in refs]
    theirs.pruneDatasets(refs[:1], unstore=True, disassociate=True, purge=True)
    assert [f.exists() for f in files] == [False, True]
    theirs.removeRuns(["run"])
    assert not files[1].exists()
    mine = Butler.from_config(str(filled))
    assert "run" not in mine.collections.query("*")
    assert mine.get("thing", FIRST, collections="run2").name == "m"


def test_gen3_transfers_trees(gen3, filled: Path, tmp_path: Path) -> None:
    target = make(tmp_path / "target")
    add_type(target, "thing")
    theirs = gen3.Butler.from_config(str(filled))
    to = gen3.Butler.from_config(str(tmp_path / "target"), writeable=True)
    refs = theirs.query_datasets("thing", collections="run")
    moved = to.transfer_from(theirs, refs, transfer="copy")
    assert len(moved) == 2
    assert to.get("thing", FIRST, collections="run").name == "m"
    mine = Butler.from_config(str(tmp_path / "target"), collections="run")
    assert mine.get("thing", instrument="Cam", detector=1) == {"n": [1, 2.5]}


def test_gen3_without_salver_lists_and_removes_trees(gen3, filled: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['salver'] = None\n"
        "from lsst.daf.butler import Butler\n"
        "butler = Butler.from_config(sys.argv[1], writeable=True)\n"
        "refs = butler.query_datasets('thing', collections='run')\n"
        "print(len(refs), butler.exists(refs[0]).name, butler.getURI(refs[0]).exists())\n"
        "butler.pruneDatasets(refs, unstore=True, disassociate=True, purge=True)\n"
        "print(butler.query_datasets('thing', collections='run', explain=False))\n"
    )
    run = subprocess.run([sys.executable, "-c", code, filled], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout == "2 VERIFIED True\n[]\n"


# -- the bridge: every format of ours, by a formatter that Gen3 loads --------------------------------
def value_for(format: str) -> Any:
    able = salver.tree.formats()[format]
    table = {"columns": np.arange(4)}
    if able["roots"] == ["table"]:
        import pyarrow as pa

        return pa.table(table)
    if "map" not in able["roots"]:
        return np.arange(12.0).reshape(3, 4)
    if not able["nesting"]:
        return {"a": np.arange(3), "b": np.eye(2)}
    return {"a": {"b": np.arange(3.0)}, "c": "text", "d": [1, None]}


@pytest.mark.parametrize("format", sorted(salver.tree.formats()))
def test_each_format_is_read_by_gen3(gen3, tmp_path: Path, format: str) -> None:
    """uc_049: both programs put, and both get, in every format that there is."""
    import salver.gen3

    value = value_for(format)
    name = f"{format.capitalize()}Thing"
    formatter = f"salver.gen3.{format.capitalize()}Formatter"
    assert salver.tree.formats()[format]["extensions"][0] == _extension(formatter)
    kind = type(value)
    pytype = {"dict": "dict", "Table": "pyarrow.Table", "ndarray": "numpy.ndarray"}[kind.__name__]
    seed = {
        "storageClasses": {name: {"pytype": pytype}},
        "datastore": {"formatters": {name: formatter}},
    }
    mine = make(tmp_path / "repo", seed=seed)
    add_type(mine, "thing", name)
    ref = mine.put(value, "thing", FIRST, run="run")
    theirs = gen3.Butler.from_config(str(tmp_path / "repo"), writeable=True, run="run")
    back = theirs.get("thing", FIRST)
    assert type(back) is kind and repr(back) == repr(value)
    theirs.put(value, "thing", instrument="Cam", detector=1)
    again = mine.get("thing", instrument="Cam", detector=1, collections="run")
    assert type(again) is kind and repr(again) == repr(value)
    assert repr(mine.get(ref)) == repr(value)


def _extension(formatter: str) -> str:
    import salver.gen3

    return str(getattr(salver.gen3, formatter.rpartition(".")[2]).default_extension)
