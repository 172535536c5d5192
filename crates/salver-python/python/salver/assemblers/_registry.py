"""The registry: which assembler takes apart and makes which type, by tag and by type name.

An entry is found by the name of an object's type (at put) or by the tag of a stored node (at get).
Names are only ever looked up here; nothing that is stored is imported or run.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import Tagged
from .._exceptions import SalverError, make

Function = Callable[..., Any]
Place = tuple[str, str] | Function
"""A function, or the module and the name it is imported from when it is first needed."""


class AssemblerWarning(UserWarning):
    """What is stored was read as a plain tree, or an object lost something on its way."""


class LossWarning(AssemblerWarning):
    """A kind of object could not take all that is stored; the message names the column."""


@dataclass(frozen=True)
class Context:
    """All that an assembler is told besides the object or its parts; never the butler."""

    data_id: Mapping[str, int | str] = field(default_factory=dict)
    """Dimension values of the dataset; empty where there is none."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Read parameters; empty at put."""


NO_CONTEXT = Context()


@dataclass
class Entry:
    """One assembler."""

    tag: str
    version: int = 1
    assemble: Place | None = None
    disassemble: Place | None = None
    bare: Place | None = None
    """Makes the untagged form that a storage class of this very type stores."""
    upgrades: dict[int, Place] = field(default_factory=dict)
    """By version: what makes the parts of the next one."""
    tagged: bool = True
    """Whether the registry puts the tag; else `disassemble` gives the whole neutral value."""


_BY_TAG: dict[str, Entry] = {}
_BY_TYPE: dict[str, Entry] = {}
_entry_points_read = False


def add(entry: Entry, names: tuple[str, ...]) -> None:
    """Add an entry under its tag and the names of its type."""
    _BY_TAG[entry.tag] = entry
    for name in (entry.tag, *names):
        _BY_TYPE[name] = entry


def type_name(cls: type) -> str:
    """The name of a type, as ``module.qualname``."""
    return f"{cls.__module__}.{cls.__qualname__}"


def read_entry_points() -> bool:
    """Load the entry point group ``salver.assemblers``; false where that was done before."""
    global _entry_points_read
    if _entry_points_read:
        return False
    _entry_points_read = True
    from importlib.metadata import entry_points

    for entry in entry_points(group="salver.assemblers"):
        loaded = entry.load()
        if callable(loaded) and not isinstance(loaded, type):
            loaded()  # a class or a module registered itself when it was imported
    return True


def by_tag(tag: str) -> Entry | None:
    """The entry of a tag."""
    found = _BY_TAG.get(tag)
    if found is None and read_entry_points():
        found = _BY_TAG.get(tag)
    return found


def by_type_name(name: str) -> Entry | None:
    """The entry of a type by name, as a storage class spells it."""
    found = _BY_TYPE.get(name)
    if found is None and read_entry_points():
        found = _BY_TYPE.get(name)
    return found


def by_type(cls: type) -> Entry | None:
    """The entry of a type, or of the nearest type that it inherits from."""
    for again in (True, False):
        for base in cls.__mro__[:-1]:
            entry = _BY_TYPE.get(type_name(base))
            if entry is not None and entry.disassemble is not None:
                return entry
        if not (again and read_entry_points()):
            break
    return None


def tags() -> list[str]:
    """Names of all entries."""
    read_entry_points()
    return sorted({*_BY_TAG, *_BY_TYPE})


def call(place: Place, value: Any, context: Context) -> Any:
    """Call a function of an entry; one with a parameter `context` is given that too."""
    if isinstance(place, tuple):
        module, name = place
        function: Function = getattr(importlib.import_module(module), name)
    else:
        function = place
    return function(value, context=context) if _wants_context(function) else function(value)


def _wants_context(function: Any) -> bool:
    try:
        return "context" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def missing(entry: Entry) -> str | None:
    """The package that an entry needs and that is not installed."""
    package = entry.tag.partition(".")[0]
    if not isinstance(entry.assemble, tuple) or package in ("builtins", "datetime", "dict"):
        return None
    if package in sys.modules:
        return package if sys.modules[package] is None else None
    try:
        return None if importlib.util.find_spec(package) is not None else package
    except (ImportError, ValueError):
        return package


def note(tag: str, version: int, entry: Entry | None) -> str | None:
    """Why a tagged node cannot be made an object of; `None` where it can."""
    if entry is None or entry.assemble is None:
        return f"no assembler is registered for `{tag}`"
    if version > entry.version:
        return (
            f"`{tag}` was written as version {version}, and version {entry.version} is what is "
            "known here: a newer release of its package reads it"
        )
    absent = missing(entry)
    return None if absent is None else f"`{tag}` needs the package `{absent}`"


def make_object(value: Any, entry: Entry, version: int, context: Context) -> Any:
    """The object of the parts that a version of an entry wrote."""
    try:
        while version < entry.version:
            upgrade = entry.upgrades.get(version)
            if upgrade is not None:
                value = call(upgrade, value, context)
            version += 1
        assert entry.assemble is not None
        return call(entry.assemble, value, context)
    except (SalverError, ImportError, MemoryError, TypeError):
        raise
    except Exception as error:
        if not isinstance(entry.assemble, tuple):  # somebody else's function, and their error
            raise
        raise damaged(entry.tag, error) from error


def plain(tagged: Tagged, entry: Entry | None) -> Tagged:
    """A tagged node as it is, with a note why; a warning where that is a surprise."""
    why = note(tagged.name, tagged.version, entry)
    if why is not None and entry is not None:
        warnings.warn(f"read as a plain tree: {why}", AssemblerWarning, stacklevel=4)
    return Tagged(tagged.name, tagged.version, tagged.value, why)


def damaged(pytype: str, error: Exception) -> SalverError:
    """The error for a value that was decoded, and of which no object can be made."""
    detail = f"what is stored does not make an object of type {pytype}"
    operation = "python.from_tree"
    told = ("corrupt", "corrupt", operation, detail, f"{operation}: {detail}")
    return make(told, {"type": pytype}, None, [f"{type(error).__name__}: {error}"])
