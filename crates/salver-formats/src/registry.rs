//! Which format a name, a file name or the first bytes mean.

use std::sync::{Arc, LazyLock};

use salver_tree::Format;

use crate::{ArrowIpc, Asdf, Fits, Hdf5, Json, Npy, Npz, Parquet, Pickle, Yaml, Zarr};

/// One known format.
pub(crate) struct Entry {
    /// The format itself.
    pub(crate) format: Arc<dyn Format>,
    /// File name endings in lower case, with their dot; the first is the one that is written.
    pub(crate) extensions: &'static [&'static str],
    /// Whether an artifact that begins with these bytes is surely of this format.
    pub(crate) sniff: fn(&[u8]) -> bool,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    vec![
        Entry {
            format: Arc::new(Npy),
            extensions: &[".npy"],
            sniff: |first| first.starts_with(b"\x93NUMPY"),
        },
        Entry {
            format: Arc::new(Npz),
            extensions: &[".npz"],
            // the first member's name ends with `.npy`
            sniff: |first| {
                first.starts_with(b"PK\x03\x04")
                    && first.windows(4).any(|name| name == b".npy")
            },
        },
        Entry {
            format: Arc::new(Parquet),
            extensions: &[".parq", ".parquet", ".pq"],
            sniff: |first| first.starts_with(b"PAR1"),
        },
        Entry {
            format: Arc::new(Pickle),
            extensions: &[".pickle", ".pkl"],
            // protocols before 2 begin with nothing of their own
            sniff: |first| matches!(first, [0x80, 2..=5, ..]),
        },
        Entry {
            format: Arc::new(Fits),
            extensions: &[".fits", ".fit", ".fts", ".fits.fz", ".fz"],
            sniff: |first| first.starts_with(b"SIMPLE  ="),
        },
        Entry {
            format: Arc::new(Zarr),
            extensions: &[".zarr.zip"],
            // an archive whose first member is a document of a store
            sniff: |first| {
                let name = first.get(30..).unwrap_or_default();
                let words: [&[u8]; 3] = [b"zarr.json", b".zgroup", b".zarray"];
                first.starts_with(b"PK\x03\x04")
                    && words.iter().any(|w| name.windows(w.len()).any(|n| n == *w))
            },
        },
        Entry {
            format: Arc::new(Hdf5),
            extensions: &[".h5", ".hdf5", ".hdf", ".he5"],
            sniff: |first| first.starts_with(b"\x89HDF\r\n\x1a\n"),
        },
        Entry {
            format: Arc::new(ArrowIpc),
            extensions: &[".arrow", ".feather"],
            sniff: |first| first.starts_with(b"ARROW1"),
        },
        Entry {
            format: Arc::new(Asdf),
            extensions: &[".asdf"],
            sniff: |first| first.starts_with(b"#ASDF "),
        },
        Entry {
            format: Arc::new(Json),
            extensions: &[".json"],
            sniff: |first| matches!(first.trim_ascii_start().first(), Some(b'{' | b'[')),
        },
        Entry {
            format: Arc::new(Yaml),
            extensions: &[".yaml", ".yml"],
            sniff: |first| first.starts_with(b"%YAML") || first.starts_with(b"---"),
        },
    ]
});

/// The format of this name: `json`, `yaml`, `parquet`, `npy`, `npz`, `pickle`, `fits`, `hdf5`,
/// `zarr`, `arrow` or `asdf`.
#[must_use]
pub fn by_name(name: &str) -> Option<Arc<dyn Format>> {
    let entry = ENTRIES.iter().find(|e| e.format.name() == name)?;
    Some(Arc::clone(&entry.format))
}

/// The format of a file name's ending, with its dot: `.parq`, `.fits.fz`. Case does not matter.
#[must_use]
pub fn by_extension(extension: &str) -> Option<Arc<dyn Format>> {
    let wanted = extension.to_ascii_lowercase();
    let entry = ENTRIES.iter().find(|e| e.extensions.contains(&wanted.as_str()))?;
    Some(Arc::clone(&entry.format))
}

/// The format that an artifact's first bytes (80 are enough) tell; `None` where they don't.
///
/// Text is told apart with care: only an opening brace or bracket is JSON, and only a `%YAML` or
/// `---` line is YAML.
#[must_use]
pub fn sniff(first: &[u8]) -> Option<Arc<dyn Format>> {
    let entry = ENTRIES.iter().find(|e| (e.sniff)(first))?;
    Some(Arc::clone(&entry.format))
}

/// The names of all formats, in the order they are tried.
#[must_use]
pub fn names() -> Vec<&'static str> {
    ENTRIES.iter().map(|e| e.format.name()).collect()
}

/// The endings that name a format, with their dot; the first is the one to write.
#[must_use]
pub fn extensions_of(name: &str) -> &'static [&'static str] {
    ENTRIES.iter().find(|e| e.format.name() == name).map_or(&[], |e| e.extensions)
}
