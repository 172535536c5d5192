"""Writes testdata/formats/asdf: files of the asdf library with astropy's tags, and what is in them.

python testdata/formats/make_asdf.py, with asdf, asdf-astropy and lz4 installed.
"""

import base64
import json
from pathlib import Path

import asdf
import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, QTable, Table
from astropy.time import Time

OUT = Path(__file__).parent / "asdf"


def spell(array, unit=None):
    """An array as Salver's JSON spells it."""
    array = np.ascontiguousarray(array)
    kind = array.dtype.kind
    little = array.astype(array.dtype.newbyteorder("<"))
    name = (
        array.dtype.name
        if kind not in "SU"
        else kind + str(array.dtype.itemsize // (4 if kind == "U" else 1))
    )
    out = {"dtype": name, "shape": list(array.shape)}
    if unit:
        out["unit"] = unit
    out["data"] = base64.b64encode(little.tobytes()).decode()
    return {"$array": out}


def shaped(array, shape):
    out = spell(array)
    out["$array"]["shape"] = list(shape)
    return out


def write(name, tree, **options):
    with asdf.AsdfFile(tree, version="1.6.0") as file:
        file.write_to(OUT / name, **options)


def main():
    OUT.mkdir(exist_ok=True)
    expected = {}
    arrays = {
        "f8": np.arange(6.0).reshape(2, 3),
        "i2": np.arange(-3, 3, dtype="i2"),
        "u8": np.array([0, 2**64 - 1], "u8"),
        "big": np.arange(3, dtype=">i4"),
        "f2": np.array([0.5, -2], "f2"),
        "bool": np.array([True, False]),
        "c8": np.array([1 + 2j], "c8"),
        "text": np.array(["ab", "c", "é"]),
        "bytes": np.array([b"ab", b"c"]),
        "empty": np.zeros((0, 3), "f4"),
        "long": np.arange(3000, dtype="i4") // 7,
    }
    for compression in [None, "zlib", "bzp2", "lz4"]:
        name = f"arrays_{compression or 'none'}.asdf"
        write(name, arrays, all_array_compression=compression)
        expected[name] = {k: spell(v) for k, v in arrays.items()}
    base = np.arange(24, dtype="i4").reshape(4, 6)
    views = {
        "base": base,
        "rows": base[1:3],
        "columns": base[:, 2:4],
        "steps": base[::2, ::3],
        "turned": base[::-1, ::-1],
        "transposed": base.T,
    }
    for compression in [None, "zlib"]:
        name = f"views_{compression or 'none'}.asdf"
        write(name, views, all_array_compression=compression)
        expected[name] = {k: spell(v) for k, v in views.items()}
    zero = {"zero": np.array(3.5)}
    write("zero.asdf", zero)
    expected["zero.asdf"] = {"zero": shaped(zero["zero"], [])}
    inline = {"i": np.arange(4), "f": np.array([[1.5, 2], [3, 4]]), "text": np.array(["a", "bc"])}
    write("inline.asdf", inline, all_array_storage="inline")
    expected["inline.asdf"] = {k: spell(v) for k, v in inline.items()}
    with (
        asdf.AsdfFile({"stream": asdf.tags.core.Stream([3], "f4")}) as file,
        (OUT / "streamed.asdf").open("wb") as out,
    ):
        file.write_to(out)
        for i in range(4):
            out.write(np.full(3, i, "f4").tobytes())
    expected["streamed.asdf"] = {
        "stream": spell(np.repeat(np.arange(4, dtype="f4"), 3).reshape(4, 3))
    }
    write("masked.asdf", {"m": np.ma.array([1, 2, 3], mask=[0, 0, 1], dtype="i8")})
    masked = {
        "data": spell(np.array([1, 2, 3], "i8")),
        "mask": spell(np.array([False, False, True])),
    }
    expected["masked.asdf"] = {
        "m": {"$tag": {"name": "numpy.ma.MaskedArray", "version": 1, "tree": masked}}
    }
    quantities = {"q": np.arange(3.0) * u.km / u.s, "one": 3 * u.deg, "unit": u.m}
    write("quantities.asdf", quantities)
    expected["quantities.asdf"] = {
        "q": spell(np.arange(3.0), "km.s**-1"),
        "one": {"$array": {**shaped(np.array(3.0), [])["$array"], "unit": "deg"}},
        "unit": {"$tag": {"name": "tag:stsci.edu:asdf/unit/unit-1.0.0", "version": 0, "tree": "m"}},
    }
    table = Table(
        {"a": np.arange(3), "s": ["x", "yy", "zzz"], "xy": np.zeros((3, 2), "f4")}, meta={"k": 1}
    )
    table["a"].unit = "m"
    table["a"].description = "a number"
    table["m"] = MaskedColumn([1.0, 2, 3], mask=[0, 1, 0])
    rows = np.array([(1.5, [1, 2]), (2.5, [3, 4])], dtype=[("x", "f4"), ("y", ">i2", (2,))])
    write("tables.asdf", {"t": table, "q": QTable({"a": np.arange(3.0) * u.m}), "rows": rows})
    write(
        "astropy.asdf",
        {
            "tai": Time("2024-03-01T12:00:37.5", scale="tai"),
            "mjd": Time([1.0, 2.0], format="mjd"),
            "sky": SkyCoord([1, 2] * u.deg, [3, 4] * u.deg),
            "mixed": QTable({"a": np.arange(3.0) * u.m, "t": Time(["2020-01-01"] * 3)}),
            "complex": 1 + 2j,
            "huge": asdf.IntegerType(2**63),
            "bytes": b"abc",
            "none": None,
            "nested": {"list": [1, {"x": np.arange(2)}]},
        },
    )
    (OUT / "external.asdf").write_text(
        "#ASDF 1.0.0\n#ASDF_STANDARD 1.6.0\n%YAML 1.1\n%TAG ! tag:stsci.edu:asdf/\n"
        "--- !core/asdf-1.1.0\n"
        "near: 1\nfar: !core/ndarray-1.1.0\n  source: other0000.asdf\n  datatype: float64\n"
        "  byteorder: little\n  shape: [3]\n...\n"
    )
    (OUT / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
