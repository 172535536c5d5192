"""Salver: a Data Butler.

Code asks for *what* it wants; Salver knows *where* it is, *how* it is written and *which parts* it
is made of. Names, arguments and exceptions are those of ``lsst.daf.butler``::

    from salver import Butler

    butler = Butler.from_config("repo", collections="demo/run")
    image = butler.get("exposure_image", instrument="ACS", exposure=1, detector=0)
"""

from __future__ import annotations

from ._salver import (
    Butler,
    ButlerCollections,
    CollectionInfo,
    Committed,
    DataCoordinate,
    DatasetRef,
    DatasetType,
    DeferredDatasetHandle,
    DimensionElement,
    DimensionGroup,
    DimensionRecord,
    DimensionUniverse,
    FileDataset,
    Plan,
    Receipt,
    Ref,
    Registry,
    StorageClass,
    Table,
    Tagged,
    Timespan,
    Worker,
    __version__,
)

__all__ = [
    "Butler",
    "ButlerCollections",
    "CollectionInfo",
    "Committed",
    "DataCoordinate",
    "DatasetRef",
    "DatasetType",
    "DeferredDatasetHandle",
    "DimensionElement",
    "DimensionGroup",
    "DimensionRecord",
    "DimensionUniverse",
    "FileDataset",
    "Plan",
    "Receipt",
    "Ref",
    "Registry",
    "StorageClass",
    "Table",
    "Tagged",
    "Timespan",
    "Worker",
    "__version__",
    "assembler",
    "dumps",
    "loads",
    "read",
    "write",
]

# At run time these come from `__getattr__`, when they are first used; `typing` itself costs more
# than all of this module.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import assemblers, fits, formatters, lineage, sphgeom, tree, workers
    from ._config import Config
    from ._enums import CollectionType, DatasetExistence, DatasetIdGenEnum
    from ._exceptions import *  # noqa: F403
    from .assemblers import assembler
    from .tree import dumps, loads, read, write

_MODULES = (
    "assemblers",
    "fits",
    "formatters",
    "gen3",
    "lineage",
    "spark",
    "sphgeom",
    "tree",
    "workers",
)
_LATER = {
    "assembler": "assemblers",
    "dumps": "tree",
    "loads": "tree",
    "read": "tree",
    "write": "tree",
    "Config": "_config",
    "CollectionType": "_enums",
    "DatasetExistence": "_enums",
    "DatasetIdGenEnum": "_enums",
}


def __getattr__(
    name: str,
) -> Any:  # PEP 562: modules and exceptions are imported at their first use
    import importlib

    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _LATER:
        value = getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
        globals()[name] = value
        return value
    exceptions = importlib.import_module(f"{__name__}._exceptions")
    if name in exceptions.__all__:
        value = getattr(exceptions, name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
