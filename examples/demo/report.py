"""Writes the demo's page."""

from __future__ import annotations

import html
import json
import sys
from pathlib import Path

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
       color: #1b1f24; background: #fff; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; }
pre { background: #f4f6f8; padding: .8rem; overflow-x: auto; font-size: 12px; line-height: 1.35; }
figure { display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top; }
figure img { display: block; max-width: 18rem; image-rendering: pixelated; }
figcaption { font-size: 13px; color: #57606a; max-width: 18rem; }
table { border-collapse: collapse; } td, th { border: 1px solid #d0d7de; padding: .25rem .7rem; }
.bar { background: #d8dee4; width: 30rem; max-width: 100%; height: 1rem; }
.bar span { display: block; background: #0969da; height: 1rem; min-width: 2px; }
"""

CODECS = {
    "plain": "not compressed",
    "rice": "RICE_1",
    "gzip": "GZIP_1",
    "hcomp": "HCOMPRESS_1",
    "plio": "PLIO_1",
}


def figure(name: str, caption: str, width: str = "18rem") -> str:
    """A picture with its caption."""
    return (
        f'<figure><img src="pictures/{name}.png" alt="{html.escape(caption)}" '
        f'style="width: {width}"><figcaption>{html.escape(caption)}</figcaption></figure>'
    )


def text(out: Path, name: str) -> str:
    """What a command printed."""
    return f"<pre>{html.escape((out / f'{name}.txt').read_text().strip())}</pre>"


def main(out: Path) -> None:
    """Puts the page together."""
    python = json.loads((out / "python.json").read_text())
    cut = python["cutout"]
    share = 100 * cut["moved"] / cut["total"]
    rows = "".join(
        "<tr>" + "".join(f"<td>{value:.6g}</td>" for value in row) + "</tr>"
        for row in python["rows"]
    )
    heads = "".join(f"<th>{html.escape(c)}</th>" for c in python["columns"])
    m13 = "".join(figure(f"m13_{c}", f"M13, {label}", "11rem") for c, label in CODECS.items())
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Salver: the demo</title>
<style>{STYLE}</style></head><body>
<h1>Salver: the demo</h1>
<p>Real images into a repository, and back out by what they are. Sources and licences:
<code>examples/data/README.md</code>.</p>
<h2>Which images overlap a position in April 2002?</h2>
{text(out, "found")}
{figure("acs", "47 Tuc, HST ACS/HRC, F606W, 60 s: stored again by Salver as RICE tiles")}
{figure("acs_cutout", "100 x 100 pixels around RA 6.027, Dec -72.083")}
<h2>What the cutout cost</h2>
<p>{cut["moved"]:,} of {cut["total"]:,} bytes in {cut["reads"]} reads ({share:.1f} %).</p>
<div class="bar"><span style="width: {share:.2f}%"></span></div>
<h2>One image in five compressions</h2>
{m13}
{figure("ngc1316", "NGC 1316, RICE_1")}
<h2>A derived catalogue: two of its columns</h2>
<p>{python["sources"]} sources; the first of them:</p>
<table><tr>{heads}</tr>{rows}</table>
<h2>What is there</h2>
{text(out, "collections")}
<h2>The stored exposure, part by part</h2>
{text(out, "show")}
<h2>The other program</h2>
<p>{html.escape((out / "lsst.txt").read_text().strip())}</p>
</body></html>
"""
    path = out / "report.html"
    path.write_text(page)
    print(f"\nThe page: {path}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
