//! Unions and intersections.

use super::Region;

/// What lies in one operand at least; without operands, nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UnionRegion(Vec<Region>);

impl UnionRegion {
    /// The union of the operands; a union among them gives its own operands in its place.
    #[must_use]
    pub fn new(operands: Vec<Region>) -> Self {
        Self(flatten(operands, |r| match r {
            Region::Union(inner) => Ok(inner.0),
            other => Err(other),
        }))
    }

    /// The operands, in order.
    pub fn operands(&self) -> &[Region] {
        &self.0
    }
}

/// What lies in every operand; without operands, the whole sphere.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IntersectionRegion(Vec<Region>);

impl IntersectionRegion {
    /// The intersection of the operands; an intersection among them gives its own operands in
    /// its place.
    #[must_use]
    pub fn new(operands: Vec<Region>) -> Self {
        Self(flatten(operands, |r| match r {
            Region::Intersection(inner) => Ok(inner.0),
            other => Err(other),
        }))
    }

    /// The operands, in order.
    pub fn operands(&self) -> &[Region] {
        &self.0
    }
}

/// Puts the inner operands that `inner` finds in place of the region that holds them. These
/// are flat already, since they were made by the same constructor.
fn flatten(
    operands: Vec<Region>,
    inner: impl Fn(Region) -> Result<Vec<Region>, Region>,
) -> Vec<Region> {
    let mut flat = Vec::with_capacity(operands.len());
    for operand in operands {
        match inner(operand) {
            Ok(regions) => flat.extend(regions),
            Err(region) => flat.push(region),
        }
    }
    flat
}
