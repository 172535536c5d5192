"""Write templates.json: what lsst-daf-butler makes of path templates.

usage: python make_templates.py SAMPLE_REPO
"""
import json, sys, uuid
from lsst.daf.butler import Butler, DatasetRef, DatasetType
from lsst.daf.butler.datastore.file_templates import FileTemplate
repo = sys.argv[1]
b = Butler.from_config(repo)
U = b.dimensions
def ref(name, run, did):
    dt = b.get_dataset_type(name)
    d = b.registry.expandDataId(did, dimensions=dt.dimensions)
    r = DatasetRef(dt, d, run=run, id=uuid.UUID("01a20cd7-9c63-7d1f-a649-9631d915463f"))
    return r
refs = [
 ("stats", dict(instrument="CamA", visit=101, detector=0)),
 ("raw", dict(instrument="CamA", exposure=3, detector=1)),
 ("raw", dict(instrument="CamA", exposure=8, detector=2)),
 ("count", {}),
 ("refcat", dict(htm7=131201)),
 ("hpx_map", dict(healpix5=4517, band="g")),
 ("coadd_info", dict(skymap="sky/map 1", tract=2, patch=3, band="i")),
 ("flat", dict(instrument="CamA", detector=1, physical_filter="A_i~1")),
 ("warp_meta", dict(instrument="CamA", visit=101, skymap="sky/map 1", tract=0, patch=0)),
 ("bias", dict(instrument="CamB", detector=1)),
]
runs = ["CamA/runs/1", "u/x y é#%/run.1", "a:b<c>d\"e|f?g*h\\i/z", "w/%41%zz"]
D = "{run:/}/{datasetType}.{component:?}/{tract:?}/{patch:?}/{day_obs|visit.day_obs|exposure.day_obs:?}/{band:?}/{subfilter:?}/{physical_filter:?}/{visit:?}/{exposure.obs_id|group:?}/{datasetType}_{component:?}_{instrument:?}_{tract:?}_{patch:?}_{band:?}_{physical_filter:?}_{visit:?}_{exposure.obs_id|group:?}_{detector.full_name:?}_{skymap:?}_{skypix:?}_{ssp_hypothesis_table:?}_{ssp_hypothesis_bundle:?}_{ssp_balanced_index:?}_{run}"
E = "{run:/}/{datasetType}.{component:?}/{day_obs|exposure.day_obs}/{exposure.obs_id}/{datasetType}_{component:?}_{instrument:?}_{physical_filter}_{exposure.obs_id}_{detector.full_name}_{run}"
templates = [D, E,
 "{run:/}/stats/{instrument}/{visit:08d}_{detector:03d}_{band}",
 "{run}/{detector:>8d}x{detector:<4}|{detector:^5}_{instrument:>8s}",
 "{run:/}/{detector:+d}_{detector: d}_{detector:x}_{detector:#06x}_{detector:b}_{detector:_>6}_{detector:*^7d}",
 "{run:/}/{detector:o}{detector:#o}{detector:X}{detector:,}{visit:,}{visit:_}{visit:010,}{visit:e}{visit:.2f}{visit:g}{visit:%}",
 "{run:/}/{instrument:.2}_{instrument:.2s}_{instrument:-<8}_{instrument:08}_{instrument:s}",
 "{run:/}/{datasetType}.{component:?}/{visit?}/{id}",
 "{run:/}/{detector.full_name}/{detector.raft:?}/{detector.name_in_raft}_{detector.purpose:>9}",
 "{run:/}/{exposure.exposure_time}_{exposure.exposure_time:08.3f}_{exposure.dark_time:e}_{exposure.zenith_angle:g}_{exposure.azimuth}_{exposure.has_simulated}_{exposure.can_see_sky}_{detector}",
 "{run:/}/{exposure.exposure_time:.1f}_{exposure.exposure_time:+.3e}_{exposure.exposure_time:010}_{exposure.exposure_time:.0f}_{exposure.exposure_time:#.0f}_{exposure.exposure_time:.3g}_{exposure.exposure_time:%}_{exposure.sky_angle}_{exposure.sky_angle:.0f}_{detector}",
 "{run:/}/{exposure.azimuth:08d}_{detector}",
 "{run:/}/{datasetType}/{exposure.target_name:?}_{detector|tract|skymap:?}",
 "a/{run:/}/b#c/d.e/{datasetType}.x#y_{instrument:?}-{band:?}",
 "./{run:/}//x/./{instrument:?}//{detector:?}",
 "{run:/}/{visit|exposure|tract:?}_{detector:?}_{band}",
 "{run:/}/{{x}}_{instrument:?}_{band:?}",
 "{run:/}/{instrument:/?}_{skymap:/}_{group:/?}",
 "{run:/}/{instrument}_{nosuch}", "{run:/}/{instrument}_{nosuch:?}", "{run:/}/{instrument:d}", "{run:/}/{detector:s}",
 "{run:/}/{visit.nosuch}_{detector}","{run:/}/{visit.nosuch:?}_{detector}",
 "{run:/}/{visit.name}_{visit.region:?}_{detector}",
 "{run:/}/{healpix5:?}_{htm7:06d}_{skypix:>10}",
 "{id}/{instrument}", "{run:/}/x", "{instrument}/{detector}", "../{run}/{instrument}", "{run}/../{instrument}", "x/{instrument}/{id}", "{run:/}/{id}_{detector:?}/x_{detector:?}", "{run:/}/{detector:?}/",
 "/{run:/}/{detector:?}/x", "{run:/}{datasetType}_{detector:?}", "{run:/}/{detector!r}", "{run:/}/{detector:{visit}}", "{run:/}/{detector", "{run:/}/detector}", "{run:/}/{}_{detector}",
 "{run:/}/{detector:c}", "{run:/}/{detector:n}_{detector:5.1f}_{detector:=+6}_{detector:<06}", "{run:/}/{instrument:=8}", "{run:/}/{instrument:+}", "{run:/}/{instrument:,}", "{run:/}/{detector:.2}", "{run:/}/{detector:q}", "{run:/}/{instrument:é^9}", "{run:/}/{detector:08.3}", "{run:/}/{detector: >4}_{instrument: ^8}.",
]

