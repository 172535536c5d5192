"""Formatters that ``lsst.daf.butler`` loads by name, so that it reads what Salver wrote.

Salver records one of these for an artifact in a format that Gen3 has no formatter of its own for.
This module is imported by Gen3 alone: nothing of Salver imports it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from lsst.daf.butler import FormatterV2
from lsst.utils.introspection import get_full_type_name

from . import _salver

__all__ = ["FitsFormatter", "NpyFormatter", "ParquetFormatter", "PickleFormatter"]


class _Formatter(FormatterV2):
    """A format of Salver, as Gen3 sees it."""

    can_read_from_local_file = True
    salver_format: ClassVar[str] = ""

    def can_accept(self, in_memory_dataset: Any) -> bool:
        return True

    def read_from_local_file(
        self, path: str, component: str | None = None, expected_size: int = -1
    ) -> Any:
        """Read a dataset, or a component of it, with the parameters of the request."""
        descriptor = self.file_descriptor
        parameters = descriptor.parameters or {}
        pytype = get_full_type_name(descriptor.readStorageClass.pytype)
        return _salver.read_file(path, self.salver_format, pytype, component, dict(parameters))

    def to_bytes(self, in_memory_dataset: Any) -> bytes:
        """Encode a dataset."""
        parameters = {str(k): str(v) for k, v in (self.write_parameters or {}).items()}
        return _salver.encode(in_memory_dataset, self.salver_format, parameters)


class FitsFormatter(_Formatter):
    """FITS: images, compressed or not, tables, any number of HDUs."""

    default_extension = ".fits"
    supported_extensions = frozenset({".fits", ".fit", ".fits.fz", ".fits.gz"})
    unsupported_parameters: ClassVar[frozenset[str]] = frozenset()
    supported_write_parameters = frozenset({"compression", "tile"})
    salver_format = "fits"


class NpyFormatter(_Formatter):
    """One NumPy array, in NumPy's own format."""

    default_extension = ".npy"
    unsupported_parameters: ClassVar[frozenset[str]] = frozenset()
    salver_format = "npy"


class ParquetFormatter(_Formatter):
    """Tables, by Salver's own reader of Parquet."""

    default_extension = ".parq"
    supported_extensions = frozenset({".parq", ".parquet", ".pq"})
    unsupported_parameters: ClassVar[frozenset[str]] = frozenset()
    salver_format = "parquet"


class PickleFormatter(_Formatter):
    """Arrays and plain values in Gen3's pickles; nothing in them is executed."""

    default_extension = ".pickle"
    supported_extensions = frozenset({".pickle", ".pkl"})
    salver_format = "pickle"
