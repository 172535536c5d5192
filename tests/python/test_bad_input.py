"""Bad input: each gives its error, and both programs agree on what is there afterwards (UC-87)."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import salver
import views
from salver import Butler, ErrorKind

WHERE = {"instrument": "Cam", "detector": 1}
FORMATS = {"stats": ".json", "pixels": ".npy", "stars": ".parq", "image": ".fits"}
SAMPLE = Path(__file__).resolve().parents[2] / "testdata" / "gen3" / "sample-repo"


def _values() -> dict[str, Any]:
    from astropy.io import fits
    from astropy.table import Table

    pixels = np.arange(24 * 24, dtype="i4").reshape(24, 24)
    table = Table({"ra": np.linspace(0.0, 1.0, 50), "name": [f"star {i}" for i in range(50)]})
    hdus = fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(pixels, compression_type="RICE_1")])
    return {"stats": views.NEW, "pixels": pixels, "stars": table, "image": hdus}


@pytest.fixture(scope="module")
def base(gen3, tmp_path_factory) -> Path:
    """A repository with a dataset in each format."""
    root = tmp_path_factory.mktemp("bad") / "repo"
    views.make(root)
    with Butler.from_config(str(root), run=views.RUN) as butler:
        for name, value in _values().items():
            butler.put(value, name, WHERE)
    assert len(views.agree(gen3, root)) == 5
    return root


@pytest.fixture
def root(base, tmp_path) -> Path:
    """A copy to spoil."""
    return views.clone(base, tmp_path / "repo")


@contextmanager
def refused(kind: ErrorKind, *bases: type | str) -> Iterator[list[salver.SalverError]]:
    """The error that design.md asks for: operation, what is wrong, and Gen3's class."""
    caught: list[salver.SalverError] = []
    with pytest.raises(salver.SalverError) as info:
        yield caught
    error = info.value
    caught.append(error)
    assert error.kind is kind, (error.kind, error)
    assert error.operation and error.detail, repr(error)
    assert "panicked" not in str(error) and "RUST_BACKTRACE" not in str(error)
    for base in bases:
        cls = getattr(salver, base) if isinstance(base, str) else base
        assert isinstance(error, cls), (type(error).__mro__, base)


def path_of(root: Path, name: str) -> Path:
    with Butler.from_config(str(root), collections=views.RUN) as butler:
        ref = butler.find_dataset(name, WHERE)
        return Path(butler.getURI(ref).ospath)


def unchanged(gen3: Any, base: Path, root: Path) -> None:
    """Nothing of an attempt is left: rows, files, and what both programs read."""
    assert views.rows(root) == views.rows(base)
    assert views.files(root) == views.files(base)
    assert views.agree(gen3, root) == views.agree(gen3, base)


# -- stored files that are damaged -------------------------------------------------------------------
def _read_or_refuse(impl: Any, root: Path, name: str, *, kinds: set[ErrorKind]) -> Any:
    """The value, or `None` where it is refused as it should be."""
    with impl.Butler.from_config(str(root), collections=views.RUN) as butler:
        try:
            return views.plain(butler.get(name, WHERE))
        except salver.SalverError as error:
            assert error.kind in kinds, (error.kind, error)
            assert str(path_of(root, name)) in str(error) or name in str(error), error
            assert "panicked" not in str(error)
            return None


@pytest.mark.parametrize("name", FORMATS)
def test_uc_087_a_truncated_stored_file_is_corrupt(name, root, gen3) -> None:
    """Its size is not the recorded one: said before it is decoded, as Gen3 does."""
    path = path_of(root, name)
    whole = path.read_bytes()
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with refused(ErrorKind.CORRUPT, "FileIntegrityError", RuntimeError) as caught:
            with Butler.from_config(str(root), collections=views.RUN) as butler:
                butler.get(name, WHERE)
        assert path.name in str(caught[0]) and name in str(caught[0]), caught[0]
        with gen3.Butler.from_config(str(root), collections=views.RUN) as butler:
            with pytest.raises(RuntimeError):
                butler.get(name, WHERE)
        done = views.cli("get", root, name, "-d", "instrument=Cam,detector=1", "-c", views.RUN)
        views.failed(done, path.name, name)
    path.write_bytes(whole)
    assert len(views.agree(gen3, root)) == 5


