"""FITS files that Salver writes, read by astropy and by fitsio (CFITSIO)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
fits = pytest.importorskip("astropy.io.fits")


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Path:
    """A folder with a file of every compression, item type and dither, and files written again."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    tool = target / "debug" / "examples" / "fits_samples"
    build = ["cargo", "build", "--quiet", "-p", "salver-formats", "--example", "fits_samples"]
    subprocess.run(build, cwd=ROOT, check=True)
    folder = tmp_path_factory.mktemp("fits")
    again = [*(ROOT / "examples/data").glob("*.fits"), ROOT / "testdata/fits/tables.fits"]
    subprocess.run([tool, str(folder), *map(str, again)], check=True)
    return folder


def rows(folder: Path) -> list[dict]:
    return json.loads((folder / "samples.json").read_text())


def pixels(folder: Path, row: dict) -> np.ndarray:
    """The pixels as Salver reads them."""
    raw = np.fromfile(folder / f"{row['name']}.raw", np.dtype(row["dtype"]).newbyteorder("<"))
    return raw.reshape(row["shape"])


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether all bits are the same, whatever the byte order; a NaN is a NaN."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype.newbyteorder("=") != b.dtype.newbyteorder("="):
        return False
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))


def test_astropy_reads_the_same_pixels(samples):
    wrong = []
    for row in rows(samples):
        with fits.open(samples / f"{row['name']}.fits", checksum=True) as f:
            f.verify("exception")
            if not same(f[row["hdu"]].data, pixels(samples, row)):
                wrong.append(row["name"])
    assert not wrong


@pytest.mark.filterwarnings("error")
def test_astropy_finds_the_checksums_right(samples):
    for row in rows(samples):
        with fits.open(
            samples / f"{row['name']}.fits", checksum=True, disable_image_compression=True
        ) as f:
            for hdu in f:
                assert hdu.verify_checksum() == hdu.verify_datasum() == 1, row["name"]


def test_cfitsio_reads_the_same_pixels(samples):
    fitsio = pytest.importorskip("fitsio")
    wrong = []
    for row in rows(samples):
        expected = pixels(samples, row)
        if row["dtype"] == "uint64" or (row["dtype"] == "int64" and row["hdu"] == 1):
            continue  # CFITSIO has no such images: unsigned, or compressed, of 64 bits
        got = fitsio.read(str(samples / f"{row['name']}.fits"), ext=row["hdu"])
        if expected.dtype.kind == "f":
            # CFITSIO dequantises to single precision in steps of its own
            close = np.allclose(got, expected, rtol=0, atol=3e-6, equal_nan=True)
            if not (close or same(got, expected)):
                wrong.append(row["name"])
        elif not same(got, expected):
            wrong.append(row["name"])
    assert not wrong


def test_files_written_again_are_the_same_to_astropy(samples):
    for path in [*(ROOT / "examples/data").glob("*.fits"), ROOT / "testdata/fits/tables.fits"]:
        with fits.open(path) as old, fits.open(samples / path.name) as new:
            assert [h.name for h in old] == [h.name for h in new]
            for a, b in zip(old, new):
                if isinstance(a, fits.TableHDU):
                    continue  # written again as a binary table
                if a.data is None:
                    assert b.data is None
                elif a.data.dtype.names:
                    for name in a.data.dtype.names:
                        x, y = a.data[name], b.data[name]
                        if x.dtype == object:
                            assert all(np.array_equal(p, q) for p, q in zip(x, y)), (path, name)
                        else:
                            assert np.array_equal(x, y, equal_nan=x.dtype.kind in "fc"), (
                                path,
                                name,
                            )
                else:
                    assert same(a.data, b.data), path
                if path.name not in ("m13_gzip.fits", "m13_rice.fits") and not isinstance(
                    a, fits.CompImageHDU
                ):
                    assert a.header.tostring() == b.header.tostring(), path
