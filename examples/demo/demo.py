"""The demo's Python half: find, cut, derive a catalogue, read two of its columns."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from astropy.table import Table
from astropy.wcs import WCS
from salver import Butler, Timespan
from salver.sphgeom import Angle, Circle, LonLat, UnitVector3d

RA, DEC = 6.027, -72.083


def find(butler: Butler) -> list:
    """The images that overlap the position in April 2002."""
    from astropy.time import Time

    position = UnitVector3d(LonLat.fromDegrees(RA, DEC))
    april = Timespan(Time("2002-04-01", scale="utc"), Time("2002-05-01", scale="utc"))
    region = Circle(position, Angle.fromDegrees(0.001))
    return butler.query_datasets("acs_rice", "demo", region=region, timespan=april)


def peaks(image: np.ndarray, wcs: WCS, count: int = 50) -> Table:
    """The brightest local maxima of an image, well apart from its edges: a small catalogue."""
    core = image[1:-1, 1:-1]
    rows, columns = image.shape
    neighbours = [
        image[1 + dy : rows - 1 + dy, 1 + dx : columns - 1 + dx]
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if dy or dx
    ]
    is_peak = np.logical_and.reduce([core > other for other in neighbours])
    y, x = np.nonzero(is_peak)
    brightest = np.argsort(core[y, x])[::-1][:count]
    y, x = y[brightest] + 1, x[brightest] + 1
    flux = [float(image[j - 1 : j + 2, i - 1 : i + 2].sum()) for j, i in zip(y, x, strict=True)]
    ra, dec = wcs.all_pix2world(x, y, 0)
    table = Table({"x": x, "y": y, "flux": flux, "ra": ra, "dec": dec})
    table["ra"].unit = table["dec"].unit = "deg"
    table["flux"].description = "sum of 3 x 3 pixels"
    return table


def main(out: Path) -> None:
    """Runs it all and leaves what the report needs."""
    repo = str(out / "repo")
    butler = Butler.from_config(repo, collections="demo", run="hst/sources")

    print("\n7. Python: the same search, the same cutout")
    found = find(butler)
    for ref in found:
        print("  ", ref)
    ref = found[0]
    cutout = butler.cutout(ref.makeComponentRef("SCI"), ra=RA, dec=DEC, size=(100, 100))
    print("  ", cutout)

    print("\n8. A catalogue of the sources in it")
    exposure = butler.get(ref)
    plane = exposure["SCI"]
    catalogue = peaks(np.asarray(plane.data, dtype=float), WCS(plane.header))
    stored = butler.put(catalogue, "sources", ref.dataId)
    print("   stored", len(catalogue), "rows:", butler.getURI(stored))
    two = butler.get(
        "sources", ref.dataId, collections="hst/sources", parameters={"columns": ["ra", "flux"]}
    )
    print("   two columns of it:")
    print(two[:5])

    refs = butler.query_datasets("acs*", "*", find_first=False)
    print(
        "\n9. What is there of the exposure:",
        *(f"{r.datasetType.name} in {r.run}" for r in refs),
        sep="\n   ",
    )
    summary = {
        "found": [str(r) for r in found],
        "cutout": {
            "moved": cutout.bytes_moved,
            "total": cutout.bytes_total,
            "reads": cutout.reads,
        },
        "columns": list(two.colnames),
        "rows": [[float(v) for v in row] for row in two[:8]],
        "sources": len(catalogue),
    }
    (out / "python.json").write_text(json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
