"""Every kind of object in every format: what works, and what is refused for which reason.

`outcomes` runs all cells; `page` is docs/reference/formats.md; ``python tests/python/matrix.py
--write`` writes it.
"""

from __future__ import annotations

import datetime as dt
import enum
import struct
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import salver
from salver import Tagged

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "formats.md"
ANY_SHAPE = ("asdf", "fits", "hdf5", "json", "zarr")  # hold a tree of any shape


@salver.assembler(tag="matrix.Colour")
class Colour(enum.Enum):
    RED = 1


@salver.assembler(tag="matrix.Model")
@dataclass
class Model:
    name: str
    colour: Colour
    data: np.ndarray
    pair: tuple[int, int]


def _bits(pattern: int) -> float:
    return struct.unpack("<d", struct.pack("<Q", pattern))[0]


def _specials() -> np.ndarray:
    """NaNs with payload, both zeros, infinities, the smallest and largest numbers."""
    patterns = [0x7FF8_0000_0000_1234, 0xFFF8_0000_0000_0001, 0, 1 << 63, 0x7FF0 << 48, 1]
    return np.array(patterns, "u8").view("f8")


def _wcs() -> Any:
    from astropy.wcs import WCS

    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [150.12345678901234, 2.1]
    wcs.wcs.crpix = [50.123456789012345, 49.5]
    wcs.wcs.cd = np.array([[-1e-4 / 3, 1e-9], [1e-9, 1e-4 / 3]])
    wcs.wcs.set()
    return wcs


def _table() -> Any:
    from astropy.table import Column, MaskedColumn, Table

    table = Table(meta={"origin": {"k": [1, 2.5, None]}})
    table["id"] = Column([1, 2, 2**62], description="number")
    table["flux"] = MaskedColumn(_specials()[:3], mask=[False, True, False], unit="nJy")
    table["name"] = ["a", "bcd", "é"]
    table["raw"] = np.array([b"x", b"", b"zz"])
    table["flag"] = [True, False, True]
    table["shape"] = np.arange(12, dtype="f4").reshape(3, 2, 2)
    return table


def _masked_cells() -> Any:
    from astropy.table import MaskedColumn, Table

    values = np.arange(6, dtype="f4").reshape(3, 2)
    mask = [[False, True], [False, False], [True, True]]
    return Table({"x": MaskedColumn(values, mask=mask), "n": [1, 2, 3]})


def _qtable() -> Any:
    from astropy import units
    from astropy.coordinates import SkyCoord
    from astropy.table import QTable
    from astropy.time import Time

    table = QTable()
    table["x"] = [1.0, 2.0] * units.km
    table["t"] = Time(["2024-01-01T00:00:00.123456789", "2025-06-01"], scale="utc")
    table["at"] = SkyCoord([1, 2] * units.deg, [3, 4] * units.deg)
    return table


def _time() -> Any:
    from astropy.time import Time

    return Time(["2024-03-01T12:34:56.123456789", "2016-12-31T23:59:60.999999999"], scale="utc")


def _sky() -> Any:
    from astropy import units
    from astropy.coordinates import SkyCoord

    return SkyCoord([1, 2] * units.deg, [3, 4] * units.deg, frame="fk5", equinox="J1975")


def _ccd() -> Any:
    from astropy.io.fits import Header
    from astropy.nddata import CCDData, StdDevUncertainty

    data = np.arange(12, dtype="f4").reshape(3, 4)
    mask, error = data > 6, StdDevUncertainty(data / 3)
    meta = Header([("EXPTIME", 1.5, "seconds"), ("OBJECT", "M 1")])
    return CCDData(data, unit="electron", mask=mask, uncertainty=error, wcs=_wcs(), meta=meta)


def _nd() -> Any:
    from astropy.nddata import NDData, VarianceUncertainty

    return NDData(np.arange(3), meta={"a": 1}, uncertainty=VarianceUncertainty(np.ones(3)))


def _quantity() -> Any:
    from astropy import units

    return np.array([1.5, -0.0], "f4") * units.Unit("erg / (s cm2 Angstrom)")


def _frame() -> Any:
    import pandas as pd

    index = pd.MultiIndex.from_tuples([("i", 1), ("i", 2), ("j", 1)], names=["k", "n"])
    columns = {"a": [1, 2, 3], "b": [0.5, None, 1.5], "c": ["x", None, "é"]}
    return pd.DataFrame(columns, index=index)


def _series() -> Any:
    import pandas as pd

    return pd.Series([1.5, 2.5], index=["a", "b"], name="x")


