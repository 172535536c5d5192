"""Kills and errors at every system call that changes a file (UC-20, UC-76).

The named steps of `test_faults.py` are where Salver's own code is; these are all places, the
database's included. They need `strace`; `make faults` gets it and does all of them, `make test`
does a part of them where it is there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import views

ALL = bool(os.environ.get("SALVER_FAULTS_ALL"))
CALLS = (
    "write,pwrite64,openat,open,creat,rename,renameat,renameat2,link,linkat,unlink,unlinkat,"
    "fsync,fdatasync,syncfs,ftruncate,mkdir,mkdirat,fallocate,copy_file_range"
)
#: Calls that a full disk makes fail; the others free or sync.
FILL = {"write", "pwrite64", "openat", "renameat2", "linkat", "mkdir", "mkdirat", "ftruncate"}
DETECTOR = ("stats", views.RUN, 1)


def _strace_works() -> bool:
    if shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return done.returncode == 0


pytestmark = pytest.mark.skipif(
    not _strace_works(), reason="no strace here: the named steps of test_faults.py decide"
)


@pytest.fixture(scope="module")
def base(gen3, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("calls")
    views.make(folder / "repo")
    (folder / "new.json").write_text(json.dumps(views.NEW))
    return folder


def commands(folder: Path, root: Path, name: str) -> list[object]:
    """The command lines that are broken off."""
    where = ["-d", "instrument=Cam,detector=1", "--run", views.RUN]
    return {
        "put": ["put", root, "stats", folder / "new.json", *where],
        "prune": ["prune-datasets", root, views.RUN, "--purge", views.RUN, "--no-confirm"],
        "remove-runs": ["remove-runs", root, views.RUN, "--no-confirm"],
    }[name]


def places(folder: Path, work: Path, name: str) -> list[tuple[str, int]]:
    """Each call that changes a file: its name, and the how many-th of that name it is."""
    root = views.clone(folder / "repo", work / "counted")
    log = work / "log"
    under = ["strace", "-f", "-o", str(log), "-e", f"trace={CALLS}"]
    done = views.cli(*commands(folder, root, name), under=under)
    assert done.returncode == 0, done.stderr
    counts: Counter[str] = Counter()
    found = []
    for line in log.read_text().splitlines():
        match = re.match(r"(?:\d+ +)?(\w+)\((.*)", line)
        if match is None:
            continue
        call, rest = match.groups()
        counts[call] += 1
        reads = call == "openat" and "O_CREAT" not in rest
        talks = call == "write" and rest.startswith(("1,", "2,"))
        if not reads and not talks:
            found.append((call, counts[call]))
    shutil.rmtree(root)
    return found


def broken(folder: Path, root: Path, name: str, call: str, nth: int, how: str):
    """Runs a command whose `nth` call is broken."""
    under = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}"]
    under += ["-e", f"inject={call}:{how}:when={nth}"]
    return views.cli(*commands(folder, root, name), under=under)


def each(folder: Path, work: Path, name: str):
    """Each place with a fresh copy; whether the other program is asked too."""
    found = places(folder, work, name)
    assert len(found) > 10, found
    step = 1 if ALL else max(1, len(found) // 8)
    for number, (call, nth) in enumerate(found):
        root = views.clone(folder / "repo", work / f"{name}-{number}")
        yield call, nth, root, number % step == 0
        shutil.rmtree(root)


def view(gen3, root: Path, ask: bool):
    """What is there; asked of both programs, or of one with the rows."""
    if ask:
        return views.agree(gen3, root)
    views.rows(root)
    return views.datasets(views.salver, root)


def test_uc_020_a_put_killed_at_any_system_call_is_whole_or_not_there(base, gen3, tmp_path) -> None:
    seen_after = set()
    for call, nth, root, ask in each(base, tmp_path, "put"):
        killed = broken(base, root, "put", call, nth, "signal=SIGKILL")
        assert killed.returncode in (-9, 137), (call, nth, killed)
        seen = view(gen3, root, ask)
        there = DETECTOR in seen
        seen_after.add(there)
        assert len(views.leftovers(root)) <= (0 if there else 1), (call, nth)
        again = views.cli(*commands(base, root, "put"))
        if there:
            views.failed(again, "has a dataset of this type and data ID already")
        else:
            assert again.returncode == 0, (call, nth, again.stderr)
        assert view(gen3, root, ask)[DETECTOR][2] == views.NEW, (call, nth)
    assert False in seen_after


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_uc_020_a_put_with_an_error_at_any_system_call_leaves_nothing(
    error, base, gen3, tmp_path
) -> None:
    for call, nth, root, ask in each(base, tmp_path, "put"):
        if error == "ENOSPC" and call not in FILL:
            continue
        files, rows = views.files(root), views.rows(root)
        done = broken(base, root, "put", call, nth, f"error={error}")
        if done.returncode == 0:  # SQLite does without some calls
            assert view(gen3, root, ask)[DETECTOR][2] == views.NEW, (call, nth)
            continue
        views.failed(done)
        if error == "ENOSPC":
            full = "No space left", "no space left", "disk is full", "cannot be opened"
            assert any(word in done.stderr for word in full), (call, nth, done.stderr)
        assert views.rows(root) == rows, (call, nth)
        # what cannot be unlinked stays, and the message says so
        left = views.files(root).keys() - files.keys()
        assert not left or call.startswith("unlink"), (call, nth, left)
        again = views.cli(*commands(base, root, "put"))
        assert again.returncode == 0, (call, nth, again.stderr)
        assert view(gen3, root, ask)[DETECTOR][2] == views.NEW, (call, nth)


@pytest.mark.parametrize("name", ["prune", "remove-runs"])
def test_uc_076_a_removal_killed_at_any_system_call_is_finished_by_the_next(
    name, base, gen3, tmp_path
) -> None:
    for call, nth, root, ask in each(base, tmp_path, name):
        killed = broken(base, root, name, call, nth, "signal=SIGKILL")
        assert killed.returncode in (-9, 137), (call, nth, killed)
        assert len(view(gen3, root, ask)) <= 1, (call, nth)
        again = views.cli(*commands(base, root, name))
        assert again.returncode == 0, (call, nth, again.stderr)
        assert view(gen3, root, ask) == {}, (call, nth)
        assert all(not found for found in views.rows(root).values()), (call, nth)
        assert views.files(root).keys() == {"butler.yaml"}, (call, nth)
