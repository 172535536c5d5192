"""Assemblers: one kind of Python object ↔ the neutral values that every format understands.

Neutral values are dict, list, text, numbers, bytes, NumPy arrays, `salver.Table` and
`salver.Tagged`. An assembler is two functions, kept in a module that is imported when an object of
its kind is first met, so that ``import salver`` stays quick.

Other packages add theirs with `register`, or through the entry point group ``salver.assemblers``
(a function without arguments that calls `register`).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

from .._exceptions import SalverError, make

__all__ = ["assemble", "disassemble", "known", "register", "time"]

Assemble = Callable[[Any], Any]
Disassemble = Callable[[Any], Any]

_HERE = "salver.assemblers."

# type name -> module, function that makes the object
_ASSEMBLE: dict[str, tuple[str, str] | Assemble] = {
    "numpy.ndarray": (_HERE + "_numpy", "from_table"),
    "dict": (_HERE + "_numpy", "columns_from_table"),
    "pyarrow.lib.Table": (_HERE + "_pyarrow", "table"),
    "pyarrow.Table": (_HERE + "_pyarrow", "table"),
    "pyarrow.lib.Schema": (_HERE + "_pyarrow", "schema"),
    "pyarrow.Schema": (_HERE + "_pyarrow", "schema"),
    "pandas.core.frame.DataFrame": (_HERE + "_pandas", "data_frame"),
    "pandas.DataFrame": (_HERE + "_pandas", "data_frame"),
    "pandas.Index": (_HERE + "_pandas", "index"),
    "astropy.table.Table": (_HERE + "_astropy", "table"),
    "astropy.table.table.Table": (_HERE + "_astropy", "table"),
    "astropy.table.QTable": (_HERE + "_astropy", "qtable"),
    "astropy.table.table.QTable": (_HERE + "_astropy", "qtable"),
    "astropy.time.Time": (_HERE + "_astropy", "time"),
    "astropy.units.Quantity": (_HERE + "_astropy", "quantity"),
    "astropy.nddata.CCDData": (_HERE + "_nddata", "ccd_data"),
    "astropy.nddata.ccddata.CCDData": (_HERE + "_nddata", "ccd_data"),
    "astropy.nddata.NDData": (_HERE + "_nddata", "nd_data"),
    "astropy.io.fits.HDUList": (_HERE + "_hdulist", "hdu_list"),
    "astropy.io.fits.hdu.hdulist.HDUList": (_HERE + "_hdulist", "hdu_list"),
    "lsst.daf.butler.Timespan": ("salver._timespan", "from_pair"),
    "salver.Timespan": ("salver._timespan", "from_pair"),
}

# type name, as ``module.qualname`` -> module, function that takes the object apart
_DISASSEMBLE: dict[str, tuple[str, str] | Disassemble] = {
    "numpy.ndarray": (_HERE + "_numpy", "to_table"),
    "numpy.ma.MaskedArray": (_HERE + "_numpy", "to_table"),
    "pandas.DataFrame": (_HERE + "_pandas", "to_table"),
    "pandas.core.frame.DataFrame": (_HERE + "_pandas", "to_table"),
    "astropy.table.table.Table": (_HERE + "_astropy", "to_table"),
    "astropy.time.core.Time": (_HERE + "_astropy", "to_time"),
    "astropy.units.quantity.Quantity": (_HERE + "_astropy", "to_quantity"),
    "astropy.nddata.ccddata.CCDData": (_HERE + "_nddata", "from_ccd_data"),
    "astropy.nddata.nddata.NDData": (_HERE + "_nddata", "from_nd_data"),
    "astropy.io.fits.hdu.hdulist.HDUList": (_HERE + "_hdulist", "from_hdu_list"),
    "salver.Timespan": ("salver._timespan", "to_pair"),
    "lsst.daf.butler._timespan.Timespan": ("salver._timespan", "to_pair"),
}

_entry_points_read = False


def register(
    pytype: str, *, assemble: Assemble | None = None, disassemble: Disassemble | None = None
) -> None:
    """Add the assembler of a type.

    Parameters
    ----------
    pytype : `str`
        The type's name as a storage class spells it: ``package.module.Name``.
    assemble : callable, optional
        Makes the object of a neutral value.
    disassemble : callable, optional
        Makes a neutral value of the object.
    """
    if assemble is not None:
        _ASSEMBLE[pytype] = assemble
    if disassemble is not None:
        _DISASSEMBLE[pytype] = disassemble


def known() -> list[str]:
    """Names of the types that can be put or made."""
    _read_entry_points()
    return sorted({*_ASSEMBLE, *_DISASSEMBLE})


def _read_entry_points() -> None:
    global _entry_points_read
    if _entry_points_read:
        return
    _entry_points_read = True
    from importlib.metadata import entry_points

    for entry in entry_points(group="salver.assemblers"):
        entry.load()()


def _function(entry: tuple[str, str] | Callable[[Any], Any]) -> Callable[[Any], Any]:
    if isinstance(entry, tuple):
        module, name = entry
        function: Callable[[Any], Any] = getattr(importlib.import_module(module), name)
        return function
    return entry


def disassemble(obj: Any) -> Any:
    """The neutral value of an object; the object itself where no assembler knows its type."""
    for _ in range(2):
        for cls in type(obj).__mro__[:-1]:
            entry = _DISASSEMBLE.get(f"{cls.__module__}.{cls.__qualname__}")
            if entry is not None:
                return _function(entry)(obj)
        if _entry_points_read:
            break
        _read_entry_points()
    return obj


def assemble(value: Any, pytype: str | None) -> Any:
    """The object of type ``pytype`` made of a neutral value.

    A value that is of that type already, and a type that no assembler knows, give the neutral
    value: what was stored is never out of reach. Damaged metadata that the object cannot be made
    of is a `CorruptError`.
    """
    from salver import Tagged

    if isinstance(value, Tagged):
        if pytype is None or pytype == "dict":
            pytype = value.name
        value = value.value
    if pytype is None:
        return value
    if pytype == "dict" and isinstance(value, dict):
        return value
    entry = _ASSEMBLE.get(pytype)
    if entry is None:
        _read_entry_points()
        entry = _ASSEMBLE.get(pytype)
    if entry is None:
        return value
    loaded = sys.modules.get(pytype.partition(".")[0])
    if loaded is not None and f"{type(value).__module__}.{type(value).__qualname__}" == pytype:
        return value
    function = _function(entry)
    try:
        return function(value)
    except (SalverError, ImportError, MemoryError, TypeError):
        raise
    except Exception as error:
        if not isinstance(entry, tuple):  # somebody else's function, and their error
            raise
        raise _damaged(pytype, error) from error


def _damaged(pytype: str, error: Exception) -> SalverError:
    """The error for a value that was decoded, and of which no object can be made."""
    detail = f"what is stored does not make an object of type {pytype}"
    operation = "python.from_tree"
    told = ("corrupt", "corrupt", operation, detail, f"{operation}: {detail}")
    return make(told, {"type": pytype}, None, [f"{type(error).__name__}: {error}"])


def time(tai_ns: int) -> Any:
    """The `astropy.time.Time` of an instant in nanoseconds of TAI since 1970."""
    from . import _astropy

    return _astropy.time(tai_ns)
