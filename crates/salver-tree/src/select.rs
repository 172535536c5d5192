//! What is asked for.

use std::ops::Range;

use salver_core::{Error, ErrorKind, Op, Result};

use crate::{Limits, Tree};

/// A box in grid coordinates: 0-based, half-open, C order (slowest axis first).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxSelect(pub Vec<Range<i64>>);

impl BoxSelect {
    /// The box in an array's own coordinates, clipped to it. A box with fewer axes than the array
    /// applies to the last ones (an image box cuts each plane of a cube).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where the box has more axes than the array, or misses it.
    pub fn clip(&self, shape: &[usize], origin: &[i64]) -> Result<Vec<Range<usize>>> {
        let op = Op("select.box");
        let Some(free) = shape.len().checked_sub(self.0.len()) else {
            let error = Error::new(
                ErrorKind::InvalidInput,
                op,
                "the box has more axes than the array",
            );
            return Err(error.with("box", self.0.len()).with("array", shape.len()));
        };
        let mut out: Vec<Range<usize>> = shape.iter().take(free).map(|&n| 0..n).collect();
        for (k, wanted) in self.0.iter().enumerate() {
            let n = shape.get(free + k).copied().unwrap_or(0);
            let first = origin.get(free + k).copied().unwrap_or(0);
            let clip = |edge: i64| {
                let inside = edge.saturating_sub(first).max(0);
                usize::try_from(inside).unwrap_or(usize::MAX).min(n)
            };
            let (start, end) = (clip(wanted.start), clip(wanted.end));
            if start >= end {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    op,
                    "the box misses the array",
                )
                .with("axis", free + k)
                .with("box", format_args!("{}..{}", wanted.start, wanted.end))
                .with(
                    "array",
                    format_args!("{first}..{}", first.saturating_add_unsigned(n as u64)),
                ));
            }
            out.push(start..end);
        }
        Ok(out)
    }
}

/// One comparison of a column with a value; a row filter is an OR of ANDs of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The column's name.
    pub column: String,
    /// One of `==`, `=`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`.
    pub op: String,
    /// A scalar, or a list for `in` and `not in`.
    pub value: Tree,
}

/// What is asked for of one artifact. The default is everything, loaded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Select {
    /// The node asked for, a JSON Pointer; `None` is the root.
    pub part: Option<String>,
    /// A box that cuts every array of the grid; `None` is all of it.
    pub region: Option<BoxSelect>,
    /// The columns of tables: names or globs, in the order wanted; `None` is all.
    pub columns: Option<Vec<String>>,
    /// Row filters: an OR of ANDs; empty is no filter.
    pub filters: Vec<Vec<Filter>>,
    /// Leave arrays and tables in the artifact until they are used.
    pub lazy: bool,
    /// What decoding may take.
    pub limits: Limits,
}

impl Select {
    /// Everything, loaded.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Everything, with arrays and tables left lazy.
    #[must_use]
    pub fn lazy() -> Self {
        Self { lazy: true, ..Self::default() }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// One part, loaded.
    #[must_use]
    pub fn part(path: impl Into<String>) -> Self {
        Self { part: Some(path.into()), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_clipped_in_grid_coordinates() {
        let select = BoxSelect(vec![5..100]);
        assert_eq!(select.clip(&[3, 20], &[0, 10]).unwrap(), [0..3, 0..20]);
        assert!(BoxSelect(vec![30..40]).clip(&[20], &[10]).is_err());
        assert!(BoxSelect(vec![0..1, 0..1]).clip(&[20], &[0]).is_err());
    }
}
