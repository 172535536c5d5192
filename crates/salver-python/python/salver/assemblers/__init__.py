"""Assemblers: one kind of Python object ↔ the neutral values that every format understands.

Neutral values are dict, list, text, numbers, bytes, NumPy arrays, `salver.Table` and
`salver.Tagged`. An assembler is two functions: one takes an object apart into such values (or into
objects that have assemblers themselves), the other makes the object of them. What it made carries a
tag, a name with a version, by which the node is known when it is read again::

    @salver.assembler(Star, tag="mypkg.Star", version=2)
    class StarAssembler:
        @staticmethod
        def disassemble(star):
            return {"name": star.name, "flux": star.flux}

        @staticmethod
        def assemble(parts):
            return Star(parts["name"], parts["flux"])

        @staticmethod
        def upgrade_1(parts):  # version 1 had magnitudes
            return {"name": parts["name"], "flux": 10 ** (-0.4 * parts["mag"])}

On a dataclass, a pydantic model or an enumeration the decorator needs nothing more::

    @salver.assembler(tag="mypkg.Box")
    @dataclass
    class Box: ...

Other packages add theirs through the entry point group ``salver.assemblers``: a module or a class
that registers when it is imported, or a function without arguments that does.

What is stored without a known assembler, or by a newer version of one, reads as `salver.Tagged`:
its ``name``, ``version``, plain ``value``, and a ``note`` why. No name that is stored is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .. import Tagged
from . import _builtin, _classes, _registry
from ._registry import NO_CONTEXT, AssemblerWarning, Context, Entry, LossWarning, type_name

__all__ = [
    "AssemblerWarning",
    "Context",
    "LossWarning",
    "assemble",
    "assembler",
    "disassemble",
    "known",
    "register",
    "time",
]

T = TypeVar("T", bound=type)

# what asks for no kind in particular
_ANY = frozenset({None, "object", "dict", "list", "int", "float", "str", "bool", "bytes"})

_builtin.add_all()


# -- registering ----------------------------------------------------------------------------------
def register(
    pytype: str | type,
    *,
    assemble: Callable[..., Any] | None = None,
    disassemble: Callable[..., Any] | None = None,
    tag: str | None = None,
    version: int = 1,
    upgrades: Mapping[int, Callable[..., Any]] | None = None,
) -> None:
    """Add the assembler of a type.

    Parameters
    ----------
    pytype : `str` or `type`
        The type, or its name as a storage class spells it: ``package.module.Name``.
    assemble : callable, optional
        Makes the object of a neutral value. One with a parameter named ``context`` is given a
        `Context` too.
    disassemble : callable, optional
        Makes a neutral value of the object; ``context`` likewise.
    tag : `str`, optional
        The name under which it is stored. Without it ``disassemble`` gives the whole value, with a
        `Tagged` of its own if any.
    version : `int`, optional
        Of the form that ``disassemble`` makes.
    upgrades : `dict` [ `int`, callable ], optional
        By version: what makes the parts of the next version; one that is left out changes nothing.
    """
    name = pytype if isinstance(pytype, str) else type_name(pytype)
    entry = Entry(
        tag or name,
        version,
        assemble,
        disassemble,
        upgrades=dict(upgrades or {}),
        tagged=tag is not None,
    )
    old = _registry._BY_TYPE.get(name)
    if old is not None and tag is None:  # one direction, over what is there
        entry.assemble = assemble or old.assemble
        entry.disassemble = disassemble or old.disassemble
        if disassemble is None:
            entry.bare, entry.tagged = old.bare, old.tagged
    _registry.add(entry, (name,))


def assembler(
    pytype: type | None = None, *, tag: str | None = None, version: int = 1
) -> Callable[[T], T]:
    """Register the decorated class.

    Parameters
    ----------
    pytype : `type`, optional
        The type of the objects. Without it the decorated class is that type itself: a dataclass, a
        pydantic model, an enumeration, or any class with a method ``disassemble`` and a class
        method ``assemble``.
    tag : `str`, optional
        The name under which objects are stored; the type's own where it is not given. It should
        stay the same when the type moves.
    version : `int`, optional
        Of the form; objects of older versions go through ``upgrade_1``, ``upgrade_2``, …, which are
        static methods that make the parts of the next version.

    Returns
    -------
    decorator : callable
        Gives the class back as it is.
    """

    def add(cls: T) -> T:
        about = pytype or cls
        if pytype is None and not hasattr(cls, "disassemble"):
            entry = _classes.entry(cls, tag or type_name(cls), version)
        else:
            entry = Entry(tag or type_name(about), version, cls.assemble, cls.disassemble)  # type: ignore[attr-defined]
        for old in range(version):
            upgrade = getattr(cls, f"upgrade_{old}", None)
            if upgrade is not None:
                entry.upgrades[old] = upgrade
        _registry.add(entry, (type_name(about),))
        return cls

    return add


def known() -> list[str]:
    """Names of the types and tags that can be put or made."""
    return _registry.tags()


# -- taking apart ---------------------------------------------------------------------------------
def disassemble(obj: Any, context: Context = NO_CONTEXT, *, bare: bool = False) -> Any:
    """The neutral value of an object, tagged; the object itself where nothing knows its type.

    Parameters
    ----------
    obj : object
        The object.
    context : `Context`, optional
        What assemblers may know of the dataset.
    bare : `bool`, optional
        Give the form without a tag, where there is one: it is for a storage class that says the
        type itself.
    """
    cls = type(obj)
    entry = _registry.by_type(cls) or _classes.automatic(cls)
    if entry is None or entry.disassemble is None:
        return obj
    if bare and entry.bare is not None:
        return _registry.call(entry.bare, obj, context)
    value = _registry.call(entry.disassemble, obj, context)
    if not entry.tagged or value is obj:
        return value
    return Tagged(entry.tag, entry.version, value)


# -- making ---------------------------------------------------------------------------------------
def assemble(value: Any, pytype: str | None, context: Context = NO_CONTEXT) -> Any:
    """The object of type ``pytype`` made of a neutral value, or the one that its tag says.

    A value that is of that type already, and a type that no assembler knows, give the neutral
    value: what was stored is never out of reach. Damaged metadata that the object cannot be made
    of is a `CorruptError`.
    """
    if isinstance(value, Tagged):
        return _of_tagged(value, pytype, context)
    if pytype is None or pytype == "object" or (pytype == "dict" and isinstance(value, dict)):
        return value
    if _is(value, pytype):
        return value
    entry = _registry.by_type_name(pytype)
    if entry is None or entry.assemble is None:
        return value
    return _registry.make_object(value, entry, entry.version, context)


def _of_tagged(tagged: Tagged, pytype: str | None, context: Context) -> Any:
    stored = _registry.by_tag(tagged.name)
    wanted = stored if pytype in _ANY else _registry.by_type_name(pytype or "")
    if wanted is None or _registry.note(tagged.name, tagged.version, stored) is not None:
        if pytype == "dict" and isinstance(tagged.value, dict):
            return tagged.value
        if stored is None and wanted is not None and wanted.assemble is not None:
            return _registry.make_object(tagged.value, wanted, wanted.version, context)
        return _registry.plain(tagged, stored)
    assert stored is not None
    if wanted is stored:
        return _registry.make_object(tagged.value, stored, tagged.version, context)
    if wanted.assemble is None:
        return _registry.plain(tagged, stored)
    # another kind: the parts where it can be made of them, else the object itself converts
    if isinstance(tagged.value, (dict, Tagged)):
        made = _registry.make_object(tagged.value, stored, tagged.version, context)
        return assemble(disassemble(made, context, bare=True), pytype, context)
    return _registry.make_object(tagged.value, wanted, wanted.version, context)


def _is(value: Any, pytype: str) -> bool:
    loaded = sys.modules.get(pytype.partition(".")[0])
    return loaded is not None and type_name(type(value)) == pytype


def time(tai_ns: int) -> Any:
    """The `astropy.time.Time` of an instant in nanoseconds of TAI since 1970."""
    from . import _mixins

    return _mixins.instant(tai_ns)
