"""What is in a repository, as Salver, `lsst.daf.butler`, the database and the folder see it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import salver
from salver import Butler, ErrorKind

JSON = "lsst.daf.butler.formatters.json.JsonFormatter"
TYPES = {
    "stats": "StructuredDataDict",
    "pixels": "NumpyArray",
    "stars": "ArrowAstropy",
    "image": "FitsFile",
}
SEED = {
    "storageClasses": {"FitsFile": {"pytype": "astropy.io.fits.HDUList"}},
    "datastore": {
        "formatters": {
            "StructuredDataDict": JSON,
            "NumpyArray": "salver.gen3.NpyFormatter",
            "FitsFile": {
                "formatter": "salver.gen3.FitsFormatter",
                "parameters": {"compression": "RICE_1", "tile": [8, 8]},
            },
        }
    },
}
RUN = "run"
OLD = {"old": [1, 2, 3]}
NEW = {"new": "é", "numbers": list(range(50))}
WHERE = {"instrument": "Cam", "detector": 1}
FORMATS = {"stats": ".json", "pixels": ".npy", "stars": ".parq", "image": ".fits"}
SAMPLE = Path(__file__).resolve().parents[2] / "testdata" / "gen3" / "sample-repo"


def make(root: Path, impl: Any = salver) -> None:
    """A repository with one camera and a dataset type for each format; `stats` of detector 0 is in `run`."""
    seed = root.parent / "seed.json"
    seed.write_text(json.dumps(SEED))
    impl.Butler.makeRepo(str(root), config=str(seed))
    with impl.Butler.from_config(str(root), writeable=True) as butler:
        registry = butler.registry
        registry.insertDimensionData("instrument", {"name": "Cam", "detector_max": 10})
        for i in range(4):
            record = {"instrument": "Cam", "id": i, "full_name": f"D{i}"}
            registry.insertDimensionData("detector", record)
        for name, storage_class in TYPES.items():
            dimensions = ["instrument", "detector"]
            kind = impl.DatasetType(name, dimensions, storage_class, universe=butler.dimensions)
            registry.registerDatasetType(kind)
        butler.collections.register(RUN)
        butler.put(OLD, "stats", instrument="Cam", detector=0, run=RUN)


def plain(value: Any) -> Any:
    """A value that can be compared."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if hasattr(value, "colnames"):
        return {name: value[name].tolist() for name in value.colnames}
    if hasattr(value, "writeto"):
        return [None if hdu.data is None else hdu.data.tolist() for hdu in value]
    return value


def datasets(impl: Any, root: Path) -> dict[tuple[str, str, int], tuple[Any, ...]]:
    """Identifier, path and value of all datasets, each of them read."""
    found: dict[tuple[str, str, int], tuple[Any, ...]] = {}
    with impl.Butler.from_config(str(root), writeable=False) as butler:
        for name in TYPES:
            for ref in butler.registry.queryDatasets(name, collections=..., findFirst=False):
                stored = bool(butler.stored(ref))
                path = butler.getURI(ref).ospath if stored else None
                value = plain(butler.get(ref)) if stored else None
                key = (name, ref.run, ref.dataId["detector"])
                found[key] = (str(ref.id), path and str(Path(path).relative_to(root)), value)
    return found


def rows(root: Path) -> dict[str, list[Any]]:
    """The rows that tell of datasets; the database itself must be sound."""
    with sqlite3.connect(root / "gen3.sqlite3") as db:
        assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert db.execute("pragma foreign_key_check").fetchall() == []
        select = {
            "dataset": "select hex(id), run_id from dataset order by 1",
            "records": "select hex(dataset_id), path, file_size from file_datastore_records order by 1, 2",
            "location": "select hex(dataset_id) from dataset_location order by 1",
            "trash": "select hex(dataset_id) from dataset_location_trash order by 1",
        }
        found = {name: [tuple(row) for row in db.execute(sql)] for name, sql in select.items()}
        tags = [
            name
            for (name,) in db.execute(
                "select name from sqlite_master where type = 'table' and name like 'dataset_tags_%'"
            )
        ]
        found["tags"] = sorted(
            tuple(row) for name in tags for row in db.execute(f"select hex(dataset_id) from {name}")
        )
    db.close()
    return found


