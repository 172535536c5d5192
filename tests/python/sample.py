"""Builds the sample repository with any implementation of the butler's interface, and describes a
repository in plain values, so that what one wrote can be compared with what another reads."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

RUN1, RUN2, CALIB_RUN, RAW_RUN = "CamA/runs/1", "CamA/runs/2", "CamA/calib/run", "CamA/raw/all"
A = {"instrument": "CamA"}
FILTERS = ["A_g", "A_r", "A_r2", "A_i~1", "A_g", "A_r"]
RA0 = [10.0, 10.2, 10.9, 11.4, 350.0, 10.05]
DEC0 = [0.0, 0.1, 0.3, -0.2, -40.0, 0.05]
MEMBERS = {101: [1], 102: [2], 103: [3, 7], 104: [4], 105: [5], 106: [6]}

CONFIG = """\
datastore:
  checksum: true
  formatters:
    stats: lsst.daf.butler.formatters.json.JsonFormatter
    StructuredDataList: lsst.daf.butler.formatters.yaml.YamlFormatter
  templates:
    stats: "{run:/}/stats/{instrument}/{visit:08d}_{detector:03d}_{band}"
"""


def sphgeom(impl: ModuleType) -> ModuleType:
    """The implementation's module of regions."""
    return importlib.import_module(
        "salver.sphgeom" if impl.__name__ == "salver" else "lsst.sphgeom"
    )


def span(impl: ModuleType, begin: str | None, end: str | None) -> Any:
    """A timespan of TAI in ISO spelling."""
    from astropy.time import Time

    ends = [None if t is None else Time(t, scale="tai", format="isot") for t in (begin, end)]
    return impl.Timespan(*ends)


def square(impl: ModuleType, ra: float, dec: float, half: float) -> Any:
    """A square region, degrees."""
    g = sphgeom(impl)
    corners = [
        (ra - half, dec - half),
        (ra + half, dec - half),
        (ra + half, dec + half),
        (ra - half, dec + half),
    ]
    return g.ConvexPolygon([g.UnitVector3d(g.LonLat.fromDegrees(a, d)) for a, d in corners])


def make(impl: ModuleType, root: Path) -> Any:
    """An empty repository with the settings of the sample, opened for writing."""
    seed = root.parent / (root.name + "-seed.yaml")
    seed.write_text(CONFIG)
    impl.Butler.makeRepo(str(root), config=str(seed))
    return impl.Butler.from_config(str(root), writeable=True)


def exposures(impl: ModuleType) -> list[dict[str, Any]]:
    """Records of eight exposures."""
    out = []
    for k in range(8):
        base = k if k < 6 else (2 if k == 6 else None)
        day = 20240301 if k < 4 or k == 6 else 20240302
        start = f"2024-03-0{day % 10}T{20 + (k % 4):02d}:{'30' if k == 6 else '00'}"
        science = base is not None
        out.append(
            {
                "instrument": "CamA",
                "id": k + 1,
                "obs_id": f"A_{day}_{k + 1:05d}",
                "physical_filter": FILTERS[base] if science else "A_g",
                "group": f"grp{base if science else 'cal'}/{day}",
                "day_obs": day,
                "exposure_time": 30.0,
                "dark_time": 30.5,
                "observation_type": "science" if science else "bias",
                "observation_reason": "survey" if science else "calib",
                "seq_num": k + 1,
                "seq_start": k + 1,
                "seq_end": k + 1,
                "target_name": "field-1" if k != 4 else "O'Neill",
                "science_program": "prog-A",
                "tracking_ra": RA0[base] if science else None,
                "tracking_dec": DEC0[base] if science else None,
                "sky_angle": 12.5,
                "azimuth": None,
                "zenith_angle": 20.0 + k,
                "has_simulated": k == 1,
                "can_see_sky": True if science else None,
                "timespan": span(impl, f"{start}:00", f"{start}:30.123456789"),
            }
        )
    return out


