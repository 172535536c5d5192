//! The neutral tree between object kinds and storage kinds.