def files(root: Path) -> dict[str, int]:
    """All files with their sizes, but for the database's own."""
    ours = (p for p in root.rglob("*") if p.is_file() and not p.name.startswith("gen3.sqlite3"))
    return {str(p.relative_to(root)): p.stat().st_size for p in ours}


def leftovers(root: Path) -> list[str]:
    """Visible files that no record tells of."""
    known = {path for _, path, _ in rows(root)["records"]} | {"butler.yaml"}
    return sorted(
        path for path in files(root) if path not in known and not Path(path).name.startswith(".")
    )


def agree(gen3: Any, root: Path) -> dict[tuple[str, str, int], tuple[Any, ...]]:
    """What both programs see, after checking that rows and files are whole and they see the same."""
    found = rows(root)
    ids = [row[0] for row in found["dataset"]]
    assert [row[0] for row in found["tags"]] == ids
    # one record and one location for each other, and each record's file there with its size
    assert sorted(row[0] for row in found["records"] if (row[0],) not in found["trash"]) == [
        row[0] for row in found["location"]
    ]
    sizes = files(root)
    for identifier, path, size in found["records"]:
        if (identifier,) not in found["trash"]:
            assert sizes[path] == size, path
    ours = datasets(salver, root)
    assert {row[0] for row in ours.values()} == {_dashed(i) for i in ids}
    assert datasets(gen3, root) == ours
    return ours


def _dashed(text: str) -> str:
    """A UUID with its dashes; Gen3 keeps it as text without them, or as bytes."""
    raw = bytes.fromhex(text)
    text = raw.decode() if len(raw) == 32 else raw.hex()
    return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])


def clone(root: Path, to: Path) -> Path:
    """A copy of a repository."""
    shutil.copytree(root, to)
    return to


def cli(
    *args: Any, fault: str | None = None, under: Iterable[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Runs the command line, with a fault or under another program."""
    environment: Mapping[str, str] = {**os.environ, **({"SALVER_FAULT": fault} if fault else {})}
    command = [*under, "salver", *map(str, args)]
    # no core files: a killed process is what is asked for
    return subprocess.run(
        command, env=environment, text=True, capture_output=True, timeout=120, check=False
    )


def failed(done: subprocess.CompletedProcess[str], *words: str) -> str:
    """The one message of a command that failed as it should."""
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "panicked" not in done.stderr and "RUST_BACKTRACE" not in done.stderr
    for word in words:
        assert word in done.stderr, (word, done.stderr)
    return done.stderr


def values() -> dict[str, Any]:
    """A value of each format."""
    from astropy.io import fits
    from astropy.table import Table

    pixels = np.arange(24 * 24, dtype="i4").reshape(24, 24)
    table = Table({"ra": np.linspace(0.0, 1.0, 50), "name": [f"star {i}" for i in range(50)]})
    hdus = fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(pixels, compression_type="RICE_1")])
    return {"stats": NEW, "pixels": pixels, "stars": table, "image": hdus}


def make_with_formats(root: Path) -> None:
    """As `make`, with a dataset of detector 1 in each format."""
    make(root)
    with Butler.from_config(str(root), run=RUN) as butler:
        for name, value in values().items():
            butler.put(value, name, WHERE)


@contextmanager
def refused(kind: ErrorKind, *bases: type | str) -> Iterator[list[salver.SalverError]]:
    """The error that design.md asks for: operation, what is wrong, and Gen3's class."""
    caught: list[salver.SalverError] = []
    with pytest.raises(salver.SalverError) as info:
        yield caught
    error = info.value
    caught.append(error)
    assert error.kind is kind, (error.kind, error)
    assert error.operation and error.detail, repr(error)
    assert "panicked" not in str(error) and "RUST_BACKTRACE" not in str(error)
    for base in bases:
        cls = getattr(salver, base) if isinstance(base, str) else base
        assert isinstance(error, cls), (type(error).__mro__, base)


def path_of(root: Path, name: str) -> Path:
    """The stored file of a dataset type."""
    with Butler.from_config(str(root), collections=RUN) as butler:
        ref = butler.find_dataset(name, WHERE)
        return Path(butler.getURI(ref).ospath)


def unchanged(gen3: Any, base: Path, root: Path) -> None:
    """Nothing of an attempt is left: rows, files, and what both programs read."""
    assert rows(root) == rows(base)
    assert files(root) == files(base)
    assert agree(gen3, root) == agree(gen3, base)
