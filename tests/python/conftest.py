"""Fixtures of the Python tests. They need no network; `lsst.daf.butler` is the oracle where it is
installed, and `SALVER_REQUIRE_GEN3=1` (set by `make test`) makes its absence a failure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import views

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


@pytest.fixture(scope="session")
def formats(gen3, tmp_path_factory) -> Path:
    """A repository with a dataset in each format: not to be changed."""
    root = tmp_path_factory.mktemp("formats") / "repo"
    views.make_with_formats(root)
    assert len(views.agree(gen3, root)) == 5
    return root


@pytest.fixture
def spoiled(formats, tmp_path) -> Path:
    """A copy of it, to spoil."""
    return views.clone(formats, tmp_path / "repo")
