"""Types of the native module: butler."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Any, TypeAlias, final
from uuid import UUID

from .._config import Config
from .._enums import CollectionType, DatasetExistence, DatasetIdGenEnum
from ._model import (
    DataCoordinate,
    DatasetRef,
    DatasetType,
    DimensionElement,
    DimensionGroup,
    DimensionRecord,
    DimensionUniverse,
    StorageClass,
    Timespan,
)
from ._sphere import Region
from ._worker import Committed, Plan, Receipt

_DataId: TypeAlias = Mapping[str, int | str] | DataCoordinate | None
_Names: TypeAlias = str | Iterable[str]
_Path: TypeAlias = str | PathLike[str] | ResourcePath

@final
class FileDataset:
    def __new__(
        cls, path: _Path, refs: DatasetRef | Iterable[DatasetRef], *, formatter: Any = None
    ) -> FileDataset: ...
    path: Any
    refs: list[DatasetRef]
    formatter: Any

# -- the butler ------------------------------------------------------------------------------------
@final
class ResourcePath:
    def __new__(cls, uri: str) -> ResourcePath: ...
    def geturl(self) -> str: ...
    @property
    def scheme(self) -> str: ...
    @property
    def ospath(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def fragment(self) -> str: ...
    @property
    def isLocal(self) -> bool: ...
    def basename(self) -> str: ...
    def getExtension(self) -> str: ...
    def exists(self) -> bool: ...
    def size(self) -> int | None: ...
    def read(self) -> bytes: ...
    def __fspath__(self) -> str: ...

@final
class Transaction:
    def __enter__(self) -> None: ...
    def __exit__(self, kind: Any, value: Any, traceback: Any) -> bool: ...

@final
class Cutout:
    @property
    def value(self) -> Any: ...
    @property
    def bytes_moved(self) -> int: ...
    @property
    def reads(self) -> int: ...
    @property
    def bytes_total(self) -> int: ...

@final
class DeferredDatasetHandle:
    def __new__(
        cls,
        butler: Butler,
        ref: DatasetRef,
        parameters: dict[str, Any] | None = None,
        storageClass: StorageClass | str | None = None,
    ) -> DeferredDatasetHandle: ...
    @property
    def butler(self) -> Butler: ...
    @property
    def ref(self) -> DatasetRef: ...
    @property
    def parameters(self) -> dict[str, Any] | None: ...
    @property
    def storageClass(self) -> StorageClass | str | None: ...
    @property
    def dataId(self) -> DataCoordinate: ...
    def get(
        self,
        *,
        component: str | None = None,
        parameters: dict[str, Any] | None = None,
        storageClass: StorageClass | str | None = None,
        **kwargs: Any,
    ) -> Any: ...

@final
class CollectionInfo:
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> CollectionType: ...
    @property
    def doc(self) -> str: ...
    @property
    def children(self) -> tuple[str, ...]: ...
    @property
    def parents(self) -> frozenset[str] | None: ...
    @property
    def dataset_types(self) -> frozenset[str] | None: ...

@final
class CollectionSummary:
    @property
    def dataset_types(self) -> list[DatasetType]: ...
    @property
    def governors(self) -> dict[str, set[str]]: ...

@final
class ButlerCollections:
    @property
    def defaults(self) -> tuple[str, ...]: ...
    def register(
        self, name: str, type: CollectionType | str | None = None, doc: str | None = None
    ) -> bool: ...
    def query(
        self,
        expression: _Names,
        collection_types: CollectionType | Iterable[CollectionType] | None = None,
        flatten_chains: bool = False,
        include_chains: bool | None = None,
    ) -> list[str]: ...
    def query_info(
        self,
        expression: _Names,
        collection_types: CollectionType | Iterable[CollectionType] | None = None,
        flatten_chains: bool = False,
        include_chains: bool | None = None,
        include_parents: bool = False,
        include_summary: bool = False,
        include_doc: bool = False,
        summary_datasets: Any = None,
    ) -> list[CollectionInfo]: ...
    def get_info(
        self, name: str, include_parents: bool = False, include_summary: bool = False
    ) -> CollectionInfo: ...
    def redefine_chain(
        self, parent_collection_name: str, child_collection_names: _Names
    ) -> None: ...
    def prepend_chain(
        self, parent_collection_name: str, child_collection_names: _Names
    ) -> None: ...
    def extend_chain(self, parent_collection_name: str, child_collection_names: _Names) -> None: ...
    def remove_from_chain(
        self, parent_collection_name: str, child_collection_names: _Names
    ) -> None: ...
    def x_remove(self, name: str) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[str]: ...
    def __getitem__(self, key: Any, /) -> Any: ...

@final
class Registry:
    @property
    def dimensions(self) -> DimensionUniverse: ...
    def isWriteable(self) -> bool: ...
    def transaction(self, *, savepoint: bool = False) -> Transaction: ...
    def refresh(self) -> None: ...
    def insertDimensionData(
        self,
        element: DimensionElement | str,
        *data: Mapping[str, Any] | DimensionRecord,
        conform: bool = True,
        replace: bool = False,
        skip_existing: bool = False,
    ) -> None: ...
    def syncDimensionData(
        self,
        element: DimensionElement | str,
        row: Mapping[str, Any] | DimensionRecord,
        conform: bool = True,
        update: bool = False,
    ) -> bool | dict[str, Any]: ...
    def expandDataId(
        self,
        dataId: _DataId = None,
        *,
        dimensions: DimensionGroup | _Names | None = None,
        records: Any = None,
        withDefaults: bool = True,
        **kwargs: int | str,
    ) -> DataCoordinate: ...
    def registerDatasetType(self, datasetType: DatasetType) -> bool: ...
    def removeDatasetType(self, name: str | tuple[str, ...]) -> None: ...
    def getDatasetType(self, name: str) -> DatasetType: ...
    def queryDatasetTypes(
        self, expression: Any = None, *, missing: list[str] | None = None
    ) -> list[DatasetType]: ...
    def registerCollection(
        self, name: str, type: CollectionType | str | None = None, doc: str | None = None
    ) -> bool: ...
    def registerRun(self, name: str, doc: str | None = None) -> bool: ...
    def removeCollection(self, name: str) -> None: ...
    def getCollectionType(self, name: str) -> CollectionType: ...
    def getCollectionDocumentation(self, collection: str) -> str | None: ...
    def setCollectionDocumentation(self, collection: str, doc: str | None) -> None: ...
    def getCollectionSummary(self, collection: str) -> CollectionSummary: ...
    def getCollectionChain(self, parent: str) -> tuple[str, ...]: ...
    def setCollectionChain(
        self, parent: str, children: _Names, *, flatten: bool = False
    ) -> None: ...
    def queryCollections(
        self,
        expression: Any = None,
        datasetType: DatasetType | str | None = None,
        collectionTypes: CollectionType | Iterable[CollectionType] | None = None,
        flattenChains: bool = False,
        includeChains: bool | None = None,
    ) -> list[str]: ...
    def findDataset(
        self,
        datasetType: DatasetType | str,
        dataId: _DataId = None,
        *,
        collections: _Names | None = None,
        timespan: Timespan | None = None,
        datastore_records: bool = False,
        **kwargs: int | str,
    ) -> DatasetRef | None: ...
    def getDataset(self, id: UUID | str) -> DatasetRef | None: ...
    def queryDatasets(
        self,
        datasetType: DatasetType | str,
        *,
        collections: Any = None,
        dimensions: Any = None,
        dataId: _DataId = None,
        where: str = "",
        findFirst: bool = False,
        bind: Any = None,
        check: bool = True,
        **kwargs: int | str,
    ) -> list[DatasetRef]: ...
    def insertDatasets(
        self,
        datasetType: DatasetType | str,
        dataIds: Iterable[Mapping[str, int | str] | DataCoordinate],
        run: str | None = None,
        expand: bool = True,
        idGenerationMode: DatasetIdGenEnum | None = None,
    ) -> list[DatasetRef]: ...
    def removeDatasets(self, refs: Iterable[DatasetRef]) -> None: ...
    def associate(self, collection: str, refs: Iterable[DatasetRef]) -> None: ...
    def disassociate(self, collection: str, refs: Iterable[DatasetRef]) -> None: ...
    def certify(self, collection: str, refs: Iterable[DatasetRef], timespan: Timespan) -> None: ...
    def decertify(
        self,
        collection: str,
        datasetType: DatasetType | str,
        timespan: Timespan,
        *,
        dataIds: Iterable[Mapping[str, int | str] | DataCoordinate] | None = None,
    ) -> None: ...

@final
class Butler:
    def __new__(
        cls,
        config: Any = None,
        *,
        collections: _Names | None = None,
        run: str | None = None,
        searchPaths: Sequence[_Path] | None = None,
        writeable: bool | None = None,
        inferDefaults: bool = True,
        without_datastore: bool = False,
        metrics: Any = None,
        **kwargs: int | str,
    ) -> Butler: ...
    @staticmethod
    def from_config(
        config: Any = None,
        *,
        collections: _Names | None = None,
        run: str | None = None,
        searchPaths: Sequence[_Path] | None = None,
        writeable: bool | None = None,
        inferDefaults: bool = True,
        without_datastore: bool = False,
        metrics: Any = None,
        **kwargs: int | str,
    ) -> Butler: ...
    @staticmethod
    def makeRepo(
        root: _Path,
        config: Any = None,
        dimensionConfig: Any = None,
        standalone: bool = False,
        searchPaths: Sequence[_Path] | None = None,
        forceConfigRoot: bool = True,
        outfile: _Path | None = None,
        overwrite: bool = False,
    ) -> Config: ...
    @staticmethod
    def _open_again(
        place: str,
        collections: list[str],
        run: str | None,
        writeable: bool,
        data_id: list[tuple[str, int | str]],
    ) -> Butler: ...
    def clone(
        self,
        *,
        collections: _Names | None = None,
        run: str | None = None,
        inferDefaults: bool | None = None,
        **kwargs: int | str,
    ) -> Butler: ...
    def close(self) -> None: ...
    def __enter__(self) -> Butler: ...
    def __exit__(self, *_args: Any) -> None: ...
    @property
    def dimensions(self) -> DimensionUniverse: ...
    @property
    def run(self) -> str | None: ...
    @property
    def collections(self) -> ButlerCollections: ...
    @property
    def registry(self) -> Registry: ...
    def isWriteable(self) -> bool: ...
    def transaction(self) -> Transaction: ...
    def get(
        self,
        datasetRefOrType: DatasetRef | DatasetType | str,
        dataId: _DataId = None,
        /,
        *,
        parameters: dict[str, Any] | None = None,
        collections: _Names | None = None,
        storageClass: StorageClass | str | None = None,
        timespan: Timespan | None = None,
        **kwargs: int | str,
    ) -> Any: ...
    def cutout(
        self,
        datasetRefOrType: DatasetRef | DatasetType | str,
        dataId: _DataId = None,
        /,
        *,
        ra: float,
        dec: float,
        size: tuple[int, int] | None = None,
        radius: float | None = None,
        collections: _Names | None = None,
        **kwargs: int | str,
    ) -> Cutout: ...
    def getDeferred(
        self,
        datasetRefOrType: DatasetRef | DatasetType | str,
        dataId: _DataId = None,
        /,
        *,
        parameters: dict[str, Any] | None = None,
        collections: _Names | None = None,
        storageClass: StorageClass | str | None = None,
        timespan: Timespan | None = None,
        **kwargs: int | str,
    ) -> DeferredDatasetHandle: ...
    def put(
        self,
        obj: Any,
        datasetRefOrType: DatasetRef | DatasetType | str,
        dataId: _DataId = None,
        /,
        *,
        run: str | None = None,
        provenance: Any = None,
        parts: dict[str, DatasetRef] | None = None,
        base: DatasetRef | None = None,
        inputs: Iterable[Any] | None = None,
        collections: _Names | None = None,
        allow_unresolved: bool = False,
        allow_dangling: bool = False,
        **kwargs: int | str,
    ) -> DatasetRef: ...
    def find_dataset(
        self,
        dataset_type: DatasetType | str,
        data_id: _DataId = None,
        *,
        collections: _Names | None = None,
        timespan: Timespan | None = None,
        storage_class: StorageClass | str | None = None,
        dimension_records: bool = False,
        datastore_records: bool = False,
        **kwargs: int | str,
    ) -> DatasetRef | None: ...
    def exists(
        self,
        dataset_ref_or_type: DatasetRef | DatasetType | str,
        data_id: _DataId = None,
        /,
        *,
        full_check: bool = True,
        collections: _Names | None = None,
        **kwargs: int | str,
    ) -> DatasetExistence: ...
    def stored(self, ref: DatasetRef) -> bool: ...
    def getURI(
        self,
        datasetRefOrType: DatasetRef | DatasetType | str,
        dataId: _DataId = None,
        /,
        *,
        predict: bool = False,
        collections: _Names | None = None,
        run: str | None = None,
        **kwargs: int | str,
    ) -> ResourcePath: ...
    def getURIs(
        self,
        datasetRefOrType: DatasetRef | DatasetType | str,
        dataId: _DataId = None,
        /,
        *,
        predict: bool = False,
        collections: _Names | None = None,
        run: str | None = None,
        **kwargs: int | str,
    ) -> tuple[ResourcePath | None, dict[str, ResourcePath]]: ...
    def get_dataset(
        self,
        id: UUID | str,
        *,
        storage_class: StorageClass | str | None = None,
        dimension_records: bool = False,
        datastore_records: bool = False,
    ) -> DatasetRef | None: ...
    def link(
        self,
        dataset_type: str,
        data_id: _DataId = None,
        /,
        *,
        parts: dict[str, DatasetRef],
        run: str | None = None,
        **kwargs: Any,
    ) -> DatasetRef: ...
    def get_many(
        self, refs: Iterable[DatasetRef], *, parameters: dict[str, Any] | None = None
    ) -> list[Any]: ...
    def repack(self, refs: Iterable[DatasetRef]) -> int: ...
    def get_many_datasets(self, ids: Iterable[UUID | str]) -> list[DatasetRef]: ...
    def get_dataset_type(self, name: str) -> DatasetType: ...
    def ingest(
        self,
        *datasets: FileDataset,
        transfer: str | None = "auto",
        record_validation_info: bool = True,
        skip_existing: bool = False,
    ) -> None: ...
    def plan(
        self,
        inputs: Iterable[DatasetRef],
        outputs: Iterable[str] | Mapping[str, str | None] | None = None,
        *,
        group: Iterable[str] | None = None,
        records: bool = False,
    ) -> Plan: ...
    def commit(self, receipts: Iterable[Receipt]) -> Committed: ...
    def abandon(self, receipts: Iterable[Receipt]) -> int: ...
    def pruneDatasets(
        self,
        refs: Iterable[DatasetRef],
        *,
        disassociate: bool = True,
        unstore: bool = False,
        tags: Iterable[str] | None = None,
        purge: bool = False,
        force: bool = False,
    ) -> None: ...
    def removeRuns(
        self,
        names: Iterable[str],
        unstore: bool = True,
        *,
        unlink_from_chains: bool = False,
        force: bool = False,
    ) -> None: ...
    def lineage(
        self,
        refs: Any,
        direction: str = "upstream",
        depth: int | None = None,
        kinds: Iterable[str] | None = None,
        dataset_types: Iterable[str] | None = None,
    ) -> Any: ...
    def resolve(self, value: Any, *, component: str | None = None) -> Any: ...
    def resolve_links(
        self, refs: DatasetRef | Iterable[DatasetRef], *, collections: _Names | None = None
    ) -> tuple[int, int]: ...
    def query_datasets(
        self,
        dataset_type: DatasetType | str | list[str],
        collections: _Names | None = None,
        *,
        find_first: bool = True,
        data_id: _DataId = None,
        where: str = "",
        bind: Mapping[str, Any] | None = None,
        with_dimension_records: bool = False,
        order_by: _Names | None = None,
        limit: int | None = -20000,
        explain: bool = True,
        region: Region | None = None,
        timespan: Timespan | None = None,
        **kwargs: int | str,
    ) -> list[DatasetRef]: ...
    def query_dimension_records(
        self,
        element: DimensionElement | str,
        *,
        data_id: _DataId = None,
        where: str = "",
        bind: Mapping[str, Any] | None = None,
        order_by: _Names | None = None,
        limit: int | None = None,
        explain: bool = True,
        **kwargs: int | str,
    ) -> list[DimensionRecord]: ...
