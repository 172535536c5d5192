"""uc_049: every kind of object × format × place works, or is refused for a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matrix
import pytest
import salver

FORMATS = sorted(salver.tree.formats())


@pytest.mark.parametrize("kind", matrix.KINDS)
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.filterwarnings("ignore")
def test_uc_049_a_cell_works_or_is_refused(kind: str, format: str) -> None:
    """uc_049: equal to the last bit, in memory and in a file; a refusal is a declared gap."""
    found = matrix.outcome(kind, format)
    if format in matrix.ANY_SHAPE:
        assert found.works, found.why
    if found.works:
        assert matrix.outcome(kind, format, matrix.in_a_file).works
    else:
        assert found.why


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One repository for each format that holds tagged trees, opened for writing."""
    from test_tree_class import add_type, make

    out = {}
    for format in FORMATS:
        able = salver.tree.formats()[format]
        if "tagged" not in able["kinds"] or "map" not in able["roots"]:
            continue
        entry = {"formatter": "salver.gen3.TreeFormatter", "parameters": {"format": format}}
        seed = {"datastore": {"formatters": {"Tree": entry}}}
        out[format] = make(tmp_path_factory.mktemp(format) / "repo", seed=seed)
        add_type(out[format], "thing")
    return out


@pytest.mark.parametrize("kind", matrix.KINDS)
@pytest.mark.filterwarnings("ignore")
def test_uc_049_a_cell_works_as_a_dataset(kind: str, repositories: dict[str, Any]) -> None:
    """uc_049: and the trees of all formats are equal."""
    obj = matrix.KINDS[kind]()
    run = f"kinds/{list(matrix.KINDS).index(kind)}"
    held = 0
    for format, butler in repositories.items():
        if not matrix.outcome(kind, format).works:
            continue
        butler.collections.register(run)
        ref = butler.put(obj, "thing", instrument="Cam", detector=0, run=run)
        matrix.same(obj, butler.get(ref))
        held += 1
    assert held >= 3


@pytest.mark.filterwarnings("ignore")
def test_the_page_of_formats_is_current() -> None:
    """uc_091: `python tests/python/matrix.py --write` makes it anew."""
    assert Path(matrix.PAGE).read_text() == matrix.page()
