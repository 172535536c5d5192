"""Paths that would leave the root, and places that may not be written or are full (UC-87, UC-20)."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import salver
import views
from salver import Butler, ErrorKind

# -- paths that would leave the root --------------------------------------------------------------------------
TEMPLATES = [
    "../{run}/{detector}",
    "{run}/../../x_{detector}",
    "{run:/}/{instrument}/../../{run:/}",
]


def _template(root: Path, template: str) -> None:
    import yaml

    config = yaml.safe_load((root / "butler.yaml").read_text())
    config["datastore"].setdefault("templates", {})["stats"] = template
    (root / "butler.yaml").write_text(yaml.safe_dump(config))


def _tree(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if "gen3.sqlite3" not in p.name}


@pytest.mark.parametrize("template", TEMPLATES)
def test_uc_087_a_template_that_leaves_the_root_is_refused(template, spoiled) -> None:
    _template(spoiled, template)
    before, rows = _tree(spoiled.parent), views.rows(spoiled)
    with views.refused(ErrorKind.CONFIG, ValueError):
        with Butler.from_config(str(spoiled), run=views.RUN) as butler:
            butler.put(views.NEW, "stats", instrument="Cam", detector=2)
    assert _tree(spoiled.parent) == before and views.rows(spoiled) == rows


def test_uc_087_an_absolute_template_stays_below_the_root(spoiled, gen3) -> None:
    """Gen3 takes the leading slash away (§9.3); so does Salver."""
    _template(spoiled, "/abs/{run}/{detector}/{instrument}_{datasetType}")
    with Butler.from_config(str(spoiled), run=views.RUN) as butler:
        butler.put(views.NEW, "stats", instrument="Cam", detector=2)
    path = views.agree(gen3, spoiled)[("stats", views.RUN, 2)][1]
    assert path.startswith("abs/run/2/")
    assert not Path("/abs").exists()


@pytest.mark.parametrize("run", ["../out", "a/../../../out", "..", "a/.."])
def test_uc_087_a_run_whose_name_leaves_the_root_is_refused(run, formats, spoiled, gen3) -> None:
    before, rows = _tree(spoiled.parent), views.rows(spoiled)
    with views.refused(ErrorKind.INVALID_INPUT, ValueError) as caught:
        with Butler.from_config(str(spoiled), run=run) as butler:
            butler.put(views.NEW, "stats", instrument="Cam", detector=2)
    assert ".." in str(caught[0])
    assert _tree(spoiled.parent) == before and views.rows(spoiled) == rows


def test_uc_087_a_value_with_dots_and_slashes_stays_below_the_root(spoiled, gen3) -> None:
    """Slashes of values become `_`, so a data ID cannot name another folder."""
    _template(spoiled, "{run:/}/{instrument}/{detector}_{datasetType}")
    with Butler.from_config(str(spoiled), run=views.RUN) as butler:
        name = "../../../etc"
        butler.registry.insertDimensionData("instrument", {"name": name, "detector_max": 1})
        butler.registry.insertDimensionData(
            "detector", {"instrument": name, "id": 9, "full_name": "../x"}
        )
        ref = butler.put(views.NEW, "stats", instrument=name, detector=9)
        path = Path(butler.getURI(ref).ospath)
    assert path.resolve().is_relative_to(spoiled.resolve())
    assert views.agree(gen3, spoiled)[("stats", views.RUN, 9)][2] == views.NEW


def test_uc_087_a_record_that_points_outside_is_not_followed(spoiled) -> None:
    with sqlite3.connect(spoiled / "gen3.sqlite3") as db:
        db.execute(
            "update file_datastore_records set path = '../secret.json', file_size = 2"
            " where path like '%stats_Cam_D1%'"
        )
    db.close()
    secret = spoiled.parent / "secret.json"
    secret.write_text("{}")
    with Butler.from_config(str(spoiled), collections=views.RUN, writeable=True) as butler:
        with views.refused(ErrorKind.CORRUPT) as caught:
            butler.get("stats", views.WHERE)
        assert "../secret.json" in str(caught[0])
        refs = [butler.find_dataset("stats", instrument="Cam", detector=d) for d in (0, 1)]
        butler.pruneDatasets(refs, disassociate=True, unstore=True, purge=True)
        assert butler.find_dataset("stats", views.WHERE) is None
    assert secret.exists()
    assert views.rows(spoiled)["trash"] == []


# -- repositories that may not be written -------------------------------------------------------------------------
def _writes(butler: Any) -> list[Callable[[], Any]]:
    where = {"instrument": "Cam", "detector": 2}
    ref = butler.find_dataset("stats", views.WHERE, collections=views.RUN)
    return [
        lambda: butler.put(views.NEW, "stats", where, run=views.RUN),
        lambda: butler.collections.register("more"),
        lambda: butler.registry.insertDimensionData("instrument", {"name": "New"}),
        lambda: butler.pruneDatasets([ref], disassociate=True, unstore=True, purge=True),
        lambda: butler.removeRuns([views.RUN]),
    ]


def test_uc_087_a_read_only_butler_writes_nothing(formats, spoiled, gen3) -> None:
    with Butler.from_config(str(spoiled), writeable=False) as butler:
        for call in _writes(butler):
            with views.refused(ErrorKind.DENIED, "ReadOnlyError", TypeError, PermissionError):
                call()
    views.unchanged(gen3, formats, spoiled)


@contextmanager
def mounted(*options: str) -> Iterator[None]:
    """A mount; skips where the machine does not allow one."""
    done = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no mount here ({done.stderr.strip()}): the injected faults decide")
    try:
        yield
    finally:
        subprocess.run(["umount", options[-1]], check=True)


needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mount") is None,
    reason="mounts need root: the injected faults of test_faults.py decide",
)


@needs_root
def test_uc_087_a_file_system_that_is_read_only_denies_writes(formats, spoiled, gen3) -> None:
    with mounted("--bind", str(spoiled), str(spoiled)):
        done = subprocess.run(
            ["mount", "-o", "remount,ro,bind", str(spoiled)], capture_output=True, check=False
        )
        if done.returncode != 0:
            pytest.skip("no read-only mount here")
        with Butler.from_config(str(spoiled), collections=views.RUN) as butler:
            assert butler.get("stats", views.WHERE) == views.NEW
        with pytest.raises(salver.SalverError) as caught:
            with Butler.from_config(str(spoiled), writeable=True) as butler:
                butler.put(views.NEW, "stats", instrument="Cam", detector=2, run=views.RUN)
        assert caught.value.kind is ErrorKind.DENIED, caught.value
        file = spoiled.parent / "new.json"
        file.write_text("{}")
        where = ["-d", "instrument=Cam,detector=2", "-r", views.RUN]
        views.failed(
            views.cli("put", spoiled, "stats", file, *where), "may not be written", "hint:"
        )
        views.failed(views.cli("remove-runs", spoiled, views.RUN, "--no-confirm"), "hint:")
    views.unchanged(gen3, formats, spoiled)


@needs_root
def test_uc_020_a_file_system_that_is_full_is_a_limit_and_leaves_nothing(
    formats, tmp_path, gen3
) -> None:
    """With ever less room: file first, then the database's journal, then nothing at all."""
    size = sum(p.stat().st_size for p in formats.rglob("*") if p.is_file())
    disk = tmp_path / "disk"
    disk.mkdir()
    page = 4096
    value = {"numbers": list(range(3000))}
    outcomes = []
    with mounted("-t", "tmpfs", "-o", f"size={size + 100 * page}", "tmpfs", str(disk)):
        for pages in (0, 1, 3, 4, 5, 6, 8, 10, 14, 18, 24, 30):
            root = views.clone(formats, disk / "repo")
            rows, files = views.rows(root), views.files(root)
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            ballast = disk / "ballast"
            ballast.write_bytes(bytes(max(0, free - pages * page)))
            try:
                with Butler.from_config(str(root), run=views.RUN) as butler:
                    butler.put(value, "stats", instrument="Cam", detector=2)
                outcomes.append("put")
            except salver.SalverError as error:
                assert error.kind is ErrorKind.LIMIT, (pages, error)
                outcomes.append("limit")
                assert views.files(root) == files, pages
            ballast.unlink()
            if outcomes[-1] == "limit":
                assert views.rows(root) == rows
                with Butler.from_config(str(root), run=views.RUN) as butler:
                    butler.put(value, "stats", instrument="Cam", detector=2)
            seen = views.agree(gen3, root)
            assert seen[("stats", views.RUN, 2)][2] == value
            assert views.leftovers(root) == []
            shutil.rmtree(root)
    assert outcomes[0] == "limit" and outcomes[-1] == "put", outcomes