@pytest.mark.parametrize("name", FORMATS)
def test_uc_087_a_file_shorter_than_its_record_says_is_never_decoded_past_its_end(
    name, root
) -> None:
    """Truncated, with a record that agrees: the decoder itself must see it."""
    path = path_of(root, name)
    whole = path.read_bytes()
    lengths = sorted({0, 1, 10, *range(len(whole) // 20, len(whole), max(1, len(whole) // 20))})
    for length in lengths:
        path.write_bytes(whole[:length])
        with sqlite3.connect(root / "gen3.sqlite3") as db:
            db.execute(
                "update file_datastore_records set file_size = ? where path like ?",
                (length, f"%{path.name}"),
            )
        db.close()
        value = _read_or_refuse(salver, root, name, kinds={ErrorKind.CORRUPT})
        # FITS: what is cut may be padding alone
        assert value is None or (name == "image" and length > len(whole) - 2880), length


@pytest.mark.parametrize("name", FORMATS)
def test_uc_087_flipped_bits_are_read_or_refused_and_never_crash(name, root) -> None:
    path = path_of(root, name)
    whole = path.read_bytes()
    rounds = int(os.environ.get("SALVER_FLIPS", "60"))
    random = np.random.default_rng(7)
    refusals = 0
    kinds = {ErrorKind.CORRUPT, ErrorKind.UNSUPPORTED, ErrorKind.LIMIT, ErrorKind.INVALID_INPUT}
    for at in random.integers(0, len(whole) * 8, rounds):
        spoiled = bytearray(whole)
        spoiled[at // 8] ^= 1 << (at % 8)
        path.write_bytes(spoiled)
        refusals += _read_or_refuse(salver, root, name, kinds=kinds) is None
    # a bit of the head of each format is one that it cannot do without
    spoiled = bytearray(whole)
    spoiled[0] ^= 0x80
    path.write_bytes(spoiled)
    assert _read_or_refuse(salver, root, name, kinds=kinds) is None
    path.write_bytes(whole)
    assert _read_or_refuse(salver, root, name, kinds=set()) is not None


@pytest.mark.parametrize("name", FORMATS)
def test_uc_087_a_stored_file_that_is_gone_is_not_found(name, root, gen3) -> None:
    path = path_of(root, name)
    path.unlink()
    with refused(ErrorKind.NOT_FOUND, FileNotFoundError) as caught:
        with Butler.from_config(str(root), collections=views.RUN) as butler:
            butler.get(name, WHERE)
    assert path.name in str(caught[0])
    with gen3.Butler.from_config(str(root), collections=views.RUN) as butler:
        with pytest.raises(FileNotFoundError):
            butler.get(name, WHERE)
    done = views.cli("get", root, name, "-d", "instrument=Cam,detector=1", "-c", views.RUN)
    views.failed(done, path.name)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "missing"])
def test_uc_087_a_damaged_file_is_not_put(name, damage, base, root, gen3, tmp_path) -> None:
    whole = path_of(root, name).read_bytes()
    file = tmp_path / f"input{FORMATS[name]}"
    if damage != "missing":
        flipped = bytes([whole[0] ^ 0x80]) + whole[1:]
        file.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "flipped": flipped}[damage])
    done = views.cli("put", root, name, file, "-d", "instrument=Cam,detector=2", "-r", views.RUN)
    views.failed(done, file.name)
    unchanged(gen3, base, root)


# -- repositories that are not known ---------------------------------------------------------------------
def _attribute(root: Path, name: str, value: str | None) -> None:
    with sqlite3.connect(root / "gen3.sqlite3") as db:
        if value is None:
            changed = db.execute("delete from butler_attributes where name = ?", (name,))
        else:
            sql = "update butler_attributes set value = ? where name = ?"
            changed = db.execute(sql, (value, name))
        assert changed.rowcount == 1, name
    db.close()


