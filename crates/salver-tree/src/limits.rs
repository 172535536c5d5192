//! What decoding may take.

use salver_core::{Error, ErrorKind, Op, Result};

/// What one call of `decode` may take: a limit that the user sets, carried by
/// [`Select`](crate::Select).
///
/// A decoder asks [`Limits::admit`] (or a [`Budget`], where it makes several nodes) before it
/// allocates what a file declares, so that a hostile file costs an error and not the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes in memory of what one call decodes: arrays and tables as they are decoded,
    /// text of documents as stored.
    pub memory: u64,
}

impl Limits {
    /// Eight gibibytes: the limit where nobody set one.
    pub const DEFAULT: Self = Self { memory: 8 << 30 };

    /// No limit at all.
    pub const NONE: Self = Self { memory: u64::MAX };

    /// A limit of so many bytes.
    #[must_use]
    pub fn memory(bytes: u64) -> Self {
        Self { memory: bytes }
    }

    /// Asks whether one node may take `wanted` bytes; `node` is its JSON Pointer.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] where not, with the node, the bytes wanted and the limit.
    pub fn admit(self, op: Op, node: &str, wanted: u64) -> Result<()> {
        if wanted <= self.memory {
            return Ok(());
        }
        Err(self.refusal(op, node, wanted))
    }

    /// As [`Limits::admit`], for items of `size` bytes in a declared shape.
    ///
    /// # Errors
    /// As [`Limits::admit`]; a shape whose bytes overflow is beyond every limit.
    pub fn admit_shape(
        self,
        op: Op,
        node: &str,
        shape: &[u64],
        size: u64,
    ) -> Result<u64> {
        let product = |n: u64, &axis: &u64| n.checked_mul(axis);
        // an axis of no length makes all of it empty, whatever the others say
        let bytes = match shape.contains(&0) {
            true => Some(0),
            false => shape.iter().try_fold(size, product),
        };
        match bytes {
            Some(bytes) => self.admit(op, node, bytes).map(|()| bytes),
            None => Err(self.refusal(op, node, u64::MAX)),
        }
    }

    fn refusal(self, op: Op, node: &str, wanted: u64) -> Error {
        let message = "the node takes more memory than the limit allows";
        Error::new(ErrorKind::Limit, op, message)
            .with("node", if node.is_empty() { "(root)" } else { node })
            .with("wanted", wanted)
            .with("limit", self.memory)
            .hint("raise the memory limit, or select a part, a box or columns")
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A [`Limits`] that is used up: the nodes of one call share it.
#[derive(Debug, Clone)]
pub struct Budget {
    limits: Limits,
    used: u64,
}

impl Budget {
    /// A budget of which nothing is used.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, used: 0 }
    }

    /// Takes `wanted` bytes for a node.
    ///
    /// # Errors
    /// As [`Limits::admit`], for all that was taken so far.
    pub fn take(&mut self, op: Op, node: &str, wanted: u64) -> Result<()> {
        let all = self.used.saturating_add(wanted);
        self.limits.admit(op, node, all)?;
        self.used = all;
        Ok(())
    }

    /// Bytes that are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.limits.memory.saturating_sub(self.used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_names_node_bytes_and_limit() {
        let limits = Limits::memory(100);
        let op = Op("test");
        assert_eq!(limits.admit_shape(op, "/a", &[5, 5], 4).unwrap(), 100);
        let error = limits.admit_shape(op, "/a", &[5, 6], 4).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(
            error.to_string().contains("node: /a, wanted: 120, limit: 100"),
            "{error}"
        );
    }

    #[test]
    fn a_shape_beyond_all_numbers_is_refused_and_an_empty_one_is_not() {
        let op = Op("test");
        let huge = [u64::MAX, 4, 0];
        assert_eq!(Limits::NONE.admit_shape(op, "", &huge, 8).unwrap(), 0);
        assert!(Limits::NONE.admit_shape(op, "", &[u64::MAX, 4], 8).is_err());
    }

    #[test]
    fn a_budget_adds_up() {
        let mut budget = Budget::new(Limits::memory(10));
        budget.take(Op("test"), "/a", 6).unwrap();
        assert!(budget.take(Op("test"), "/b", 5).is_err());
        assert_eq!(budget.left(), 4);
        budget.take(Op("test"), "/b", 4).unwrap();
    }
}
