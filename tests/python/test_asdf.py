"""ASDF, Arrow IPC and npz files that Salver writes, as asdf, astropy, pyarrow and NumPy see them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "testdata" / "formats" / "asdf"
asdf = pytest.importorskip("asdf")
pytest.importorskip("asdf_astropy")
pa = pytest.importorskip("pyarrow")
units = pytest.importorskip("astropy.units")


@pytest.fixture(scope="module")
def reformat():
    """Writes files again in another format."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    tool = target / "debug" / "examples" / "reformat"
    build = ["cargo", "build", "--quiet", "-p", "salver-formats", "--example", "reformat"]
    subprocess.run(build, cwd=ROOT, check=True)

    def run(*arguments):
        subprocess.run([tool, *map(str, arguments)], check=True)

    return run


def array(values, **more):
    """An array as Salver's JSON spells it."""
    values = np.ascontiguousarray(values)
    data = base64.b64encode(values.tobytes()).decode()
    return {
        "$array": {"dtype": values.dtype.name, "shape": list(values.shape), **more, "data": data}
    }


def stream(table):
    """A table as Salver's JSON spells it."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return {"$table": base64.b64encode(sink.getvalue()).decode()}


def catalog():
    """A table with nulls, text, units, a list column and a dictionary."""
    fields = [
        pa.field("id", pa.int64(), metadata={"unit": "m s-1", "description": "a number"}),
        pa.field("name", pa.string()),
        pa.field("flag", pa.bool_()),
        pa.field("xy", pa.list_(pa.field("item", pa.float32(), False), 2), False),
        pa.field("ragged", pa.list_(pa.int32())),
        pa.field("kind", pa.dictionary(pa.int32(), pa.string())),
    ]
    columns = [
        pa.array([1, None, 3]),
        pa.array(["a", "bcd", "é"]),
        pa.array([True, False, None]),
        pa.FixedSizeListArray.from_arrays(
            pa.array([1, 2, 3, 4, 5, 6], pa.float32()), type=fields[3].type
        ),
        pa.array([[1], [], None], pa.list_(pa.int32())),
        pa.array(["x", "y", "x"]).dictionary_encode(),
    ]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata={"note": "hello"}))


def write(tmp_path, tree):
    path = tmp_path / "tree.json"
    path.write_text(json.dumps(tree))
    return path


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("compression", ["none", "zlib", "lz4", "bzp2"])
def test_asdf_sees_arrays_quantities_times_and_tables(reformat, tmp_path, compression):
    """uc_049: a file that Salver wrote is an ordinary file of its ecosystem."""
    image = np.arange(12, dtype="f4").reshape(3, 4)
    tree = {
        "image": array(image, origin=[5, 6], grid="image"),
        "flux": array(np.arange(5000.0), unit="erg s-1"),
        "when": {"$time": 1_709_294_437_123_456_789},
        "nested": {"list": [1, "two", None, 2.5, True, 2**63], "bytes": {"$bytes": "AAE="}},
        "psf": {
            "$tag": {"name": "some.Psf", "version": 2, "tree": {"size": 3, "model": array(image)}}
        },
        "catalog": stream(catalog()),
    }
    out = tmp_path / "out.asdf"
    reformat(write(tmp_path, tree), out, f"compression={compression}")
    with asdf.open(out) as file:
        assert np.array_equal(file["image"], image)
        assert file["flux"].unit == units.Unit("erg / s")
        assert np.array_equal(file["flux"].value, np.arange(5000.0))
        assert file["when"].scale == "tai"
        assert (
            file["when"].to_value("isot", subfmt="date_hms").startswith("2024-03-01T12:00:37.123")
        )
        assert file["nested"]["list"] == [1, "two", None, 2.5, True, 2**63]
        assert file["nested"]["bytes"] == b"\0\1"
        assert np.array_equal(file["psf"]["model"], image)
        table = file["catalog"]
        assert table.colnames == ["id", "name", "flag", "xy", "kind"]
        assert table["id"].unit == units.m / units.s
        assert table["id"].description == "a number"
        assert list(table["id"].mask) == [False, True, False]
        assert list(table["name"]) == ["a", "bcd", "é"]
        assert table["xy"].shape == (3, 2)
        assert list(table["kind"]) == ["x", "y", "x"]
        assert table.meta["note"] == "hello"


def test_references_open_with_one_warning(reformat, tmp_path):
    leaf = {"$ref": {"id": None, "dataset_type": "raw", "data_id": {"visit": 1}}}
    out = tmp_path / "out.asdf"
    reformat(write(tmp_path, {"input": leaf}), out)
    with pytest.warns(asdf.exceptions.AsdfConversionWarning, match="ref"), asdf.open(out) as file:
        assert file["input"]["data_id"] == {"visit": 1}


def test_files_written_again_hold_the_same(reformat, tmp_path):
    names = [
        p.name
        for p in FILES.glob("*.asdf")
        if p.name.startswith(("arrays", "views", "inline", "quant"))
    ]
    assert len(names) >= 7
    reformat(*(path for name in names for path in (FILES / name, tmp_path / name)))
    for name in names:
        with asdf.open(FILES / name) as old, asdf.open(tmp_path / name) as new:
            keys = set(old.tree) - {"asdf_library", "history"}
            assert keys <= set(new.tree)
            for key in keys:
                assert np.array_equal(np.asarray(old[key]), np.asarray(new[key])), (name, key)


def test_objects_of_astropy_survive_being_written_again(reformat, tmp_path):
    out = tmp_path / "astropy.asdf"
    reformat(FILES / "astropy.asdf", out)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with asdf.open(out) as file:
            assert file["sky"].ra.deg.tolist() == [1, 2]
            assert file["mjd"].mjd.tolist() == [1, 2]
            assert file["mixed"]["t"].isot[0] == "2020-01-01T00:00:00.000"


@pytest.mark.parametrize("compression", ["none", "lz4", "zstd"])
def test_pyarrow_reads_and_writes_the_same_tables(reformat, tmp_path, compression):
    """uc_050: tables go to pyarrow and back with types and metadata."""
    table = catalog()
    ours = tmp_path / "ours.arrow"
    reformat(write(tmp_path, stream(table)), ours, f"compression={compression}")
    with pa.memory_map(str(ours)) as source:
        found = pa.ipc.open_file(source).read_all()
        assert found.equals(table, check_metadata=True)
    theirs = tmp_path / "theirs.feather"
    options = pa.ipc.IpcWriteOptions(compression=None if compression == "none" else compression)
    with (
        pa.OSFile(str(theirs), "wb") as sink,
        pa.ipc.new_file(sink, table.schema, options=options) as writer,
    ):
        writer.write_table(table, max_chunksize=2)
    back = tmp_path / "back.json"
    reformat(theirs, back)
    read = pa.ipc.open_stream(base64.b64decode(json.loads(back.read_text())["$table"])).read_all()
    assert read.combine_chunks().equals(table.combine_chunks(), check_metadata=True)


@pytest.mark.parametrize("compression", ["none", "deflate"])
def test_numpy_loads_archives(reformat, tmp_path, compression):
    arrays = {
        "a": np.arange(6.0).reshape(2, 3),
        "b c": np.array([1, 2], "u2"),
        "big": np.arange(300_000),
    }
    out = tmp_path / "out.npz"
    reformat(
        write(tmp_path, {k: array(v) for k, v in arrays.items()}), out, f"compression={compression}"
    )
    with np.load(out) as found:
        assert list(found) == list(arrays)
        for key, values in arrays.items():
            assert np.array_equal(found[key], values)
