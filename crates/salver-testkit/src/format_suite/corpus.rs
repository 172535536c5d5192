//! The clauses again, on the trees that formats are tempted to lose something of.

#![expect(clippy::panic, clippy::expect_used, reason = "a suite reports by panicking")]

use std::sync::Arc;

use salver_core::ErrorKind;
use salver_tree::{
    EncodeOptions, Limits, MemorySource, PartIndex, Select, Source, Tree, diff, digest,
};

use super::Subject;
use crate::corpus::{held, holds_all};

/// More nodes than this are not each read as a part.
const PARTS: usize = 60;

/// Clauses 1, 2, 3, 7 and 8 on the corpus.
///
/// A format that says it holds all of it refuses none of it; another may refuse a tree for what its
/// capabilities cannot say, with the node and before the first byte.
pub(super) fn corpus_comes_back(subject: &Subject) {
    let able = subject.format.capabilities();
    let all = holds_all(&able);
    for (name, tree) in held(&able) {
        let mut out = Vec::new();
        let made = subject.format.encode(&tree, &EncodeOptions::default(), &mut out);
        match made {
            Ok(index) => comes_back(subject, &name, &tree, (out, index)),
            Err(error) => {
                assert!(!all, "clause 1: {name} is refused: {error}");
                assert_eq!(
                    error.kind(),
                    ErrorKind::Unsupported,
                    "clause 1: {name}: {error}"
                );
                assert!(out.is_empty(), "clause 1: {name}: refused after the first byte");
            }
        }
    }
}

fn comes_back(
    subject: &Subject,
    name: &str,
    tree: &Tree,
    (bytes, made): (Vec<u8>, PartIndex),
) {
    let format = &subject.format;
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
    let index = format.index(&source);
    let index = index.unwrap_or_else(|e| panic!("clause 3: {name}: no index: {e}"));
    assert_eq!(index, made, "clause 3: {name}");
    let text = made.to_text().expect("an index has a text");
    let read = PartIndex::from_text(&text);
    let read = read.unwrap_or_else(|e| panic!("clause 3: {name}: an unsound index: {e}"));
    assert_eq!(read, made, "clause 3: {name}: the text of the index");
    let index = Arc::new(index);
    let want = (subject.kept)(tree.clone());
    let digests = digest::digests(&want).expect("digests");
    for select in [Select::all(), Select::lazy()] {
        let back = format.decode(&index, &select, &source);
        let back = back.unwrap_or_else(|e| panic!("clause 2: {name}: {e}"));
        let back = (subject.kept)(back);
        let found = diff(&want, &back).expect("a difference");
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "clause 2: {name}: {found:?}");
        let same = digests.get("") == Some(&back.digest().expect("a digest"));
        assert!(same, "clause 2: {name}: another digest");
    }
    if digests.len() <= PARTS {
        for (path, digest) in digests {
            let part = format.decode(&index, &Select::part(path.as_str()), &source);
            let part = part.unwrap_or_else(|e| panic!("clause 7: {name}: {path}: {e}"));
            let part = (subject.kept)(part).digest().expect("a digest");
            assert_eq!(part, digest, "clause 7: {name}: {path}");
        }
    }
    let small = Select::all().with_limits(Limits::memory(0));
    if let Err(error) = format.decode(&index, &small, &source) {
        assert_eq!(error.kind(), ErrorKind::Limit, "clause 8: {name}: {error}");
        let named = error.context().iter().any(|(key, _)| *key == "node");
        assert!(named, "clause 8: {name}: the node is not named: {error}");
    } else {
        assert!(takes_nothing(tree), "clause 8: {name}: memory without a limit");
    }
}

/// What is smaller may be read with the headers, uncounted: bytes.
const COUNTED: usize = 4096;

/// Whether a tree may be read in no memory at all: it has no array of some size.
fn takes_nothing(tree: &Tree) -> bool {
    match tree {
        Tree::Array(array) => array.len() * array.dtype().size() < COUNTED,
        Tree::List(items) => items.iter().all(takes_nothing),
        Tree::Map(map) => map.iter().all(|(_, node)| takes_nothing(node)),
        Tree::Tagged(tagged) => takes_nothing(&tagged.tree),
        _ => true,
    }
}
