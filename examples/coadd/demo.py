"""The showcase: ``demo.py FOLDER [--full]``. What each step must give is asserted."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import report
import salver
from coadd_psf import CoaddPsf
from salver import Butler, DatasetType, Ref
from survey import EXTENT, PASSES, PATCHES, Survey

SEED = {
    "storageClasses": {
        "Plane": {"pytype": "numpy.ndarray"},
        "Parts": {"pytype": "dict"},
        "Ccd": {
            "pytype": "dict",
            "components": {"image": "Plane", "wcs": "Parts", "psf": "Plane", "sigma": "float"},
        },
        "Coadd": {
            "pytype": "dict",
            "components": {"image": "Plane", "wcs": "Parts", "psf": "Parts"},
        },
    },
    "datastore": {
        "formatters": {
            "Ccd": "salver.gen3.FitsFormatter",
            "Coadd": "salver.gen3.FitsFormatter",
        }
    },
}
CAM = {"instrument": "Cam"}


def make(root: Path, survey: Survey) -> Butler:
    """An empty repository that knows the camera and the patches."""
    Butler.makeRepo(root, config=SEED)
    butler = Butler.from_config(root, run="survey")
    for run in ("coadds", "rebuilt"):
        butler.collections.register(run)
    detectors = (survey.across + 1) * (survey.across * PATCHES + 1)
    insert = butler.registry.insertDimensionData
    insert("instrument", {"name": "Cam", "detector_max": detectors, "visit_max": PASSES + 1})
    insert("physical_filter", {**CAM, "name": "r", "band": "r"})
    insert("day_obs", {**CAM, "id": 20161124})
    one = {**CAM, "physical_filter": "r", "day_obs": 20161124}
    insert("visit", *({**one, "id": v, "name": f"v{v}"} for v in range(1, PASSES + 1)))
    names = ({**CAM, "id": d, "full_name": f"D{d}"} for d in range(detectors))
    insert("detector", *names)
    sky = {"skymap": "mosaic"}
    insert("skymap", {"name": "mosaic", "hash": b"mosaic"})
    insert("tract", {**sky, "id": 0})
    cells = ({**sky, "tract": 0, "id": p, "cell_x": p, "cell_y": 0} for p in range(PATCHES))
    insert("patch", *cells)
    for name, dimensions, storage in [
        ("ccd", ["visit", "detector"], "Ccd"),
        ("coadd", ["patch", "band"], "Coadd"),
    ]:
        kind = DatasetType(name, dimensions, storage, universe=butler.dimensions)
        butler.registry.registerDatasetType(kind)
    return butler


def observe(butler: Butler, survey: Survey) -> list:
    """Puts all CCDs; gives their refs, corners and noise."""
    made = []
    for ccd in survey.ccds():
        value = {
            "image": ccd.image,
            "wcs": survey.header(ccd.corner),
            "psf": ccd.psf,
            "sigma": ccd.sigma,
        }
        ref = butler.put(value, "ccd", CAM, visit=ccd.visit, detector=ccd.detector)
        made.append((ref, ccd.corner, ccd.sigma))
    return made


def resampled(image: np.ndarray, corner: np.ndarray, shape: tuple[int, int]) -> tuple:
    """An image on the pixels of a patch, bilinear, and where it is defined."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    x -= corner[0]
    y -= corner[1]
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    inside = (i >= 0) & (j >= 0) & (i < EXTENT - 1) & (j < EXTENT - 1)
    i, j = np.clip(i, 0, EXTENT - 2), np.clip(j, 0, EXTENT - 2)
    u, v = x - i, y - j
    out = image[j, i] * (1 - u) * (1 - v) + image[j, i + 1] * u * (1 - v)
    out += image[j + 1, i] * (1 - u) * v + image[j + 1, i + 1] * u * v
    return np.where(inside, out, 0.0), inside


