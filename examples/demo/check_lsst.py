"""Opens the demo's repository with lsst-daf-butler and compares what both programs see."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import salver
from astropy.io import fits


def salver_datasets(repo: str) -> dict[str, tuple[str, str, str, str]]:
    """Identifier → type, run, data ID and URI, by Salver's command line."""
    command = ["salver", "query-datasets", repo, "*", "--show-uri", "--json", "--limit", "0"]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {
        d["id"]: (
            d["datasetType"]["name"],
            d["run"],
            json.dumps(d["dataId"]["dataId"], sort_keys=True),
            d["uri"],
        )
        for d in listed
    }


def lsst_datasets(butler) -> dict[str, tuple[str, str, str, str]]:
    """The same, by lsst-daf-butler."""
    seen = {}
    for dataset_type in butler.registry.queryDatasetTypes():
        for ref in butler.registry.queryDatasets(dataset_type, collections=...):
            full = butler.registry.expandDataId(ref.dataId)
            values = dict(sorted(full.mapping.items()))
            seen[str(ref.id)] = (
                ref.datasetType.name,
                ref.run,
                json.dumps(values, sort_keys=True),
                str(butler.getURI(ref)),
            )
    return seen


def same_pixels(theirs: fits.HDUList, ours: fits.HDUList) -> int:
    """Compares all images of two HDU lists, and gives how many pixels that were."""
    count = 0
    for hdu in theirs:
        if hdu.data is None or hdu.data.dtype.names is not None:
            continue
        name = hdu.name or 0
        mine = ours[name].data
        if not np.array_equal(hdu.data, mine, equal_nan=mine.dtype.kind == "f"):
            raise SystemExit(f"pixels differ: {hdu.name}")
        count += hdu.data.size
    return count


def main(out: Path) -> None:
    """Compares refs, paths and pixel values."""
    report = out / "lsst.txt"
    try:
        from lsst.daf.butler import Butler
    except ImportError:
        if os.environ.get("SALVER_DEMO_NEEDS_LSST"):
            raise SystemExit("lsst-daf-butler is not installed, and this run needs it") from None
        line = "lsst-daf-butler is not installed: the cross-check was left out."
        print("\n10.", line)
        report.write_text(line + "\n")
        return
    repo = str(out / "repo")
    theirs_butler = Butler.from_config(repo)
    ours, theirs = salver_datasets(repo), lsst_datasets(theirs_butler)
    if ours != theirs:
        for key in sorted(ours.keys() | theirs.keys()):
            if ours.get(key) != theirs.get(key):
                print(key, ours.get(key), theirs.get(key), sep="\n  ", file=sys.stderr)
        raise SystemExit("Salver and lsst-daf-butler see different datasets")
    ours_butler = salver.Butler.from_config(repo)
    pixels = images = 0
    for identifier, (_, _, _, uri) in sorted(theirs.items()):
        if not uri.endswith(".fits"):
            continue
        with fits.open(unquote(urlsplit(uri).path)) as expected:
            ref = ours_butler.get_dataset(identifier)
            pixels += same_pixels(expected, ours_butler.get(ref))
            images += 1
    # its own get, through the formatter that Salver gives it
    for ref in theirs_butler.query_datasets("acs_rice", "hst/rice", find_first=False):
        same_pixels(theirs_butler.get(ref), ours_butler.get(ours_butler.get_dataset(str(ref.id))))
    sources = theirs_butler.query_datasets("sources", "hst/sources", find_first=False)
    for ref in sources:
        mine = ours_butler.get(ours_butler.get_dataset(str(ref.id)))
        stock = theirs_butler.get(ref)
        if stock.colnames != mine.colnames or not all(
            np.array_equal(stock[c], mine[c]) for c in stock.colnames
        ):
            raise SystemExit("the catalogue reads differently")
    line = (
        f"lsst-daf-butler sees the same {len(theirs)} datasets: refs, paths, "
        f"{pixels} pixels of {images} files and {len(sources)} catalogue agree."
    )
    print("\n10.", line)
    report.write_text(line + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
