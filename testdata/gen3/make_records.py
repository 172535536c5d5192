"""Write sample-records.json: the dimension records of sample-repo, without regions and times.

usage: python make_records.py SAMPLE_REPO
"""
import json, sys
from lsst.daf.butler import Butler
b = Butler.from_config(sys.argv[1])
out = []
for el in b.dimensions.elements:
    if el.name not in ("instrument","skymap","band","physical_filter","detector","day_obs","group","exposure","visit","tract","patch"): continue
    with b.query() as q:
        recs = list(q.dimension_records(el.name)) if el.name != "band" else []
    for r in recs:
        d = {k: v for k, v in r.toDict().items() if v is None or isinstance(v, (int, float, str, bool))}
        for k in ("region", "timespan"):
            d.pop(k, None)
        out.append({"definition": el.name, "record": d})
for band in "gri":
    out.append({"definition": "band", "record": {"name": band}})
with open("sample-records.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(o) for o in out) + "\n]\n")
