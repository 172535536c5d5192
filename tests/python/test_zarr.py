"""Zarr: stores of ours in zarr-python and xarray, stores of theirs as trees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import salver

zarr = pytest.importorskip("zarr")
xr = pytest.importorskip("xarray")
pa = pytest.importorskip("pyarrow")

pytestmark = [
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
    pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning"),
]


def _open(path: Path):
    return zarr.open(zarr.storage.ZipStore(path, mode="r"), mode="r")


def test_zarr_sees_arrays_where_they_are_in_the_tree(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr.zip"
    image = np.arange(700.0 * 600).reshape(700, 600)
    tree = {
        "visit": 101,
        "image": image,
        "more": {"mask": image.astype("u2"), "text": np.array(["äb", "c"]), "note": "x"},
        "scalar": np.array(2.5),
    }
    salver.write(path, tree)
    group = _open(path)
    assert group.attrs["visit"] == 101
    np.testing.assert_array_equal(group["image"][:], image)
    np.testing.assert_array_equal(group["image"][100:110, 300:400], image[100:110, 300:400])
    np.testing.assert_array_equal(group["more/mask"][:], image.astype("u2"))
    assert group["more/text"][:].tolist() == ["äb", "c"]
    assert group["more"].attrs["note"] == "x"
    assert group["scalar"][()] == 2.5
    assert group["image"].shards is not None
    assert "image" in group.metadata.consolidated_metadata.metadata


def test_an_array_is_an_array_of_the_store(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr.zip"
    array = np.arange(6, dtype="i2").reshape(2, 3)
    salver.write(path, array)
    np.testing.assert_array_equal(_open(path)[:], array)
    np.testing.assert_array_equal(salver.read(path), array)


def test_columns_are_arrays_with_masks(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr.zip"
    n = 200_000
    table = pa.table(
        {
            "id": np.arange(n),
            "flux": pa.array([None, *np.arange(1.0, n)]),
            "name": [f"n{i}" for i in range(n)],
            "when": np.arange(n).astype("M8[ns]"),
        }
    )
    salver.write(path, {"catalog": table})
    catalog = _open(path)["catalog"]
    np.testing.assert_array_equal(catalog["id"][:], np.arange(n))
    np.testing.assert_array_equal(catalog["flux"][:], np.arange(float(n)))
    assert catalog["flux_mask"][:].nonzero()[0].tolist() == [0]
    assert catalog["name"][199_999] == "n199999"
    assert catalog["when"][5] == np.datetime64(5, "ns")
    ds = xr.open_dataset(zarr.storage.ZipStore(path, mode="r"), engine="zarr", group="catalog")
    assert ds.sizes == {"row": n}


def test_xarray_opens_arrays_with_dimensions(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr.zip"
    image = np.arange(12.0).reshape(3, 4)
    salver.write(path, {"image": image, "mask": image > 5, "x": np.arange(4), "visit": 5})
    ds = xr.open_dataset(zarr.storage.ZipStore(path, mode="r"), engine="zarr", consolidated=True)
    np.testing.assert_array_equal(ds["image"], image)
    assert ds["image"].dims == ds["mask"].dims
    assert ds.attrs["visit"] == 5


@pytest.mark.parametrize("version", [2, 3])
def test_datasets_of_xarray_are_trees(tmp_path: Path, version: int) -> None:
    path = tmp_path / "theirs.zarr.zip"
    data = np.linspace(0, 1, 6, dtype="f4").reshape(2, 3)
    ds = xr.Dataset({"flux": (("y", "x"), data, {"units": "nJy"})}, attrs={"survey": "test"})
    with zarr.storage.ZipStore(path, mode="w") as store:
        ds.to_zarr(store, zarr_format=version)
    np.testing.assert_array_equal(salver.read(path, part="/flux"), data)
    assert salver.read(path, part="/$attributes/survey") == "test"
    assert salver.read(path, part="/$dimensions/flux") == ["y", "x"]


def test_shards_of_zarr_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "theirs.zarr.zip"
    data = np.arange(100 * 90, dtype=">i4").reshape(100, 90)
    with zarr.storage.ZipStore(path, mode="w") as store:
        group = zarr.create_group(store)
        array = group.create_array(
            "a", shape=data.shape, dtype="i4", chunks=(8, 8), shards=(32, 32)
        )
        array[:] = data
    box = salver.read(path, part="/a", box=[(10, 20), (50, 90)])
    np.testing.assert_array_equal(box, data[10:20, 50:90])


def test_what_zarr_does_not_read_names_the_node(tmp_path: Path) -> None:
    path = tmp_path / "theirs.zarr.zip"
    with zarr.storage.ZipStore(path, mode="w") as store:
        group = zarr.create_group(store)
        group.create_array("odd", data=np.zeros(2, [("a", "i4"), ("b", "f8")]))
        group.create_array("good", data=np.arange(3))
    np.testing.assert_array_equal(salver.read(path, part="/good"), np.arange(3))
    with pytest.raises(Exception, match="odd"):
        salver.read(path, part="/odd")
