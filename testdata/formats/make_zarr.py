"""Writes zarr.json: stores by zarr-python and xarray as zip archives, with the values in them.

    python testdata/formats/make_zarr.py > testdata/formats/zarr.json

Each entry has a name, the archive in base64, and what a reader finds: paths with the type, the
shape and the items (little-endian, in base64) of arrays, or JSON values.
"""

import base64
import io
import json
import os
import tempfile
import warnings
import zipfile

import numpy as np
import xarray as xr
import zarr
from numcodecs import LZ4, Blosc, GZip, Zlib, Zstd
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, TransposeCodec, ZstdCodec
from zarr.storage import LocalStore, ZipStore

warnings.simplefilter("ignore")
OUT = []


def expect(array):
    array = np.asarray(array)
    little = array.astype(array.dtype.newbyteorder("<"))
    name = array.dtype.name
    if array.dtype.kind in "SU":
        name = f"{array.dtype.kind}{array.dtype.itemsize // (4 if array.dtype.kind == 'U' else 1)}"
    if array.dtype.kind in "Mm":
        name = "int64"
    return {"dtype": name, "shape": list(np.shape(array)), "data": base64.b64encode(little.tobytes()).decode()}


def add(name, path, found):
    with open(path, "rb") as file:
        OUT.append({"name": name, "file": base64.b64encode(file.read()).decode(), "found": found})


def types():
    return {
        "bool": np.array([True, False, True]),
        "i1": np.arange(-3, 3, dtype="i1"),
        "u2": np.arange(6, dtype="u2"),
        "i4": np.arange(6, dtype="i4"),
        "u8": np.array([0, 2**64 - 1], "u8"),
        "f2": np.linspace(-1, 1, 5).astype("f2"),
        "f4": np.array([np.nan, -0.0, 1.5], "f4"),
        "f8": np.linspace(0, 1, 7),
        "c8": np.array([1 + 2j, -3j], "c8"),
        "c16": np.array([1 + 2j, -3j]),
        "s": np.array([b"ab", b"c"]),
        "u": np.array(["äb", "c"]),
        "scalar": np.array(5, "i2"),
        "time": np.array(["2020-01-01", "NaT"], "M8[ns]"),
    }


def v3_types(folder):
    path = f"{folder}/types.zarr.zip"
    with ZipStore(path, mode="w") as store:
        group = zarr.create_group(store, attributes={"title": "types", "n": 3})
        found = {"/$attributes": {"title": "types", "n": 3}}
        for name, array in types().items():
            group.create_array(name, data=array)
            found[f"/{name}"] = expect(array)
        group.create_array("raw", data=np.array([b"ab", b"cd", b"ef"]).view("V2"))
        found["/raw"] = expect(np.frombuffer(b"abcdef", "u1").reshape(3, 2))
        text = group.create_array("text", shape=(3,), chunks=(2,), dtype=str)
        text[:] = np.array(["x", "", "zß"], dtype=object)
        found["/text"] = ["x", "", "zß"]
    add("v3 types", path, found)


