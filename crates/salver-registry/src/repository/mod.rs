//! Making and opening repositories: attributes, managers, versions.

pub(crate) mod attributes;
pub(crate) mod managers;
