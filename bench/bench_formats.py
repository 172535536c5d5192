#!/usr/bin/env python3
"""Every format on a 100 MB array and a table of a million rows, against the Python library of each.

    cargo build --release -p salver-formats --example formats_bench
    python bench/bench_formats.py --work /dev/shm/formats [--only zarr hdf5] > table.md

Times are the best of three runs, files on the folder given (a memory file system is best). The
libraries run with their own defaults and as many threads as they take; compression is the same on
both sides where there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RUNS = 3
CUT = (slice(2000, 2050), slice(2500, 2550))


def best(work) -> float:
    found = float("inf")
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        found = min(found, time.perf_counter() - start)
    return found


def make(folder: Path) -> None:
    """The data of both sides."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if (folder / "document.json").exists():
        return
    rng = np.random.default_rng(1)
    np.save(folder / "image.npy", rng.normal(1000, 7, (5000, 5000)).astype("f4"))
    np.save(folder / "counts.npy", rng.normal(1000, 7, (7071, 7071)).astype("i2"))
    n = 1_000_000
    columns = {f"c{k}": rng.integers(0, 1 << 40, n) for k in range(4)}
    columns |= {f"c{k}": rng.normal(size=n) for k in range(4, 9)}
    columns["name"] = pa.array([f"object {i}" for i in range(n)])
    pq.write_table(pa.table(columns), folder / "table.parq")
    document = [
        {"id": i, "flux": i / 7, "name": f"object {i}", "tags": ["a", "b", None]}
        for i in range(100_000)
    ]
    (folder / "document.json").write_text(json.dumps(document))


def ours(folder: Path, only: list[str]) -> dict[tuple[str, str], tuple[float, int]]:
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    tool = target / "release" / "examples" / "formats_bench"
    run = subprocess.run([tool, folder, *only], check=True, capture_output=True, text=True)
    rows = map(json.loads, run.stdout.splitlines())
    return {(r["format"], r["what"]): (r["seconds"], r["bytes"]) for r in rows}


def arrays(folder: Path):
    """Name, encode, decode, cutout, of each library."""
    import asdf
    import h5py
    import zarr
    from astropy.io import fits

    image = np.load(folder / "image.npy")
    path = lambda ending: folder / f"theirs{ending}"

    yield (
        "npy",
        lambda: np.save(path(".npy"), image),
        lambda: np.load(path(".npy")),
        lambda: np.array(np.load(path(".npy"), mmap_mode="r")[CUT]),
    )
    yield (
        "npz",
        lambda: np.savez(path(".npz"), image=image),
        lambda: np.load(path(".npz"))["image"],
        None,
    )

    def fits_get(cut=None):
        with fits.open(path(".fits"), memmap=cut is not None) as f:
            return f[0].data.astype("f4") if cut is None else np.array(f[0].section[cut])

    yield (
        "fits",
        lambda: fits.writeto(path(".fits"), image, overwrite=True),
        fits_get,
        lambda: fits_get(CUT),
    )

    def asdf_get(cut=...):
        with asdf.open(path(".asdf"), memmap=cut is not ...) as f:
            return np.array(f["image"][cut])

    yield (
        "asdf",
        lambda: asdf.AsdfFile({"image": image}).write_to(path(".asdf")),
        asdf_get,
        lambda: asdf_get(CUT),
    )

    def h5_put():
        with h5py.File(path(".h5"), "w") as f:
            f["image"] = image

    def h5_get(cut=...):
        with h5py.File(path(".h5")) as f:
            return f["image"][cut]

    yield "hdf5", h5_put, h5_get, lambda: h5_get(CUT)

    def zarr_put(name, **how):
        path(name).unlink(missing_ok=True)
        with zarr.storage.ZipStore(path(name), mode="w") as store:
            zarr.create_array(store, data=image, **how)

    def zarr_get(name, cut=...):
        with zarr.storage.ZipStore(path(name), mode="r") as store:
            return zarr.open_array(store, mode="r")[cut]

    none = {"chunks": (5000, 5000), "compressors": None}
    yield (
        "zarr none",
        lambda: zarr_put(".none.zip", **none),
        lambda: zarr_get(".none.zip"),
        lambda: zarr_get(".none.zip", CUT),
    )
    zstd = {
        "chunks": (256, 256),
        "shards": (5120, 5120),
        "compressors": zarr.codecs.ZstdCodec(level=3),
    }
    yield (
        "zarr",
        lambda: zarr_put(".zip", **zstd),
        lambda: zarr_get(".zip"),
        lambda: zarr_get(".zip", CUT),
    )


