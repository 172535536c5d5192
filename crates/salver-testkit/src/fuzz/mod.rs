//! Hostile bytes: what is called with them, where they begin, and how they are bent.
//!
//! A target is a function of bytes that must not panic. `cargo run -p salver-testkit --bin fuzz --
//! TARGET --seconds N` bends a corpus with a seed, so that a run can be repeated.

mod corpus;
mod mutate;
mod targets;

pub use mutate::Mutator;
pub use targets::{any_format, asdf, index, json, pickle, region, yaml};

/// Something that takes any bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name on the command line.
    pub name: &'static str,
    /// Takes the bytes, and panics only where there is a bug.
    pub run: fn(&[u8]),
    /// Good bytes to begin with.
    pub corpus: fn() -> Vec<Vec<u8>>,
}

/// A format that is read whole, lazily and in parts. It begins with what it writes of the corpus of
/// trees, and with files, where there are some.
macro_rules! format_target {
    ($name:literal $(, $files:path)?) => {
        Target {
            name: $name,
            run: |bytes| targets::any_format($name, bytes),
            corpus: || {
                let files: Vec<Vec<Vec<u8>>> = vec![corpus::written($name) $(, $files())?];
                files.concat()
            },
        }
    };
}

/// All targets; a new format needs one line, `format_target!("name")`.
pub const TARGETS: &[Target] = &[
    Target { name: "json", run: json, corpus: corpus::json },
    Target { name: "yaml", run: yaml, corpus: corpus::yaml },
    format_target!("npy", corpus::npy),
    Target { name: "pickle", run: pickle, corpus: corpus::pickle },
    format_target!("parquet", corpus::parquet),
    format_target!("fits", corpus::fits),
    format_target!("zarr", corpus::zarr),
    format_target!("hdf5", corpus::hdf5),
    Target { name: "asdf", run: asdf, corpus: corpus::asdf },
    format_target!("arrow", corpus::arrow),
    format_target!("npz", corpus::npz),
    Target { name: "index", run: index, corpus: corpus::index },
    Target { name: "region", run: region, corpus: corpus::region },
];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use salver_formats::by_name;
    use salver_tree::{MemorySource, Select, Source};

    use super::*;

    #[test]
    fn much_of_each_corpus_is_read() {
        for target in TARGETS {
            let Some(format) = by_name(target.name) else { continue };
            let corpus = (target.corpus)();
            let read = |bytes: &Vec<u8>| {
                let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes.clone()));
                let index = Arc::new(format.index(&source)?);
                format.decode(&index, &Select::all(), &source)
            };
            let good = corpus.iter().filter(|bytes| read(bytes).is_ok()).count();
            assert!(
                good * 2 > corpus.len(),
                "{}: {good} of {}",
                target.name,
                corpus.len()
            );
        }
    }
}
