"""Exceptions: one class per kind of error, and the classes of ``lsst.daf.butler`` by code.

`SalverError` is the base of all. Each kind of `ErrorKind` has a class; errors whose code is one of
Gen3's ``error_type`` strings are raised as the class with Gen3's name and bases.
"""

from __future__ import annotations

from enum import StrEnum


class ErrorKind(StrEnum):
    """What a handler can do about an error."""

    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    INVALID_INPUT = "invalid_input"
    AMBIGUOUS = "ambiguous"
    UNSUPPORTED = "unsupported"
    CORRUPT = "corrupt"
    DENIED = "denied"
    IO = "io"
    DATABASE = "database"
    CONFIG = "config"
    IN_USE = "in_use"
    INTERRUPTED = "interrupted"
    LIMIT = "limit"
    INTERNAL = "internal"


class SalverError(Exception):
    """The base of every error of Salver.

    Attributes
    ----------
    kind : `ErrorKind`
        What a handler can do.
    code : `str`
        The stable code.
    operation : `str`
        What was asked for, such as ``butler.get``.
    detail : `str`
        What is wrong, without operation and context.
    context : `dict` [ `str`, `str` ]
        Which dataset, path, node, … it is about.
    hint : `str` or `None`
        What to do next.
    """

    kind: ErrorKind = ErrorKind.INTERNAL
    code: str = "internal"
    operation: str = ""
    detail: str = ""
    context: dict[str, str] = {}
    hint: str | None = None

    def __str__(self) -> str:
        # not KeyError's, which quotes its argument
        return str(self.args[0]) if len(self.args) == 1 else Exception.__str__(self)


class NotFoundError(SalverError, LookupError):
    """What was asked for is not there."""


class ConflictError(SalverError):
    """Something with this name or identity is there already, and differs."""


class InvalidInputError(SalverError, ValueError):
    """The caller's value is wrong."""


class AmbiguousError(SalverError, LookupError):
    """More than one thing answers the question."""


class UnsupportedError(SalverError, NotImplementedError):
    """This version, format or combination cannot do it."""


class CorruptError(SalverError, ValueError):
    """Stored bytes are not what they should be."""


class DeniedError(SalverError, PermissionError):
    """The caller may not."""


class SalverIOError(SalverError, OSError):
    """The operating system, the disk or the network failed."""


class DatabaseError(SalverError):
    """The database failed or is locked."""


class ConfigError(SalverError, ValueError):
    """A configuration is wrong."""


class InUseError(SalverError):
    """Somebody else uses it."""


class InterruptedCallError(SalverError):
    """The call was interrupted."""


class LimitError(SalverError, OSError):
    """A limit of time, size or memory was reached."""


class InternalError(SalverError, RuntimeError):
    """A bug of Salver."""


# -- Gen3's names and bases ---------------------------------------------------------------------
class ButlerUserError(SalverError):
    """The base of Gen3's errors of users."""


class RegistryError(SalverError):
    """The base of Gen3's errors of the registry."""


class CollectionError(RegistryError):
    """An error about a collection."""


class DatasetTypeError(RegistryError):
    """An error about a dataset type."""


class DataIdError(RegistryError):
    """An error about a data ID."""


class ConflictingDefinitionError(ConflictError, RegistryError):
    """A definition differs from the one that is there."""


class OrphanedRecordError(InUseError, RegistryError):
    """Something still refers to what was to be removed."""


class NoDefaultCollectionError(CollectionError, InvalidInputError):
    """A collection is needed and none was given."""


class CollectionExpressionError(CollectionError, InvalidInputError):
    """An expression for collections is wrong."""


class ArgumentError(RegistryError, InvalidInputError):
    """Arguments that do not go together."""


class MissingCollectionError(CollectionError, NotFoundError, ButlerUserError):
    """No such collection."""


class CollectionTypeError(CollectionError, InvalidInputError, ButlerUserError):
    """The collection is of another type."""


class CollectionCycleError(InvalidInputError, ButlerUserError):
    """A chain would hold itself."""


class CalibrationLookupError(AmbiguousError, ButlerUserError):
    """A lookup in a calibration collection is not unique."""


class DataIdValueError(DataIdError, InvalidInputError, ButlerUserError):
    """A value of a data ID is wrong or not there."""


class DimensionValueError(InvalidInputError, ButlerUserError):
    """A dimension record is missing or wrong, or fields that were given are not those of a record.

    Gen3's registry raises it, too, for a name in a data ID that is no dimension and for fields that
    contradict a key; the finer classes here are of this one.
    """


class InconsistentDataIdError(DataIdError, DimensionValueError):
    """Values of a data ID contradict each other."""


class DimensionNameError(DataIdError, DimensionValueError, KeyError):
    """A dimension is missing or unknown."""


class DatasetNotFoundError(NotFoundError, ButlerUserError):
    """No dataset answers the question."""


