"""Structured and masked NumPy arrays, and dicts of columns ↔ tables (Gen3 format §10.3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from salver import Table


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
                "a masked array without columns has no neutral form: fill it, or put a table"
            )
        return array.tolist() if array.dtype.kind == "O" else array.view("int64")
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
    if values.ndim == 1:
        return mask
    shape = (len(mask),) + (1,) * (values.ndim - 1)
    return np.broadcast_to(mask.reshape(shape), values.shape).copy()


def from_table(value: Any) -> Any:
    """A structured array; a masked one where values are missing."""
    if isinstance(value, np.ndarray):
        return value
    if not isinstance(value, Table):
        return np.asarray(value)
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