MANAGER = "lsst.daf.butler.registry.collections.synthIntKey.SynthIntKeyCollectionManager"
ATTRIBUTES: list[tuple[str, str | None, ErrorKind, str, str]] = [
    (f"version:{MANAGER}", "3.0.0", ErrorKind.UNSUPPORTED, "IncompatibleVersionError", "2.0.0"),
    (f"version:{MANAGER}", "2.9.0", ErrorKind.UNSUPPORTED, "IncompatibleVersionError", "2.9.0"),
    (f"version:{MANAGER}", "two", ErrorKind.UNSUPPORTED, "IncompatibleVersionError", "two"),
    (f"version:{MANAGER}", None, ErrorKind.UNSUPPORTED, "IncompatibleVersionError", "none"),
    (
        "config:registry.managers.collections",
        "some.other.Manager",
        ErrorKind.UNSUPPORTED,
        "ManagerMismatchError",
        "some.other.Manager",
    ),
    (
        "config:registry.managers.collections",
        None,
        ErrorKind.UNSUPPORTED,
        "MissingManagerError",
        "collections",
    ),
    ("config:dimensions.json", None, ErrorKind.CORRUPT, "CorruptError", "universe"),
    ("config:dimensions.json", "{not json", ErrorKind.CORRUPT, "CorruptError", "universe"),
    ("config:dimensions.json", "{}", ErrorKind.CORRUPT, "CorruptError", "universe"),
]


@pytest.mark.parametrize(("name", "value", "kind", "cls", "word"), ATTRIBUTES)
def test_uc_078_a_repository_of_another_schema_is_refused(
    name, value, kind, cls, word, tmp_path, gen3
) -> None:
    root = views.clone(SAMPLE, tmp_path / "repo")
    _attribute(root, name, value)
    before = (root / "gen3.sqlite3").read_bytes()
    for writeable in (False, True):
        with refused(kind, cls) as caught:
            Butler.from_config(str(root), writeable=writeable)
        assert word in str(caught[0]), caught[0]
    views.failed(views.cli("query-collections", root), word)
    if value is not None or not name.startswith("version:"):  # Gen3 takes no version for its own
        with pytest.raises(Exception):  # noqa: B017 - its class differs from case to case
            gen3.Butler.from_config(str(root)).collections.query("*")
    assert (root / "gen3.sqlite3").read_bytes() == before


def test_uc_078_a_universe_nobody_knows_is_refused_or_read_as_it_is(tmp_path) -> None:
    """Another version or namespace that describes itself soundly is read; nonsense is not."""
    root = views.clone(SAMPLE, tmp_path / "repo")
    with sqlite3.connect(root / "gen3.sqlite3") as db:
        sql = "select value from butler_attributes where name = 'config:dimensions.json'"
        universe = json.loads(db.execute(sql).fetchone()[0])
    db.close()
    spoilers: list[Callable[[dict[str, Any]], Any]] = [
        lambda u: u.pop("elements"),
        lambda u: u.update(version="eight"),
        lambda u: u["elements"]["visit"].update(requires=["nonsense"]),
        lambda u: u["elements"]["detector"].update(keys=[]),
        lambda u: u["skypix"].update(common="nonsense7"),
    ]
    for spoil in spoilers:
        broken = json.loads(json.dumps(universe))
        spoil(broken)
        _attribute(root, "config:dimensions.json", json.dumps(broken))
        with pytest.raises(salver.SalverError) as caught:
            Butler.from_config(str(root))
        kinds = {ErrorKind.CORRUPT, ErrorKind.UNSUPPORTED, ErrorKind.INVALID_INPUT}
        assert caught.value.kind in kinds, caught.value
        views.failed(views.cli("query-collections", root))


