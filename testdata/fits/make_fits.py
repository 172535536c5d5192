#!/usr/bin/env python3
"""Writes the small FITS files of this folder with astropy, and what astropy reads from them.

    python make_fits.py        # needs astropy and numpy; run in any folder

Each HDU of each file has a row in expected.json: item type, shape and the SHA-256 of its pixels as
little-endian bytes in C order; headers as the list of cards astropy shows for the image.
"""

import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
from astropy.io import fits

HERE = Path(__file__).resolve().parent
RNG = np.random.default_rng(20240229)
EXPECTED = []


def sky(shape, dtype, blank=False):
    """Noise on a slope with a star: what an image looks like."""
    n = int(np.prod(shape))
    a = RNG.normal(60.0, 4.0, size=n) + np.linspace(0, 25, n)
    a = a.reshape(shape)
    a.flat[n // 3] += 150
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        a = a.astype(dtype)
        if blank:
            a.flat[:: 17] = np.nan
            a.flat[5::23] = 0.0
        return a
    a = np.round(a)
    if dtype.kind == "i" and dtype.itemsize > 1:
        a -= 70
    a = np.clip(a, np.iinfo(dtype).min, min(np.iinfo(dtype).max, 2**31 - 1)).astype(dtype)
    if dtype.kind == "u" and dtype.itemsize > 1:
        a += dtype.type(2 ** (8 * dtype.itemsize - 1) - 40)
    return a


def expect(path):
    """Records what astropy reads."""
    with fits.open(path) as hdus:
        for number, hdu in enumerate(hdus):
            data = hdu.data
            if data is None or isinstance(hdu, (fits.BinTableHDU, fits.TableHDU)) and not isinstance(
                hdu, fits.CompImageHDU
            ):
                continue
            native = np.ascontiguousarray(data).astype(data.dtype.newbyteorder("<"))
            EXPECTED.append(
                {
                    "file": path.name,
                    "hdu": number,
                    "name": hdu.name,
                    "dtype": native.dtype.newbyteorder("=").name,
                    "shape": list(native.shape),
                    "sha256": hashlib.sha256(native.tobytes()).hexdigest(),
                }
            )


def write(name, hdus):
    path = HERE / name
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path, overwrite=True)
    expect(path)


def named(hdu, name):
    hdu.header["EXTNAME"] = name
    return hdu


def comp(data, name, **kw):
    return named(fits.CompImageHDU(data, **kw), name)


INTS = ["uint8", "int8", "int16", "uint16", "int32", "uint32"]
TILES = {"row": None, "t": (16, 16), "odd": (7, 11), "all": (24, 40)}
HCOMPRESS_TILES = {"row": (4, 40), "odd": (10, 11)}  # no side below 4
SHAPE = (24, 40)


def plain():
    hdus = []
    for dtype in [*INTS, "int64", "uint64", "float32", "float64"]:
        hdus.append(named(fits.ImageHDU(sky(SHAPE, dtype, blank=True)), dtype))
    hdus.append(named(fits.ImageHDU(sky((3, 5, 7), "int16")), "cube"))
    hdus.append(named(fits.ImageHDU(sky((11,), "float64")), "line"))
    write("plain.fits", hdus)


def scaled():
    """BSCALE that is a power of two, so that every way to compute gives the same bits."""
    hdus = []
    for bits, blank in [("uint8", 3), ("int16", -7), ("int32", -7)]:
        hdu = fits.ImageHDU(sky(SHAPE, bits))
        hdu.header["EXTNAME"] = "scaled_" + bits
        hdu.header["BLANK"] = blank
        hdu.header["BSCALE"] = 0.25
        hdu.header["BZERO"] = -16.0
        hdus.append(hdu)
    path = HERE / "scaled.fits"
    stored = fits.HDUList([fits.PrimaryHDU(), *hdus])
    for hdu in stored[1:]:
        hdu._bscale, hdu._bzero = 1, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = [np.array(h.data) for h in hdus]
        out = fits.HDUList([fits.PrimaryHDU()])
        for hdu, data in zip(hdus, raw):
            new = fits.ImageHDU(data)
            out.append(new)
        out.writeto(path, overwrite=True)
        with fits.open(path, mode="update", do_not_scale_image_data=True) as f:
            for new, hdu in zip(f[1:], hdus):
                for key in ["EXTNAME", "BLANK", "BSCALE", "BZERO"]:
                    new.header[key] = {"BSCALE": 0.25, "BZERO": -16.0}.get(key, hdu.header[key])
    expect(path)


