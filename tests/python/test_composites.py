"""Datasets in several artifacts and artifacts in several datasets, with lsst-daf-butler beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import salver

SEED = """\
datastore:
  formatters:
    Picture: salver.gen3.FitsFormatter
storageClasses:
  Plane: {pytype: numpy.ndarray}
  Picture:
    pytype: dict
    delegate: salver.gen3.MapDelegate
    components: {image: Plane, mask: Plane, psf: StructuredDataDict}
salver:
  layouts:
    picture:
      artifacts:
        - {parts: [image, mask], format: fits}
        - {parts: [psf], format: json}
"""
NAMES = ("image", "mask", "psf")


def picture(first: int) -> dict[str, Any]:
    image = np.arange(first, first + 60, dtype="i4").reshape(6, 10)
    return {"image": image, "mask": image + 1000, "psf": {"width": float(first)}}


def same(a: Any, b: Any) -> bool:
    keys = a.keys() == b.keys() and a["psf"] == b["psf"]
    return keys and all(np.array_equal(a[k], b[k]) for k in ("image", "mask"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "seed.yaml").write_text(SEED)
    root = tmp_path / "repo"
    salver.Butler.makeRepo(str(root), config=str(tmp_path / "seed.yaml"))
    with salver.Butler(str(root), run="r") as butler:
        butler.registry.insertDimensionData("instrument", {"name": "Cam", "detector_max": 9})
        for n in range(4):
            butler.registry.insertDimensionData(
                "detector", {"instrument": "Cam", "id": n, "full_name": f"D{n}"}
            )
        for name in ("picture", "other", "coadd"):
            made = salver.DatasetType(name, ["detector"], "Picture", universe=butler.dimensions)
            butler.registry.registerDatasetType(made)
    return root


@pytest.fixture
def butler(root: Path):
    with salver.Butler(str(root), run="r", collections="r", instrument="Cam") as butler:
        yield butler


def files(root: Path) -> list[Path]:
    return sorted(p for p in (root / "r").rglob("*") if p.is_file())


def linked(butler: Any, source: Any, detector: int = 1) -> Any:
    parts = {name: source.makeComponentRef(name) for name in NAMES}
    return butler.link("coadd", detector=detector, parts=parts)


def test_gen3_reads_a_composite_in_several_artifacts(gen3, root, butler) -> None:
    """uc_037: one part, and all, whichever program reads."""
    ref = butler.put(picture(1), "picture", detector=1)
    assert len(files(root)) == 2
    other = gen3.Butler.from_config(str(root), collections="r", instrument="Cam")
    assert same(other.get("picture", detector=1), picture(1))
    for name in NAMES:
        theirs = other.get(f"picture.{name}", detector=1)
        assert np.array_equal(theirs, picture(1)[name]), name
    assert same(butler.get(ref), picture(1))


def test_gen3_reads_links_and_its_prune_of_a_source_leaves_them(gen3, root, butler) -> None:
    """uc_041: one reference count, Gen3's own."""
    ours = butler.put(picture(1), "picture", detector=1)
    plain = butler.put(picture(30), "other", detector=1)
    mixed = {
        "image": ours.makeComponentRef("mask"),
        "mask": plain.makeComponentRef("mask"),
        "psf": ours.makeComponentRef("psf"),
    }
    mixed = butler.link("coadd", detector=2, parts=mixed)
    expected = {
        "image": picture(1)["mask"],
        "mask": picture(30)["mask"],
        "psf": picture(1)["psf"],
    }
    other = gen3.Butler.from_config(str(root), writeable=True)
    assert same(other.get(other.get_dataset(mixed.id)), expected)
    sources = [other.get_dataset(r.id) for r in (ours, plain)]
    other.pruneDatasets(sources, disassociate=True, unstore=True, purge=True)
    assert butler.get_dataset(ours.id) is None
    assert same(butler.get(mixed), expected)
    assert same(other.get(other.get_dataset(mixed.id)), expected)
    other.pruneDatasets([other.get_dataset(mixed.id)], disassociate=True, unstore=True, purge=True)
    assert files(root) == []


