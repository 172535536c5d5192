"""A simulated survey of a real field."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.wcs import WCS
from coadd_psf import SIZE, evaluate

SEED = 20161124
SCALE_DEG = 30 / 3600
CENTER = (83.0, -2.0)  # Orion
PATCHES = 3
PASSES = 2
EXTENT = 128
"""Pixels across a CCD."""
TILES = Path(__file__).resolve().parents[1] / "data" / "tycho2_bright60k.fits"


@dataclass
class Ccd:
    """One image of a CCD: where it is in the mosaic, its image, variance and PSF model."""

    visit: int
    detector: int
    corner: np.ndarray
    """Mosaic pixel of its first pixel; not a whole number."""
    image: np.ndarray
    sigma: float
    psf: np.ndarray

    def header(self) -> dict[str, float | str]:
        """The cards of its TAN map (FITS 4.0 section 8)."""
        return header(self.corner, (0, 0))


def header(corner: np.ndarray, middle: tuple[float, float]) -> dict[str, float | str]:
    """The cards of a TAN map whose first pixel is a mosaic pixel."""
    return {
        "CTYPE1": "RA---TAN",
        "CTYPE2": "DEC--TAN",
        "CRVAL1": CENTER[0],
        "CRVAL2": CENTER[1],
        "CRPIX1": float(middle[0] - corner[0] + 1),
        "CRPIX2": float(middle[1] - corner[1] + 1),
        "CD1_1": -SCALE_DEG,
        "CD1_2": 0.0,
        "CD2_1": 0.0,
        "CD2_2": SCALE_DEG,
    }


class Survey:
    """CCDs on a grid over patches side by side, in passes that are shifted by half a CCD."""

    def __init__(self, across: int) -> None:
        self.across = across  # CCDs across a patch
        self.patch = across * EXTENT
        self.shape = (self.patch, self.patch * PATCHES)
        self.middle = (self.shape[1] / 2, self.shape[0] / 2)
        self.random = np.random.default_rng(SEED)
        self.stars = self._stars()

    def _stars(self) -> np.ndarray:
        """Columns x, y in mosaic pixels, flux."""
        from astropy.table import Table

        table = Table.read(TILES, hdu=1)
        ra, dec = np.asarray(table["ra"], float), np.asarray(table["dec"], float)
        wcs = WCS(self.header(np.zeros(2)))
        near = np.hypot((ra - CENTER[0]) * np.cos(np.radians(dec)), dec - CENTER[1]) < 20
        x, y = wcs.all_world2pix(ra[near], dec[near], 0)
        flux = 10 ** (-0.4 * (np.asarray(table["vt_mag"], float)[near] - 14))
        inside = (x > -30) & (x < self.shape[1] + 30) & (y > -30) & (y < self.shape[0] + 30)
        return np.stack([x, y, flux], axis=1)[inside & np.isfinite(flux)]

    def header(self, corner: np.ndarray) -> dict[str, float | str]:
        """The map of an image that begins at a mosaic pixel."""
        return header(corner, self.middle)

    def ccds(self):
        """All CCDs, one after the other."""
        for visit in range(1, PASSES + 1):
            shift = (visit - 1) * EXTENT / PASSES
            dither = self.random.uniform(-3, 3, 2)
            columns = self.across * PATCHES + (visit > 1)
            rows = self.across + (visit > 1)
            for row in range(rows):
                for column in range(columns):
                    corner = np.array([column, row]) * EXTENT - shift + dither
                    yield self._ccd(visit, row * columns + column, corner)

    def _ccd(self, visit: int, detector: int, corner: np.ndarray) -> Ccd:
        model = self._psf_model()
        sigma = float(self.random.uniform(4, 9))
        image = self.random.normal(0, sigma, (EXTENT, EXTENT))
        half = SIZE // 2
        for star_x, star_y, flux in self.stars:
            x, y = star_x - corner[0], star_y - corner[1]
            i, j = round(x), round(y)
            if not (-half <= i < EXTENT + half and -half <= j < EXTENT + half):
                continue
            stamp = flux * evaluate(model, x, y, EXTENT)
            x0, x1 = max(0, i - half), min(EXTENT, i + half + 1)
            y0, y1 = max(0, j - half), min(EXTENT, j + half + 1)
            cut = stamp[y0 - j + half : y1 - j + half, x0 - i + half : x1 - i + half]
            image[y0:y1, x0:x1] += cut
        return Ccd(visit, detector, corner, image.astype("f4"), sigma, model)

    def _psf_model(self) -> np.ndarray:
        """Six terms: a round profile, and changes of its width and shape over the CCD."""
        y, x = np.mgrid[:SIZE, :SIZE] - SIZE // 2
        width = self.random.uniform(1.8, 2.6)
        core = np.exp(-(x**2 + y**2) / (2 * width**2))
        shapes = [np.ones_like(core), x, y, x**2 - y**2, x * y, x**2 + y**2 - 2 * width**2]
        sizes = [1, *self.random.normal(0, 0.02, 5)]
        scales = [1, width, width, width**2, width**2, width**2]
        return np.stack([a * s / c * core for a, s, c in zip(sizes, shapes, scales, strict=True)])
