"""astropy tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from salver import Table

from ._numpy import expand, metadata_of


def to_table(table: Any) -> Table:
    """The table of an astropy one: units, masks, descriptions, and the whole header as Gen3's
    ``table_meta_yaml``."""
    from astropy.table import meta
    from astropy.table.serialize import represent_mixins_as_columns

    if any(not hasattr(column, "dtype") or column.dtype is None for column in table.itercols()):
        table = represent_mixins_as_columns(table)
    columns = []
    for name in table.colnames:
        column = table[name]
        values, mask = _values(column)
        extra = {}
        if getattr(column, "unit", None) is not None:
            extra["unit"] = str(column.unit)
        description = getattr(column.info, "description", None)
        if description:
            extra["description"] = str(description)
        columns.append((name, values, mask, extra))
    metadata = metadata_of([(c[0], c[1]) for c in columns])
    metadata["table_meta_yaml"] = "\n".join(meta.get_yaml_from_table(table))
    return Table.from_columns(columns, metadata)


def _values(column: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Items and mask of a column of any class."""
    data = getattr(column, "value", column)
    mask = getattr(column, "mask", None)
    if mask is None or not np.any(mask):
        mask = None
    else:
        mask = np.array(mask)
    if hasattr(data, "unmasked"):
        data = data.unmasked
    return np.ascontiguousarray(np.ma.getdata(data)), mask


def table(value: Any, cls: type | None = None) -> Any:
    """An `astropy.table.Table`."""
    from astropy.table import Column, MaskedColumn
    from astropy.table import Table as AstropyTable

    cls = cls or AstropyTable
    if isinstance(value, AstropyTable):
        return cls(value, copy=False)
    if not isinstance(value, Table):
        raise TypeError(f"a table was asked for, and {type(value).__name__} was stored")
    header = _header(value)
    described = {entry["name"]: entry for entry in header.get("datatype", [])}
    fields = value.field_metadata
    out = AstropyTable()
    for name, (values, mask) in value.columns().items():
        entry = described.get(name, {})
        about = {
            "unit": entry.get("unit") or fields[name].get("unit"),
            "description": entry.get("description") or fields[name].get("description"),
            "format": entry.get("format"),
        }
        if mask is None:
            column = Column(values, name=name, copy=False, **about)
        else:
            column = MaskedColumn(values, mask=expand(mask, values), name=name, copy=False, **about)
        if entry.get("meta"):
            column.meta = entry["meta"]
        out.add_column(column, copy=False)
    out.meta.update(header.get("meta") or {})
    if "__serialized_columns__" in out.meta:
        from astropy.table import serialize

        out = serialize._construct_mixins_from_columns(out)
    return out if cls is AstropyTable else cls(out, copy=False)


def _header(value: Table) -> dict[str, Any]:
    """The header that astropy wrote, where there is one."""
    text = value.metadata.get("table_meta_yaml")
    if not text:
        return {}
    from astropy.table import meta

    header: dict[str, Any] = meta.get_header_from_yaml(text.split("\n"))
    return header


def qtable(value: Any) -> Any:
    """An `astropy.table.QTable`."""
    from astropy.table import QTable

    return table(value, QTable)