datasets=[]
for name, did in refs:
    r = ref(name, "x", did)
    fields = {}
    for el in r.dimensions.elements:
        rec = r.dataId.records[el]
        if rec is None: continue
        for k, v in rec.toDict().items():
            if v is None or isinstance(v, (int, float, str, bool)):
                fields[f"{el}.{k}"] = v
    datasets.append({"dataset_type": name, "id": str(r.id), "data_id": dict(r.dataId.mapping), "fields": fields,
       "skypix": next(iter(r.dataId[k] for k in r.dimensions.skypix), None)})
out=[]
for t in templates:
    if "region" in t: continue
    try: ft = FileTemplate(t)
    except Exception as e:
        out.append({"template": t, "refused": True}); continue
    cases=[]
    for i,(name, did) in enumerate(refs):
        rr = runs if t in (D, E) or t.startswith("a/") else runs[:1]
        for j,run in enumerate(rr):
            try: p = ft.format(ref(name, run, did))
            except Exception: p = None
            cases.append([i, j, p])
    out.append({"template": t, "cases": cases})
with open("templates.json","w") as f:
    f.write("{\n\"about\": \"what lsst-daf-butler 30.2026.4300 makes of path templates: cases are [dataset, run, path or null for an error]\",\n")
    f.write("\"runs\": "+json.dumps(runs, ensure_ascii=False)+",\n\"datasets\": [\n"+",\n".join(json.dumps(d, ensure_ascii=False) for d in datasets)+"\n],\n\"templates\": [\n")
    f.write(",\n".join(json.dumps(o, ensure_ascii=False) for o in out)+"\n]\n}\n")
