"""Sky maps (`astropy.wcs.WCS`) ↔ their header cards, and the numbers that cards would round."""

from __future__ import annotations

from typing import Any

import numpy as np

_EXACT = ("crval", "crpix", "cdelt", "pc", "cd")


def from_wcs(wcs: Any) -> dict[str, Any]:
    """Header cards, exact numbers, SIP polynomials and the shape of the image.

    Look-up table distortions are refused: they are images, and belong to a FITS file.
    """
    if wcs.cpdis1 or wcs.cpdis2 or wcs.det2im1 or wcs.det2im2:
        raise TypeError("a WCS with distortion tables: put its FITS file (an HDUList)")
    header = wcs.to_header(relax=True)
    if wcs.wcs.has_cd():  # the header has it as PC and CDELT
        for keyword in [k for k in header if k.startswith("PC") or k.startswith("CDELT")]:
            del header[keyword]
        for (i, j), value in np.ndenumerate(wcs.wcs.cd):
            header[f"CD{i + 1}_{j + 1}"] = value
    cards = [str(card).rstrip() for card in header.cards]
    exact = {}
    for name in _EXACT:
        if name == "cd" and not wcs.wcs.has_cd():
            continue
        if name in ("pc", "cdelt") and wcs.wcs.has_cd():
            continue
        exact[name] = np.array(getattr(wcs.wcs, name))
    parts: dict[str, Any] = {"cards": cards, "exact": exact}
    if wcs.sip is not None:
        orders = ("a", "b", "ap", "bp", "crpix")
        sip = {name: getattr(wcs.sip, name) for name in orders}
        parts["sip"] = {name: None if v is None else np.array(v) for name, v in sip.items()}
    if wcs.wcs.dateref:
        parts["dateref"] = wcs.wcs.dateref
    if wcs.pixel_shape is not None:
        parts["pixel_shape"] = [None if n is None else int(n) for n in wcs.pixel_shape]
    return parts


def wcs(parts: Any) -> Any:
    """An `astropy.wcs.WCS`."""
    from astropy.io.fits import Header
    from astropy.wcs import WCS, Sip

    header = Header.fromstring("".join(card.ljust(80) for card in parts["cards"]))
    made = WCS(header, fix=False)
    for name, values in parts["exact"].items():
        setattr(made.wcs, name, values)
    sip = parts.get("sip")
    if sip is not None:
        made.sip = Sip(sip["a"], sip["b"], sip["ap"], sip["bp"], sip["crpix"])
    if "dateref" in parts:
        made.wcs.dateref = parts["dateref"]
    made.wcs.set()
    if parts.get("pixel_shape") is not None:
        made.pixel_shape = tuple(parts["pixel_shape"])
    return made
