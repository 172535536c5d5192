"""polars frames and series, through the Arrow C stream interface."""

from __future__ import annotations

from typing import Any

import polars as pl

from salver import Table

from . import _losses


def to_table(frame: Any) -> Table:
    """The table of a frame, in Arrow's classic types."""
    return Table.from_arrow(frame)


def data_frame(value: Any) -> Any:
    """A frame."""
    if not isinstance(value, Table):
        return value if isinstance(value, pl.DataFrame) else pl.DataFrame(value)
    _losses.tell(value, "polars")
    return pl.DataFrame(value)


def from_series(series: Any) -> dict[str, Any]:
    """A table of one column, and the name."""
    return {"name": series.name, "table": to_table(series.to_frame("values"))}


def series(value: dict[str, Any]) -> Any:
    """A series."""
    return pl.DataFrame(value["table"]).to_series(0).rename(value["name"])