class DatasetTypeExpressionError(DatasetTypeError, InvalidInputError, ButlerUserError):
    """An expression for dataset types is wrong."""


class MissingDatasetTypeError(DatasetTypeError, NotFoundError, ButlerUserError, KeyError):
    """No such dataset type."""


class InvalidQueryError(InvalidInputError, ButlerUserError):
    """A query is wrong."""


class UnimplementedQueryError(UnsupportedError, ButlerUserError):
    """A query that is not possible yet."""


class MissingStorageClassError(NotFoundError, KeyError):
    """No such storage class."""


class UnknownComponentError(NotFoundError, ButlerUserError, KeyError):
    """The storage class has no such component."""


class EmptyQueryResultError(NotFoundError):
    """A query found nothing."""


class FileIntegrityError(CorruptError, RuntimeError):
    """A file is not what its record says."""


class ArtifactMissingError(NotFoundError, FileNotFoundError):
    """The file of a dataset is not there."""


class ExistsError(ConflictError, FileExistsError):
    """A file or repository is there already."""


class ReadOnlyError(DeniedError, TypeError):
    """The butler, or its repository, is read-only."""


class DatasetTypeNotSupportedError(UnsupportedError):
    """The datastore does not take datasets of this type."""


class IncompatibleVersionError(UnsupportedError):
    """The repository has a schema version that this program does not know."""


class ManagerMismatchError(ConflictError, RuntimeError):
    """Configuration and database name different managers."""


class MissingManagerError(NotFoundError, RuntimeError):
    """The database does not say which managers it has."""


class InconsistentUniverseError(InvalidInputError):
    """Dimension universes that do not agree."""


_BY_KIND: dict[str, type[SalverError]] = {
    "not_found": NotFoundError,
    "conflict": ConflictError,
    "invalid_input": InvalidInputError,
    "ambiguous": AmbiguousError,
    "unsupported": UnsupportedError,
    "corrupt": CorruptError,
    "denied": DeniedError,
    "io": SalverIOError,
    "database": DatabaseError,
    "config": ConfigError,
    "in_use": InUseError,
    "interrupted": InterruptedCallError,
    "limit": LimitError,
    "internal": InternalError,
}

_BY_CODE: dict[str, type[SalverError]] = {
    "calibration_lookup": CalibrationLookupError,
    "collection_cycle": CollectionCycleError,
    "collection_expression": CollectionExpressionError,
    "collection_type": CollectionTypeError,
    "conflicting_definition": ConflictingDefinitionError,
    "data_id_value": DataIdValueError,
    "dataset_not_found": DatasetNotFoundError,
    "dataset_type_expression": DatasetTypeExpressionError,
    "dimension_name": DimensionNameError,
    "dimension_value": DimensionValueError,
    "empty_query_result": EmptyQueryResultError,
    "inconsistent_data_id": InconsistentDataIdError,
    "inconsistent_universe": InconsistentUniverseError,
    "invalid_query": InvalidQueryError,
    "missing_collection": MissingCollectionError,
    "missing_dataset_type": MissingDatasetTypeError,
    "no_default_collection": NoDefaultCollectionError,
    "orphaned_record": OrphanedRecordError,
    "unimplemented_query": UnimplementedQueryError,
    "unknown_component": UnknownComponentError,
    "collection_in_use": OrphanedRecordError,
    "file_exists": ExistsError,
    "file_integrity": FileIntegrityError,
    "file_not_found": ArtifactMissingError,
    "dataset_in_use": OrphanedRecordError,
    "dataset_type": DatasetTypeError,
    "dataset_type_not_supported": DatasetTypeNotSupportedError,
    "incompatible_version": IncompatibleVersionError,
    "manager_mismatch": ManagerMismatchError,
    "missing_component": UnknownComponentError,
    "missing_storage_class": MissingStorageClassError,
    "missing_manager": MissingManagerError,
    "no_default_run": NoDefaultCollectionError,
    "read_only_butler": ReadOnlyError,
    "read_only_database": ReadOnlyError,
}


def make(
    args: tuple[str, str, str, str, str],
    context: dict[str, str],
    hint: str | None,
    causes: list[str],
) -> SalverError:
    """The exception of an error of the Rust side."""
    kind, code, operation, detail, text = args
    cls = _BY_CODE.get(code) or _BY_KIND.get(kind, SalverError)
    for cause in causes:
        text += f": {cause}"
    error = cls(text)
    error.kind = ErrorKind(kind)
    error.code = code
    error.operation = operation
    error.detail = detail
    error.context = context
    error.hint = hint
    if hint:
        error.add_note(f"hint: {hint}")
    return error


__all__ = ["ErrorKind"] + [
    name
    for name, value in list(globals().items())
    if isinstance(value, type) and issubclass(value, SalverError)
]