def rice(folder: Path):
    import fitsio

    counts = np.load(folder / "counts.npy")
    path = str(folder / "theirs-rice.fits")

    def put():
        fitsio.write(path, counts, compress="RICE", tile_dims=(256, 256), clobber=True)

    def cut():
        with fitsio.FITS(path) as f:
            return f[1][CUT]

    yield "fits rice", put, lambda: fitsio.read(path), cut


def tables(folder: Path):
    import fitsio
    import h5py
    import pyarrow as pa
    import pyarrow.feather as feather
    import pyarrow.parquet as pq
    import zarr

    table = pq.read_table(folder / "table.parq")
    two = ["c3", "c7"]
    plain = {name: table[name].to_numpy() for name in table.column_names if name != "name"}
    plain["name"] = np.asarray(table["name"].to_pylist(), dtype="S")
    path = lambda ending: folder / f"theirs-table{ending}"

    yield (
        "parquet",
        lambda: pq.write_table(table, path(".parq")),
        lambda: pq.read_table(path(".parq")),
        lambda: pq.read_table(path(".parq"), columns=two),
    )
    ipc = {"compression": "uncompressed"}
    yield (
        "arrow",
        lambda: feather.write_feather(table, path(".arrow"), **ipc),
        lambda: feather.read_table(path(".arrow"), memory_map=False),
        lambda: feather.read_table(path(".arrow"), columns=two, memory_map=False),
    )
    records = np.rec.fromarrays(list(plain.values()), names=list(plain))
    yield (
        "fits",
        lambda: fitsio.write(str(path(".fits")), records, clobber=True),
        lambda: fitsio.read(str(path(".fits"))),
        lambda: fitsio.read(str(path(".fits")), columns=two),
    )

    def h5_put():
        with h5py.File(path(".h5"), "w") as f:
            for name, column in plain.items():
                f[name] = column

    def h5_get(names):
        with h5py.File(path(".h5")) as f:
            return [f[name][:] for name in names]

    yield "hdf5", h5_put, lambda: h5_get(plain), lambda: h5_get(two)

    def zarr_put(name, **how):
        path(name).unlink(missing_ok=True)
        with zarr.storage.ZipStore(path(name), mode="w") as store:
            group = zarr.create_group(store)
            for key, column in plain.items():
                group.create_array(key, data=column, **how)

    def zarr_get(name, names):
        with zarr.storage.ZipStore(path(name), mode="r") as store:
            group = zarr.open_group(store, mode="r")
            return [group[key][:] for key in names]

    zstd = {
        "chunks": (125_000,),
        "shards": (1_000_000,),
        "compressors": zarr.codecs.ZstdCodec(level=3),
    }
    yield (
        "zarr",
        lambda: zarr_put(".zip", **zstd),
        lambda: zarr_get(".zip", plain),
        lambda: zarr_get(".zip", two),
    )
    none = {"chunks": (1_000_000,), "compressors": None}
    yield (
        "zarr none",
        lambda: zarr_put(".none.zip", **none),
        lambda: zarr_get(".none.zip", plain),
        lambda: zarr_get(".none.zip", two),
    )


def documents(folder: Path):
    text = (folder / "document.json").read_text()
    document = json.loads(text)
    path = folder / "theirs.json"
    yield (
        "json",
        lambda: path.write_text(json.dumps(document)),
        lambda: json.loads(path.read_text()),
        None,
    )


def theirs(folder: Path, only: list[str]) -> dict[tuple[str, str], float]:
    out = {}
    groups = [
        ("array", arrays, "cutout"),
        ("counts", rice, "cutout"),
        ("table", tables, "two columns"),
        ("document", documents, ""),
    ]
    for what, cases, part in groups:
        for name, put, get, cut in cases(folder):
            if only and name.split()[0] not in only:
                continue
            out[name, f"{what} encode"] = best(put)
            out[name, f"{what} decode"] = best(get)
            if cut is not None:
                out[name, f"{what} {part}"] = best(cut)
    return out


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for files, about 2 GB")
    parser.add_argument("--only", nargs="*", default=[], help="formats to measure")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    make(options.work)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", file=sys.stderr)
    first, second = ours(options.work, options.only), theirs(options.work, options.only)
    print(
        "| format | case | Salver, s | library, s | library / Salver | bytes |\n| --- | --- | --- | --- | --- | --- |"
    )
    for (name, what), (seconds, moved) in first.items():
        other = second.get((name, what))
        shown = ["", ""] if other is None else [f"{other:.4f}", f"{other / max(seconds, 1e-9):.2f}"]
        print(f"| {name} | {what} | {seconds:.4f} | {shown[0]} | {shown[1]} | {moved:,} |")
    print(f"load {os.getloadavg()[0]:.1f}", file=sys.stderr)


if __name__ == "__main__":
    main()
