"""Exceptions: kinds as in Rust, names and bases as in `lsst.daf.butler`."""

from __future__ import annotations

import inspect

import pytest
import salver
from salver import _exceptions, _salver


def test_kinds_match_rust() -> None:
    assert {k.value for k in salver.ErrorKind} == set(_salver.error_kinds())
    assert set(_exceptions._BY_KIND) == set(_salver.error_kinds())


def test_every_class_is_a_salver_error() -> None:
    for cls in [*_exceptions._BY_KIND.values(), *_exceptions._BY_CODE.values()]:
        assert issubclass(cls, salver.SalverError)


def _gen3_classes(gen3) -> dict[str, type]:
    import lsst.daf.butler._exceptions as exceptions
    import lsst.daf.butler.registry as registry

    found = {}
    for module in (exceptions, registry, gen3):
        for name, cls in vars(module).items():
            if inspect.isclass(cls) and issubclass(cls, Exception):
                found[name] = cls
    return found


def test_names_and_bases_are_those_of_gen3(gen3) -> None:
    """uc_087: a handler written for Gen3 goes on working."""
    theirs = _gen3_classes(gen3)
    both = sorted(set(theirs) & set(_exceptions.__all__))
    assert "DatasetNotFoundError" in both and "MissingDatasetTypeError" in both
    for name in both:
        ours = {c.__name__ for c in getattr(salver, name).__mro__}
        missing = {c.__name__ for c in theirs[name].__mro__} - ours
        assert not missing, f"{name} lacks {missing}"


def test_codes_are_those_of_gen3(gen3) -> None:
    for cls in _gen3_classes(gen3).values():
        code = getattr(cls, "error_type", None)
        if isinstance(code, str) and code != "unknown":
            assert _exceptions._BY_CODE[code].__name__ == cls.__name__


def test_an_error_carries_what_a_handler_needs() -> None:
    """uc_087: an error says what was asked, what is wrong and what would have been accepted."""
    with pytest.raises(ValueError) as caught:
        _salver._round_trip({"a": object()})
    error = caught.value
    assert error.kind is salver.ErrorKind.INVALID_INPUT
    assert error.context["type"] == "object"
    assert error.operation == "python.to_tree"
    assert error.hint and error.__notes__ == [f"hint: {error.hint}"]
