"""Values of the standard library that no format has a word for: dates, complex numbers, sets."""

from __future__ import annotations

import datetime as dt
from typing import Any


def to_text(value: dt.datetime | dt.date | dt.time) -> str:
    """ISO 8601, to the microsecond, with the offset from UTC where there is one."""
    return value.isoformat()


def datetime_of(text: str) -> dt.datetime:
    """A `datetime.datetime`."""
    return dt.datetime.fromisoformat(text)


def date_of(text: str) -> dt.date:
    """A `datetime.date`."""
    return dt.date.fromisoformat(text)


def time_of(text: str) -> dt.time:
    """A `datetime.time`."""
    return dt.time.fromisoformat(text)


def to_microseconds(value: dt.timedelta) -> int:
    """A duration in microseconds."""
    return value // dt.timedelta(microseconds=1)


def timedelta_of(microseconds: int) -> dt.timedelta:
    """A `datetime.timedelta`."""
    return dt.timedelta(microseconds=microseconds)


def from_complex(value: complex) -> list[float]:
    """Real and imaginary part."""
    return [value.real, value.imag]


def complex_of(parts: list[float]) -> complex:
    """A complex number."""
    return complex(*parts)


def from_set(value: set[Any] | frozenset[Any]) -> list[Any]:
    """The items, in order where they have one."""
    try:
        return sorted(value)
    except TypeError:
        return list(value)


def set_of(items: list[Any]) -> set[Any]:
    """A set."""
    return set(items)


def frozenset_of(items: list[Any]) -> frozenset[Any]:
    """A frozen set."""
    return frozenset(items)
