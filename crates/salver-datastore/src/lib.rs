//! Places: where datasets' bytes are and how they are written.
