"""A page of pictures and tables in one HTML file, with the standard library and NumPy only."""

from __future__ import annotations

import base64
import html
import struct
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1a2230; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: 0; } figcaption { font-size: .85rem; max-width: 24rem; color: #55606f; }
img { image-rendering: pixelated; border: 1px solid #ccd3dd; max-width: 24rem; }
table { border-collapse: collapse; font-size: .9rem; } td, th { padding: .2rem .8rem; text-align: left; border-bottom: 1px solid #e3e7ee; }
"""


def stretched(image: np.ndarray) -> np.ndarray:
    """Grey values of an image: an asinh stretch between its 1st and 99.7th percentile, north up."""
    values = np.nan_to_num(image.astype("f8"))
    low, high = np.percentile(values, [1.0, 99.7])
    scaled = np.clip((values - low) / max(high - low, 1e-12), 0.0, 1.0)
    grey = np.arcsinh(10.0 * scaled) / np.arcsinh(10.0)
    return (255.0 * grey[::-1]).astype("u1")


def png(grey: np.ndarray) -> bytes:
    """A greyscale PNG (ISO/IEC 15948)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    height, width = grey.shape
    rows = b"".join(b"\0" + row.tobytes() for row in grey)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


class Page:
    def __init__(self, title: str) -> None:
        self.title = title
        self.pictures: list[str] = []
        self.tables: list[str] = []

    def picture(self, caption: str, grey: np.ndarray, scale: int = 1) -> None:
        step = max(1, grey.shape[0] // 512)
        data = base64.b64encode(png(np.ascontiguousarray(grey[::step, ::step]))).decode()
        width = grey[::step, ::step].shape[1] * scale
        self.pictures.append(
            f'<figure><img width="{width}" alt="" src="data:image/png;base64,{data}">'
            f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        )

    def rows(self, title: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        head = "".join(f"<th>{html.escape(str(n))}</th>" for n in names)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(v))}</td>" for v in row) + "</tr>"
            for row in rows
        )
        self.tables.append(f"<h2>{html.escape(title)}</h2><table><tr>{head}</tr>{body}</table>")

    def table(self, title: str, table: Any) -> None:
        names = [f"{n} [{table[n].unit}]" if table[n].unit else n for n in table.colnames]
        self.rows(title, names, ([f"{v:.6g}" for v in row] for row in table))

    def write(self, path: Path) -> None:
        title = html.escape(self.title)
        path.write_text(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
            f'<h1>{title}</h1><div class="pictures">{"".join(self.pictures)}</div>{"".join(self.tables)}</html>\n'
        )
