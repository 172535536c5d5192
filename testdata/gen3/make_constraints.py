"""Write constraints.json: whether lsst-daf-butler's constraints take `stats` of CamA (null: refused at reading).

usage: python make_constraints.py SAMPLE_REPO > constraints.json
"""
import json, sys
from lsst.daf.butler import Butler, DatasetRef, StorageClassFactory, Config
try:
    from lsst.daf.butler.datastore.constraints import Constraints
except ImportError:
    from lsst.daf.butler.datastore import Constraints
b = Butler.from_config(sys.argv[1])
U = b.dimensions
dt = b.get_dataset_type("stats")
ref = DatasetRef(dt, b.registry.expandDataId(instrument="CamA", visit=101, detector=0), run="r")
lists = [None, [], ["all"], ["stats"], ["StructuredDataDict"], ["visit+detector"], ["other"], [{"instrument<CamA>": ["stats"]}], [{"instrument<CamA>": ["all"]}], [{"instrument<CamB>": ["stats"]}], [{"instrument<CamA>": ["other"]}], ["other","all"]]
out=[]
for a in lists:
    for r in lists:
        c = {}
        if a is not None: c["accept"]=a
        if r is not None: c["reject"]=r
        try:
            got = Constraints(Config({"constraints": c})["constraints"] if c else None, universe=U).isAcceptable(ref)
        except Exception:
            got = None
        out.append([c, got])
print("[\n" + ",\n".join(json.dumps(r) for r in out) + "\n]")
