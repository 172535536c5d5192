"""The table of cases, and the repositories that they share."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import benchlib as bl
from benchlib import RUN

HERE = Path(__file__).resolve().parent
CASES: dict[str, dict] = {}


def case(name, group, n=1, repeats=5):
    def deco(fn):
        CASES[name] = {"fn": fn, "group": group, "n": n, "repeats": repeats}
        return fn

    return deco


class Ctx:
    def __init__(self, a, n, repeats):
        self.a, self.n, self.repeats = a, n, repeats
        self.work = a.work
        self._impl = None

    @property
    def impl(self) -> bl.Impl:
        if self._impl is None:
            self._impl = bl.Impl(self.a.impl)
        return self._impl

    def fresh(self, name: str) -> str:
        p = os.path.join(self.work, f"{self.a.impl}_{name}")
        if os.path.exists(p):
            shutil.rmtree(p)
        return p

    def built(self, kind: str, n: int) -> str:
        """Path of a repo built (once) in a child process by the build-impl."""
        who = self.a.build_impl or self.a.impl
        p = os.path.join(self.work, f"{who}_{kind}_{n}")
        if not os.path.exists(p + ".ok"):
            cmd = [
                self.a.build_python or sys.executable,
                str(HERE / "bench_butler.py"),
                "--impl",
                who,
                "--work",
                self.work,
            ]
            subprocess.run(
                cmd + ["--build", kind, str(n), p], check=True, stdout=subprocess.DEVNULL
            )
            Path(p + ".ok").write_text("")
        return p

    def query_repo(self, spatial=True):
        return self.built("qs" if spatial else "qn", self.n)


# -- builders (child process) ------------------------------------------------
def build(kind: str, n: int, root: str, impl: bl.Impl) -> None:
    if kind in ("qs", "qn"):
        bl.build_query_repo(impl, root, n, spatial=kind == "qs")
    elif kind == "files":
        os.makedirs(root, exist_ok=True)
        for i in range(n):
            d = os.path.join(root, f"{i // 1000:04d}")
            if i % 1000 == 0:
                os.makedirs(d, exist_ok=True)
            with open(os.path.join(d, f"f{i:07d}.json"), "w") as f:
                f.write('{"a": %d, "b": [1, 2, 3], "c": "x"}' % i)
    elif kind in ("put_json", "put_yaml"):
        ids = bl.build_exposure_repo(impl, root, n, json_dicts=kind == "put_json")
        b = bl.open_rw(impl, root)
        refs = [b.put(small_dict(i), "metric", d, run=RUN) for i, d in enumerate(ids)]
        Path(root, "ids.json").write_text(json.dumps([str(r.id) for r in refs]))
        bl.close(b)
    else:
        raise SystemExit(f"unknown kind {kind}")


def small_dict(i: int) -> dict:
    return {"index": i, "seeing": 0.7 + i * 1e-4, "flags": [1, 2, 3], "note": "bench", "ok": True}
