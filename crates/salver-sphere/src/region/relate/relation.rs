//! [`Relation`]: a set of three statements.

use std::fmt;
use std::ops::{BitAnd, BitOr};

/// What is proven about two regions, as a set of bits; none set means that nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Relation(u8);

impl Relation {
    /// Nothing is proven; in most cases the two intersect.
    pub const NOTHING: Self = Self(0);
    /// The two have no point in common.
    pub const DISJOINT: Self = Self(1);
    /// The first contains the second.
    pub const CONTAINS: Self = Self(2);
    /// The first lies within the second.
    pub const WITHIN: Self = Self(4);

    /// The bits as Gen3 numbers them: 1 disjoint, 2 contains, 4 within.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether the two are proven to have no point in common.
    pub const fn is_disjoint(self) -> bool {
        self.0 & Self::DISJOINT.0 != 0
    }

    /// Whether the first is proven to contain the second.
    pub const fn contains(self) -> bool {
        self.0 & Self::CONTAINS.0 != 0
    }

    /// Whether the first is proven to lie within the second.
    pub const fn is_within(self) -> bool {
        self.0 & Self::WITHIN.0 != 0
    }

    /// The same statements seen from the other region.
    #[must_use]
    pub const fn inverse(self) -> Self {
        let Self(bits) = self;
        Self((bits & 1) | ((bits & 2) << 1) | ((bits & 4) >> 1))
    }

    /// Those of the three statements that hold.
    pub(super) const fn when([disjoint, contains, within]: [bool; 3]) -> Self {
        Self(disjoint as u8 | (contains as u8) << 1 | (within as u8) << 2)
    }
}

impl BitAnd for Relation {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Relation {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (word, set) in [
            ("disjoint", self.is_disjoint()),
            ("contains", self.contains()),
            ("within", self.is_within()),
        ] {
            if set {
                write!(f, "{separator}{word}")?;
                separator = ", ";
            }
        }
        if separator.is_empty() { f.write_str("nothing proven") } else { Ok(()) }
    }
}
