"""FITS images without a butler: read one, or a section of it, and write one.

The other ways to FITS are a dataset of a storage class with the FITS format, and
`salver.read`, which gives any FITS file as a tree of HDUs.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from . import _salver

if TYPE_CHECKING:
    import numpy as np

__all__ = ["read_image", "write_image"]


def read_image(
    path: str | PathLike[str],
    hdu: int | str = 0,
    section: tuple[int, int, int, int] | Sequence[tuple[int, int]] | None = None,
) -> np.ndarray:
    """Read the image of one HDU, compressed or not.

    Parameters
    ----------
    path : `str` or `os.PathLike`
        The file.
    hdu : `int` or `str`, optional
        The HDU's number (the primary is 0) or its ``EXTNAME``.
    section : `tuple`, optional
        ``(y0, y1, x0, x1)``, or one ``(start, stop)`` per axis, slowest first: 0-based, half-open.
        Of a tile-compressed image only the tiles it touches are read and decoded.

    Returns
    -------
    array : `numpy.ndarray`
        Writable, in native byte order, scaled by ``BSCALE`` and ``BZERO``.
    """
    box: list[tuple[int, int]] | None = None
    if section is not None:
        values: list[Any] = list(section)
        if values and isinstance(values[0], (tuple, list, slice)):
            box = [(s.start, s.stop) if isinstance(s, slice) else (s[0], s[1]) for s in values]
        else:
            box = list(zip(values[::2], values[1::2], strict=True))
    return _salver.read_fits_image(path, hdu, box)


def write_image(
    path: str | PathLike[str],
    array: np.ndarray,
    *,
    compression: str | None = None,
    tile: Sequence[int] | None = None,
    **options: object,
) -> None:
    """Write an image as a FITS file; a file that is there is replaced.

    Parameters
    ----------
    path : `str` or `os.PathLike`
        The file.
    array : `numpy.ndarray`
        The image.
    compression : `str`, optional
        ``RICE_1``, ``GZIP_1``, ``GZIP_2``, …; none where it is not given.
    tile : `tuple` [ `int` ], optional
        Shape of a tile, slowest axis first; whole rows where it is not given.
    **options
        Further settings of the format, such as ``quantize_level``.
    """
    extra = {name: str(value) for name, value in options.items()}
    _salver.write_fits_image(path, array, compression, None if tile is None else list(tile), extra)