def _polars() -> Any:
    import polars as pl

    when = [dt.datetime(2024, 1, 1), None]
    return pl.DataFrame({"a": [1, None], "s": ["x", None], "t": when, "l": [[1, 2], None]})


def _polars_series() -> Any:
    import polars as pl

    return pl.Series("x", [1.5, None])


def _arrow() -> Any:
    import pyarrow as pa

    fields = [
        pa.field("x", pa.float64(), metadata={"unit": "Jy", "description": "flux"}),
        pa.field("y", pa.string()),
        pa.field("t", pa.timestamp("ns")),
    ]
    arrays = [pa.array([1.0, None]), pa.array(["a", None]), pa.array([1, None], pa.timestamp("ns"))]
    return pa.table(arrays, schema=pa.schema(fields, metadata={"made": "here"}))


def _data_array() -> Any:
    import xarray as xr

    times = np.array(["2024-01-01", "2024-01-02"], "M8[ns]")
    return xr.DataArray(
        np.arange(6, dtype="f4").reshape(2, 3),
        dims=("time", "x"),
        coords={"time": times, "x": ["a", "b", "c"], "scale": 2.0},
        name="flux",
        attrs={"unit": "Jy"},
    )


def _dataset() -> Any:
    return _data_array().to_dataset().assign(count=("x", [1, 2, 3])).assign_attrs(by="hand")


def _pydantic() -> Any:
    import pydantic

    if "model" not in _MADE:

        @salver.assembler(tag="matrix.Pydantic")
        class Settings(pydantic.BaseModel):
            name: str
            limits: tuple[float, float]
            colour: Colour
            since: dt.datetime

        _MADE["model"] = Settings
    since = dt.datetime(2024, 1, 2, tzinfo=dt.UTC)
    return _MADE["model"](name="a", limits=(0.5, 1.5), colour=Colour.RED, since=since)


_MADE: dict[str, Any] = {}


def _masked() -> Any:
    return np.ma.MaskedArray([[1.5, 2], [3, 4]], mask=[[0, 1], [0, 0]], fill_value=-1)


def _records() -> np.ndarray:
    dtype = [("i", "i4"), ("v", "f8", (2,)), ("s", "U3"), ("t", "M8[us]"), ("c", "c8")]
    out = np.zeros(2, dtype)
    out["i"], out["s"], out["c"] = [1, 2], ["é", "abc"], [1 + 2j, -0.0]
    out["t"] = np.array(["2024-01-01", "1969-01-01"], "M8[us]")
    return out


def _plain_records() -> np.ndarray:
    return np.array([(1, 0.5), (2, -0.0)], [("a", "i2"), ("b", "f4")])


KINDS: dict[str, Callable[[], Any]] = {
    "dict, list, text, bytes, None": lambda: {
        "a": [1, "é", None, True],
        "b": {"c": b"\x00\xff"},
        "": {},
    },
    "whole numbers": lambda: {"least": -(2**63), "most": 2**64 - 1},
    "floats (−0, ∞, smallest)": lambda: {"x": [-0.0, 0.1, float("inf"), 5e-324, 1e308]},
    "a single value": lambda: "text",
    "datetime, date, timedelta": lambda: {
        "a": dt.datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=dt.UTC),
        "b": dt.date(2024, 1, 2),
        "c": dt.timedelta(days=-1, microseconds=1),
    },
    "complex, set": lambda: {"a": 1 - 0.5j, "b": {1, 2}},
    "dataclass, enumeration": lambda: Model("m", Colour.RED, np.arange(3.0), (1, 2)),
    "pydantic model": _pydantic,
    "object of an unknown class": lambda: {"psf": Tagged("nowhere.Psf", 3, {"k": np.eye(2)})},
    "array (NaN payload, ±0)": _specials,
    "array, whole numbers": lambda: np.arange(24, dtype="u2").reshape(2, 3, 4),
    "array, bool": lambda: np.array([[True, False]]),
    "array, float16": lambda: np.array([1.5, -0.0], "f2"),
    "array, complex": lambda: np.array([1 + 2j, -0.0], "c16"),
    "array, big-endian": lambda: np.arange(6, dtype=">i4").reshape(2, 3),
    "array, without axes": lambda: np.array(2.5),
    "array, empty": lambda: np.zeros((0, 3), "f4"),
    "array, text": lambda: np.array(["é", "abc"]),
    "array, datetime64[ns]": lambda: np.array(["2024-01-01T00:00:00.123456789", "NaT"], "M8[ns]"),
    "array, objects": lambda: np.array(["a", None, 1.5], object),
    "masked array": _masked,
    "structured array": _plain_records,
    "structured array, mixed": _records,
    "Quantity": _quantity,
    "Time (ns, leap second)": _time,
    "SkyCoord": _sky,
    "WCS": _wcs,
    "Table": _table,
    "Table, masked items of arrays": _masked_cells,
    "QTable of mixins": _qtable,
    "CCDData": _ccd,
    "NDData": _nd,
    "pandas DataFrame": _frame,
    "pandas Series": _series,
    "polars DataFrame": _polars,
    "polars Series": _polars_series,
    "pyarrow Table": _arrow,
    "xarray DataArray": _data_array,
    "xarray Dataset": _dataset,
}


