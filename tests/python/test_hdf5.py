"""HDF5 files of h5py read by Salver, and Salver's read by h5py."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

h5py = pytest.importorskip("h5py")


def convert(source: Path, target: Path, *options: str) -> Path:
    """`salver convert`."""
    subprocess.run(["salver", "convert", source, target, *options], check=True)
    return target


def tree(source: Path, folder: Path) -> dict:
    """A file's tree, by way of JSON."""
    return json.loads(convert(source, folder / f"{source.stem}-again.json").read_text())


def written(value: dict, folder: Path, *options: str) -> h5py.File:
    """A tree as HDF5, opened by h5py."""
    (folder / "tree.json").write_text(json.dumps(value))
    return h5py.File(convert(folder / "tree.json", folder / "tree.h5", *options))


def array(values: np.ndarray, **more) -> dict:
    """An array in the spelling of the JSON format."""
    import base64

    data = base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
    return {
        "$array": {"dtype": str(values.dtype), "shape": list(values.shape), **more, "data": data}
    }


def items(node: dict) -> np.ndarray:
    import base64

    node = node["$array"]
    raw = np.frombuffer(base64.b64decode(node["data"]), np.dtype(node["dtype"]))
    return raw.reshape(node["shape"])


def test_h5py_sees_arrays_units_and_scalars(tmp_path):
    pixels = np.arange(3000, dtype="int16").reshape(50, 60)
    value = {
        "image": array(pixels, unit="adu"),
        "meta": {"name": "a/b", "visit": 42, "exposure": 30.5, "good": True, "none": None},
        "flags": array(np.array([True, False])),
        "complex": array(np.array([1 + 2j, 3])),
        "a/b": 1,
        "names": ["a", "bb"],
        "numbers": [1.5, 2.5],
        "mixed": [1, "a", [2]],
    }
    with written(value, tmp_path) as f:
        assert np.array_equal(f["image"][...], pixels)
        assert f["image"].attrs["units"] == "adu"
        assert f["meta/name"].asstr()[()] == "a/b"
        assert f["meta/visit"][()] == 42
        assert f["meta/exposure"][()] == 30.5
        assert f["meta/good"][()] == np.True_
        assert isinstance(f["meta/none"][()], h5py.Empty)
        assert f["flags"].dtype == bool
        assert f["complex"].dtype == np.complex128
        assert f["a%2Fb"][()] == 1
        assert list(f["names"].asstr()[...]) == ["a", "bb"]
        assert list(f["numbers"][...]) == [1.5, 2.5]
        assert list(f["mixed"]) == ["0", "1", "2"]
        assert list(f) == list(value)[:4] + ["a%2Fb"] + list(value)[5:]


@pytest.mark.parametrize(
    "shape,tile", [((300, 400), "64,64"), ((5000,), "70"), ((5, 70, 80), "32,32")]
)
def test_h5py_reads_compressed_chunks(tmp_path, shape, tile):
    pixels = np.random.default_rng(1).integers(0, 50, shape).astype("float32")
    with written({"image": array(pixels)}, tmp_path, "--compression", "gzip", "--tile", tile) as f:
        assert f["image"].compression == "gzip"
        assert f["image"].shuffle
        assert np.array_equal(f["image"][...], pixels)
        box = (slice(2, 4),) * len(shape)
        assert np.array_equal(f["image"][box], pixels[box])


def test_a_group_of_thousands_is_read(tmp_path):
    with written({f"k{i}": i for i in range(3000)}, tmp_path) as f:
        assert len(f) == 3000
        assert f["k2999"][()] == 2999


def test_a_file_of_ours_can_be_changed_by_h5py(tmp_path):
    written({"a": 1, "image": array(np.zeros((10, 600)))}, tmp_path).close()
    with h5py.File(tmp_path / "tree.h5", "r+") as f:
        f["b"] = 2
        f["image"][3, 4] = 7
        f["image"].attrs["note"] = "changed"
    found = tree(tmp_path / "tree.h5", tmp_path)
    assert found["b"] == 2
    assert items(found["image"])[3, 4] == 7
    assert found["image@"] == {"note": "changed"}


