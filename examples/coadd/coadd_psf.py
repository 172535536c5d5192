"""PSFs of CCDs and of coadds, and the assembler that stores a coadd's as references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import salver

SIZE = 61
"""Pixels across a PSF image."""


def polynomials(x: float, y: float, extent: int) -> np.ndarray:
    """The six terms up to second order, of coordinates scaled to -1 ... 1."""
    u, v = 2 * x / extent - 1, 2 * y / extent - 1
    return np.array([1.0, u, v, u * u, u * v, v * v])


def evaluate(model: np.ndarray, x: float, y: float, extent: int) -> np.ndarray:
    """The PSF of a CCD at a pixel of it: shape (61, 61), sum 1."""
    image = np.tensordot(polynomials(x, y, extent), model, axes=1)
    return image / image.sum()


class CoaddPsf:
    """The PSF of a coadd: the weighted mean of those of the CCDs that cover a position.

    Parameters
    ----------
    ccds : sequence
        References to the CCDs' PSFs, or the models themselves: then it is a copy.
    weights : `numpy.ndarray`
        One for each CCD.
    boxes : `numpy.ndarray`
        ``x0, y0, x1, y1`` of each CCD in coadd pixels; the upper ends are outside.
    extent : `int`
        Pixels across a CCD.
    """

    def __init__(
        self, ccds: Sequence[Any], weights: np.ndarray, boxes: np.ndarray, extent: int
    ) -> None:
        self.ccds, self.weights, self.boxes, self.extent = list(ccds), weights, boxes, extent

    def covering(self, x: float, y: float) -> np.ndarray:
        """Numbers of the CCDs that cover a position; nothing is read."""
        x0, y0, x1, y1 = self.boxes.T
        return np.nonzero((x0 <= x) & (x < x1) & (y0 <= y) & (y < y1))[0]

    def at(self, x: float, y: float) -> np.ndarray:
        """The PSF at a position of the coadd."""
        total = np.zeros((SIZE, SIZE))
        weight = 0.0
        for i in self.covering(x, y):
            ccd = self.ccds[i]
            model = ccd.get() if isinstance(ccd, salver.Ref) else ccd
            x0, y0 = self.boxes[i, :2]
            total += self.weights[i] * evaluate(model, x - x0, y - y0, self.extent)
            weight += self.weights[i]
        if weight == 0.0:
            raise ValueError(f"no CCD covers ({x}, {y})")
        return total / weight


@salver.assembler(CoaddPsf, tag="example.CoaddPsf", version=1)
class CoaddPsfAssembler:
    """Parts are a list of references (or arrays) and plain arrays."""

    @staticmethod
    def disassemble(psf: CoaddPsf) -> dict[str, Any]:
        return {
            "ccds": psf.ccds,
            "weights": psf.weights,
            "boxes": psf.boxes,
            "extent": psf.extent,
        }

    @staticmethod
    def assemble(parts: dict[str, Any]) -> CoaddPsf:
        return CoaddPsf(parts["ccds"], parts["weights"], parts["boxes"], parts["extent"])