# -- equality, to the last bit ------------------------------------------------------------------------
def same(a: Any, b: Any) -> None:
    """Fails where two objects of a kind differ."""
    assert type(a) is type(b), (type(a), type(b))
    name = type(a).__module__.partition(".")[0]
    if isinstance(a, np.ndarray) and name == "numpy":
        _same_arrays(a, b)
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            same(a[key], b[key])
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    elif isinstance(a, Tagged):
        assert (a.name, a.version) == (b.name, b.version)
        same(a.value, b.value)
    elif isinstance(a, float):
        assert struct.pack("<d", a) == struct.pack("<d", b)
    elif isinstance(a, Model):
        same(vars(a), vars(b))
    elif name in _SAME:
        _SAME[name](a, b)
    else:
        assert a == b and repr(a) == repr(b)


def _same_arrays(a: np.ndarray, b: np.ndarray) -> None:
    assert a.shape == b.shape and a.dtype.newbyteorder("=") == b.dtype.newbyteorder("=")
    if isinstance(a, np.ma.MaskedArray):
        _same_arrays(np.ma.getmaskarray(a), np.ma.getmaskarray(b))
        a, b = a.data, b.data
    if a.dtype.names:
        for name in a.dtype.names:
            _same_arrays(a[name], b[name])
    elif a.dtype.kind == "O":
        same(list(a.ravel()), list(b.ravel()))
    else:
        native = a.dtype.newbyteorder("=")
        assert a.astype(native).tobytes() == b.astype(native).tobytes()


def _same_astropy(a: Any, b: Any) -> None:
    from astropy.io.fits import Header
    from astropy.nddata import NDData
    from astropy.table import Table
    from astropy.wcs import WCS

    if isinstance(a, Table):
        assert a.colnames == b.colnames and a.meta == b.meta
        for name in a.colnames:
            _same_columns(a[name], b[name])
    elif isinstance(a, NDData):
        for name in ("data", "mask", "unit", "wcs", "meta"):
            same(getattr(a, name), getattr(b, name))
        _same_arrays(a.uncertainty.array, b.uncertainty.array)
        assert a.uncertainty.uncertainty_type == b.uncertainty.uncertainty_type
        assert a.uncertainty.unit == b.uncertainty.unit
    elif isinstance(a, WCS):
        assert a.wcs.compare(b.wcs), (a, b)
        assert a.pixel_to_world_values(3.25, 4.5) == b.pixel_to_world_values(3.25, 4.5)
    elif isinstance(a, Header):
        assert a.tostring() == b.tostring()
    elif hasattr(a, "jd1"):
        _same_arrays(np.asarray(a.jd1), np.asarray(b.jd1))
        _same_arrays(np.asarray(a.jd2), np.asarray(b.jd2))
        assert (a.scale, a.format) == (b.scale, b.format)
    elif hasattr(a, "frame"):
        assert a.frame.name == b.frame.name and (a == b).all()
        assert getattr(a, "equinox", None) == getattr(b, "equinox", None)
    elif hasattr(a, "unit") and hasattr(a, "value"):
        _same_arrays(np.asarray(a.value), np.asarray(b.value))
        assert a.unit == b.unit
    else:
        assert a == b


def _same_columns(a: Any, b: Any) -> None:
    from astropy.table import Column

    assert type(a) is type(b)
    assert a.info.description == b.info.description and str(a.info.unit) == str(b.info.unit)
    if not isinstance(a, Column):
        _same_astropy(a, b)
        return
    mask = np.ma.getmaskarray(np.ma.asanyarray(a))
    _same_arrays(mask, np.ma.getmaskarray(np.ma.asanyarray(b)))
    if not mask.any():
        _same_arrays(np.asarray(a), np.asarray(b))
    else:  # what is under a mask is nothing
        _same_arrays(np.asarray(a)[~mask], np.asarray(b)[~mask])