@pytest.mark.parametrize("libver", ["earliest", "v108", "v110", "latest"])
def test_arrays_of_h5py_are_the_same(tmp_path, libver):
    rng = np.random.default_rng(2)
    values = rng.normal(size=(61, 47))
    path = tmp_path / "theirs.h5"
    low = (libver, "latest") if libver != "latest" else libver
    ways = {
        "plain": {},
        "chunked": {"chunks": (8, 9)},
        "gzip": {"chunks": (8, 9), "compression": "gzip", "shuffle": True, "fletcher32": True},
        "lzf": {"chunks": (8, 9), "compression": "lzf"},
        "grows": {"chunks": (8, 9), "maxshape": (None, 47)},
        "grows_both": {"chunks": (8, 9), "maxshape": (None, None), "compression": "gzip"},
        "grows_last": {"chunks": (8, 9), "maxshape": (61, None), "compression": "lzf"},
        "single": {"chunks": (61, 47), "compression": "gzip"},
    }
    with h5py.File(path, "w", libver=low) as f:
        for name, options in ways.items():
            f.create_dataset(name, data=values, **options)
        f.create_dataset("long", data=np.arange(40000, dtype="i4"), chunks=(3,), maxshape=(None,))
        f.create_dataset(
            "long_fixed", data=np.arange(40000, dtype="i4"), chunks=(3,), compression="gzip"
        )
        f.create_dataset("wide", data=np.arange(9000, dtype="i4"), chunks=(1,), maxshape=(None,))
    found = tree(path, tmp_path)
    for name in ways:
        assert np.array_equal(items(found[name]), values), name
    assert np.array_equal(items(found["long"]), np.arange(40000))
    assert np.array_equal(items(found["long_fixed"]), np.arange(40000))
    assert np.array_equal(items(found["wide"]), np.arange(9000))


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_groups_and_attributes_of_any_number_are_read(tmp_path, libver):
    path = tmp_path / "many.h5"
    with h5py.File(path, "w", libver=libver) as f:
        for i in range(2000):
            f[f"d{i:04d}"] = i
        f.attrs.update({f"a{i:03d}": i for i in range(300)} if libver == "latest" else {"a000": 0})
        deep = f
        for _ in range(100):
            deep = deep.create_group("g")
        deep["leaf"] = 1
        if libver == "latest":
            f.attrs["large"] = np.arange(30000)
    found = tree(path, tmp_path)
    assert [found[f"d{i:04d}"] for i in range(2000)] == list(range(2000))
    assert found["@"]["a000"] == 0
    for _ in range(100):
        found = found["g"]
    assert found["leaf"] == 1


def test_files_cut_off_are_errors(tmp_path, testdata):
    for name in ["plain.h5", "plain_latest.h5", "tables.h5"]:
        whole = (testdata / "formats/hdf5" / name).read_bytes()
        for end in (0, 8, 100, len(whole) // 2, len(whole) - 1):
            path = tmp_path / "cut.h5"
            path.write_bytes(whole[:end])
            done = subprocess.run(
                ["salver", "convert", path, tmp_path / "no.json"], capture_output=True, text=True
            )
            assert done.returncode != 0, (name, end)
            assert "panicked" not in done.stderr


def test_frames_of_pandas_are_tables(tmp_path):
    """A table that another program wrote is read by columns."""
    rows = np.zeros(1000, dtype=[("id", "i8"), ("ra", "f8"), ("name", "S5")])
    rows["id"], rows["ra"], rows["name"] = np.arange(1000), np.linspace(0, 1, 1000), b"star"
    with h5py.File(tmp_path / "t.h5", "w") as f:
        f.create_dataset("t", data=rows, chunks=(100,), compression="gzip")
    target = convert(
        tmp_path / "t.h5", tmp_path / "t.parquet", "--part", "/t", "--columns", "ra,id"
    )
    import pyarrow.parquet as pq

    table = pq.read_table(target)
    assert table.column_names == ["ra", "id"]
    assert table["id"].to_pylist() == list(range(1000))
