"""Measures h5py on the files that `hdf5_speed DIRECTORY` wrote: best of several runs, milliseconds."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import h5py
import numpy as np


def best(call, runs: int = 3) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return round(min(times), 2)


def load(path: Path) -> dict:
    out = {}
    with h5py.File(path) as f:
        f.visititems(
            lambda name, item: out.update(
                {name: item[...]} if isinstance(item, h5py.Dataset) else {}
            )
        )
    return out


def save(path: Path, arrays: dict, **options) -> None:
    with h5py.File(path, "w") as f:
        for name, array in arrays.items():
            f.create_dataset(name, data=array, **(options if np.ndim(array) else {}))


def main() -> None:
    folder = Path(sys.argv[1])
    gzip = {"compression": "gzip", "shuffle": True}
    for what in ["array", "array_gzip", "table", "thousand"]:
        source, copy = folder / f"{what}.h5", folder / "copy.h5"
        arrays = load(source)
        options = {}
        if what == "array_gzip":
            with h5py.File(source) as f:
                options = {**gzip, "chunks": f["image"].chunks}
        write = best(lambda: save(copy, arrays, **options))
        read = best(lambda: load(copy))
        print(json.dumps({"what": what, "write_ms": write, "read_ms": read}))
        copy.unlink()


if __name__ == "__main__":
    main()
