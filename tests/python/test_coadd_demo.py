"""The showcase of examples/coadd at a small size."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "coadd"


@pytest.fixture
def example(monkeypatch):
    """The example's modules, found by their names."""
    monkeypatch.syspath_prepend(str(FOLDER))
    import coadd_psf
    import demo

    yield demo, coadd_psf
    for name in ("demo", "coadd_psf", "survey", "report"):
        sys.modules.pop(name, None)


def test_the_showcase(example, tmp_path: Path) -> None:
    """uc_002: a coadd's PSF by reference reads only the PSFs that cover a position, and equals the
    one made of copies; the coadds that used a bad CCD are found and built again."""
    demo, _ = example
    demo.main(tmp_path / "out", full=False)
    numbers = json.loads((tmp_path / "out" / "numbers.json").read_text())
    assert numbers["links"] > 30 and numbers["stored"] < 0.01
    psf = 6 * 61 * 61 * 8
    assert numbers["covering"] <= 4
    # one part of each file that covers the position, its header and the registry's pages
    assert numbers["bytes_read_for_one_position"] < numbers["covering"] * (psf + 100_000)
    assert numbers["patches_rebuilt"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("<img") == 12 and "<svg" in page


def test_inputs_that_cover_a_position(example) -> None:
    """uc_003: which inputs cover a position equals a test of every box; nothing is read."""
    _, coadd_psf = example
    random = np.random.default_rng(3)
    corners = random.uniform(-64, 900, (200, 2))
    boxes = np.hstack([corners, corners + 128])
    psf = coadd_psf.CoaddPsf([None] * 200, np.ones(200), boxes, 128)
    for x, y in random.uniform(0, 900, (10_000, 2)):
        expected = [
            i for i, (x0, y0, x1, y1) in enumerate(boxes.tolist()) if x0 <= x < x1 and y0 <= y < y1
        ]
        assert psf.covering(x, y).tolist() == expected