def integers(kind):
    hdus = []
    for dtype in INTS:
        if kind == "PLIO_1" and dtype in ("int8", "int32", "uint32", "uint16"):
            continue
        for tname, tile in TILES.items():
            if kind == "HCOMPRESS_1" and tname in HCOMPRESS_TILES:
                tile = HCOMPRESS_TILES[tname]
            if kind.startswith("GZIP") and tname in ("t", "all"):
                continue
            data = sky(SHAPE, dtype)
            if kind == "PLIO_1":
                data = np.where(RNG.random(SHAPE) < 0.6, 0, np.abs(data)).astype(dtype)
                data[3:6] = 5
            hdus.append(comp(data, f"{dtype}_{tname}", compression_type=kind, tile_shape=tile))
    if kind in ("GZIP_1", "GZIP_2"):
        hdus.append(comp(sky(SHAPE, "int64"), "int64_row", compression_type=kind))
    if kind != "HCOMPRESS_1":
        cube = np.abs(sky((3, 10, 12), "int16"))
        hdus.append(comp(cube, "cube", compression_type=kind, tile_shape=(2, 4, 5)))
        hdus.append(comp(cube[0, 0].copy(), "line", compression_type=kind, tile_shape=(5,)))
    good = []
    for hdu in hdus:
        try:
            fits.HDUList([fits.PrimaryHDU(), hdu]).writeto("/dev/null", overwrite=True)
            good.append(hdu)
        except Exception as error:
            print("left out:", kind, hdu.name, error)
    write(f"int_{kind.lower()}.fits", good)


def floats(kind):
    hdus = []
    for dtype in ["float32", "float64"]:
        for dname, method in [("none", -1), ("d1", 1), ("d2", 2)]:
            for nan, tname in [(False, "row"), (True, "odd")]:
                tile = HCOMPRESS_TILES[tname] if kind == "HCOMPRESS_1" else TILES[tname]
                hdus.append(
                    comp(
                        sky(SHAPE, dtype, blank=nan),
                        f"{dtype}_{dname}_{'nan_' if nan else ''}{tname}",
                        compression_type=kind,
                        tile_shape=tile,
                        quantize_level=8.0,
                        quantize_method=method,
                        dither_seed=9990,
                    )
                )
    write(f"float_{kind.lower()}.fits", hdus)


def lossless():
    hdus = []
    for kind in ["GZIP_1", "GZIP_2"]:
        for dtype in ["float32", "float64"]:
            for tname in ["row", "odd"]:
                hdus.append(
                    comp(
                        sky(SHAPE, dtype, blank=True),
                        f"{kind}_{dtype}_{tname}",
                        compression_type=kind,
                        tile_shape=TILES[tname],
                        quantize_level=0,
                    )
                )
    write("lossless.fits", hdus)


def corners():
    """Tiles that cannot be quantised, lossy HCOMPRESS, a long run of the random numbers."""
    flat = np.full(SHAPE, 1.5, "float32")
    wild = sky(SHAPE, "float32")
    wild[2] = RNG.normal(0, 1e30, size=40)
    hdus = [
        comp(flat, "flat", compression_type="RICE_1", quantize_level=16),
        comp(wild, "wild", compression_type="RICE_1", quantize_level=16),
        comp(sky(SHAPE, "int32"), "lossy", compression_type="HCOMPRESS_1", tile_shape=(24, 40), hcomp_scale=3),
        comp(sky(SHAPE, "int16"), "lossy_odd", compression_type="HCOMPRESS_1", tile_shape=(10, 11), hcomp_scale=2),
        comp(sky((130, 100), "float32"), "long", compression_type="RICE_1", tile_shape=(130, 100),
             quantize_level=0.5, quantize_method=2, dither_seed=3),
        comp(sky(SHAPE, "int16"), "raw", compression_type="NOCOMPRESS", tile_shape=(7, 11)),
        comp(np.full((32, 32), 7, "int32"), "even", compression_type="HCOMPRESS_1", tile_shape=(32, 32)),
    ]
    write("corners.fits", hdus)


def plain_value(v):
    """A value of a table as JSON: nothing for what is undefined, text for what JSON has not."""
    if isinstance(v, np.ndarray):
        return [plain_value(x) for x in v]
    if isinstance(v, (np.complexfloating, complex)):
        return [plain_value(v.real), plain_value(v.imag)]
    if isinstance(v, (np.bool_, bool)):
        return bool(v)
    if isinstance(v, (np.integer, int)):
        return int(v)
    if isinstance(v, (np.floating, float)):
        return float(v) if np.isfinite(v) else str(float(v))
    return str(v).rstrip()


def vla(kind, rows):
    out = np.empty(len(rows), dtype=object)
    out[:] = [np.array(r, dtype=kind) for r in rows]
    return out


