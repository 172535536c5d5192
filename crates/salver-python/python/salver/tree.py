"""Objects in files and bytes, without a butler: any kind that has an assembler, any format.

::

    salver.write("star.json", {"flux": flux, "seen": Time.now()})
    star = salver.read("star.json")
    flux = salver.read("star.json", part="/flux")
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any

from . import _salver

__all__ = ["dumps", "formats", "loads", "read", "write"]


def formats() -> dict[str, dict[str, Any]]:
    """The formats by name: their file name endings, the kinds of nodes they hold, and more.

    Returns
    -------
    formats : `dict` [ `str`, `dict` ]
        ``extensions``; ``kinds`` and ``roots``, the node kinds held at all and as the root;
        ``nesting``; ``range_reads``; ``compressions``.
    """
    return _salver.formats()


def write(
    path: str | PathLike[str],
    obj: Any,
    *,
    format: str | None = None,
    compression: str | None = None,
    tile: Sequence[int] | None = None,
    **options: object,
) -> None:
    """Write an object to a file; one that is there is replaced when all is written.

    Parameters
    ----------
    path : `str` or `os.PathLike`
        The file.
    obj : object
        Plain values, arrays, tables, and anything that has an assembler.
    format : `str`, optional
        One of `formats`; the one that the ending of the file name tells where it is not given.
    compression : `str`, optional
        One of the format's ``compressions``.
    tile : `tuple` [ `int` ], optional
        Shape of a tile or a chunk, slowest axis first.
    **options
        Further settings of the format.

    Raises
    ------
    salver.UnsupportedError
        Where the format cannot hold a part; it is named, and nothing is written.
    """
    _salver.write_value(path, obj, format, _options(compression, tile, options))


def dumps(
    obj: Any,
    format: str = "json",
    *,
    compression: str | None = None,
    tile: Sequence[int] | None = None,
    **options: object,
) -> bytes:
    """The bytes of an object in a format; arguments are those of `write`."""
    return _salver.encode(obj, format, _options(compression, tile, options))


def read(
    path: str | PathLike[str],
    kind: type | str | None = None,
    *,
    format: str | None = None,
    part: str | None = None,
    columns: str | Iterable[str] | None = None,
    box: Sequence[tuple[int, int]] | None = None,
) -> Any:
    """Read an object from a file.

    Parameters
    ----------
    path : `str` or `os.PathLike`
        The file, of this program or of another.
    kind : `type` or `str`, optional
        What to make of it: a type, or its name. Without it, what its tag says; of a part without a
        tag, plain values, NumPy arrays and `salver.Table`.
    format : `str`, optional
        One of `formats`; told by the file name or the first bytes where it is not given.
    part : `str`, optional
        The path of one node (a JSON Pointer, ``/psf/inputs/3``): only its bytes are read where the
        format can.
    columns : `str` or iterable of `str`, optional
        Columns of tables, by name or pattern.
    box : sequence of `tuple` [ `int`, `int` ], optional
        One ``(start, stop)`` for each axis of arrays, slowest first: 0-based, half-open.

    Returns
    -------
    obj : object
        The object; a `salver.Tagged` where no assembler knows what it was.
    """
    return _salver.read_value(path, format, _name(kind), _select(part, columns, box))


def loads(
    data: bytes,
    kind: type | str | None = None,
    *,
    format: str | None = None,
    part: str | None = None,
    columns: str | Iterable[str] | None = None,
    box: Sequence[tuple[int, int]] | None = None,
) -> Any:
    """The object of bytes; arguments are those of `read`."""
    return _salver.read_value(data, format, _name(kind), _select(part, columns, box))


def _name(kind: type | str | None) -> str | None:
    if kind is None or isinstance(kind, str):
        return kind
    return kind.__qualname__ if kind.__module__ == "builtins" else _full(kind)


def _full(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _options(
    compression: str | None, tile: Sequence[int] | None, options: dict[str, object]
) -> dict[str, str]:
    out = {name: str(value) for name, value in options.items()}
    if compression is not None:
        out["compression"] = compression
    if tile is not None:
        out["tile"] = ",".join(str(n) for n in tile)
    return out


def _select(
    part: str | None,
    columns: str | Iterable[str] | None,
    box: Sequence[tuple[int, int]] | None,
) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if part is not None:
        out["part"] = part
    if columns is not None:
        out["columns"] = [columns] if isinstance(columns, str) else list(columns)
    if box is not None:
        out["box"] = [(int(start), int(stop)) for start, stop in box]
    return out
