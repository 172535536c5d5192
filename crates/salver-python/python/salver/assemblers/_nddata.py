"""astropy's CCDData and NDData ↔ their parts; or, bare, ↔ FITS trees, in the HDUs that astropy
itself uses: the data with its header, then ``MASK``, ``UNCERT`` and ``PSFIMAGE``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._hdulist import from_hdu_list, header_of


def from_ccd_data(ccd: Any) -> dict[str, Any]:
    """The FITS tree of a `CCDData`: what its ``to_hdu`` makes."""
    return from_hdu_list(ccd.to_hdu())


def ccd_data(value: Any) -> Any:
    """A `CCDData` of a FITS tree, or of an array with a unit."""
    from astropy.nddata import CCDData

    if isinstance(value, CCDData):
        return value
    if isinstance(value, np.ndarray):
        return CCDData(value, unit="adu")
    if not isinstance(value, dict):
        raise TypeError(f"an image was asked for, and {type(value).__name__} was stored")
    if "uncertainty" in value:
        more = {key: value[key] for key in ("flags", "psf") if key in value}
        return CCDData(**_arguments(value), **more)
    hdu = _image(value)
    header = header_of(hdu)
    unit = _unit(header.get("BUNIT", "adu"))
    mask, uncertainty, psf = (value.get(key) for key in ("MASK", "UNCERT", "PSFIMAGE"))
    made = CCDData(
        hdu["data"],
        unit=unit,
        meta=header,
        mask=None if mask is None else mask["data"].astype(bool),
        psf=None if psf is None else psf["data"],
        wcs=_wcs(header),
    )
    if uncertainty is not None:
        made.uncertainty = _uncertainty(uncertainty)
    return made


def _image(value: dict[str, Any]) -> dict[str, Any]:
    """The first HDU with an image; one HDU may stand for itself."""
    if isinstance(value.get("data"), np.ndarray):
        return value
    for hdu in value.values():
        if isinstance(hdu, dict) and isinstance(hdu.get("data"), np.ndarray):
            return hdu
    raise ValueError(f"no image among {', '.join(value)}")


def _unit(text: str) -> Any:
    """A unit; one that astropy does not know under this or a plainer spelling (``ELECTRONS``) is
    kept by name."""
    from astropy.units import Unit

    for spelling in (text, text.lower(), text.lower().removesuffix("s")):
        try:
            return Unit(spelling)
        except ValueError:
            continue
    return Unit(text, parse_strict="silent")


def _uncertainty(hdu: dict[str, Any]) -> Any:
    from astropy import nddata

    kind = header_of(hdu).get("UTYPE", "StdDevUncertainty")
    cls = getattr(nddata, kind, None) or nddata.StdDevUncertainty
    return cls(hdu["data"])


def _wcs(header: Any) -> Any:
    """The world coordinates of a header, where it has any."""
    from astropy.wcs import WCS

    made = WCS(header)
    return made if any(kind for kind in made.wcs.ctype) else None


def from_nd_data(data: Any) -> dict[str, Any]:
    """The FITS tree of an `NDData`."""
    from astropy.nddata import CCDData

    unit = data.unit if data.unit is not None else "adu"
    return from_ccd_data(CCDData(data, unit=unit))


def nd_data(value: Any) -> Any:
    """An `NDData` of its parts, of a FITS tree or of an array."""
    from astropy.nddata import NDData

    if isinstance(value, dict) and "uncertainty" in value:
        return NDData(**_arguments(value))
    return NDData(value) if isinstance(value, np.ndarray) else NDData(ccd_data(value))


# -- parts -----------------------------------------------------------------------------------------
def to_parts(data: Any) -> dict[str, Any]:
    """Data, mask, uncertainty, unit, wcs and meta; a `CCDData` has flags and psf too."""
    uncertainty = data.uncertainty
    if uncertainty is not None:
        unit = uncertainty.unit
        uncertainty = {
            "kind": uncertainty.uncertainty_type,
            "array": np.asarray(uncertainty.array),
            "unit": None if unit is None else unit.to_string(),
        }
    parts = {
        "data": np.asarray(data.data),
        "mask": data.mask,
        "uncertainty": uncertainty,
        "unit": None if data.unit is None else data.unit.to_string(),
        "wcs": data.wcs,
        "meta": data.meta,
    }
    for name in ("flags", "psf"):
        if getattr(data, name, None) is not None:
            parts[name] = getattr(data, name)
    return parts


def _arguments(parts: dict[str, Any]) -> dict[str, Any]:
    from astropy import nddata

    unit, uncertainty = parts["unit"], parts["uncertainty"]
    if uncertainty is not None:
        classes = {
            "std": nddata.StdDevUncertainty,
            "var": nddata.VarianceUncertainty,
            "ivar": nddata.InverseVariance,
        }
        cls = classes.get(uncertainty["kind"], nddata.UnknownUncertainty)
        of = uncertainty["unit"]
        uncertainty = cls(uncertainty["array"], unit=None if of is None else _unit(of), copy=False)
    return {
        "data": parts["data"],
        "mask": parts["mask"],
        "uncertainty": uncertainty,
        "unit": None if unit is None else _unit(unit),
        "wcs": parts["wcs"],
        "meta": parts["meta"],
    }
