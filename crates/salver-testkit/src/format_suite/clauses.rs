//! The clauses.

#![expect(clippy::panic, clippy::expect_used, reason = "a suite reports by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use salver_core::{ErrorKind, Result};
use salver_tree::{
    Array, ArrayData, BoxSelect, DType, EncodeOptions, Kind, Map, MemorySource,
    PartIndex, Select, Source, Table, Tagged, Tree, ranges,
};

use super::{Recording, Subject, runner};
use crate::trees::{DTYPES, fitting, of_kind};

const ALL_KINDS: [Kind; 13] = [
    Kind::Null,
    Kind::Bool,
    Kind::Int,
    Kind::Float,
    Kind::Str,
    Kind::Bytes,
    Kind::Time,
    Kind::List,
    Kind::Map,
    Kind::Array,
    Kind::Table,
    Kind::Ref,
    Kind::Tagged,
];

fn encode(subject: &Subject, tree: &Tree) -> (Vec<u8>, PartIndex) {
    let mut out = Vec::new();
    let index = subject.format.encode(tree, &EncodeOptions::default(), &mut out);
    (
        out,
        index.unwrap_or_else(|e| panic!("clause 1: a tree that fits is refused: {e:?}")),
    )
}

fn index(subject: &Subject, source: &Arc<dyn Source>) -> Arc<PartIndex> {
    let index = subject.format.index(source);
    Arc::new(
        index
            .unwrap_or_else(|e| panic!("clause 3: no index of what encode wrote: {e:?}")),
    )
}

/// One random value, the same in every run.
fn sample(kind: Kind, subject: &Subject) -> Tree {
    match kind {
        Kind::List => Tree::List(vec![]),
        Kind::Map => Tree::Map(Map::new()),
        kind => {
            let strategy = of_kind(kind, &subject.format.capabilities());
            strategy.new_tree(&mut runner(1)).expect("a value").current()
        }
    }
}

/// Clause 1: what does not fit is refused before the first byte, and the node is named.
pub(super) fn misfits_are_refused(subject: &Subject) {
    let able = subject.format.capabilities();
    let refused = |tree: &Tree, what: &str| {
        let mut out = Vec::new();
        let error = subject.format.encode(tree, &EncodeOptions::default(), &mut out);
        let error = error.expect_err(&format!("clause 1: {what} does not fit"));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "clause 1: {what}: {error}");
        assert!(out.is_empty(), "clause 1: {what} was refused after the first byte");
        let named = error.context().iter().any(|(key, _)| *key == "node");
        assert!(named, "clause 1: {what}: the node is not named: {error}");
    };
    for kind in ALL_KINDS {
        let tree = match kind {
            Kind::Tagged => continue,
            kind => sample(kind, subject),
        };
        if !able.roots.contains(&kind) {
            refused(&tree, &format!("{kind} as root"));
        }
        if !able.kinds.contains(&kind) && able.nesting && able.roots.contains(&Kind::Map)
        {
            let map = Map::from_iter([("a".to_owned(), tree)]);
            refused(&Tree::Map(map), &format!("{kind} in a map"));
        }
    }
    if let Some(held) = able.dtypes
        && able.roots.contains(&Kind::Array)
    {
        for dtype in DTYPES.iter().filter(|d| !held.contains(d)) {
            let empty = arrow_buffer::Buffer::from_vec(Vec::<u64>::new());
            let array = Array::new(*dtype, vec![0], empty).expect("no items");
            refused(&Tree::Array(array), &format!("an array of {dtype}"));
        }
    }
}

/// Clauses 2 and 3: a tree comes back, and the index of encode is that of the bytes.
pub(super) fn trees_come_back(subject: &Subject) {
    let strategy = fitting(&subject.format.capabilities());
    let outcome = runner(subject.cases).run(&strategy, |tree| {
        let (bytes, made) = encode(subject, &tree);
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
        let found = index(subject, &source);
        prop_assert_eq!(&*found, &made, "clause 3");
        let back = subject.format.decode(&found, &Select::all(), &source);
        let back = back.map_err(|e| TestCaseError::fail(format!("clause 2: {e:?}")))?;
        prop_assert_eq!((subject.kept)(back), (subject.kept)(tree), "clause 2");
        Ok(())
    });
    outcome.unwrap_or_else(|e| panic!("{}: {e}", subject.format.name()));
}

/// What may be selected of a tree: everything, its first part, a box, two columns.
fn selections(tree: &Tree) -> Vec<Select> {
    let mut out = vec![Select::all(), Select::lazy()];
    match tree {
        Tree::Array(array) if !array.is_empty() && !array.shape().is_empty() => {
            let half = |(&n, &o): (&usize, &i64)| {
                o..o + i64::try_from(n.div_ceil(2)).unwrap_or(1)
            };
            let edges = array.shape().iter().zip(array.origin());
            let region = BoxSelect(edges.map(half).collect());
            out.push(Select { region: Some(region.clone()), ..Select::all() });
            out.push(Select { region: Some(region), lazy: true, ..Select::all() });
        }
        Tree::Table(table) => {
            let names = table.schema().fields().iter().map(|f| f.name().clone());
            let columns: Vec<String> = names.rev().take(2).collect();
            out.push(Select { columns: Some(columns), ..Select::all() });
        }
        _ => {}
    }
    out
}

