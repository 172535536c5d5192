"""Kills and full disks at every step of put and of removal (UC-20, UC-76)."""

from __future__ import annotations

import errno
import json
import signal
from pathlib import Path

import numpy as np
import pytest
import salver
import views

STORE = ["stage.create", "stage.write", "stage.sync", "publish.link", "dir.sync"]
ROWS = ["put.after_insert", "put.after_link", "put.after_records", "put.before_commit"]
PUT = [*STORE, "put.after_stage", *ROWS, "put.after_commit"]
REMOVE = [
    "remove.after_trash",
    "remove.before_commit",
    "remove.after_commit",
    "remove",
    "remove.after_unlink",
    "remove.after_finish",
]
VALUES = {
    "stats": ("new.json", views.NEW),
    "pixels": ("new.npy", np.arange(30.0).reshape(5, 6).tolist()),
}
KEY = ("stats", views.RUN, 1)


@pytest.fixture(scope="module")
def base(gen3, tmp_path_factory) -> Path:
    """A repository to copy, and files to put."""
    folder = tmp_path_factory.mktemp("faults")
    views.make(folder / "repo")
    (folder / "new.json").write_text(json.dumps(views.NEW))
    np.save(folder / "new.npy", np.arange(30.0).reshape(5, 6))
    return folder


def put(folder: Path, root: Path, name: str = "stats", **more):
    file, _ = VALUES[name]
    where = ["-d", "instrument=Cam,detector=1", "--run", views.RUN]
    return views.cli("put", root, name, folder / file, *where, **more)


def prune(root: Path, detector: int, **more):
    where = ["--datasets", "stats", "-d", f"instrument=Cam,detector={detector}"]
    return views.cli("prune-datasets", root, "--purge", views.RUN, "--no-confirm", *where, **more)


def check_put(gen3, folder: Path, root: Path, name: str, *, committed: bool) -> None:
    """After a put that was broken off: all or nothing, and it can be done again."""
    key = (name, views.RUN, 1)
    _, value = VALUES[name]
    seen = views.agree(gen3, root)
    assert (key in seen) == committed
    # a visible file that nothing refers to is whole all the same
    left = views.leftovers(root)
    assert len(left) <= 1
    again = put(folder, root, name)
    if committed:
        views.failed(again, "has a dataset of this type and data ID already")
    else:
        assert again.returncode == 0, again.stderr
    after = views.agree(gen3, root)
    assert after[key][2] == value
    for path in left:
        assert (root / path).stat().st_size == (root / after[key][1]).stat().st_size


@pytest.mark.parametrize("step", PUT)
@pytest.mark.parametrize("name", VALUES)
def test_uc_020_a_put_killed_at_a_step_is_whole_or_not_there(
    step, name, base, gen3, tmp_path
) -> None:
    root = views.clone(base / "repo", tmp_path / "repo")
    before = views.files(root)
    killed = put(base, root, name, fault=f"{step}:kill")
    assert killed.returncode == -signal.SIGABRT, killed.stderr
    committed = step == "put.after_commit"
    new = views.files(root).keys() - before.keys()
    hidden = {path for path in new if Path(path).name.startswith(".")}
    linked = PUT.index(step) >= PUT.index("put.after_link") or step == "dir.sync"
    assert bool(new - hidden) == linked
    check_put(gen3, base, root, name, committed=committed)


@pytest.mark.parametrize("step", ["stage.write", "publish.link", "put.before_commit"])
def test_uc_020_the_other_program_goes_on_after_a_killed_put(step, base, gen3, tmp_path) -> None:
    root = views.clone(base / "repo", tmp_path / "repo")
    assert put(base, root, fault=f"{step}:kill").returncode == -signal.SIGABRT
    theirs = {"theirs": step}
    with gen3.Butler.from_config(str(root), run=views.RUN) as butler:
        ref = butler.put(theirs, "stats", instrument="Cam", detector=1)
    assert views.agree(gen3, root)[KEY][2] == theirs
    with gen3.Butler.from_config(str(root), writeable=True) as butler:
        butler.pruneDatasets([ref], disassociate=True, unstore=True, purge=True)
    assert KEY not in views.agree(gen3, root)
    assert put(base, root).returncode == 0
    assert views.agree(gen3, root)[KEY][2] == views.NEW


