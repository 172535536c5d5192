"""Positions, regions and pixels on the sphere, with the names of ``lsst.sphgeom``."""

from __future__ import annotations

from ._salver import (
    Angle,
    Box,
    Circle,
    ConvexPolygon,
    Ellipse,
    HealpixPixelization,
    HtmPixelization,
    IntersectionRegion,
    LonLat,
    Region,
    UnionRegion,
    UnitVector3d,
)

DISJOINT = 1
CONTAINS = 2
WITHIN = 4
INTERSECTS = 0

__all__ = [
    "CONTAINS",
    "DISJOINT",
    "INTERSECTS",
    "WITHIN",
    "Angle",
    "Box",
    "Circle",
    "ConvexPolygon",
    "Ellipse",
    "HealpixPixelization",
    "HtmPixelization",
    "IntersectionRegion",
    "LonLat",
    "Region",
    "UnionRegion",
    "UnitVector3d",
]