def build(butler: Butler, survey: Survey, patch: int, inputs: list, run: str):
    """Adds up a patch and puts it; its PSF holds references to those of the inputs."""
    origin = np.array([patch * survey.patch, 0])
    shape = (survey.patch, survey.patch)
    total, weight = np.zeros(shape), np.zeros(shape)
    refs, weights, boxes = [], [], []
    for ref, corner, sigma in inputs:
        at = corner - origin
        if (at >= survey.patch).any() or (at + EXTENT <= 0).any():
            continue
        image, inside = resampled(butler.get(ref.makeComponentRef("image")), at, shape)
        total += image / sigma**2
        weight += inside / sigma**2
        refs.append(Ref(ref, component="psf"))
        weights.append(1 / sigma**2)
        boxes.append([*at, *(at + EXTENT)])
    psf = CoaddPsf(refs, np.array(weights), np.array(boxes), EXTENT)
    value = {
        "image": np.divide(total, weight, out=np.zeros(shape), where=weight > 0).astype("f4"),
        "wcs": survey.header(origin),
        "psf": psf,
    }
    data_id = {"skymap": "mosaic", "tract": 0, "patch": patch, "band": "r"}
    return butler.put(value, "coadd", data_id, run=run)


def bytes_read() -> int:
    """All bytes that this process has read so far."""
    text = Path("/proc/self/io").read_text()
    return int(text.split("rchar: ")[1].split()[0])


def compare(butler: Butler, coadd, folder: Path) -> dict:
    """The PSF by reference against one made of copies: stored bytes, read bytes, values."""
    stored = butler.get(coadd.makeComponentRef("psf"))
    models = butler.resolve(stored.ccds)
    brute = CoaddPsf(models, stored.weights, stored.boxes, stored.extent)
    copies, references = folder / "copies.fits", folder / "references.fits"
    salver.write(copies, {"psf": brute})
    salver.write(references, {"psf": stored})
    x, y = np.median(stored.boxes[:, :2], axis=0) + EXTENT / 2
    stored.at(x, y)  # opens what is opened once
    before = bytes_read()
    begin = time.perf_counter()
    found = stored.at(x, y)
    seconds = time.perf_counter() - begin
    read = bytes_read() - before
    assert np.allclose(found, brute.at(x, y), rtol=1e-12, atol=1e-15)
    return {
        "inputs": len(stored.ccds),
        "covering": len(stored.covering(x, y)),
        "bytes_copied": copies.stat().st_size,
        "bytes_by_reference": references.stat().st_size,
        "bytes_read_for_one_position": read,
        "seconds_for_one_position": round(seconds, 4),
    }


def replace_bad(butler: Butler, survey: Survey, made: list) -> dict:
    """Finds what was made of a bad CCD and builds it again."""
    bad = made[len(made) // 2][0]
    affected = {edge.source.id: edge for edge in butler.lineage(bad, "downstream")}
    patches = sorted(edge.source.data_id["patch"] for edge in affected.values())
    assert patches, "some coadd used it"
    good = [item for item in made if item[0].id != bad.id]
    for patch in patches:
        again = build(butler, survey, patch, good, "rebuilt")
        inputs = {edge.target.id for edge in butler.lineage(again)}
        assert bad.id not in inputs and inputs
    return {"bad": str(bad), "patches_rebuilt": patches}


def main(out: Path, full: bool) -> None:
    """Runs it all."""
    out.mkdir(parents=True, exist_ok=True)
    survey = Survey(across=7 if full else 2)
    butler = make(out / "repo", survey)
    print(f"1. A survey of {len(survey.stars)} stars of Tycho-2")
    made = observe(butler, survey)
    print(f"   {len(made)} CCDs in {PASSES} passes")
    coadds = [build(butler, survey, patch, made, "coadds") for patch in range(PATCHES)]
    numbers = compare(butler, coadds[1], out)
    links = sum(1 for _ in butler.lineage(coadds))
    print(f"2. {len(coadds)} coadds with {links} references to PSFs of CCDs")
    for name, value in numbers.items():
        print(f"   {name.replace('_', ' ')}: {value}")
    stored = numbers["bytes_by_reference"] / numbers["bytes_copied"]
    moved = numbers["bytes_read_for_one_position"] / numbers["bytes_copied"]
    print(f"3. The PSF by reference stores {stored:.2%} and reads {moved:.2%} of the copied one")
    if full:
        assert len(made) >= 121 and stored < 0.01 and moved < 0.05
    bad = replace_bad(butler, survey, made)
    print(f"4. {bad['bad']} is bad: patches {bad['patches_rebuilt']} were built again")
    numbers |= bad | {"ccds": len(made), "links": links, "stored": stored, "moved": moved}
    (out / "numbers.json").write_text(json.dumps(numbers, indent=1))
    report.write(butler, coadds, numbers, out / "report.html")
    print(f"5. Report: {out / 'report.html'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--full" in sys.argv[2:])