@pytest.mark.parametrize("step", [*STORE, *ROWS])
def test_uc_020_a_full_disk_at_a_step_of_a_put_leaves_nothing(step, base, gen3, tmp_path) -> None:
    root = views.clone(base / "repo", tmp_path / "repo")
    files, rows = views.files(root), views.rows(root)
    done = put(base, root, fault=f"{step}:{errno.ENOSPC}")
    views.failed(done, "No space left on device", "hint: the disk or the quota is full")
    assert views.files(root) == files
    assert views.rows(root) == rows
    assert KEY not in views.agree(gen3, root)
    assert put(base, root).returncode == 0
    assert views.agree(gen3, root)[KEY][2] == views.NEW


@pytest.mark.parametrize("step", REMOVE)
def test_uc_076_a_removal_killed_at_a_step_is_finished_by_the_next(
    step, base, gen3, tmp_path
) -> None:
    root = views.clone(base / "repo", tmp_path / "repo")
    killed = prune(root, 0, fault=f"{step}:kill")
    assert killed.returncode == -signal.SIGABRT, killed.stderr
    seen = views.agree(gen3, root)
    committed = REMOVE.index(step) >= REMOVE.index("remove.after_commit")
    assert (("stats", views.RUN, 0) in seen) == (not committed)
    again = prune(root, 0)
    assert again.returncode == 0, again.stderr
    assert views.agree(gen3, root) == {}
    assert all(not found for found in views.rows(root).values())
    assert views.files(root).keys() == {"butler.yaml"}


@pytest.mark.parametrize("step", REMOVE)
def test_uc_076_runs_whose_removal_was_killed_are_removed_by_the_next(
    step, base, gen3, tmp_path
) -> None:
    root = views.clone(base / "repo", tmp_path / "repo")
    assert put(base, root).returncode == 0
    killed = views.cli("remove-runs", root, views.RUN, "--no-confirm", fault=f"{step}:kill")
    assert killed.returncode == -signal.SIGABRT, killed.stderr
    seen = views.agree(gen3, root)
    committed = REMOVE.index(step) >= REMOVE.index("remove.after_commit")
    assert len(seen) == (0 if committed else 2)
    again = views.cli("remove-runs", root, views.RUN, "--no-confirm")
    assert again.returncode == 0, again.stderr
    assert views.agree(gen3, root) == {}
    assert views.files(root).keys() == {"butler.yaml"}
    with gen3.Butler.from_config(str(root)) as butler:
        assert list(butler.collections.query("*")) == []


@pytest.mark.parametrize("step", ["remove.after_commit", "remove.after_unlink"])
def test_uc_076_a_removal_killed_is_finished_by_the_other_program(
    step, base, gen3, tmp_path
) -> None:
    root = views.clone(base / "repo", tmp_path / "repo")
    assert put(base, root).returncode == 0
    assert prune(root, 0, fault=f"{step}:kill").returncode == -signal.SIGABRT
    with gen3.Butler.from_config(str(root), writeable=True) as butler:
        ref = butler.find_dataset("stats", instrument="Cam", detector=1, collections=views.RUN)
        butler.pruneDatasets([ref], disassociate=True, unstore=True, purge=True)
        butler._datastore.emptyTrash()  # it empties the trash of others on request only
    assert views.agree(gen3, root) == {}
    assert all(not found for found in views.rows(root).values())
    assert views.files(root).keys() == {"butler.yaml"}


def test_uc_076_salver_finishes_what_the_other_program_left_in_the_trash(
    base, gen3, tmp_path
) -> None:
    """Gen3's own removal broken off between its commit and its files: rows in the trash."""
    root = views.clone(base / "repo", tmp_path / "repo")
    assert put(base, root).returncode == 0
    with gen3.Butler.from_config(str(root), writeable=True) as butler:
        ref = butler.find_dataset("stats", instrument="Cam", detector=0, collections=views.RUN)
        butler._datastore.trash(ref)
    assert len(views.rows(root)["trash"]) == 1
    with salver.Butler.from_config(str(root), writeable=True) as butler:
        ref = butler.find_dataset("stats", instrument="Cam", detector=1, collections=views.RUN)
        butler.pruneDatasets([ref], disassociate=True, unstore=True, purge=True)
    found = views.rows(root)
    assert found["trash"] == found["records"] == found["location"] == []
    assert views.files(root).keys() == {"butler.yaml"}