def _instruments(impl: ModuleType, reg: Any) -> None:
    reg.insertDimensionData(
        "instrument",
        {
            "name": "CamA",
            "visit_max": 10000,
            "visit_system": 1,
            "exposure_max": 100000,
            "detector_max": 10,
            "class_name": "example.CamA",
        },
        {
            "name": "CamB",
            "visit_max": 500,
            "exposure_max": 500,
            "detector_max": 4,
            "class_name": None,
        },
    )
    reg.insertDimensionData(
        "physical_filter",
        *[
            {"instrument": f"Cam{n[0]}", "name": n, "band": b}
            for n, b in [("A_g", "g"), ("A_r", "r"), ("A_r2", "r"), ("A_i~1", "i"), ("B_r", "r")]
        ],
    )
    reg.insertDimensionData(
        "detector",
        *[
            {
                "instrument": "CamA",
                "id": i,
                "full_name": f"R0{i // 2}_S{i % 2}",
                "name_in_raft": f"S{i % 2}",
                "raft": f"R0{i // 2}",
                "purpose": "SCIENCE" if i < 3 else "GUIDER",
            }
            for i in range(4)
        ],
        *[
            {"instrument": "CamB", "id": i + 1, "full_name": f"CCD {i + 1}/x", "purpose": "SCIENCE"}
            for i in range(2)
        ],
    )
    reg.insertDimensionData("subfilter", {"band": "g", "id": 0}, {"band": "g", "id": 1})
    days = [
        ("2024-03-01T12:00:37", "2024-03-02T12:00:37"),
        ("2024-03-02T12:00:37", "2024-03-03T12:00:37"),
    ]
    reg.insertDimensionData(
        "day_obs",
        *[
            {"instrument": "CamA", "id": 20240301 + i, "timespan": span(impl, *ends)}
            for i, ends in enumerate(days)
        ],
        {"instrument": "CamB", "id": 20240301},
    )
    reg.insertDimensionData(
        "visit_system",
        {"instrument": "CamA", "id": 0, "name": "one-to-one"},
        {"instrument": "CamA", "id": 1, "name": "by-group"},
    )


