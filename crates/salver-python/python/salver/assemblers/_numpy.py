"""NumPy arrays that the tree has no word for, and dicts of columns ↔ tables (Gen3 format §10.3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from salver import Table, Tagged

from . import _losses


def metadata_of(columns: list[tuple[str, np.ndarray]]) -> dict[str, str]:
    """What Gen3 keeps of NumPy columns that Arrow does not: row count, lengths, shapes."""
    out: dict[str, str] = {}
    for name, values in columns:
        out["lsst::arrow::rowcount"] = str(len(values))
        if values.dtype.kind in "US":
            length = values.dtype.itemsize // (4 if values.dtype.kind == "U" else 1)
            out[f"lsst::arrow::len::{name}"] = str(length)
            out[f"table::len::{name}"] = str(length)
        elif values.dtype.kind == "O":
            length = max((len(item) for item in values if item is not None), default=10)
            out[f"lsst::arrow::len::{name}"] = str(length)
            out[f"table::len::{name}"] = str(length)
        if values.ndim > 2:
            out[f"lsst::arrow::shape::{name}"] = str(values.shape[1:])
    return out


def to_table(array: np.ndarray) -> Any:
    """A table of a structured array; a list of a plain object array of plain values."""
    array = np.ma.asanyarray(array) if isinstance(array, np.ma.MaskedArray) else np.asarray(array)
    if array.dtype.names is None:
        if isinstance(array, np.ma.MaskedArray):
            raise TypeError(
                "a masked array without columns is no plain array: fill it, or put it as a `Tree`"
            )
        return array.tolist() if array.dtype.kind == "O" else to_special(array)
    masked = isinstance(array, np.ma.MaskedArray)
    columns: list[Any] = []
    for name in array.dtype.names:
        values = np.asarray(array[name])
        mask = np.ma.getmaskarray(array[name]) if masked else None
        if mask is not None and not mask.any():
            mask = None
        columns.append((name, values, mask, {}))
    return Table.from_columns(columns, metadata_of([(c[0], c[1]) for c in columns]))


def table_from_columns(columns: dict[str, np.ndarray]) -> Table:
    """A table of a dict of arrays of one length."""
    pairs = [(name, np.ma.asanyarray(values)) for name, values in columns.items()]
    lengths = {len(values) for _, values in pairs}
    if len(lengths) > 1:
        raise ValueError(f"columns of unequal length: {sorted(lengths)}")
    plain = [(name, np.asarray(values)) for name, values in pairs]
    made: list[Any] = []
    for (name, values), (_, data) in zip(pairs, plain, strict=True):
        mask = np.ma.getmaskarray(values)
        made.append((name, data, mask if mask.any() else None, {}))
    return Table.from_columns(made, metadata_of(plain))


def columns_from_table(value: Any) -> dict[str, np.ndarray]:
    """A dict of columns; masked arrays where values are missing."""
    if not isinstance(value, Table):
        raise TypeError(f"a dict was asked for, and {type(value).__name__} was stored")
    out = {}
    for name, (values, mask) in value.columns().items():
        out[name] = values if mask is None else np.ma.MaskedArray(values, expand(mask, values))
    return out


def expand(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A mask of rows as one of all items."""
    if values.ndim == mask.ndim:
        return mask
    shape = (len(mask),) + (1,) * (values.ndim - 1)
    return np.broadcast_to(mask.reshape(shape), values.shape).copy()