@pytest.mark.parametrize("length", [0, 50, 5000])
def test_uc_087_a_database_that_is_cut_is_corrupt(length, tmp_path) -> None:
    root = views.clone(SAMPLE, tmp_path / "repo")
    database = root / "gen3.sqlite3"
    database.write_bytes(database.read_bytes()[:length])
    with refused(ErrorKind.CORRUPT):
        Butler.from_config(str(root)).collections.query("*")
    views.failed(views.cli("query-collections", root), "gen3.sqlite3")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", ErrorKind.CONFIG),
        ("[1, 2", ErrorKind.CONFIG),
        ("just text", ErrorKind.CONFIG),
        ("registry: {db: 'sqlite:///<butlerRoot>/none.sqlite3'}", ErrorKind.NOT_FOUND),
        ("registry: {db: 'oracle://host/db'}", ErrorKind.UNSUPPORTED),
    ],
)
def test_uc_087_a_configuration_that_is_wrong_is_named(text, kind, tmp_path) -> None:
    root = views.clone(SAMPLE, tmp_path / "repo")
    (root / "butler.yaml").write_text(text)
    with refused(kind):
        Butler.from_config(str(root)).collections.query("*")
    views.failed(views.cli("query-collections", root))


# -- requests that are wrong -------------------------------------------------------------------------------
IDS: list[tuple[dict[str, Any], ErrorKind, str, tuple[str, ...]]] = [
    ({"instrument": "Cam"}, ErrorKind.INVALID_INPUT, "DimensionNameError", ("detector",)),
    ({}, ErrorKind.INVALID_INPUT, "DimensionNameError", ("instrument",)),
    ({**WHERE, "nonsense": 1}, ErrorKind.INVALID_INPUT, "DimensionNameError", ("nonsense",)),
    ({**WHERE, "detectr": 1}, ErrorKind.INVALID_INPUT, "DimensionNameError", ("detectr",)),
    ({**WHERE, "detector": "x"}, ErrorKind.INVALID_INPUT, "DataIdValueError", ("detector", "x")),
    ({**WHERE, "detector": 99}, ErrorKind.INVALID_INPUT, "DataIdValueError", ("99",)),
    ({**WHERE, "instrument": "No"}, ErrorKind.INVALID_INPUT, "DataIdValueError", ("No",)),
]


@pytest.mark.parametrize(("data_id", "kind", "cls", "words"), IDS)
def test_uc_087_a_data_id_that_does_not_fit_is_not_put(
    data_id, kind, cls, words, base, root, gen3
) -> None:
    with Butler.from_config(str(root), run=views.RUN) as butler:
        with refused(kind, cls) as caught:
            butler.put(views.NEW, "stats", data_id)
        for word in words:
            assert word in str(caught[0]), caught[0]
    text = ",".join(f"{k}={v}" for k, v in data_id.items())
    file = root.parent / "new.json"
    file.write_text(json.dumps(views.NEW))
    args = ["-d", text] if text else []
    done = views.cli("put", root, "stats", file, *args, "-r", views.RUN)
    views.failed(done, *words)
    unchanged(gen3, base, root)


def test_uc_087_a_value_of_another_type_is_not_put(base, root, gen3) -> None:
    with Butler.from_config(str(root), run=views.RUN) as butler:
        for value in (1.5, [1], {"a": 1}, b"1", None, 2**70):
            with refused(ErrorKind.INVALID_INPUT):
                butler.put(views.NEW, "stats", instrument="Cam", detector=value)
    unchanged(gen3, base, root)


def test_uc_087_values_that_contradict_each_other_are_refused(tmp_path, gen3) -> None:
    """Other fields of a record that is named by its key too must be that record's."""
    root = views.clone(SAMPLE, tmp_path / "repo")
    rows, files = views.rows(root), views.files(root)
    where = {"instrument": "CamA", "visit": 101, "detector": 0}
    for more in ({"detector.full_name": "R01_S1"}, {"full_name": "R01_S1"}, {"seq_num": 99}):
        with Butler.from_config(str(root), run="CamA/runs/2") as butler:
            with refused(ErrorKind.INVALID_INPUT, "InconsistentDataIdError", ValueError) as caught:
                butler.put({"x": 1}, "stats", where, **more)
            assert str(next(iter(more.values()))) in str(caught[0])
        with gen3.Butler.from_config(str(root), run="CamA/runs/2") as butler:
            with pytest.raises(gen3.DimensionValueError):
                butler.put({"x": 1}, "stats", where, **more)
    assert (views.rows(root), views.files(root)) == (rows, files)