def tables():
    """Every kind of column, and what its values are."""
    n = 5
    i = np.arange(n)
    words = ["", "a", "it's", " lead", "trailing  "]
    ragged = [[1, 2], [], [3], [4, 5, 6, 7], [8]]
    columns = [
        ("flag", "L", i % 2 == 0, {}),
        ("flags", "3L", np.stack([i % 2 == 0, i > 1, i > 3], axis=1), {}),
        ("bit", "X", i[:, None] % 2 == 1, {}),
        ("bits", "11X", RNG.random((n, 11)) < 0.5, {}),
        ("byte", "B", (i * 50).astype("u1"), {"unit": "count"}),
        ("sbyte", "B", (i - 2).astype("i1"), {"bzero": -128}),
        ("short", "I", (i * -1000).astype("i2"), {"null": -2000}),
        ("ushort", "I", (i * 16000).astype("u2"), {"bzero": 32768}),
        ("int", "J", (i * 100000).astype("i4"), {"null": 0, "disp": "I8"}),
        ("uint", "J", (i * 10**9).astype("u4"), {"bzero": 2**31}),
        ("long", "K", i * 10**15, {}),
        ("ulong", "K", i.astype("u8") * np.uint64(2**62 - 1), {"bzero": 2**63}),
        ("float", "E", np.array([1.5, np.nan, np.inf, -0.0, 1e-40], "f4"), {"unit": "mag"}),
        ("double", "D", RNG.normal(size=n), {"unit": "km/s"}),
        ("pair", "2D", RNG.normal(size=(n, 2)), {}),
        ("cube", "12I", np.arange(n * 12, dtype="i2").reshape(n, 2, 2, 3), {"dim": "(3,2,2)"}),
        ("complex", "C", (i + 1j * i**2).astype("c8"), {}),
        ("dcomplex", "2M", (RNG.normal(size=(n, 2)) + 1j).astype("c16"), {}),
        ("text", "10A", np.array(words), {}),
        ("texts", "12A", np.array([[w[:4], "xy", "z"] for w in words]), {"dim": "(4,3)"}),
        ("scaled", "I", i.astype("i2"), {}),
        ("rag16", "PI()", vla("i2", ragged), {}),
        ("ragf", "QE()", vla("f4", ragged), {}),
        ("ragtext", "PA()", np.array(["x", "yz", "", "long text", "w"], dtype=object), {}),
    ]
    made = [fits.Column(name=c, format=f, array=a, **kw) for c, f, a, kw in columns]
    binary = fits.BinTableHDU.from_columns(made, name="BINARY")
    texts = [
        fits.Column(name="name", format="A6", array=np.array(["ab", "c d", "", "efghij", "k"]), ascii=True),
        fits.Column(name="n", format="I6", array=i * 11 - 20, ascii=True),
        fits.Column(name="x", format="F9.3", array=i * 1.125, unit="m", ascii=True),
        fits.Column(name="y", format="E14.6", array=i * 1.5e-10, ascii=True),
        fits.Column(name="z", format="D22.14", array=RNG.normal(size=n).round(12), ascii=True),
    ]
    text = fits.TableHDU.from_columns(texts, name="TEXT")
    path = HERE / "tables.fits"
    fits.HDUList([fits.PrimaryHDU(), binary, text]).writeto(path, overwrite=True)
    number = [c[0] for c in columns].index("scaled") + 1
    with fits.open(path, mode="update") as f:
        f["BINARY"].header.set(f"TSCAL{number}", 0.25, after=f"TFORM{number}")
        f["BINARY"].header.set(f"TZERO{number}", 10.0, after=f"TSCAL{number}")
    values = {}
    for name, names in [("BINARY", [c[0] for c in columns]), ("TEXT", [c.name for c in texts])]:
        with fits.open(path) as f:
            data = f[name].data
            nulls = {c.name: c.null for c in f[name].columns}
            values[name] = {}
            for column in names:
                out = [plain_value(v) for v in data[column]]
                if isinstance(nulls[column], int):
                    out = [None if v == nulls[column] else v for v in out]
                if column == "ragtext":
                    out = ["".join(np.asarray(v, "U1")) for v in data[column]]
                if column == "bit":
                    out = [v[0] for v in out]
                values[name][column] = out
    (HERE / "tables.json").write_text(json.dumps(values, indent=1) + "\n")


def main():
    plain()
    scaled()
    for kind in ["RICE_1", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1"]:
        integers(kind)
    for kind in ["RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1"]:
        floats(kind)
    lossless()
    corners()
    tables()
    text = ",\n".join(json.dumps(row) for row in EXPECTED)
    (HERE / "expected.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