def from_table(value: Any) -> Any:
    """A structured array; a masked one where values are missing."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, dict):
        return _special(value)
    if not isinstance(value, Table):
        return np.asarray(value)
    _losses.tell(value, "a NumPy array")
    columns = value.columns()
    dtype = [(name, values.dtype, values.shape[1:]) for name, (values, _) in columns.items()]
    masked = any(mask is not None for _, mask in columns.values())
    array = np.empty(value.num_rows, dtype=dtype)
    for name, (values, _) in columns.items():
        array[name] = values
    if not masked:
        return array
    out: Any = np.ma.MaskedArray(array)
    for name, (values, mask) in columns.items():
        if mask is not None:
            out.mask[name] = expand(mask, values)
    return out


# -- what the tree has no item type for -----------------------------------------------------------
_NAME = "numpy.ndarray"
_COLUMN_KINDS = frozenset("biufSUM")
_TIME_UNITS = frozenset({"s", "ms", "us", "ns"})


def to_special(array: np.ndarray) -> Any:
    """The neutral form of records, times, objects and other items that are no plain numbers."""
    array = np.asarray(array)
    dtype = array.dtype
    if dtype.names is not None:
        if array.ndim == 1 and all(_is_column(dtype[name]) for name in dtype.names):
            return Tagged(_NAME, 1, to_table(array))
        fields = {name: array[name] for name in dtype.names}
        return Tagged(_NAME, 1, {"fields": fields, "shape": list(array.shape)})
    if dtype.kind in "Mm":
        ticks = array.astype(dtype.newbyteorder("=")).view("int64")
        return Tagged(_NAME, 1, {"dtype": dtype.newbyteorder("=").name, "ticks": ticks})
    if dtype.kind in "OT":
        items = list(array.reshape(-1))
        return Tagged(_NAME, 1, {"dtype": dtype.kind, "items": items, "shape": list(array.shape)})
    if dtype.kind in "SUV" and array.size * dtype.itemsize == 0:
        return Tagged(_NAME, 1, {"dtype": dtype.str[1:], "shape": list(array.shape)})
    if dtype.kind == "V":
        raw = np.ascontiguousarray(array).view("uint8").reshape(*array.shape, dtype.itemsize)
        return Tagged(_NAME, 1, {"dtype": dtype.str[1:], "bytes": raw})
    if dtype.kind in "fc" and dtype.itemsize > (8 if dtype.kind == "f" else 16):
        raise TypeError(f"items of type {dtype.name} differ between machines: convert to float64")
    return array


def _is_column(dtype: np.dtype) -> bool:
    """Whether a table has a column that gives a field back as it is."""
    base, shape = dtype.base, dtype.shape
    if base.kind not in _COLUMN_KINDS or base.itemsize == 0:
        return False
    if base.kind == "f" and base.itemsize > 8:
        return False
    if base.kind == "M":
        return not shape and np.datetime_data(base) in {(unit, 1) for unit in _TIME_UNITS}
    return 0 not in shape


def _special(value: dict[str, Any]) -> Any:
    if "fields" in value:
        shape, fields = tuple(value["shape"]), value["fields"]
        parts = {name: np.asarray(part) for name, part in fields.items()}
        dtype = [(name, part.dtype, part.shape[len(shape) :]) for name, part in parts.items()]
        out = np.empty(shape, dtype)
        for name, part in parts.items():
            out[name] = part
        return out
    item = np.dtype("O" if value["dtype"] == "O" else _strings(value["dtype"]))
    if "ticks" in value:
        return value["ticks"].view(item)
    if "bytes" in value:
        return value["bytes"].view(item)[..., 0]
    out = np.empty(tuple(value["shape"]), item)
    for i, item in enumerate(value.get("items", ())):
        out.reshape(-1)[i] = item
    return out


def _strings(name: str) -> Any:
    return np.dtypes.StringDType() if name == "T" else name


def from_masked(array: Any) -> dict[str, Any]:
    """Data, also what is under the mask, and mask; null where nothing was ever masked."""
    parts = {"data": np.asarray(array.data), "mask": None}
    if array.mask is not np.ma.nomask:
        parts["mask"] = np.asarray(array.mask)
    if array._fill_value is not None:
        parts["fill_value"] = np.asarray(array.fill_value)
    return parts


def masked(value: Any) -> Any:
    """A `numpy.ma.MaskedArray`."""
    if not isinstance(value, dict) or "data" not in value:
        return np.ma.asanyarray(from_table(value))
    mask = np.ma.nomask if value["mask"] is None else value["mask"]
    out: Any = np.ma.MaskedArray(value["data"], mask, copy=False)
    if "fill_value" in value:
        out.fill_value = value["fill_value"][()]
    return out


def from_scalar(value: Any) -> Any:
    """A scalar that Python has no type for, as an array without axes."""
    return np.asarray(value)


def scalar(value: Any) -> Any:
    """The scalar of an array without axes."""
    return value[()]
