"""Dataclasses, pydantic models, enumerations and named tuples: assembled by their declared fields.

What is not registered is stored under the type's own name, and reads as a plain tree until somebody
registers that name.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from typing import Any

from .. import Tagged
from ._registry import Entry, type_name


def automatic(cls: type) -> Entry | None:
    """The entry of a type that declares its fields; `None` for other types.

    Enumerations of text and of whole numbers are plain values and have none.
    """
    if _kind(cls) is None or (issubclass(cls, enum.Enum) and issubclass(cls, (int, str))):
        return None
    return entry(cls, type_name(cls), 1)


def entry(cls: type, tag: str, version: int) -> Entry:
    """The entry of a dataclass, a pydantic model or an enumeration."""
    kind = _kind(cls)
    if kind is None:
        raise TypeError(
            f"{type_name(cls)} is no dataclass, pydantic model or enumeration: "
            "give it `disassemble` and `assemble`"
        )
    take, make = kind
    return Entry(tag, version, lambda value: make(cls, value), take)


def _kind(cls: type) -> tuple[Any, Any] | None:
    if dataclasses.is_dataclass(cls):
        return from_dataclass, dataclass_of
    if issubclass(cls, enum.Enum):
        return from_enum, enum_of
    if isinstance(getattr(cls, "model_fields", None), dict) and hasattr(cls, "model_validate"):
        return from_model, model_of
    return None


def from_dataclass(obj: Any) -> dict[str, Any]:
    """The fields, in order."""
    return {field.name: getattr(obj, field.name) for field in dataclasses.fields(obj)}


def dataclass_of(cls: Any, value: dict[str, Any]) -> Any:
    """The dataclass of its fields; those that are not stored have their defaults."""
    hints = typing.get_type_hints(cls)
    given: dict[str, Any] = {}
    later: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        if field.name in value:
            part = shaped(value[field.name], hints.get(field.name))
            (given if field.init else later)[field.name] = part
    unknown = value.keys() - {field.name for field in dataclasses.fields(cls)}
    if unknown:
        raise ValueError(f"fields that {type_name(cls)} has not: {', '.join(sorted(unknown))}")
    made = cls(**given)
    for name, part in later.items():
        object.__setattr__(made, name, part)
    return made


def from_enum(obj: Any) -> str:
    """The member's name."""
    name: str = obj.name
    return name


def enum_of(cls: Any, name: str) -> Any:
    """The member of a name."""
    return cls[name]


def from_model(obj: Any) -> dict[str, Any]:
    """The fields of a pydantic model, and its extra ones."""
    fields = {name: getattr(obj, name) for name in type(obj).model_fields}
    return {**fields, **(obj.__pydantic_extra__ or {})}


def model_of(cls: Any, value: dict[str, Any]) -> Any:
    """The pydantic model, validated."""
    hints = {name: field.annotation for name, field in cls.model_fields.items()}
    shaped_fields = {name: shaped(part, hints.get(name)) for name, part in value.items()}
    return cls.model_validate(shaped_fields, by_name=True)


def shaped(value: Any, hint: Any) -> Any:
    """A neutral value as the annotation of a field wants it: tuples, sets, other classes' parts."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _one_of(value, [arm for arm in inner if arm is not type(None)])
    if origin is typing.Annotated:
        return shaped(value, inner[0])
    if isinstance(hint, type) and origin is None:
        return _as(hint, value)
    if isinstance(value, list) and origin in (list, set, frozenset, tuple):
        if origin is tuple and not (len(inner) == 2 and inner[1] is Ellipsis):
            hints = inner if len(inner) == len(value) else (None,) * len(value)
        else:
            hints = inner[:1] * len(value)
        return origin(shaped(item, item_hint) for item, item_hint in zip(value, hints, strict=True))
    if isinstance(value, dict) and origin is dict:
        return {key: shaped(item, inner[1]) for key, item in value.items()}
    return value


def _one_of(value: Any, arms: list[Any]) -> Any:
    """A value as the only arm of a union, or as the arm whose name is its tag."""
    if value is None:
        return None
    if len(arms) == 1:
        return shaped(value, arms[0])
    if isinstance(value, Tagged):
        for arm in arms:
            if isinstance(arm, type) and type_name(arm) == value.name:
                return _as(arm, value)
    return value


def _as(cls: type, value: Any) -> Any:
    """A value as a class that the program itself names in an annotation."""
    if isinstance(value, cls):
        return value
    kind = _kind(cls)
    if kind is not None:
        if isinstance(value, Tagged) and value.name == type_name(cls):
            return kind[1](cls, value.value)
        if isinstance(value, Tagged):
            return value
        if issubclass(cls, enum.Enum) and issubclass(cls, (int, str)):
            return cls(value)
        return kind[1](cls, value) if isinstance(value, (dict, str)) else value
    if isinstance(value, list) and issubclass(cls, (tuple, set, frozenset)):
        return cls(*value) if hasattr(cls, "_fields") else cls(value)
    return value
