"""`salver.sphgeom` beside `lsst.sphgeom`."""

from __future__ import annotations

import pickle

import pytest
import salver
from salver import sphgeom


@pytest.fixture(scope="module")
def theirs(gen3):
    return pytest.importorskip("lsst.sphgeom")


def _corners(module):
    places = [(10.0, -1.0), (12.0, -1.0), (12.0, 2.0), (10.0, 2.0)]
    return [module.UnitVector3d(module.LonLat.fromDegrees(*p)) for p in places]


def test_shapes_encode_as_in_gen3(theirs) -> None:
    def shapes(module):
        vector = module.UnitVector3d(0.3, -0.4, 0.5)
        return [
            module.ConvexPolygon(_corners(module)),
            module.Circle(vector, module.Angle(0.01)),
            module.Box.fromDegrees(350, -10, 20, 30),
        ]

    for ours, other in zip(shapes(sphgeom), shapes(theirs), strict=True):
        assert ours.encode() == other.encode()
        assert type(ours).__name__ == type(other).__name__
        assert theirs.Region.decode(ours.encode()) == other
        assert sphgeom.Region.decode(other.encode()) == ours
        assert ours == other


def test_regions_pickle_print_and_compare() -> None:
    polygon = sphgeom.ConvexPolygon(_corners(sphgeom))
    union = sphgeom.UnionRegion(polygon, sphgeom.Box.full())
    for region in (polygon, union):
        back = pickle.loads(pickle.dumps(region))
        assert back == region and type(back) is type(region) and hash(back) == hash(region)
    assert repr(polygon).startswith("ConvexPolygon([UnitVector3d(0.98")
    assert polygon.contains(sphgeom.UnitVector3d(sphgeom.LonLat.fromDegrees(11, 0)))
    assert not polygon.contains(sphgeom.LonLat.fromDegrees(13, 0))
    vector = polygon.getVertices()[0]
    assert pickle.loads(pickle.dumps(vector)) == vector


def test_what_is_no_region_is_refused() -> None:
    with pytest.raises(salver.SalverError):
        sphgeom.Region.decode(b"p123")
    with pytest.raises(salver.InvalidInputError, match="not a region"):
        sphgeom.UnionRegion(3)
    with pytest.raises(salver.InvalidInputError):
        sphgeom.LonLat.fromDegrees(0, 91)


def test_pixels_have_the_numbers_of_gen3(theirs) -> None:
    ours, other = sphgeom.HtmPixelization(7), theirs.HtmPixelization(7)
    for lon in range(0, 360, 17):
        for lat in range(-89, 90, 13):
            a = sphgeom.UnitVector3d(sphgeom.LonLat.fromDegrees(lon, lat))
            b = theirs.UnitVector3d(theirs.LonLat.fromDegrees(lon, lat))
            assert ours.index(a) == other.index(b)
    assert ours.pixel(200000).encode() == other.pixel(200000).encode()


def test_ivoa_positions_are_read() -> None:
    circle = sphgeom.Region.from_ivoa_pos("CIRCLE 10 20 1")
    assert isinstance(circle, sphgeom.Circle)
    assert circle.getOpeningAngle().asDegrees() == pytest.approx(1, abs=1e-12)
