"""The type stubs say what the native module has."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from salver import _salver

STUBS = Path(__file__).resolve().parents[2] / "crates/salver-python/python/salver/_salver"


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_stubs_match_the_native_module(tmp_path) -> None:
    """The stubs are split by idea; `stubtest` wants them as the one module that they describe."""
    package = tmp_path / "stubs" / "salver"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for name in ("_config.py", "_enums.py"):
        (package / name).write_text((STUBS.parent / name).read_text())
    parts = [p.read_text() for p in sorted(STUBS.glob("_*.pyi")) if p.name != "__init__.pyi"]
    own = re.compile(r"^from \._\w+ import (\([^)]*\)|[^\n(]*)\n", re.MULTILINE)
    alias = re.compile(r"^_\w+: TypeAlias = .*\n", re.MULTILINE)
    text = "".join(own.sub("", part) for part in parts)
    aliases = "".join(sorted(set(alias.findall(text))))
    text = alias.sub("", text).replace("from .._", "from ._")
    head = f"__version__: str\n__all__ = {_salver.__all__!r}\n"
    (package / "_salver.pyi").write_text(text.replace("@final", head + aliases + "@final", 1))
    run = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "salver._salver", "--concise"],
        env={**os.environ, "MYPYPATH": str(package.parent)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
