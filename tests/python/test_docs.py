"""Everything that a page shows is run: shell and Python blocks in order, in one folder a page.

A ``text`` block right after a block is what it prints; ``…`` stands for anything.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "guide").glob("*.md"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[tuple[str, str]]:
    return [(m.group(1), m.group(2)) for m in FENCE.finditer(text)]


def matches(line: str, printed: list[str]) -> bool:
    pattern = r"\s*".join(re.escape(part) for part in line.split())
    pattern = pattern.replace(re.escape("…"), ".*")
    return any(re.fullmatch(r"\s*" + pattern + r"\s*", p) for p in printed)


def run(kind: str, code: str, folder: Path) -> str:
    command = {
        "sh": ["bash", "-euo", "pipefail", "-c", code],
        "python": [sys.executable, "-c", code],
    }
    env = {**os.environ, "SALVER_DATA": str(ROOT / "examples" / "data"), "NO_COLOR": "1"}
    done = subprocess.run(
        command[kind], cwd=folder, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_uc_091_every_block_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    printed: list[str] | None = None
    ran = 0
    for kind, code in blocks(page.read_text()):
        if kind in ("sh", "python"):
            printed = run(kind, code, tmp_path).splitlines()
            ran += 1
        elif kind == "text" and printed is not None:
            for line in filter(str.strip, code.splitlines()):
                assert matches(line, printed), f"{page.name}: not printed: {line}\n" + "\n".join(
                    printed
                )
            printed = None
        else:
            printed = None
    assert ran > 0, f"{page.name} shows nothing that runs"
