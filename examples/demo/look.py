"""The demo's Python part, second half: datasets come out by what they are, and a page shows them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from page import Page, stretched
from salver import Butler

EXPOSURE = {"instrument": "HST-ACS", "exposure": 20020413204022, "detector": 1}


def first_image(hdus: fits.HDUList) -> np.ndarray:
    return next(h.data for h in hdus if getattr(h.data, "ndim", 0) == 2 and h.data.size > 1)


def main(repo: str, out: Path) -> None:
    butler = Butler.from_config(repo)
    page = Page("Salver: real images into a repository, and back out by what they are")

    hst = butler.get("flt", EXPOSURE, collections="demo/rice")
    science = first_image(hst)
    print(f"butler.get('flt', …): {len(hst)} HDUs, science plane {science.shape} {science.dtype}")
    page.picture("HST/ACS, 47 Tucanae, F606W (stored as RICE tiles)", stretched(science))

    stamp = fits.getdata(
        out / "stamp.fits",
        ext=next(
            i for i, h in enumerate(fits.open(out / "stamp.fits")) if h.header.get("NAXIS") == 2
        ),
    )
    page.picture("The stamp: only its tiles were read", stretched(stamp), scale=3)

    catalogue = butler.get(
        "src", EXPOSURE, collections="demo/src", parameters={"columns": ["ra", "peak"]}
    )
    print(f"two columns of the catalogue: {catalogue.colnames}, {len(catalogue)} rows")
    page.table("The brightest stars of the derived catalogue: two of its columns", catalogue[:8])

    survey: list[tuple[str, str]] = [("M13 (uncompressed)", "demo/images")]
    survey += [(f"M13 ({form})", f"demo/m13/{form}") for form in ("rice", "gzip", "hcomp", "plio")]
    pixels: list[Any] = []
    for _title, run in survey:
        refs = butler.query_datasets("image", collections=run, instrument="SurveyImage")
        for ref in refs:
            image = first_image(butler.get(ref))
            if image.shape == (300, 300):
                pixels.append(image)
            if run == "demo/images" or not pixels:
                page.picture(f"{ref.dataId}", stretched(image))
    same = all(np.array_equal(pixels[0], other) for other in pixels[1:])
    print(f"M13 in {len(pixels)} forms: the same pixels: {same}")
    assert same and len(pixels) == len(survey)

    rows = []
    for dataset_type in butler.registry.queryDatasetTypes():
        for ref in butler.query_datasets(dataset_type.name, collections="*", find_first=False):
            rows.append((ref.datasetType.name, str(ref.dataId), ref.run))
    page.rows("What is there", ("dataset type", "data ID", "run"), rows)
    print(f"{len(rows)} datasets in the repository")
    page.write(out / "report.html")
    print(f"the page: {out / 'report.html'}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
