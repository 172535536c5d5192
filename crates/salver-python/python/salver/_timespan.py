"""Timespans as values: a pair of nanoseconds of TAI (Gen3 format §15.6)."""

from __future__ import annotations

from typing import Any

from . import Timespan


def to_pair(span: Any) -> list[int]:
    """Both ends of a timespan, of ours or of ``lsst.daf.butler``."""
    begin, end = span.nsec
    return [begin, end]


def from_pair(value: Any) -> Any:
    """The timespan of both ends."""
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        return value
    return Timespan(None, None, _nsec=(value[0], value[1]))
