"""astropy's HDU lists ↔ FITS trees: a map of HDUs, each of ``header``, ``cards`` and ``data``."""

from __future__ import annotations

from typing import Any

import numpy as np

from salver import Table


def header_of(hdu: dict[str, Any]) -> Any:
    """The header of an HDU of the tree: its cards, exactly as they are in the file."""
    from astropy.io.fits import Header

    cards = hdu.get("cards")
    if cards is not None:
        return Header.fromstring("".join(card.ljust(80) for card in cards))
    header = Header()
    for keyword, value in (hdu.get("header") or {}).items():
        lines = value if keyword in ("COMMENT", "HISTORY") else None
        if lines is None:
            header[keyword] = value
        else:
            for line in lines:
                header.add_comment(line) if keyword == "COMMENT" else header.add_history(line)
    return header


def cards_of(header: Any) -> list[str]:
    """The cards of a header; a long value's continuation is a card of its own."""
    text = header.tostring(sep="", endcard=False, padding=False)
    return [text[i : i + 80].rstrip() for i in range(0, len(text), 80)]


def from_header(header: Any) -> list[str]:
    """The cards of a header."""
    return cards_of(header)


def header(cards: list[str]) -> Any:
    """An `astropy.io.fits.Header`."""
    return header_of({"cards": cards})


def hdu_list(value: Any) -> Any:
    """An `astropy.io.fits.HDUList` in memory."""
    from astropy.io import fits

    if isinstance(value, fits.HDUList):
        return value
    if not isinstance(value, dict):
        raise TypeError(f"a FITS tree was asked for, and {type(value).__name__} was stored")
    out = fits.HDUList()
    for key, hdu in value.items():
        made = _hdu(fits, hdu, first=not out)
        if not made.name and key not in ("PRIMARY", f"HDU{len(out)}"):
            made.name = key
        if not out and not isinstance(made, fits.PrimaryHDU):
            out.append(fits.PrimaryHDU())
        out.append(made)
    return out


def _hdu(fits: Any, hdu: dict[str, Any], *, first: bool) -> Any:
    header, data = header_of(hdu), hdu.get("data")
    if isinstance(data, Table):
        return _table_hdu(fits, header, data)
    if isinstance(data, bytes):
        raise TypeError("an HDU of a kind that astropy has no class for")
    for keyword in ("BSCALE", "BZERO", "BLANK"):
        # the pixels are scaled already; astropy writes what an unsigned type needs
        if data is not None and keyword in header:
            del header[keyword]
    cls = fits.PrimaryHDU if first and "XTENSION" not in header else fits.ImageHDU
    return cls(data=data, header=header)


def _table_hdu(fits: Any, header: Any, data: Table) -> Any:
    from ._astropy import table

    made = fits.table_to_hdu(table(data))
    kept = fits.Header(
        [
            card
            for card in header.cards
            if not card.keyword.startswith(("XTENSION", "BITPIX", "NAXIS", "PCOUNT", "GCOUNT"))
            and not card.keyword.startswith(("TFIELDS", "TTYPE", "TFORM", "TUNIT", "TDIM", "TNULL"))
            and not card.keyword.startswith(("TSCAL", "TZERO", "TDISP", "THEAP"))
        ]
    )
    made.header.update(kept)
    return made


def from_hdu_list(hdus: Any) -> dict[str, Any]:
    """The FITS tree of an HDU list."""
    out: dict[str, Any] = {}
    for number, hdu in enumerate(hdus):
        key = hdu.name or ("PRIMARY" if number == 0 else f"HDU{number}")
        if key in out:
            key = f"{key},{hdu.ver}"
        if key in out:
            key = f"{key}#{number}"
        data = hdu.data
        if data is not None and getattr(data.dtype, "names", None):
            from astropy.table import Table as AstropyTable

            from ._astropy import to_table

            data = to_table(AstropyTable.read(hdu, mask_invalid=False, unit_parse_strict="silent"))
        elif data is not None:
            data = np.ascontiguousarray(data)
        out[key] = {"cards": cards_of(hdu.header), "data": data}
    return out