@pytest.mark.parametrize("implied", [{"band": "r"}, {"day_obs": 20240302}])
def test_uc_087_implied_values_are_those_of_the_records(implied, tmp_path, gen3) -> None:
    """As in Gen3: what a visit implies is read from its record, whatever else was given."""
    root = views.clone(SAMPLE, tmp_path / "repo")
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
    found = butler.find_dataset("stars", WHERE)
    put, get = butler.put, butler.get
    kind = ErrorKind
    return [
        ("put of an unknown type", kind.NOT_FOUND, "MissingDatasetTypeError",
         lambda: put(1, "stat", WHERE), ("stat",)),
        ("get of an unknown type", kind.NOT_FOUND, "MissingDatasetTypeError",
         lambda: get("stat", WHERE), ("stat",)),
        ("second put", kind.CONFLICT, "ConflictingDefinitionError",
         lambda: put({"x": 1}, "stats", WHERE), (views.RUN, "stats")),
        ("put into a tag", kind.INVALID_INPUT, "CollectionTypeError",
         lambda: put({"x": 1}, "stats", WHERE, run="tagged"), ("tagged",)),
        ("put into nothing", kind.NOT_FOUND, "MissingCollectionError",
         lambda: put({"x": 1}, "stats", {**WHERE, "detector": 2}, run="nowhere"), ("nowhere",)),
        ("get from nowhere", kind.NOT_FOUND, "MissingCollectionError",
         lambda: get("stats", WHERE, collections="nowhere"), ("nowhere",)),
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
         lambda: get("stars.nonsense", WHERE), ("nonsense",)),
        ("put of a component", kind.INVALID_INPUT, "InvalidInputError",
         lambda: put(1, "stars.columns", WHERE), ("stars.columns",)),
        ("unknown parameter", kind.INVALID_INPUT, "InvalidInputError",
         lambda: get("stars", WHERE, parameters={"nonsense": 1}), ("nonsense",)),
        ("unknown column", kind.INVALID_INPUT, "InvalidInputError",
         lambda: get("stars", WHERE, parameters={"columns": ["nonsense"]}), ("nonsense",)),
        ("unknown storage class", kind.NOT_FOUND, "NotFoundError",
         lambda: butler.registry.registerDatasetType(salver.DatasetType(
             "odd", ["instrument"], "NoSuchClass", universe=butler.dimensions)), ("NoSuchClass",)),
        ("type of an unknown dimension", kind.INVALID_INPUT, "DimensionNameError",
         lambda: salver.DatasetType("odd", ["nonsense"], "int", universe=butler.dimensions),
         ("nonsense",)),
        ("dataset nobody has", kind.NOT_FOUND, "DatasetNotFoundError",
         lambda: get("stats", instrument="Cam", detector=3), ("stats", "detector")),
    ]  # fmt: skip


def test_uc_087_each_wrong_request_has_its_error_and_changes_nothing(base, root, gen3) -> None:
    with Butler.from_config(str(root), run=views.RUN) as butler:
        butler.collections.register("tagged", salver.CollectionType.TAGGED)
        butler.collections.register("chain", salver.CollectionType.CHAINED)
        for what, kind, cls, call, words in _many(butler):
            try:
                with refused(kind, cls) as caught:
                    call()
            except (Exception, pytest.fail.Exception) as error:
                raise AssertionError(what) from error
            for word in words:
                assert word in str(caught[0]), (what, caught[0])
    unchanged(gen3, base, root)


def test_uc_019_a_second_put_names_the_holder_and_leaves_the_first(base, root, gen3) -> None:
    file = root.parent / "new.json"
    file.write_text("{}")
    holder = views.agree(gen3, root)[("stats", views.RUN, 1)][0]
    done = views.cli("put", root, "stats", file, "-d", "instrument=Cam,detector=1", "-r", views.RUN)
    views.failed(done, holder, "hint: put into another run")
    unchanged(gen3, base, root)


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
def test_uc_087_the_command_line_says_what_is_wrong(args, words, base) -> None:
    before = views.rows(base), views.files(base)
    done = views.cli(*[a.replace("ROOT", str(base)) for a in args])
    views.failed(done, *[w.replace("ROOT", str(base)) for w in words])
    assert (views.rows(base), views.files(base)) == before


