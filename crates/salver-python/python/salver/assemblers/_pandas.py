"""pandas frames, through pyarrow and its ``pandas`` metadata, as Gen3 does."""

from __future__ import annotations

from typing import Any

import pandas as pd

from salver import Table

from . import _losses

try:
    import pyarrow as pa
except ImportError as error:  # pragma: no cover
    raise ImportError("pandas frames need pyarrow: pip install 'salver[pandas]'") from error


def to_table(frame: pd.DataFrame) -> Table:
    """The table of a frame, with its index."""
    table = pa.Table.from_pandas(frame)
    metadata = dict(table.schema.metadata or {})
    metadata[b"lsst::arrow::rowcount"] = str(len(frame)).encode()
    for name, kind in zip(table.schema.names, table.schema.types, strict=True):
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            lengths = pa.compute.utf8_length(table[name]) if len(frame) else None
        elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            lengths = pa.compute.binary_length(table[name]) if len(frame) else None
        else:
            continue
        longest = 10 if lengths is None else pa.compute.max(lengths).as_py() or 0
        metadata[f"lsst::arrow::len::{name}".encode()] = str(longest).encode()
    return Table.from_arrow(table.replace_schema_metadata(metadata))


def data_frame(value: Any) -> Any:
    """A frame, with the index that was put."""
    if not isinstance(value, Table):
        return value
    _losses.tell(value, "pandas")
    return pa.table(value).to_pandas(use_threads=False, integer_object_nulls=True)


def index(value: Any) -> Any:
    """A `pandas.Index` of the names of columns."""
    return pd.Index(value)


def from_series(series: pd.Series) -> dict[str, Any]:
    """A frame of one column, and the name."""
    return {"name": series.name, "table": to_table(series.to_frame("values"))}


def series(value: dict[str, Any]) -> Any:
    """A series, with the index that was put."""
    return data_frame(value["table"])["values"].rename(value["name"])
