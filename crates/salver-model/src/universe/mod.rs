//! The versioned set of all dimensions of a repository: read from its document, put in order,
//! closed into groups.

mod bits;
mod layout;
mod parse;
#[cfg(test)]
mod tests;
#[expect(clippy::module_inception, reason = "the folder's one idea has its name")]
mod universe;

pub use universe::Universe;