# -- paths that would leave the root --------------------------------------------------------------------------
TEMPLATES = ["../{run}/{detector}", "{run}/../../x_{detector}", "{run:/}/{instrument}/../../{run:/}"]


def _template(root: Path, template: str) -> None:
    import yaml

    config = yaml.safe_load((root / "butler.yaml").read_text())
    config["datastore"].setdefault("templates", {})["stats"] = template
    (root / "butler.yaml").write_text(yaml.safe_dump(config))


def _tree(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if "gen3.sqlite3" not in p.name}


@pytest.mark.parametrize("template", TEMPLATES)
def test_uc_087_a_template_that_leaves_the_root_is_refused(template, root) -> None:
    _template(root, template)
    before, rows = _tree(root.parent), views.rows(root)
    with refused(ErrorKind.CONFIG, ValueError):
        with Butler.from_config(str(root), run=views.RUN) as butler:
            butler.put(views.NEW, "stats", instrument="Cam", detector=2)
    assert _tree(root.parent) == before and views.rows(root) == rows


def test_uc_087_an_absolute_template_stays_below_the_root(root, gen3) -> None:
    """Gen3 takes the leading slash away (§9.3); so does Salver."""
    _template(root, "/abs/{run}/{detector}/{instrument}_{datasetType}")
    with Butler.from_config(str(root), run=views.RUN) as butler:
        butler.put(views.NEW, "stats", instrument="Cam", detector=2)
    path = views.agree(gen3, root)[("stats", views.RUN, 2)][1]
    assert path.startswith("abs/run/2/")
    assert not Path("/abs").exists()


@pytest.mark.parametrize("run", ["../out", "a/../../../out", "..", "a/.."])
def test_uc_087_a_run_whose_name_leaves_the_root_is_refused(run, base, root, gen3) -> None:
    before, rows = _tree(root.parent), views.rows(root)
    with refused(ErrorKind.INVALID_INPUT, ValueError) as caught:
        with Butler.from_config(str(root), run=run) as butler:
            butler.put(views.NEW, "stats", instrument="Cam", detector=2)
    assert ".." in str(caught[0])
    assert _tree(root.parent) == before and views.rows(root) == rows


def test_uc_087_a_value_with_dots_and_slashes_stays_below_the_root(root, gen3) -> None:
    """Slashes of values become `_`, so a data ID cannot name another folder."""
    _template(root, "{run:/}/{instrument}/{detector}_{datasetType}")
    with Butler.from_config(str(root), run=views.RUN) as butler:
        name = "../../../etc"
        butler.registry.insertDimensionData("instrument", {"name": name, "detector_max": 1})
        butler.registry.insertDimensionData(
            "detector", {"instrument": name, "id": 9, "full_name": "../x"}
        )
        ref = butler.put(views.NEW, "stats", instrument=name, detector=9)
        path = Path(butler.getURI(ref).ospath)
    assert path.resolve().is_relative_to(root.resolve())
    assert views.agree(gen3, root)[("stats", views.RUN, 9)][2] == views.NEW


def test_uc_087_a_record_that_points_outside_is_refused(root) -> None:
    with sqlite3.connect(root / "gen3.sqlite3") as db:
        db.execute(
            "update file_datastore_records set path = '../../secret.json' where path like '%stats%'"
        )
    db.close()
    (root.parent.parent / "secret.json").write_text("{}")
    with refused(ErrorKind.CORRUPT):
        with Butler.from_config(str(root), collections=views.RUN) as butler:
            butler.get("stats", WHERE)
    with pytest.raises(salver.SalverError):
        with Butler.from_config(str(root), writeable=True) as butler:
            butler.pruneDatasets(
                [butler.find_dataset("stats", WHERE, collections=views.RUN)],
                disassociate=True, unstore=True, purge=True,
            )  # fmt: skip
    assert (root.parent.parent / "secret.json").exists()


