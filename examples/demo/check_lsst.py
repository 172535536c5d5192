"""Open the demo's repository with lsst-daf-butler, where it is installed, and compare what both see."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
from salver import Butler


def seen(butler: Any) -> dict[str, tuple[Any, ...]]:
    """Every dataset: type, data ID, run and path by identifier."""
    out = {}
    for dataset_type in butler.registry.queryDatasetTypes():
        for ref in butler.query_datasets(dataset_type.name, collections="*", find_first=False):
            values = tuple(sorted(dict(ref.dataId.required).items()))
            out[str(ref.id)] = (ref.datasetType.name, values, ref.run, butler.getURI(ref).ospath)
    return out


def same(a: Any, b: Any) -> bool:
    if hasattr(a, "colnames"):
        return a.colnames == b.colnames and all(np.array_equal(a[n], b[n]) for n in a.colnames)
    pairs = zip(a, b, strict=True)
    return all(
        np.array_equal(x.data, y.data, equal_nan=True)
        if x.data is not None and x.data.dtype.kind == "f"
        else np.array_equal(x.data, y.data)
        for x, y in pairs
    )


def main(repo: str) -> None:
    try:
        from lsst.daf.butler import Butler as Reference
    except ImportError:
        if os.environ.get("SALVER_DEMO_NEEDS_LSST"):
            raise
        print("lsst-daf-butler is not installed: the comparison is left out")
        return
    ours, theirs = Butler.from_config(repo), Reference.from_config(repo)
    a, b = seen(ours), seen(theirs)
    assert a == b, {k: (a.get(k), b.get(k)) for k in a.keys() | b.keys() if a.get(k) != b.get(k)}
    for id_ in a:
        x, y = (butler.get(butler.get_dataset(id_)) for butler in (ours, theirs))
        assert same(x, y), a[id_]
    print(
        f"lsst-daf-butler and Salver see the same {len(a)} datasets: refs, paths and values agree"
    )


if __name__ == "__main__":
    main(sys.argv[1])
