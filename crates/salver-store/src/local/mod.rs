//! Files of this machine below one folder.
//!
//! A stage is a hidden file `.<name>.<12 hex digits>.tmp` beside its target. Publishing renames it
//! without replacing; where the file system cannot, it is hard-linked and the temporary unlinked;
//! where that fails too, the target is made exclusively and copied into. Folders that a put makes
//! stay if it fails: removing one could pull it from under another writer that has just looked.
//! Symbolic links inside the root are followed: they are its owner's doing.

mod files;
mod name;
mod replace;
mod source;
mod stage;
mod sync;
#[cfg(test)]
mod tests;

pub use files::Local;
pub use source::FileSource;