def _visits(impl: ModuleType, reg: Any) -> None:
    expo = exposures(impl)
    groups = sorted({e["group"] for e in expo})
    reg.insertDimensionData(
        "group",
        *[{"instrument": "CamA", "name": g} for g in groups],
        {"instrument": "CamB", "name": "gB"},
    )
    reg.insertDimensionData("exposure", *expo)
    reg.insertDimensionData(
        "exposure",
        {
            "instrument": "CamB",
            "id": 1,
            "obs_id": "B1",
            "physical_filter": "B_r",
            "group": "gB",
            "day_obs": 20240301,
            "exposure_time": 5.0,
            "observation_type": "science",
            "seq_num": 1,
            "timespan": None,
        },
    )
    for v, members in MEMBERS.items():
        k = v - 101
        first, last = expo[members[0] - 1], expo[members[-1] - 1]
        reg.insertDimensionData(
            "visit",
            {
                "instrument": "CamA",
                "id": v,
                "name": f"visit-{v}",
                "physical_filter": FILTERS[k],
                "day_obs": first["day_obs"],
                "seq_num": members[0],
                "exposure_time": 30.0 * len(members),
                "target_name": first["target_name"],
                "observation_reason": "survey",
                "science_program": "prog-A",
                "azimuth": 180.5,
                "zenith_angle": 20.0 + k,
                "timespan": impl.Timespan(first["timespan"].begin, last["timespan"].end),
                "region": square(impl, RA0[k], DEC0[k], 0.4),
            },
        )
        systems = [1] if len(members) > 1 else [1, 0]
        reg.insertDimensionData(
            "visit_system_membership",
            *[{"instrument": "CamA", "visit_system": s, "visit": v} for s in systems],
        )
        reg.insertDimensionData(
            "visit_definition",
            *[{"instrument": "CamA", "exposure": e, "visit": v} for e in members],
        )
        reg.insertDimensionData(
            "visit_detector_region",
            *[
                {
                    "instrument": "CamA",
                    "visit": v,
                    "detector": d,
                    "region": square(
                        impl, RA0[k] + (-0.2, 0.2)[d % 2], DEC0[k] + (-0.2, 0.2)[d // 2], 0.2
                    ),
                }
                for d in range(4)
                if (v, d) != (104, 3)
            ],
        )
    reg.insertDimensionData(
        "visit",
        {
            "instrument": "CamB",
            "id": 1,
            "name": "B-1",
            "physical_filter": "B_r",
            "day_obs": 20240301,
            "exposure_time": 5.0,
            "region": None,
            "timespan": None,
        },
    )
    reg.insertDimensionData("visit_definition", {"instrument": "CamB", "exposure": 1, "visit": 1})


def _sky(impl: ModuleType, reg: Any) -> None:
    sky = "sky/map 1"
    reg.insertDimensionData(
        "skymap",
        {
            "name": sky,
            "hash": bytes(range(20)) * 2,
            "tract_max": 10,
            "patch_nx_max": 2,
            "patch_ny_max": 2,
        },
    )
    for t, (ra, dec) in enumerate([(10.0, 0.0), (11.0, 0.0), (350.0, -40.0)]):
        reg.insertDimensionData(
            "tract", {"skymap": sky, "id": t, "region": square(impl, ra, dec, 0.55)}
        )
        reg.insertDimensionData(
            "patch",
            *[
                {
                    "skymap": sky,
                    "tract": t,
                    "id": 2 * y + x,
                    "cell_x": x,
                    "cell_y": y,
                    "region": square(impl, ra - 0.275 + 0.55 * x, dec - 0.275 + 0.55 * y, 0.3),
                }
                for x in range(2)
                for y in range(2)
            ],
        )
    reg.insertDimensionData("ssp_hypothesis_table", {"name": "hypo"})
    reg.insertDimensionData("ssp_hypothesis_bundle", {"ssp_hypothesis_table": "hypo", "id": 3})


TYPES = [
    ("raw", ["instrument", "exposure", "detector"], "StructuredDataDict", False),
    ("stats", ["instrument", "visit", "detector"], "StructuredDataDict", False),
    ("src_cat", ["instrument", "visit", "detector"], "ArrowAstropy", False),
    ("visit_table", ["instrument", "visit"], "ArrowTable", False),
    ("frame", ["instrument", "visit"], "DataFrame", False),
    ("npcat", ["instrument", "day_obs"], "ArrowNumpy", False),
    ("bias", ["instrument", "detector"], "NumpyArray", True),
    ("flat", ["instrument", "detector", "physical_filter"], "StructuredDataDict", True),
    ("camera", ["instrument"], "StructuredDataDict", True),
    ("coadd_info", ["skymap", "tract", "patch", "band"], "StructuredDataDict", False),
    ("refcat", ["htm7"], "ArrowAstropy", False),
    ("hpx_map", ["healpix5", "band"], "StructuredDataDict", False),
    ("count", [], "int", False),
    ("sky_def", ["skymap"], "StructuredDataList", False),
    ("validity", ["instrument"], "Timespan", False),
    ("warp_meta", ["skymap", "tract", "patch", "visit"], "StructuredDataDict", False),
]


def catalog(n: int, seed: int) -> Any:
    """An astropy table with units, a description and metadata."""
    import astropy.table
    import numpy as np

    rng = np.random.default_rng(seed)
    table = astropy.table.Table(
        {
            "id": np.arange(n, dtype=np.int64) + seed * 100,
            "ra": rng.uniform(9.5, 10.5, n),
            "flux": rng.normal(size=n).astype(np.float32),
            "flag": rng.uniform(size=n) > 0.5,
            "name": np.array([f"s{j}" for j in range(n)], dtype="U8"),
        }
    )
    table["ra"].unit = "deg"
    table["ra"].description = "right ascension"
    table.meta["seed"] = seed
    return table


def _puts(impl: ModuleType, butler: Any) -> None:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    def put(obj: Any, name: str, run: str, **data_id: Any) -> None:
        butler.put(obj, name, data_id, run=run)

    for v in (101, 102, 103):
        for d in (0, 1):
            stats = {
                "visit": v,
                "detector": d,
                "mean": v + d / 10,
                "note": "é",
                "deep": {"x": [1, None]},
            }
            put(stats, "stats", RUN1, visit=v, detector=d, **A)
            put(catalog(3 + d, v), "src_cat", RUN1, visit=v, detector=d, **A)
    for v in (102, 105):
        put({"visit": v, "detector": 0, "mean": -1.0}, "stats", RUN2, visit=v, detector=0, **A)
    arrow = pa.table({"x": pa.array([1, 2, None], pa.int64()), "s": ["a", "bb", "ccc"]})
    put(arrow, "visit_table", RUN1, visit=101, **A)
    frame = pd.DataFrame({"x": [1, 2], "s": ["a", None]}, index=pd.Index([10, 20], name="key"))
    put(frame, "frame", RUN1, visit=101, **A)
    rows = [(1, 2.5, "ab"), (2, 3.5, "c")]
    columns = [("i", "<i4"), ("f", "<f8"), ("s", "U4")]
    put(np.array(rows, dtype=columns), "npcat", RUN1, day_obs=20240301, **A)
    for d in range(3):
        put(np.arange(6, dtype=np.float32).reshape(2, 3) + d, "bias", CALIB_RUN, detector=d, **A)
    for d, f in enumerate(["A_g", "A_i~1"]):
        put({"filter": f, "scale": d + 1.5}, "flat", CALIB_RUN, detector=d, physical_filter=f, **A)
    put({"n": 4}, "camera", CALIB_RUN, **A)
    put({"n": 4, "rev": 2}, "camera", RUN2, **A)
    put({"n": 2}, "camera", CALIB_RUN, instrument="CamB")
    for t, p, b in [(0, 0, "g"), (0, 1, "r"), (1, 2, "r"), (2, 3, "i")]:
        put(
            {"t": t, "p": p, "b": b},
            "coadd_info",
            RUN1,
            skymap="sky/map 1",
            tract=t,
            patch=p,
            band=b,
        )
    for b in (131201, 131203):
        put(catalog(2, b % 97), "refcat", RUN1, htm7=b)
    put({"hp": 1}, "hpx_map", RUN1, healpix5=4517, band="g")
    put(42, "count", RUN1)
    put([1, "two", {"three": 3.0}], "sky_def", RUN1, skymap="sky/map 1")
    put(span(impl, "2024-01-01T00:00:00", None), "validity", CALIB_RUN, **A)
    put({"w": 1}, "warp_meta", RUN1, skymap="sky/map 1", tract=0, patch=0, visit=101, **A)


def _ingests(impl: ModuleType, butler: Any, root: Path, types: dict[str, Any]) -> None:
    yaml_formatter = "lsst.daf.butler.formatters.yaml.YamlFormatter"
    expand = butler.registry.expandDataId
    source = root.parent / (root.name + "-files")
    source.mkdir()
    files = []
    for e in (1, 2, 3, 7):
        for d in (0, 1):
            ref = impl.DatasetRef(
                types["raw"],
                expand(exposure=e, detector=d, **A),
                run=RAW_RUN,
                id_generation_mode=impl.DatasetIdGenEnum.DATAID_TYPE_RUN,
            )
            file = source / f"raw_{e}_{d}.yaml"
            file.write_text(f"exposure: {e}\ndetector: {d}\n")
            files.append(impl.FileDataset(path=str(file), refs=[ref], formatter=yaml_formatter))
    butler.ingest(*files, transfer="copy")
    (root / "ext").mkdir(exist_ok=True)
    shared = root / "ext" / "shared 1+x.yaml"
    shared.write_text("shared: true\n")
    refs = [
        impl.DatasetRef(
            types["raw"],
            expand(exposure=8, detector=d, **A),
            run=RAW_RUN,
            id_generation_mode=impl.DatasetIdGenEnum.DATAID_TYPE,
        )
        for d in (0, 1)
    ]
    butler.ingest(
        impl.FileDataset(path=str(shared), refs=refs, formatter=yaml_formatter), transfer=None
    )
    outside = source / "out side+1.yaml"
    outside.write_text("outside: true\n")
    ref = impl.DatasetRef(types["raw"], expand(exposure=6, detector=0, **A), run=RAW_RUN)
    butler.ingest(
        impl.FileDataset(path=str(outside), refs=[ref], formatter=yaml_formatter), transfer="direct"
    )


def _collections(impl: ModuleType, butler: Any) -> None:
    reg, kinds = butler.registry, impl.CollectionType

    def find(name: str, run: str, **data_id: Any) -> Any:
        return butler.find_dataset(name, collections=run, **data_id, **A)

    reg.registerCollection("CamA/tagged/good", kinds.TAGGED, doc="hand picked")
    reg.associate(
        "CamA/tagged/good",
        [
            find("stats", RUN1, visit=101, detector=0),
            find("stats", RUN2, visit=102, detector=0),
            find("src_cat", RUN1, visit=101, detector=1),
        ],
    )
    reg.registerCollection("CamA/calib", kinds.CALIBRATION)
    bias = {d: find("bias", CALIB_RUN, detector=d) for d in range(3)}
    flat = find("flat", CALIB_RUN, detector=0, physical_filter="A_g")
    for refs, begin, end in [
        ([bias[0], bias[1]], "2024-03-01T00:00:00", "2024-03-02T00:00:00"),
        ([bias[2]], None, None),
        ([find("camera", CALIB_RUN)], None, "2024-03-02T12:00:00"),
        ([find("camera", RUN2)], "2024-03-02T12:00:00", None),
        ([flat], "2024-03-01T00:00:00", None),
    ]:
        reg.certify("CamA/calib", refs, span(impl, begin, end))
    cut = span(impl, "2024-03-01T06:00:00", "2024-03-01T09:00:00")
    reg.decertify("CamA/calib", "bias", cut, dataIds=[{"detector": 1, **A}])
    reg.registerCollection("CamA/defaults", kinds.CHAINED, doc="default chain")
    reg.registerCollection("CamA/inner", kinds.CHAINED)
    reg.setCollectionChain("CamA/inner", [CALIB_RUN, RAW_RUN])
    chain = [RUN2, RUN1, "CamA/tagged/good", "CamA/calib", "CamA/inner"]
    reg.setCollectionChain("CamA/defaults", chain)
    reg.registerCollection("empty_tag", kinds.TAGGED)
    reg.setCollectionDocumentation(RUN1, "first processing")


def build(impl: ModuleType, root: Path) -> None:
    """The sample repository."""
    butler = make(impl, root)
    reg = butler.registry
    _instruments(impl, reg)
    _visits(impl, reg)
    _sky(impl, reg)
    types = {}
    for name, dimensions, storage_class, calibration in TYPES:
        types[name] = impl.DatasetType(
            name, dimensions, storage_class, universe=butler.dimensions, isCalibration=calibration
        )
        assert reg.registerDatasetType(types[name])
    for run in (RUN1, RUN2, CALIB_RUN, RAW_RUN):
        reg.registerRun(run)
    _puts(impl, butler)
    _ingests(impl, butler, root, types)
    _collections(impl, butler)
    butler.close()


# -- what is in a repository --------------------------------------------------------------------
def plain(value: Any) -> Any:
    """A value of any storage class of the sample as lists, dicts and scalars."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if kind.startswith("astropy.table"):
        units = {c: str(value[c].unit or "") for c in value.colnames}
        words = {c: value[c].description or "" for c in value.colnames}
        meta = {k: v for k, v in value.meta.items() if not str(k).upper().startswith("LSST.BUTLER")}
        columns = {c: [str(value[c].dtype), value[c].tolist()] for c in value.colnames}
        return {"table": columns, "units": units, "docs": words, "meta": meta}
    if kind.startswith("pyarrow"):
        return {"arrow": value.to_pydict(), "types": [str(t) for t in value.schema.types]}
    if kind.startswith("pandas"):
        return {
            "frame": value.astype(object).where(value.notna(), None).to_dict(),
            "index": str(value.index.name),
        }
    if kind.startswith("numpy"):
        return {"array": value.tolist(), "dtype": str(value.dtype.descr)}
    if kind.endswith("Timespan"):
        return {"timespan": list(value.nsec)}
    return value


def key(ref: Any) -> tuple[str, str, str]:
    """What a dataset is: type, run, required data ID."""
    values = [f"{k}={ref.dataId[k]}" for k in ref.datasetType.dimensions.required]
    return ref.datasetType.name, ref.run, ", ".join(values)


def datasets(butler: Any, *, values: bool = True) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Every dataset: identifier, path, value."""
    out = {}
    runs = [c.name for c in butler.collections.query_info("*") if c.type.name == "RUN"]
    for dataset_type in butler.registry.queryDatasetTypes():
        found = butler.query_datasets(
            dataset_type.name, collections=runs, find_first=False, explain=False, limit=None
        )
        for ref in found:
            entry = {"id": str(ref.id), "path": butler.getURI(ref).geturl()}
            if values:
                # the reference leaves a table's own meta out unless it is asked for
                whole = {"strip_astropy_meta_yaml": False}
                is_table = ref.datasetType.storageClass_name == "ArrowAstropy"
                entry["value"] = plain(butler.get(ref, parameters=whole if is_table else None))
            out[key(ref)] = entry
    return out


def collections(butler: Any) -> dict[str, dict[str, Any]]:
    """Every collection: type, chain, documentation, summary."""
    out = {}
    for info in butler.collections.query_info("*", include_doc=True):
        name = info.name
        summary = butler.registry.getCollectionSummary(name)
        out[name] = {
            "type": info.type.name,
            "doc": info.doc or "",
            "children": list(info.children),
            "types": sorted(t.name for t in summary.dataset_types),
            "governors": {g: sorted(v) for g, v in sorted(summary.governors.items()) if v},
        }
    return out


def dataset_types(butler: Any) -> dict[str, list[Any]]:
    """Every dataset type: dimensions, storage class, whether it is a calibration."""
    return {
        t.name: [list(t.dimensions.required), t.storageClass_name, t.isCalibration()]
        for t in butler.registry.queryDatasetTypes()
    }


def describe(impl: ModuleType, root: Path, *, values: bool = True) -> dict[str, Any]:
    """All of a repository as plain values."""
    butler = impl.Butler.from_config(str(root))
    out = {
        "types": dataset_types(butler),
        "collections": collections(butler),
        "datasets": datasets(butler, values=values),
    }
    butler.close()
    return out
