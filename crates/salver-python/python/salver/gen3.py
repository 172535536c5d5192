"""Formatters that ``lsst.daf.butler`` loads by name, so that it reads what Salver wrote.

Salver records one of these for an artifact in a format that Gen3 has no formatter of its own for.
This module is imported by Gen3 alone: nothing of Salver imports it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from lsst.daf.butler import DatasetComponent, FormatterV2, StorageClassDelegate
from lsst.utils.introspection import get_full_type_name

from . import _salver

__all__ = [
    "AnyFormatter",
    "ArrowFormatter",
    "AsdfFormatter",
    "FitsFormatter",
    "Hdf5Formatter",
    "JsonFormatter",
    "LinkedFormatter",
    "MapDelegate",
    "NpyFormatter",
    "NpzFormatter",
    "ParquetFormatter",
    "PartFormatter",
    "PickleFormatter",
    "TreeFormatter",
    "YamlFormatter",
    "ZarrFormatter",
]


class _Formatter(FormatterV2):
    """A format of Salver, as Gen3 sees it."""

    can_read_from_local_file = True
    unsupported_parameters: ClassVar[frozenset[str]] = frozenset()
    salver_format: ClassVar[str] = ""

    def can_accept(self, in_memory_dataset: Any) -> bool:
        return True

    def read_from_local_file(
        self, path: str, component: str | None = None, expected_size: int = -1
    ) -> Any:
        """Read a dataset, or a component of it, with the parameters of the request."""
        descriptor = self.file_descriptor
        parameters = dict(descriptor.parameters or {})
        pytype = get_full_type_name(descriptor.readStorageClass.pytype)
        return _salver.read_file(
            path, self.salver_format or None, pytype, component, parameters, self._data_id()
        )

    def to_bytes(self, in_memory_dataset: Any) -> bytes:
        """Encode a dataset."""
        parameters = {str(k): str(v) for k, v in (self.write_parameters or {}).items()}
        pytype = get_full_type_name(self.file_descriptor.storageClass.pytype)
        return _salver.encode(
            in_memory_dataset, self.salver_format, parameters, pytype, self._data_id()
        )

    def _data_id(self) -> dict[str, int | str]:
        data_id = self.data_id
        return {} if data_id is None else dict(data_id.mapping)


class FitsFormatter(_Formatter):
    """FITS: images, compressed or not, tables, any number of HDUs."""

    default_extension = ".fits"
    supported_extensions = frozenset({".fits", ".fit", ".fits.fz", ".fits.gz"})
    supported_write_parameters = frozenset({"compression", "tile"})
    salver_format = "fits"


class NpyFormatter(_Formatter):
    """One NumPy array, in NumPy's own format."""

    default_extension = ".npy"
    salver_format = "npy"


class NpzFormatter(_Formatter):
    """NumPy arrays by name, in NumPy's own format."""

    default_extension = ".npz"
    salver_format = "npz"


class ParquetFormatter(_Formatter):
    """Tables, by Salver's own reader of Parquet."""

    default_extension = ".parq"
    supported_extensions = frozenset({".parq", ".parquet", ".pq"})
    salver_format = "parquet"


class ArrowFormatter(_Formatter):
    """Tables, in Arrow's own file format."""

    default_extension = ".arrow"
    supported_extensions = frozenset({".arrow", ".feather", ".ipc"})
    salver_format = "arrow"


class PickleFormatter(_Formatter):
    """Arrays and plain values in Gen3's pickles; nothing in them is executed."""

    default_extension = ".pickle"
    supported_extensions = frozenset({".pickle", ".pkl"})
    salver_format = "pickle"


class JsonFormatter(_Formatter):
    """Any tree, as JSON."""

    default_extension = ".json"
    salver_format = "json"


class YamlFormatter(_Formatter):
    """Any tree, as YAML."""

    default_extension = ".yaml"
    supported_extensions = frozenset({".yaml", ".yml"})
    salver_format = "yaml"


