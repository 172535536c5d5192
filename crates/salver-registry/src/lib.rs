//! Rows: the registry of a repository.
