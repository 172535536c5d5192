"""FITS: files by astropy read bit for bit, ours read by astropy, objects of astropy in a butler."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import salver

astropy_fits = pytest.importorskip("astropy.io.fits")

DTYPES = ["u1", "i2", "i4", "i8", "f4", "f8", "u2", "u4", "i1"]
COMPRESSIONS = ["RICE_1", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1"]


def _image(dtype: str, shape: tuple[int, ...] = (70, 53)) -> np.ndarray:
    rng = np.random.default_rng(3)
    if dtype[0] == "f":
        values = rng.normal(100, 7, shape).astype(dtype)
        values.flat[5] = np.nan
        return values
    info = np.iinfo(dtype)
    low, high = max(info.min, 0 if dtype == "i1" else -1000), min(info.max, 1000)
    return rng.integers(low, high, shape).astype(dtype)


def _same(got: np.ndarray, wanted: np.ndarray) -> None:
    native = wanted.dtype.newbyteorder("=")
    assert got.dtype.newbyteorder("=") == native and got.shape == wanted.shape
    assert got.astype(native).tobytes() == wanted.astype(native).tobytes()


# -- without a butler -----------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", DTYPES)
def test_plain_images_of_astropy_are_read(tmp_path, dtype) -> None:
    path = tmp_path / "a.fits"
    image = _image(dtype)
    astropy_fits.writeto(path, image)
    _same(salver.fits.read_image(path), image)
    _same(salver.fits.read_image(path, section=(5, 20, 7, 30)), image[5:20, 7:30])


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "f4", "f8"])
def test_compressed_images_of_astropy_are_read_as_astropy_reads_them(
    tmp_path, dtype, compression
) -> None:
    image = _image(dtype)
    if compression == "PLIO_1":
        if dtype[0] == "f":
            pytest.skip("PLIO_1 holds masks")
        image = np.abs(image)
    if compression == "HCOMPRESS_1" and dtype == "f8":
        pytest.skip("the same code as f4")
    path = tmp_path / "a.fits"
    for quantize in [0, 1, 2] if dtype[0] == "f" and compression != "GZIP_2" else [0]:
        more: dict[str, Any] = {}
        if quantize:
            more = {"quantize_level": 16.0, "quantize_method": quantize, "dither_seed": 7}
        elif dtype[0] == "f":
            if compression not in ("GZIP_1", "GZIP_2"):
                continue
            more = {"quantize_level": 0.0}
        hdu = astropy_fits.CompImageHDU(
            image, compression_type=compression, tile_shape=(16, 20), **more
        )
        hdu.writeto(path, overwrite=True)
        with astropy_fits.open(path) as hdus:
            wanted = hdus[1].data
        _same(salver.fits.read_image(path, 1), wanted)
        _same(salver.fits.read_image(path, 1, (30, 50, 10, 41)), wanted[30:50, 10:41])


@pytest.mark.parametrize("compression", [None, "RICE_1", "GZIP_1", "GZIP_2"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_images_of_ours_are_read_by_astropy(tmp_path, dtype, compression) -> None:
    image = _image(dtype)
    if compression == "RICE_1" and dtype in ("i8", "f8"):
        pytest.skip("RICE_1 holds items of up to 32 bits")
    path = tmp_path / "a.fits"
    options = {} if dtype[0] == "i" or dtype[0] == "u" else {"quantize_level": 0}
    if compression == "RICE_1" and dtype[0] == "f":
        options = {"quantize_level": 16, "dither": 2}
    salver.fits.write_image(path, image, compression=compression, tile=(16, 20), **options)
    with astropy_fits.open(path) as hdus:
        theirs = hdus[0 if compression is None else 1].data
        if compression == "RICE_1" and dtype[0] == "f":
            _same(salver.fits.read_image(path, 1), theirs)
            assert np.nanmax(np.abs(theirs - image)) < 1
        else:
            _same(theirs, image)
    salver.fits.write_image(path, image[:3])
    _same(salver.fits.read_image(path), image[:3])


def test_the_projects_images_are_read_as_astropy_reads_them(testdata) -> None:
    """uc_049: real images in every compression."""
    folder = testdata.parent / "examples" / "data"
    files = sorted(folder.glob("*.fits"))
    assert len(files) > 10
    seen = 0
    for path in files:
        with astropy_fits.open(path) as hdus:
            for number, hdu in enumerate(hdus):
                if isinstance(
                    hdu, (astropy_fits.BinTableHDU, astropy_fits.TableHDU)
                ) and not isinstance(hdu, astropy_fits.CompImageHDU):
                    continue
                if hdu.data is None:
                    continue
                _same(salver.fits.read_image(path, number), hdu.data)
                seen += 1
    assert seen > 10


# -- in a butler ------------------------------------------------------------------------------------
FORMATTER = "salver.gen3.FitsFormatter"


@pytest.fixture
def root(tmp_path) -> Path:
    """A repository with one dataset type for each kind of FITS object."""
    config = {
        "storageClasses": {
            "Hdus": {"pytype": "astropy.io.fits.HDUList"},
            "Ccd": {"pytype": "astropy.nddata.CCDData"},
        },
        "datastore": {
            "formatters": {
                "NumpyArray": {"formatter": FORMATTER, "parameters": {"compression": "rice"}},
                "Hdus": FORMATTER,
                "Ccd": FORMATTER,
            }
        },
    }
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps(config))
    root = tmp_path / "repo"
    salver.Butler.makeRepo(root, seed)
    butler = salver.Butler.from_config(root, writeable=True)
    butler.registry.insertDimensionData("instrument", {"name": "Cam"})
    for name, storage_class in [("hdus", "Hdus"), ("ccd", "Ccd"), ("pixels", "NumpyArray")]:
        butler.registry.registerDatasetType(
            salver.DatasetType(name, ["instrument"], storage_class, universe=butler.dimensions)
        )
    butler.close()
    return root


@pytest.fixture
def butler(root) -> salver.Butler:
    return salver.Butler.from_config(root, run="run", instrument="Cam")


def _hdus() -> Any:
    primary = astropy_fits.PrimaryHDU()
    primary.header["OBJECT"] = ("M13", "name")
    primary.header["HIERARCH ESO DET ID"] = "x" * 100
    primary.header.add_history("made by a test")
    primary.header.add_comment("one line")
    image = astropy_fits.ImageHDU(_image("i2"), name="SCI")
    image.header["BUNIT"] = "adu"
    unsigned = astropy_fits.ImageHDU(_image("u2"), name="DQ")
    columns = [
        astropy_fits.Column("id", "J", array=np.arange(3)),
        astropy_fits.Column("flux", "D", unit="Jy", array=np.array([1.0, np.nan, 3.0])),
        astropy_fits.Column("name", "5A", array=["a", "bb", "ccccc"]),
        astropy_fits.Column("vector", "3E", array=np.arange(9.0).reshape(3, 3)),
    ]
    table = astropy_fits.BinTableHDU.from_columns(columns, name="CAT")
    return astropy_fits.HDUList([primary, image, unsigned, table])


def test_hdu_lists_come_back(butler) -> None:
    """uc_052: FITS files of any shape, headers and all."""
    wanted = _hdus()
    ref = butler.put(wanted, "hdus")
    got = butler.get(ref)
    assert isinstance(got, astropy_fits.HDUList) and [h.name for h in got] == [
        h.name for h in wanted
    ]
    assert got[0].header["OBJECT"] == "M13" and got[0].header.comments["OBJECT"] == "name"
    assert got[0].header["ESO DET ID"] == "x" * 100
    assert list(got[0].header["HISTORY"]) == ["made by a test"]
    for name in ("SCI", "DQ"):
        _same(got[name].data, wanted[name].data)
    assert got["SCI"].header["BUNIT"] == "adu"
    for column in ("id", "flux", "name", "vector"):
        np.testing.assert_array_equal(got["CAT"].data[column], wanted["CAT"].data[column])
    assert got["CAT"].columns["flux"].unit == "Jy"
    with astropy_fits.open(butler.getURI(ref).ospath) as stored:
        stored.verify("exception")
        _same(stored["SCI"].data, wanted["SCI"].data)
        np.testing.assert_array_equal(stored["CAT"].data["vector"], wanted["CAT"].data["vector"])


def test_ccd_data_comes_back(butler) -> None:
    """uc_048: an image with mask, uncertainty, unit and sky coordinates."""
    from astropy.nddata import CCDData, StdDevUncertainty
    from astropy.wcs import WCS

    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = [10.0, 20.0], [25.0, 30.0], [-1e-4, 1e-4]
    image = np.nan_to_num(_image("f4"))
    ccd = CCDData(
        image,
        unit="electron",
        mask=image > 105,
        uncertainty=StdDevUncertainty(np.sqrt(np.abs(image))),
        wcs=wcs,
        meta={"EXPTIME": 30.0},
    )
    got = butler.get(butler.put(ccd, "ccd"))
    assert isinstance(got, CCDData) and str(got.unit) == "electron"
    np.testing.assert_array_equal(got.data, image)
    np.testing.assert_array_equal(got.mask, ccd.mask)
    np.testing.assert_array_equal(got.uncertainty.array, ccd.uncertainty.array)
    assert type(got.uncertainty) is StdDevUncertainty
    assert got.meta["EXPTIME"] == 30.0
    np.testing.assert_allclose(
        got.wcs.pixel_to_world_values(3, 4), wcs.pixel_to_world_values(3, 4), rtol=1e-12
    )
    with pytest.raises(salver.SalverError):
        butler.put(ccd, "ccd")


def test_a_cutout_moves_few_bytes(butler) -> None:
    """uc_015: a stamp costs the tiles that it touches."""
    big = np.arange(1024 * 1024, dtype="i4").reshape(1024, 1024)
    hdus = astropy_fits.HDUList([astropy_fits.PrimaryHDU(big)])
    header = hdus[0].header
    header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
    header["CRVAL1"], header["CRVAL2"] = 10.0, 20.0
    header["CRPIX1"], header["CRPIX2"] = 512.0, 512.0
    header["CDELT1"], header["CDELT2"] = -1e-4, 1e-4
    butler.put(hdus, "hdus")
    cut = butler.cutout("hdus", ra=10.0, dec=20.0, size=(40, 30))
    data = cut.value[0].data
    assert data.shape == (30, 40)
    row, column = np.argwhere(big == data[0, 0])[0]
    _same(data, big[row : row + 30, column : column + 40])
    assert abs(row + 15 - 511) <= 1 and abs(column + 20 - 511) <= 1
    assert 0 < cut.bytes_moved < cut.bytes_total / 10 and cut.reads >= 1


def test_gen3_reads_what_salver_wrote_in_fits(gen3, root, butler) -> None:
    """uc_059: a formatter in the package, loaded by lsst-daf-butler by name, calls Salver."""
    image = _image("i2", (300, 200))
    pixels = butler.put(image, "pixels")
    hdus = butler.put(_hdus(), "hdus")
    assert butler.getURI(pixels).ospath.endswith(".fits")
    _same(butler.get(pixels), image)
    theirs = gen3.Butler.from_config(str(root), collections="run", instrument="Cam")
    _same(theirs.get("pixels"), image)
    assert theirs.find_dataset("pixels").id == pixels.id
    got = theirs.get(theirs.get_dataset(hdus.id))
    _same(got["SCI"].data, _hdus()["SCI"].data)
    writer = gen3.Butler.from_config(str(root), run="other", instrument="Cam")
    writer.put(image + 1, "pixels")
    _same(butler.get("pixels", collections="other"), image + 1)
    theirs.close()