/// Clause 4: only the planned ranges are read; and a box or columns are what a cut of all gives.
pub(super) fn reads_stay_in_their_ranges(subject: &Subject) {
    let able = subject.format.capabilities();
    let outcome = runner(subject.cases).run(&fitting(&able), |tree| {
        let (bytes, _) = encode(subject, &tree);
        let recording = Recording::new(bytes);
        let source: Arc<dyn Source> = Arc::<Recording>::clone(&recording);
        let index = index(subject, &source);
        let fail =
            |e: salver_core::Error| TestCaseError::fail(format!("clause 4: {e:?}"));
        let all = subject.format.decode(&index, &Select::all(), &source).map_err(fail)?;
        for select in selections(&all) {
            drop(recording.take());
            let found = subject.format.decode(&index, &select, &source).map_err(fail)?;
            let found = loaded(found).map_err(fail)?;
            prop_assert_eq!(
                found,
                all.clone().cut(&select).map_err(fail)?,
                "{:?}",
                select
            );
            if !able.range_reads {
                continue;
            }
            let planned = ranges(&index, &select).map_err(fail)?;
            for read in recording.take().iter().filter(|r| !r.is_empty()) {
                let inside =
                    planned.iter().any(|p| p.start <= read.start && read.end <= p.end);
                prop_assert!(inside, "clause 4: read {:?} of {:?}", read, planned);
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|e| panic!("{}: {e}", subject.format.name()));
}

/// The tree with all of it in memory.
fn loaded(tree: Tree) -> Result<Tree> {
    Ok(match tree {
        Tree::Array(array) => Tree::Array(array.load()?),
        Tree::Table(table) => {
            let batches = table.batches()?;
            Tree::Table(Table::new(Arc::clone(table.schema()), batches)?)
        }
        Tree::List(items) => {
            Tree::List(items.into_iter().map(loaded).collect::<Result<_>>()?)
        }
        Tree::Map(map) => {
            let entries = map.into_iter().map(|(key, node)| Ok((key, loaded(node)?)));
            Tree::Map(entries.collect::<Result<_>>()?)
        }
        Tree::Tagged(tagged) => {
            let Tagged { name, version, tree } = *tagged;
            Tree::Tagged(Box::new(Tagged { name, version, tree: loaded(tree)? }))
        }
        other => other,
    })
}

/// Clause 5: bytes cut off and bits flipped give a value or an error of the right kinds.
pub(super) fn damaged_bytes_never_panic(subject: &Subject) {
    let able = subject.format.capabilities();
    let cases = (subject.cases / 8).max(4);
    let outcome = runner(cases).run(&(fitting(&able), any::<u64>()), |(tree, seed)| {
        let (bytes, _) = encode(subject, &tree);
        let step = (bytes.len() / 40).max(1);
        for cut in (0..bytes.len()).step_by(step) {
            attempt(subject, bytes.get(..cut).unwrap_or_default().to_vec())?;
        }
        let mut state = seed | 1;
        for _ in 0..40 {
            state =
                state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let mut bent = bytes.clone();
            let at = usize::try_from(state >> 33).unwrap_or(0) % bent.len().max(1);
            if let Some(byte) = bent.get_mut(at) {
                *byte ^= 1 << (state >> 29 & 7);
            }
            attempt(subject, bent)?;
        }
        Ok(())
    });
    outcome.unwrap_or_else(|e| panic!("{}: {e}", subject.format.name()));
}

fn attempt(subject: &Subject, bytes: Vec<u8>) -> std::result::Result<(), TestCaseError> {
    let shown = bytes.clone();
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let index = Arc::new(subject.format.index(&source)?);
        subject.format.decode(&index, &Select::all(), &source)
    }));
    match outcome {
        Err(_) => Err(TestCaseError::fail(format!("clause 5: a panic on {shown:?}"))),
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            let kind = error.kind();
            let known = matches!(
                kind,
                ErrorKind::Corrupt | ErrorKind::Unsupported | ErrorKind::Limit
            );
            prop_assert!(known, "clause 5: {:?}", error);
            Ok(())
        }
    }
}

/// Clause 6: a decoded array is in memory, aligned, and its buffer can be taken as a `Vec`.
pub(super) fn arrays_can_be_owned(subject: &Subject) {
    let able = subject.format.capabilities();
    if !able.roots.contains(&Kind::Array) {
        return;
    }
    let outcome = runner(subject.cases).run(&of_kind(Kind::Array, &able), |tree| {
        let (bytes, _) = encode(subject, &tree);
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
        let index = index(subject, &source);
        let all = subject.format.decode(&index, &Select::all(), &source);
        let all = all.map_err(|e| TestCaseError::fail(format!("clause 6: {e:?}")))?;
        for select in selections(&all) {
            let found = subject.format.decode(&index, &select, &source);
            let found =
                found.map_err(|e| TestCaseError::fail(format!("clause 6: {e:?}")))?;
            let array = found.untagged().as_array().cloned();
            drop(found);
            let array = array.ok_or_else(|| TestCaseError::fail("clause 6: no array"))?;
            let dtype = array.dtype();
            match array.into_data() {
                ArrayData::Lazy(_) => prop_assert!(select.lazy, "clause 6: lazy unasked"),
                // what reads only the whole, or keeps what is small in a document, may give it at
                // once
                ArrayData::Loaded(buffer) if select.lazy => {
                    prop_assert!(!able.range_reads || buffer.len() <= SMALL, "clause 6");
                }
                ArrayData::Loaded(buffer) => {
                    prop_assert!(owned(dtype, buffer), "clause 6: {}", dtype);
                }
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|e| panic!("{}: {e}", subject.format.name()));
}

/// An array of at most so many bytes may be loaded although it was to be left.
const SMALL: usize = 4096;

fn owned(dtype: DType, buffer: arrow_buffer::Buffer) -> bool {
    match dtype.swap_size() {
        2 => buffer.into_vec::<u16>().is_ok(),
        4 => buffer.into_vec::<u32>().is_ok(),
        8 => buffer.into_vec::<u64>().is_ok(),
        _ => buffer.into_vec::<u8>().is_ok(),
    }
}
