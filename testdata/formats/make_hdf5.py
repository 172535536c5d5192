"""Makes testdata/formats/hdf5: files as h5py writes them, by default and with the newest structures.

    python testdata/formats/make_hdf5.py

`expected.json` holds what h5py reads of each numeric dataset: type, shape and items.
"""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np

FOLDER = Path(__file__).resolve().parent / "hdf5"


def plain(f: h5py.File) -> None:
    """Items of all types, scalars, attributes."""
    group = f.create_group("group")
    group.attrs["title"] = "héllo"
    group.attrs["n"] = 3
    group.attrs["vector"] = np.arange(3.0)
    group.attrs["names"] = ["a", "bb"]
    f["ints"] = np.arange(24, dtype="i2").reshape(2, 3, 4)
    f["ints"].attrs["units"] = "adu"
    f["ints"].attrs["long_name"] = np.bytes_("counts")
    for name, dtype in [("big", ">f8"), ("bigint", ">i4"), ("half", "f2"), ("u8", "u1")]:
        f[name] = np.arange(5).astype(dtype)
    f["flags"] = np.array([True, False])
    f["complex"] = np.array([1 + 2j, 3])
    f["text"], f["one"], f["pi"], f["yes"] = "text", 1, 3.25, True
    f["fixed"] = np.array([b"ab", b"c"], dtype="S3")
    f["texts"] = ["a", "bb", "ççç"]
    f["void"] = np.void(b"\x01\x02\x03")
    f["null"] = h5py.Empty("f4")
    f["enum"] = np.array([0, 2], dtype=h5py.enum_dtype({"A": 0, "B": 2}, basetype="i4"))
    f["named"] = np.dtype("f8")
    sequences = f.create_dataset("sequences", (3,), dtype=h5py.vlen_dtype("i4"))
    sequences[0], sequences[2] = [1, 2, 3], [5]
    f["empty"] = np.zeros((0, 3), "i4")


def chunked(f: h5py.File) -> None:
    """Each way to find chunks, each filter, fill values."""
    square = np.arange(400, dtype="i4").reshape(20, 20)
    f.create_dataset(
        "gzip", data=square, chunks=(7, 8), compression="gzip", shuffle=True, fletcher32=True
    )
    f.create_dataset("lzf", data=np.arange(300.0), chunks=(70,), compression="lzf")
    f.create_dataset("bare", data=square, chunks=(6, 9))
    f.create_dataset("growing", data=square, chunks=(3, 20), maxshape=(None, 20))
    f.create_dataset(
        "growing_gzip", data=square, chunks=(20, 3), maxshape=(20, None), compression="gzip"
    )
    f.create_dataset("both", data=square, chunks=(7, 4), maxshape=(None, None))
    f.create_dataset(
        "both_gzip", data=square, chunks=(7, 4), maxshape=(None, None), compression="gzip"
    )
    f.create_dataset("single", data=square, chunks=(20, 20))
    f.create_dataset("single_gzip", data=square, chunks=(20, 20), compression="gzip")
    f.create_dataset("many", data=np.arange(1500, dtype="u2"), chunks=(1,), maxshape=(None,))
    f.create_dataset("many_fixed", data=np.arange(1200, dtype="u2"), chunks=(1,))
    sparse = f.create_dataset("sparse", (30, 30), "f4", chunks=(10, 10), fillvalue=7)
    sparse[12:14, 12:14] = 1
    f.create_dataset("nothing", (5,), "i4", fillvalue=-1)
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_chunk((7, 8))
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    space = h5py.h5s.create_simple((20, 20))
    implicit = h5py.Dataset(h5py.h5d.create(f.id, b"implicit", h5py.h5t.NATIVE_INT32, space, early))
    implicit[...] = square


def tables(f: h5py.File) -> None:
    """Compound types as h5py, pandas and PyTables have them, and dimension scales."""
    inner = [("a", "i2"), ("b", "f4")]
    kinds = [
        ("id", "i8"),
        ("ra", "f8"),
        ("name", "S4"),
        ("xy", "f4", (2,)),
        ("ok", "?"),
        ("in", inner),
    ]
    rows = np.zeros(5, dtype=kinds)
    rows["id"], rows["ra"], rows["name"], rows["xy"] = range(5), np.arange(5) / 2, b"q", 3
    rows["in"]["a"] = range(5)
    f["rows"] = rows
    f["row"] = rows[1]
    f.create_dataset("rows_gzip", data=rows, chunks=(2,), compression="gzip")
    texts = np.zeros(2, dtype=[("name", h5py.string_dtype()), ("v", "i4")])
    texts[0], texts[1] = ("abc", 1), ("dé", 2)
    f["texts"] = texts
    frame = f.create_group("frame")
    frame.attrs["pandas_type"] = np.bytes_("frame_table")
    kinds = [("index", "i8"), ("values_block_0", "f8", (2,))]
    frame.create_dataset("table", data=np.zeros(3, kinds), chunks=(2,), maxshape=(None,))
    frame["table"].attrs["FIELD_0_NAME"] = np.bytes_("index")
    f["lat"], f["grid"] = np.arange(3.0), np.zeros((3, 4))
    f["lat"].make_scale("lat")
    f["grid"].dims[0].attach_scale(f["lat"])
    f["grid"].dims[0].label = "lat"
    f["reference"] = f["lat"].ref


def links(f: h5py.File) -> None:
    """Links of all kinds, large groups, many attributes, what must not be followed."""
    f["target"] = 1
    f["soft"], f["loop"] = h5py.SoftLink("/target"), h5py.SoftLink("/loop")
    f["outside"] = h5py.ExternalLink("/etc/other.h5", "/x")
    many = f.create_group("many")
    for i in range(60):
        many[f"d{i:02d}"] = i
    attributes = f.create_group("attributes")
    for i in range(20):
        attributes.attrs[f"a{i:02d}"] = i
    ordered = f.create_group("ordered", track_order=True)
    for name in "zyx":
        ordered[name] = 1
    f["group/up"] = f["/"]
    layout = h5py.VirtualLayout((10,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "d", (10,))
    f.create_virtual_dataset("virtual", layout)
    f.create_dataset("raw", (4,), "i4", external=[("/etc/passwd", 0, 16)])
    f.create_dataset("scaled", data=np.arange(30), chunks=(10,), scaleoffset=0)


def expected(f: h5py.File) -> dict:
    out = {}

    def note(name: str, item) -> None:
        if isinstance(item, h5py.Dataset) and item.shape and item.dtype.kind in "iufb":
            if not item.external and not item.is_virtual and item.scaleoffset is None:
                out[f"/{name}"] = [
                    str(item.dtype.newbyteorder("=")),
                    item.shape,
                    item[...].ravel().tolist(),
                ]

    f.visititems(note)
    return out


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    values = {}
    for name, make in {
        "plain": plain,
        "chunked": chunked,
        "tables": tables,
        "links": links,
    }.items():
        for suffix, version in {"": ("earliest", "v108"), "_latest": "latest"}.items():
            path = FOLDER / f"{name}{suffix}.h5"
            # virtual datasets need the newer structures
            low = ("earliest", "latest") if name == "links" and not suffix else version
            with h5py.File(path, "w", libver=low) as f:
                make(f)
            with h5py.File(path) as f:
                values[path.name] = expected(f)
    (FOLDER / "expected.json").write_text(json.dumps(values, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
