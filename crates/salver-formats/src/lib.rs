//! Formats between the tree and bytes.