class AsdfFormatter(_Formatter):
    """Any tree, as ASDF."""

    default_extension = ".asdf"
    supported_write_parameters = frozenset({"compression", "tile"})
    salver_format = "asdf"


class Hdf5Formatter(_Formatter):
    """Any tree, as HDF5."""

    default_extension = ".h5"
    supported_extensions = frozenset({".h5", ".hdf5"})
    supported_write_parameters = frozenset({"compression", "tile"})
    salver_format = "hdf5"


class ZarrFormatter(_Formatter):
    """Any tree, as Zarr in one file."""

    default_extension = ".zarr.zip"
    supported_extensions = frozenset({".zarr.zip", ".zarr", ".zip"})
    supported_write_parameters = frozenset({"compression", "tile"})
    salver_format = "zarr"


_TREE_FORMATS = ("asdf", "json")


class TreeFormatter(_Formatter):
    """Any object, in the format that the parameter ``format`` names; it is read by what the file
    itself tells."""

    supported_extensions = frozenset(
        ending for format in _salver.formats().values() for ending in format["extensions"]
    )
    supported_write_parameters = frozenset({"format", "compression", "tile"})

    def _format(self) -> str:
        known = _salver.formats()
        named = (self.write_parameters or {}).get("format")
        return str(named or next(name for name in _TREE_FORMATS if name in known))

    def get_write_extension(self) -> str:
        """Ending of new files."""
        extensions: list[str] = _salver.formats()[self._format()]["extensions"]
        return extensions[0]

    def to_bytes(self, in_memory_dataset: Any) -> bytes:
        """Encode a dataset."""
        parameters = {str(k): str(v) for k, v in (self.write_parameters or {}).items()}
        parameters.pop("format", None)
        return _salver.encode(
            in_memory_dataset, self._format(), parameters, "object", self._data_id()
        )


class AnyFormatter(_Formatter):
    """An artifact in any format of Salver, told by its name and first bytes."""

    unsupported_parameters: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def validate_extension(cls, location: Any) -> None:
        """Take any extension."""


class PartFormatter(AnyFormatter):
    """A component that shares its artifact with others; it is where its name says."""

    def read_from_local_file(
        self, path: str, component: str | None = None, expected_size: int = -1
    ) -> Any:
        """Read the component that the record is of."""
        return super().read_from_local_file(path, self.file_descriptor.component, expected_size)


class LinkedFormatter(AnyFormatter):
    """A component that is a link to a component of another name: the repository says where."""

    def read_from_local_file(
        self, path: str, component: str | None = None, expected_size: int = -1
    ) -> Any:
        """Read the component that the record is of."""
        location = self.file_descriptor.location
        root = location.uri.geturl().removesuffix(location.pathInStore.path)
        with _salver.Butler(root) as butler:
            dataset = butler.get_dataset(self.dataset_ref.id)
            if dataset is None:
                raise FileNotFoundError(f"no dataset {self.dataset_ref.id} in {root}")
            part = dataset.makeComponentRef(self.file_descriptor.component)
            return butler.get(part, parameters=dict(self.file_descriptor.parameters or {}))


class MapDelegate(StorageClassDelegate):
    """Composites that are a ``dict`` of their components: ``delegate:`` of a storage class."""

    def can_accept(self, inMemoryDataset: Any) -> bool:
        return isinstance(inMemoryDataset, dict)

    def getComponent(self, composite: Any, componentName: str) -> Any:
        """Take a component of a ``dict``."""
        return composite[componentName]

    def assemble(self, components: dict[str, Any], pytype: type | None = None) -> Any:
        """Make a ``dict`` of components."""
        return dict(components)

    def disassemble(
        self, composite: Any, subset: Any = None, override: Any = None
    ) -> dict[str, DatasetComponent]:
        """Take a ``dict`` apart."""
        classes = self.storageClass.components
        wanted = composite if subset is None else subset
        return {
            name: DatasetComponent(name, classes[name], composite[name])
            for name in wanted
            if name in classes and composite.get(name) is not None
        }