def v3_codecs(folder):
    path = f"{folder}/codecs.zarr.zip"
    data = (np.arange(23 * 17) % 97).astype("f4").reshape(23, 17)
    with ZipStore(path, mode="w") as store:
        group = zarr.create_group(store)
        found = {}
        chains = {
            "none": {"compressors": None},
            "gzip": {"compressors": [GzipCodec(level=3)]},
            "zstd": {"compressors": [ZstdCodec(level=5, checksum=True)]},
            "crc": {"compressors": [ZstdCodec(), Crc32cCodec()]},
            "turned": {"filters": [TransposeCodec(order=(1, 0))]},
            "big": {"serializer": zarr.codecs.BytesCodec(endian="big")},
        }
        for cname in ("lz4", "lz4hc", "zlib", "zstd"):
            for shuffle in ("noshuffle", "shuffle", "bitshuffle"):
                codec = BloscCodec(cname=cname, shuffle=shuffle, typesize=4)
                chains[f"blosc {cname} {shuffle}"] = {"compressors": [codec]}
        for name, chain in chains.items():
            group.create_array(name, shape=data.shape, dtype="f4", chunks=(8, 8), **chain)[:] = data
            found[f"/{name}"] = expect(data)
        large = (np.arange(20000) // 3).astype("i8")
        for shuffle in ("shuffle", "bitshuffle"):
            codec = BloscCodec(cname="lz4", shuffle=shuffle, typesize=8)
            group.create_array(f"large {shuffle}", data=large, compressors=[codec])
            found[f"/large {shuffle}"] = expect(large)
    add("v3 codecs", path, found)


def v3_sharded(folder):
    path = f"{folder}/sharded.zarr.zip"
    data = np.arange(23 * 17, dtype="i2").reshape(23, 17)
    with ZipStore(path, mode="w") as store:
        group = zarr.create_group(store, attributes={"kind": "sharded"})
        inner = group.create_group("a").create_group("b")
        array = inner.create_array("image", shape=data.shape, dtype="i2", chunks=(4, 4), shards=(8, 8),
                                   dimension_names=["y", "x"], attributes={"units": "adu", "n": [1, 2]}, fill_value=7)
        array[:20, :] = data[:20]
        array[4:8, 4:8] = 7
        want = data.copy()
        want[20:] = 7
        want[4:8, 4:8] = 7
        group.create_array("plain", data=data, chunks=(10, 10))
        zarr.consolidate_metadata(store)
    add("v3 sharded, consolidated", path, {
        "/a/b/image": expect(want),
        "/plain": expect(data),
        "/a/b/$array_attributes/image/n": [1, 2],
        "/a/b/$dimensions/image": ["y", "x"],
        "/$attributes/kind": "sharded",
    })


def v3_root(folder):
    path = f"{folder}/root.zarr.zip"
    data = np.arange(12, dtype="u1").reshape(3, 4)
    with ZipStore(path, mode="w") as store:
        zarr.create_array(store, data=data, chunks=(2, 2))
    add("v3 array at the root", path, {"": expect(data)})
    path = f"{folder}/named.zarr.zip"
    with ZipStore(path, mode="w") as store:
        zarr.create_array(store, data=data, chunks=(2, 2), attributes={"a": 1}, dimension_names=["y", "x"])
    add("v3 array at the root with attributes", path, {"/data": expect(data), "/$attributes/a": 1})


def packed(folder, name, compression, inside=""):
    path = f"{folder}/{name}.zip"
    with zipfile.ZipFile(path, "w", compression) as file:
        for root, _, names in os.walk(f"{folder}/{name}"):
            for each in names:
                full = os.path.join(root, each)
                file.write(full, inside + os.path.relpath(full, f"{folder}/{name}"))
    return path


def v2(folder):
    data = np.arange(23 * 17, dtype=">i4").reshape(23, 17)
    chains = {
        "none": None, "zlib": Zlib(), "gzip": GZip(), "zstd": Zstd(), "lz4": LZ4(),
        "blosc": Blosc(cname="lz4", shuffle=Blosc.SHUFFLE),
    }
    group = zarr.create_group(LocalStore(f"{folder}/v2"), zarr_format=2, attributes={"old": True})
    found = {"/$attributes": {"old": True}}
    for name, codec in chains.items():
        group.create_array(name, shape=data.shape, chunks=(8, 8), dtype=">i4", compressors=codec)[:] = data
        found[f"/{name}"] = expect(data)
    group.create_array("f", shape=data.shape, chunks=(8, 8), dtype="<i4", order="F")[:] = data
    found["/f"] = expect(data)
    group.create_array("s", data=np.array([b"ab", b"c"]))
    found["/s"] = expect(np.array([b"ab", b"c"]))
    inner = group.create_group("in", attributes={"deep": 1})
    part = inner.create_array("part", shape=(10,), chunks=(4,), dtype="f8", fill_value=np.nan)
    part[:4] = np.arange(4.0)
    want = np.full(10, np.nan)
    want[:4] = np.arange(4.0)
    found["/in/part"] = expect(want)
    found["/in/$attributes/deep"] = 1
    add("v2", packed(folder, "v2", zipfile.ZIP_STORED), found)
    add("v2 deflated, in a folder", packed(folder, "v2", zipfile.ZIP_DEFLATED, "v2.zarr/"), found)


def by_xarray(folder):
    data = np.linspace(0, 1, 6, dtype="f4").reshape(2, 3)
    ds = xr.Dataset(
        {"flux": (("y", "x"), data, {"units": "nJy"}), "flag": (("y",), np.array([True, False]))},
        coords={"x": np.arange(3), "band": ("y", np.array(["g", "r"], dtype="<U1"))},
        attrs={"survey": "test"},
    )
    for version in (2, 3):
        path = f"{folder}/xarray{version}.zip"
        with ZipStore(path, mode="w") as store:
            ds.to_zarr(store, zarr_format=version, consolidated=True)
        add(f"xarray {version}", path, {
            "/flux": expect(data), "/flag": expect(np.array([True, False])), "/x": expect(np.arange(3)),
            "/$attributes/survey": "test", "/$dimensions/flux": ["y", "x"],
            "/$array_attributes/flux/units": "nJy",
        })


def main():
    with tempfile.TemporaryDirectory() as folder:
        for make in (v3_types, v3_codecs, v3_sharded, v3_root, v2, by_xarray):
            make(folder)
    text = io.StringIO()
    json.dump(OUT, text, indent=0, ensure_ascii=False)
    print(text.getvalue())


if __name__ == "__main__":
    main()
