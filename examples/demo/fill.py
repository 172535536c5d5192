"""The demo's Python part, first half: tables, compressed planes and a derived catalogue go in."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS
from salver import Butler, DatasetType

EXPOSURE = {"instrument": "HST-ACS", "exposure": 20020413204022, "detector": 1}


def stars(hdus: fits.HDUList) -> Table:
    """The local maxima of the science plane that stand out of the noise, brightest first."""
    image = hdus["SCI"].data.astype("f8")
    noise = 1.4826 * np.median(np.abs(image - np.median(image)))
    peak = image[1:-1, 1:-1] > np.median(image) + 25 * noise
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            if dy or dx:
                shifted = image[1 + dy : image.shape[0] - 1 + dy, 1 + dx : image.shape[1] - 1 + dx]
                peak &= image[1:-1, 1:-1] > shifted
    y, x = np.nonzero(peak)
    ra, dec = WCS(hdus["SCI"].header).pixel_to_world_values(x + 1, y + 1)
    table = Table({"x": x + 1, "y": y + 1, "ra": ra, "dec": dec, "peak": image[y + 1, x + 1]})
    table["ra"].unit = table["dec"].unit = "deg"
    table["peak"].unit = "electron"
    table["peak"].description = "value of the brightest pixel"
    table.sort("peak", reverse=True)
    return table


def main(repo: str, data: Path) -> None:
    butler = Butler.from_config(repo, writeable=True)
    for name, dimensions, storage_class in [
        ("flt", ["exposure", "detector"], "FitsFile"),
        ("src", ["exposure", "detector"], "ArrowAstropy"),
        ("tycho2", [], "ArrowAstropy"),
        ("fibermap", ["instrument"], "ArrowAstropy"),
    ]:
        universe = butler.dimensions
        butler.registry.registerDatasetType(
            DatasetType(name, dimensions, storage_class, universe=universe)
        )
    for run in ("demo/rice", "demo/src", "demo/tables"):
        butler.collections.register(run)
    butler.registry.insertDimensionData("instrument", {"name": "DESI"})

    hst = butler.get("image", EXPOSURE, collections="demo/images")
    ref = butler.put(hst, "flt", EXPOSURE, run="demo/rice")
    plain = butler.getURI("image", EXPOSURE, collections="demo/images").size()
    print(f"put the HST planes as RICE tiles: {plain} -> {butler.getURI(ref).size()} bytes")

    catalogue = stars(hst)
    butler.put(catalogue, "src", EXPOSURE, run="demo/src")
    print(f"put a derived catalogue of {len(catalogue)} stars of 47 Tucanae")

    tycho = Table.read(data / "tycho2_bright60k.fits")
    butler.put(tycho, "tycho2", run="demo/tables")
    fibers = Table.read(data / "desi_coadd_tile5_petal169.fits", hdu="FIBERMAP")
    butler.put(fibers, "fibermap", instrument="DESI", run="demo/tables")
    print(f"put {len(tycho)} stars of Tycho-2 and the fibres of {len(fibers)} DESI spectra")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
