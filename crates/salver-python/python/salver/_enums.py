"""Enumerations with the names and values of ``lsst.daf.butler``."""

from __future__ import annotations

from enum import Enum, Flag, IntEnum, auto


class CollectionType(IntEnum):
    """What a collection is (Gen3 format §12.1)."""

    RUN = 1
    TAGGED = 2
    CHAINED = 3
    CALIBRATION = 4

    @classmethod
    def all(cls) -> frozenset[CollectionType]:
        """All types."""
        return frozenset(cls)

    @classmethod
    def from_name(cls, name: str) -> CollectionType:
        """The type of this name, in any case."""
        try:
            return cls[name.upper()]
        except KeyError:
            known = ", ".join(cls.__members__)
            raise KeyError(f"no collection type {name!r}; there are {known}") from None


class DatasetExistence(Flag):
    """Where a dataset is known (Gen3 format §13)."""

    UNRECOGNIZED = 0
    RECORDED = auto()
    DATASTORE = auto()
    _ARTIFACT = auto()
    _ASSUMED = auto()
    KNOWN = RECORDED | DATASTORE | _ASSUMED
    VERIFIED = RECORDED | DATASTORE | _ARTIFACT

    def __bool__(self) -> bool:
        return self.value in (self.KNOWN.value, self.VERIFIED.value)


class DatasetIdGenEnum(Enum):
    """How the identifier of a dataset is made (Gen3 format §11)."""

    UNIQUE = 0
    DATAID_TYPE = 1
    DATAID_TYPE_RUN = 2
