"""Types of the native module: value."""

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, TypeAlias, final

import numpy as np

from ._butler import ResourcePath

_Path: TypeAlias = str | PathLike[str] | ResourcePath

def _round_trip(object: Any, pytype: str | None = None) -> Any: ...
def encode(
    object: Any,
    format: str,
    options: Mapping[str, str] | None = None,
    pytype: str | None = None,
    data_id: dict[str, int | str] | None = None,
) -> bytes: ...
def error_kinds() -> list[str]: ...
def read_file(
    path: _Path,
    format: str | None = None,
    pytype: str | None = None,
    component: str | None = None,
    parameters: dict[str, Any] | None = None,
    data_id: dict[str, int | str] | None = None,
) -> Any: ...
def read_value(
    place: bytes | _Path, format: str | None, pytype: str | None, select: Mapping[str, Any]
) -> Any: ...
def formats() -> dict[str, dict[str, Any]]: ...
def read_fits_image(
    path: _Path, hdu: int | str, section: Sequence[tuple[int, int]] | None = None
) -> np.ndarray[Any, Any]: ...
def write_value(
    path: _Path, object: Any, format: str | None, options: Mapping[str, str]
) -> None: ...
def write_fits_image(
    path: _Path,
    array: np.ndarray[Any, Any],
    compression: str | None = None,
    tile: Sequence[int] | None = None,
    extra: Mapping[str, str] | None = None,
) -> None: ...

# -- values -------------------------------------------------------------------------------------
@final
class Table:
    @staticmethod
    def from_arrow(object: Any) -> Table: ...
    @staticmethod
    def from_columns(
        columns: Iterable[
            tuple[str, np.ndarray[Any, Any], np.ndarray[Any, Any] | None, Mapping[str, str]]
        ],
        metadata: Mapping[str, str],
    ) -> Table: ...
    @property
    def num_rows(self) -> int: ...
    @property
    def column_names(self) -> list[str]: ...
    @property
    def metadata(self) -> dict[str, str]: ...
    @property
    def field_metadata(self) -> dict[str, dict[str, str]]: ...
    def columns(self) -> dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any] | None]]: ...
    def __len__(self) -> int: ...
    def __arrow_c_schema__(self) -> Any: ...
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...

@final
class Tagged:
    def __new__(cls, name: str, version: int, value: Any, note: str | None = None) -> Tagged: ...
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def value(self) -> Any: ...
    @property
    def note(self) -> str | None: ...
    def __getitem__(self, key: Any, /) -> Any: ...
