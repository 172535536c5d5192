//! Which pair of shapes is answered how.

use super::Relation;
use super::box_pairs::{box_box, box_circle};
use super::polygon_pairs::{circle_circle, polygon_circle, polygon_polygon};
use crate::region::bounds::box_of_polygon;
use crate::region::{Circle, Region, SphericalBox};
use crate::vector::UnitVector;

/// A simple shape, borrowed; a polygon is its vertices, so that a triangle needs no allocation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape<'a> {
    /// A box.
    Box(&'a SphericalBox),
    /// A circle.
    Circle(&'a Circle),
    /// The vertices of a convex polygon and, where it is known already, its bounding box.
    Polygon(&'a [UnitVector], Option<&'a SphericalBox>),
}

/// What an ellipse can prove through its bounding circle.
fn ellipse_mask() -> Relation {
    Relation::DISJOINT | Relation::WITHIN
}

impl Shape<'_> {
    /// The relation of two simple shapes.
    fn relate(self, other: Self) -> Relation {
        match (self, other) {
            (Shape::Box(a), Shape::Box(b)) => box_box(a, b),
            (Shape::Box(a), Shape::Circle(b)) => box_circle(a, b),
            (Shape::Circle(a), Shape::Circle(b)) => circle_circle(a, b),
            (Shape::Polygon(a, _), Shape::Circle(b)) => polygon_circle(a, b),
            (Shape::Polygon(a, _), Shape::Polygon(b, _)) => polygon_polygon(a, b),
            (Shape::Polygon(vertices, bounds), Shape::Box(b)) => {
                let relation = match bounds {
                    Some(bounds) => box_box(bounds, b),
                    None => box_box(&box_of_polygon(vertices), b),
                };
                relation & (Relation::DISJOINT | Relation::WITHIN)
            }
            (Shape::Circle(_), Shape::Box(_)) | (_, Shape::Polygon(..)) => {
                other.relate(self).inverse()
            }
        }
    }

    /// The relation of a simple shape to any region.
    pub(crate) fn relate_region(self, region: &Region) -> Relation {
        match region {
            Region::Box(b) => self.relate(Shape::Box(b)),
            Region::Circle(b) => self.relate(Shape::Circle(b)),
            Region::Polygon(b) => self.relate(Shape::Polygon(b.vertices(), None)),
            Region::Ellipse(b) => {
                let bound = b.bounding_circle();
                (Shape::Circle(&bound).relate(self) & ellipse_mask()).inverse()
            }
            Region::Union(b) => {
                union(b.operands(), |r| self.relate_region(r).inverse()).inverse()
            }
            Region::Intersection(b) => {
                intersection(b.operands(), |r| self.relate_region(r).inverse()).inverse()
            }
        }
    }
}

impl Region {
    /// What is proven about this region and another; see [`Relation`].
    ///
    /// Source: Gen3 format §8.2.
    pub fn relate(&self, other: &Self) -> Relation {
        match self {
            Self::Box(a) => Shape::Box(a).relate_region(other),
            Self::Circle(a) => Shape::Circle(a).relate_region(other),
            Self::Polygon(a) => Shape::Polygon(a.vertices(), None).relate_region(other),
            Self::Ellipse(a) => {
                let bound = a.bounding_circle();
                Shape::Circle(&bound).relate_region(other) & ellipse_mask()
            }
            Self::Union(a) => union(a.operands(), |r| r.relate(other)),
            Self::Intersection(a) => intersection(a.operands(), |r| r.relate(other)),
        }
    }

    /// Whether the two have a point in common: yes, no, or not decided.
    ///
    /// Source: Gen3 format §8.2.
    pub fn overlaps(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Union(a), _) => any(a.operands(), other),
            (Self::Intersection(a), _) => all(a.operands(), other),
            (_, Self::Union(b)) => any(b.operands(), self),
            (_, Self::Intersection(b)) => all(b.operands(), self),
            _ => {
                let relation = self.relate(other);
                let loose = matches!(
                    (self, other),
                    (Self::Ellipse(_), _)
                        | (_, Self::Ellipse(_))
                        | (Self::Polygon(_), Self::Box(_))
                        | (Self::Box(_), Self::Polygon(_))
                );
                if relation.is_disjoint() {
                    Some(false)
                } else {
                    (!loose || relation != Relation::NOTHING).then_some(true)
                }
            }
        }
    }

    /// Whether the region is proven to hold nothing, without looking at how operands meet.
    fn is_plainly_empty(&self) -> bool {
        match self {
            Self::Box(shape) => shape.is_empty(),
            Self::Circle(shape) => shape.is_empty(),
            Self::Polygon(_) => false,
            Self::Ellipse(shape) => shape.is_empty(),
            Self::Union(shape) => shape.operands().iter().all(Self::is_plainly_empty),
            Self::Intersection(shape) => {
                shape.operands().iter().any(Self::is_plainly_empty)
            }
        }
    }
}

/// A union is disjoint from and within what all operands are, and contains what one does. One
/// without operands is disjoint from everything.
fn union(operands: &[Region], relate: impl Fn(&Region) -> Relation) -> Relation {
    let (every, one) = fold(operands, relate);
    if operands.is_empty() {
        return Relation::DISJOINT;
    }
    (every & (Relation::DISJOINT | Relation::WITHIN)) | (one & Relation::CONTAINS)
}

/// An intersection is disjoint from and within what one operand is, and contains what all do.
fn intersection(operands: &[Region], relate: impl Fn(&Region) -> Relation) -> Relation {
    let (every, one) = fold(operands, relate);
    (one & (Relation::DISJOINT | Relation::WITHIN)) | (every & Relation::CONTAINS)
}

/// The statements that hold for every operand, and those that hold for one at least.
fn fold(
    operands: &[Region],
    relate: impl Fn(&Region) -> Relation,
) -> (Relation, Relation) {
    let all = Relation::DISJOINT | Relation::CONTAINS | Relation::WITHIN;
    operands
        .iter()
        .map(relate)
        .fold((all, Relation::NOTHING), |(every, one), relation| {
            (every & relation, one | relation)
        })
}

fn any(operands: &[Region], other: &Region) -> Option<bool> {
    let mut answer = Some(false);
    for operand in operands {
        match operand.overlaps(other) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => answer = None,
        }
    }
    answer
}

fn all(operands: &[Region], other: &Region) -> Option<bool> {
    if operands.is_empty() {
        return Some(!other.is_plainly_empty());
    }
    if operands.iter().any(|operand| operand.overlaps(other) == Some(false)) {
        return Some(false);
    }
    None
}