def test_what_gen3_puts_again_changes_no_link(gen3, root, butler) -> None:
    """uc_041: it overwrites templated names and keeps UUIDs; links and stale rows are not fooled."""
    plain = butler.put(picture(30), "other", detector=1)
    ours = butler.put(picture(1), "picture", detector=2)
    one, two = linked(butler, plain, 1), linked(butler, ours, 2)
    other = gen3.Butler.from_config(str(root), writeable=True)
    for source, new in ((plain, 40), (ours, 50)):
        ref = other.get_dataset(source.id, dimension_records=True)
        other.pruneDatasets([ref], disassociate=False, unstore=True)
        other.put(picture(new), ref)
    assert same(butler.get(plain), picture(40))
    assert same(butler.get(ours), picture(50)), "no stale part is read"
    assert same(butler.get(one), picture(30))
    assert same(butler.get(two), picture(1))


def test_one_part_is_overridden(root, butler) -> None:
    """uc_043: get, change the mask, put: the others become links."""
    first = butler.put(picture(1), "other", detector=1)
    changed = butler.get(first)
    changed["psf"] = {"width": 0.5}
    before = len(files(root))
    second = butler.put(changed, "picture", detector=2, base=first)
    assert same(butler.get(second), changed)
    assert same(butler.get(first), picture(1))
    # the new part, and a second name for the file that could be overwritten
    assert len(files(root)) == before + 2 or len(files(root)) == before + 3
    both = butler.put(
        {"psf": {"width": 2.0}},
        "picture",
        detector=3,
        parts={name: first.makeComponentRef(name) for name in ("image", "mask")},
    )
    assert same(butler.get(both), picture(1) | {"psf": {"width": 2.0}})


def test_many_come_in_order(butler) -> None:
    """uc_037: lists of refs, components among them, in one call."""
    refs = [butler.put(picture(n), "picture", detector=n) for n in range(4)]
    asked = [refs[2], refs[0].makeComponentRef("psf"), refs[3]] * 20
    found = butler.get_many(asked)
    assert len(found) == 60
    assert same(found[0], picture(2)) and found[1] == {"width": 0.0} and same(found[59], picture(3))


def test_a_part_never_stored_is_absent_and_a_lost_artifact_an_error(root, butler) -> None:
    """uc_047: absent and failed are told apart."""
    part = {k: v for k, v in picture(1).items() if k != "mask"}
    ref = butler.put(part, "picture", detector=1)
    assert butler.get(ref).keys() == part.keys()
    with pytest.raises(Exception, match="not stored"):
        butler.get("picture.mask", detector=1)
    for file in files(root):
        file.unlink()
    with pytest.raises(FileNotFoundError, match="gone"):
        butler.get("picture.image", detector=1)


def test_wrong_links_are_refused(butler) -> None:
    """uc_042: a missing part is an error when the link is made."""
    ref = butler.put(picture(1), "picture", detector=1)
    with pytest.raises(salver.UnknownComponentError, match="missing"):
        butler.link("coadd", detector=1, parts={"image": ref.makeComponentRef("image")})
    parts = {name: ref.makeComponentRef(name) for name in NAMES}
    with pytest.raises(ValueError, match="another storage class"):
        butler.link("coadd", detector=1, parts=parts | {"psf": ref.makeComponentRef("mask")})


def test_repacked_datasets_read_as_before(gen3, root, butler) -> None:
    """uc_039: UUIDs, links and values stay."""
    ref = butler.put(picture(1), "picture", detector=1)
    link = linked(butler, ref)
    text = (root / "butler.yaml").read_text()
    (root / "butler.yaml").write_text(
        text.replace("[image, mask]", "[image]")
        .replace("image, mask", "image")
        .replace("- psf\n", "- '*'\n")
    )
    with salver.Butler(str(root), writeable=True) as again:
        again.repack([ref])
        assert same(again.get(ref), picture(1)) and same(again.get(link), picture(1))
