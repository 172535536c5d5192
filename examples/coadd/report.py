"""The showcase's page: needs nothing from elsewhere."""

from __future__ import annotations

import base64
import html
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from salver import Butler

STYLE = "body{font-family:sans-serif;margin:2em}td{padding:2px 12px}img{image-rendering:pixelated}"


def png(image: np.ndarray, low: float, high: float, width: int) -> str:
    """An image as an element of a page, first row at the bottom."""
    scaled = np.clip((image - low) / (high - low), 0, 1) ** 0.5
    grey = (255 * scaled[::-1]).astype(np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in grey)

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", grey.shape[1], grey.shape[0], 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
    data += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    text = base64.b64encode(data).decode()
    return f'<img width="{width}" src="data:image/png;base64,{text}">'


def write(butler: Butler, coadds: list, numbers: dict[str, Any], path: Path) -> None:
    """Writes the page."""
    parts = [
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>Coadds</title>"
        f"<style>{STYLE}</style></head><body><h1>Coadds that remember their inputs</h1>"
    ]
    parts.append("<h2>The patches</h2>")
    for ref in coadds:
        image = butler.get(ref.makeComponentRef("image"))
        parts.append(png(image, -5, max(60.0, float(np.percentile(image, 99.9))), 320))
    parts.append("<h2>The PSF of the middle one, at nine positions</h2>")
    psf = butler.get(coadds[1].makeComponentRef("psf"))
    size = int(psf.boxes[:, 2:].max()) - psf.extent
    for y in np.linspace(0.2, 0.8, 3)[::-1] * size:
        for x in np.linspace(0.2, 0.8, 3) * size:
            stamp = psf.at(float(x), float(y))[20:41, 20:41]
            parts.append(png(stamp, 0, float(stamp.max()), 105))
        parts.append("<br>")
    parts.append("<h2>Numbers</h2><table>")
    for name, value in numbers.items():
        shown = f"{value:.3%}" if name in ("stored", "moved") else html.escape(str(value))
        parts.append(f"<tr><td>{name.replace('_', ' ')}</td><td>{shown}</td></tr>")
    parts.append("</table><h2>What the middle one was made of</h2>")
    parts.append(butler.lineage(coadds[1]).to_svg())
    parts.append("</body></html>")
    path.write_text("\n".join(parts))