# -- repositories that may not be written -------------------------------------------------------------------------
def _writes(butler: Any) -> list[Callable[[], Any]]:
    where = {"instrument": "Cam", "detector": 2}
    ref = butler.find_dataset("stats", WHERE, collections=views.RUN)
    return [
        lambda: butler.put(views.NEW, "stats", where, run=views.RUN),
        lambda: butler.collections.register("more"),
        lambda: butler.registry.insertDimensionData("instrument", {"name": "New"}),
        lambda: butler.pruneDatasets([ref], disassociate=True, unstore=True, purge=True),
        lambda: butler.removeRuns([views.RUN]),
    ]


def test_uc_087_a_read_only_butler_writes_nothing(base, root, gen3) -> None:
    with Butler.from_config(str(root), writeable=False) as butler:
        for call in _writes(butler):
            with refused(ErrorKind.DENIED, "ReadOnlyError", TypeError, PermissionError):
                call()
    unchanged(gen3, base, root)


@contextmanager
def mounted(*options: str) -> Iterator[None]:
    """A mount; skips where the machine does not allow one."""
    done = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no mount here ({done.stderr.strip()}): the injected faults decide")
    try:
        yield
    finally:
        subprocess.run(["umount", options[-1]], check=True)


needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mount") is None,
    reason="mounts need root: the injected faults of test_faults.py decide",
)


@needs_root
def test_uc_087_a_file_system_that_is_read_only_denies_writes(base, root, gen3) -> None:
    with mounted("--bind", str(root), str(root)):
        done = subprocess.run(
            ["mount", "-o", "remount,ro,bind", str(root)], capture_output=True, check=False
        )
        if done.returncode != 0:
            pytest.skip("no read-only mount here")
        with Butler.from_config(str(root), collections=views.RUN) as butler:
            assert butler.get("stats", WHERE) == views.NEW
        with pytest.raises(salver.SalverError) as caught:
            with Butler.from_config(str(root), writeable=True) as butler:
                butler.put(views.NEW, "stats", instrument="Cam", detector=2, run=views.RUN)
        assert caught.value.kind is ErrorKind.DENIED, caught.value
        file = root.parent / "new.json"
        file.write_text("{}")
        where = ["-d", "instrument=Cam,detector=2", "-r", views.RUN]
        views.failed(views.cli("put", root, "stats", file, *where), "denied", "hint:")
        views.failed(views.cli("remove-runs", root, views.RUN, "--no-confirm"), "hint:")
    unchanged(gen3, base, root)


@needs_root
def test_uc_020_a_file_system_that_is_full_is_a_limit_and_leaves_nothing(
    base, tmp_path, gen3
) -> None:
    """With ever less room: file first, then the database's journal, then nothing at all."""
    size = sum(p.stat().st_size for p in base.rglob("*") if p.is_file())
    disk = tmp_path / "disk"
    disk.mkdir()
    page = 4096
    value = {"numbers": list(range(3000))}
    outcomes = []
    with mounted("-t", "tmpfs", "-o", f"size={size + 100 * page}", "tmpfs", str(disk)):
        for pages in (0, 1, 3, 4, 5, 6, 8, 10, 14, 18, 24, 30):
            root = views.clone(base, disk / "repo")
            rows, files = views.rows(root), views.files(root)
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            ballast = disk / "ballast"
            ballast.write_bytes(bytes(max(0, free - pages * page)))
            try:
                with Butler.from_config(str(root), run=views.RUN) as butler:
                    butler.put(value, "stats", instrument="Cam", detector=2)
                outcomes.append("put")
            except salver.SalverError as error:
                assert error.kind is ErrorKind.LIMIT, (pages, error)
                outcomes.append("limit")
                assert views.files(root) == files, pages
            ballast.unlink()
            if outcomes[-1] == "limit":
                assert views.rows(root) == rows
                with Butler.from_config(str(root), run=views.RUN) as butler:
                    butler.put(value, "stats", instrument="Cam", detector=2)
            seen = views.agree(gen3, root)
            assert seen[("stats", views.RUN, 2)][2] == value
            assert views.leftovers(root) == []
            shutil.rmtree(root)
    assert outcomes[0] == "limit" and outcomes[-1] == "put", outcomes
