"""Formats that are read and written in Python, by the formatter class that Gen3 records.

Salver's own formats are tried first. Other packages add theirs with `register`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["read", "register", "write"]

Read = Callable[[str], Any]
Write = Callable[[Any, str], None]

_BY_FORMATTER: dict[str, tuple[Read | None, Write | None, str]] = {}


def register(
    formatter: str, *, extension: str, read: Read | None = None, write: Write | None = None
) -> None:
    """Add a format.

    Parameters
    ----------
    formatter : `str`
        Full name of the class that Gen3 records, such as ``package.module.Formatter``.
    extension : `str`
        Ending of its files, with the dot.
    read : callable, optional
        Makes the object of a file's path.
    write : callable, optional
        Writes an object to a path.
    """
    _BY_FORMATTER[formatter] = (read, write, extension)


def read(formatter: str, path: str) -> Any:
    """The object in a file; `NotImplemented` where the format is not known here."""
    entry = _BY_FORMATTER.get(formatter)
    return NotImplemented if entry is None or entry[0] is None else entry[0](path)


def write(formatter: str, obj: Any, stem: str) -> Any:
    """Write an object and give the path; `NotImplemented` where the format is not known here."""
    entry = _BY_FORMATTER.get(formatter)
    if entry is None or entry[1] is None:
        return NotImplemented
    path = stem + entry[2]
    entry[1](obj, path)
    return path


def _read_table(path: str) -> Any:
    from astropy.table import Table

    return Table.read(path, format="ascii.ecsv")


def _write_ecsv(table: Any, path: str) -> None:
    from astropy.table import Table

    if not isinstance(table, Table):
        raise TypeError(f"an astropy table is wanted, not {type(table).__name__}")
    table.write(path, format="ascii.ecsv")


register(
    "lsst.daf.butler.formatters.astropyTable.AstropyTableFormatter",
    extension=".ecsv",
    read=_read_table,
    write=_write_ecsv,
)
