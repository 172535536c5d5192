"""pyarrow tables, through the Arrow C stream interface."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from salver import Table


def to_table(table: Any) -> Table:
    """The table that shares the memory of a `pyarrow.Table` or a record batch."""
    return Table.from_arrow(table)


def table(value: Any) -> Any:
    """A `pyarrow.Table` that shares the memory of the one that was read."""
    return pa.table(value) if isinstance(value, Table) else value


def schema(value: Any) -> Any:
    """A `pyarrow.Schema`."""
    return pa.schema(value) if isinstance(value, Table) else value
