//! Whole files: what astropy wrote, what we write, damaged bytes.

mod golden;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use salver_tree::{MemorySource, Source};

/// A file of the project.
#[expect(clippy::disallowed_methods, reason = "test data of the project")]
fn open(path: impl AsRef<Path>) -> Arc<dyn Source> {
    let path = root().join(path);
    let bytes =
        std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Arc::new(MemorySource::new(bytes))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
