"""What a kind of table has no place for: one warning for each column that loses something."""

from __future__ import annotations

import warnings

from salver import Table

from ._registry import LossWarning

_ASKED = ("unit", "description")


def tell(table: Table, kind: str) -> None:
    """Warn of units and descriptions of columns that `kind` cannot keep (UC-55)."""
    for name, about in table.field_metadata.items():
        lost = [f"{key} {about[key]!r}" for key in _ASKED if about.get(key)]
        if lost:
            text = f"column {name}: {kind} keeps no {' and no '.join(lost)}"
            warnings.warn(text, LossWarning, stacklevel=5)
