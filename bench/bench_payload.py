"""Cases of large values: a table of a million rows, an array of 64 MiB."""

from __future__ import annotations

import benchlib as bl
from bench_cases import case
from benchlib import INSTRUMENT, RUN


# -- bulk payloads -----------------------------------------------------------------
def _payload_repo(c, name, storage):
    root = c.fresh("pay")
    bl.make_repo(c.impl, root)
    b = bl.open_rw(c.impl, root)
    bl.insert_instrument(b.registry, 4)
    b.registry.registerDatasetType(
        c.impl.DatasetType(name, ("instrument", "detector"), storage, universe=b.dimensions)
    )
    b.collections.register(RUN)
    return b


def arrow_table(n):
    import numpy as np
    import pyarrow as pa

    g = np.random.default_rng(3)
    cols = {"id": np.arange(n, dtype=np.int64)}
    for i in range(12):
        cols[f"f{i}"] = g.normal(size=n)
    for i in range(4):
        cols[f"i{i}"] = g.integers(0, 1000, size=n)
    cols["flag"] = g.random(n) > 0.5
    # (lsst fails on the "rowcount" component of a table without metadata.)
    return pa.table(cols).replace_schema_metadata({"made_by": "bench"})


def _parquet(c, how):
    tab = arrow_table(c.n)
    b = _payload_repo(c, "tab", "ArrowTable")
    did = {"instrument": INSTRUMENT, "detector": 0}
    if how == "put":
        ref = []

        def setup(i):
            if ref:
                b.pruneDatasets([ref.pop()], unstore=True, purge=True)

        return bl.measure(
            lambda _: ref.append(b.put(tab, "tab", did, run=RUN)), setup=setup, repeats=c.repeats
        )
    r = b.put(tab, "tab", did, run=RUN)
    del tab
    kw = {"all": {}, "cols": {"parameters": {"columns": ["id", "f0", "f7"]}}}.get(how)
    if how == "schema":
        return bl.measure(
            lambda _: b.get(r.makeComponentRef("schema")) and 1, repeats=c.repeats, warmup=1
        )
    if how == "rowcount":
        return bl.measure(
            lambda _: b.get(r.makeComponentRef("rowcount")), repeats=c.repeats, warmup=1
        )
    return bl.measure(lambda _: b.get(r, **kw).num_rows, repeats=c.repeats, warmup=1)


for _h in ["put", "all", "cols", "schema", "rowcount"]:
    case(f"parquet_{_h}_1m", "payload", n=1_000_000, repeats=5)(lambda c, h=_h: _parquet(c, h))


def _numpy(c, how):
    import numpy as np

    arr = np.random.default_rng(5).normal(size=c.n).astype("float32")
    b = _payload_repo(c, "arr", "NumpyArray")
    did = {"instrument": INSTRUMENT, "detector": 0}
    if how == "put":
        ref = []

        def setup(i):
            if ref:
                b.pruneDatasets([ref.pop()], unstore=True, purge=True)

        return bl.measure(
            lambda _: ref.append(b.put(arr, "arr", did, run=RUN)), setup=setup, repeats=c.repeats
        )
    r = b.put(arr, "arr", did, run=RUN)
    del arr
    return bl.measure(lambda _: b.get(r).size, repeats=c.repeats, warmup=1)


case("numpy_put_64mb", "payload", n=16 * 2**20, repeats=5)(lambda c: _numpy(c, "put"))
case("numpy_get_64mb", "payload", n=16 * 2**20, repeats=5)(lambda c: _numpy(c, "get"))
