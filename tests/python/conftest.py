"""Fixtures of the Python tests. They need no network; `lsst.daf.butler` is the oracle where it is
installed, and `SALVER_REQUIRE_GEN3=1` (set by `make test`) makes its absence a failure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The project's folder of test data."""
    return ROOT / "testdata"


@pytest.fixture(scope="session")
def gen3():
    """The module `lsst.daf.butler`."""
    try:
        import lsst.daf.butler as module
    except ImportError:
        if os.environ.get("SALVER_REQUIRE_GEN3"):
            raise
        pytest.skip("lsst.daf.butler is not installed")
    return module