def _same_pandas(a: Any, b: Any) -> None:
    import pandas as pd

    check = pd.testing.assert_frame_equal if a.ndim == 2 else pd.testing.assert_series_equal
    check(a, b, check_exact=True)


def _same_polars(a: Any, b: Any) -> None:
    assert a.equals(b)
    kind = "schema" if hasattr(a, "columns") else "dtype"
    assert getattr(a, kind) == getattr(b, kind)


_SAME: dict[str, Callable[[Any, Any], None]] = {
    "astropy": _same_astropy,
    "pandas": _same_pandas,
    "polars": _same_polars,
    "pyarrow": lambda a, b: _true(a.equals(b, check_metadata=True)),
    "xarray": lambda a, b: _true(a.identical(b)),
}


def _true(value: bool) -> None:
    assert value


# -- the cells ----------------------------------------------------------------------------------------
@dataclass
class Outcome:
    """One cell."""

    works: bool
    why: str = ""


def in_memory(obj: Any, format: str) -> Any:
    data = salver.dumps(obj, format)
    return salver.loads(data, type(obj), format=format)


def in_a_file(obj: Any, format: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{salver.tree.formats()[format]['extensions'][0]}"
        salver.write(path, obj)
        return salver.read(path, type(obj))


def outcome(kind: str, format: str, way: Callable[[Any, str], Any] = in_memory) -> Outcome:
    """What becomes of a kind of object in a format."""
    obj = KINDS[kind]()
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            back = way(obj, format)
    except (salver.UnsupportedError, salver.InvalidInputError, TypeError) as error:
        return Outcome(False, _reason(error))
    same(obj, back)
    losses = [str(w.message) for w in told if issubclass(w.category, salver.assemblers.LossWarning)]
    return Outcome(True, "; ".join(losses))


def _reason(error: Exception) -> str:
    """The message without its operation, and the node that does not fit."""
    text = str(error).splitlines()[0]
    message, _, rest = text.removesuffix(")").partition(" (")
    message = message.partition(": ")[2] if isinstance(error, salver.SalverError) else message
    named = [part.split(": ") for part in rest.split(", ") if part.startswith(("node:", "found:"))]
    return ", ".join([message, *(f"{key} `{value}`" for key, value in named)])


def outcomes() -> dict[str, dict[str, Outcome]]:
    """All cells: by kind, then format."""
    formats = sorted(salver.tree.formats())
    return {kind: {format: outcome(kind, format) for format in formats} for kind in KINDS}


def page() -> str:
    """The text of docs/reference/formats.md."""
    formats = salver.tree.formats()
    names = sorted(formats)
    lines = [
        "# Formats",
        "",
        "This page is what `tests/python/matrix.py` found; `python tests/python/matrix.py --write` writes it anew, and a test",
        "fails where it is not current.",
        "",
        "## What each format can do",
        "",
        "| format | file names | roots | nesting | parts and boxes read alone | compressions |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in names:
        able = formats[name]
        every = len(able["roots"]) >= 12
        lines.append(
            f"| {name} | {' '.join(able['extensions'])} | {'any' if every else ', '.join(able['roots'])} "
            f"| {_yes(able['nesting'])} | {_yes(able['range_reads'])} | {', '.join(able['compressions']) or 'none'} |"
        )
    cells = outcomes()
    notes: list[str] = []
    lines += [
        "",
        "## What each kind of object becomes",
        "",
        "**yes**: it comes back equal to the last bit (NaN payloads, −0, units, masks, nulls, descriptions, nanoseconds), in memory,",
        "in a local file and as a dataset of class `Tree`. A number: it is refused before anything is written, for the reason below.",
        "Object stores are not yet places of datasets.",
        "",
        f"| object | {' | '.join(names)} |",
        f"| --- |{' --- |' * len(names)}",
    ]
    for kind, row in cells.items():
        shown = []
        for name in names:
            cell = row[name]
            mark = "yes" if cell.works else ""
            if cell.why:
                text = cell.why
                if text not in notes:
                    notes.append(text)
                mark = f"{mark} {notes.index(text) + 1}".strip()
            shown.append(mark)
        lines.append(f"| {kind} | {' | '.join(shown)} |")
    lines += ["", *(f"{i}. {note}" for i, note in enumerate(notes, 1))]
    return "\n".join(lines) + "\n"


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page())
    else:
        sys.stdout.write(page())
