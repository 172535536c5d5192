//! Reading batches: only the bytes of the columns that are asked for.

use std::sync::Arc;

use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::reader::FileDecoder;
use arrow_schema::Schema;
use salver_core::{ErrorKind, Op, Result, ResultExt as _, interrupt};
use salver_tree::{Budget, Place, Select, Source, Table, match_columns};

use super::footer::{Batch, Footer, Piece, corrupt};
use crate::buffer::no_panic;

const OP: Op = Op("arrow.read");
/// Decoded bytes that a stored byte may stand for: zstd's most.
const MOST: u64 = 1 << 16;

/// The columns that a selection shows, in its order.
///
/// # Errors
/// As [`match_columns`].
pub(super) fn shown(schema: &Schema, select: &Select) -> Result<Vec<usize>> {
    match select.columns.as_deref() {
        None => Ok((0..schema.fields().len()).collect()),
        some => match_columns(&names(schema), some),
    }
}

fn names(schema: &Schema) -> Vec<&str> {
    schema.fields().iter().map(|f| f.name().as_str()).collect()
}

/// Reads what a selection asks for.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for damaged batches; as the selection's and the source's.
pub(super) fn read(
    footer: &Footer,
    select: &Select,
    source: &Arc<dyn Source>,
) -> Result<Table> {
    let mut wanted = shown(&footer.schema, select)?;
    let names = names(&footer.schema);
    for filter in select.filters.iter().flatten() {
        let at = names.iter().position(|name| **name == filter.column);
        wanted.extend(at.filter(|at| !wanted.contains(at)));
    }
    wanted.sort_unstable();
    let mut decoder = FileDecoder::new(Arc::clone(&footer.schema), footer.version)
        .with_projection(wanted.clone());
    let mut budget = Budget::new(select.limits);
    for piece in &footer.dictionaries {
        let places = [piece.head, piece.body];
        let buffer = sparse(*piece, &places, source)?;
        let head = footer.dictionary(*piece, source)?;
        budget.take(OP, "", check(&buffer, *piece, &head, &places)?)?;
        let read = no_panic(OP, || decoder.read_dictionary(&piece.block, &buffer))?;
        read.op(ErrorKind::Corrupt, OP, "a damaged dictionary")?;
    }
    let mut batches = Vec::with_capacity(footer.batches.len());
    for (piece, head) in footer.batches.iter().zip(footer.heads(source)?) {
        interrupt::check(OP)?;
        let mut places = vec![piece.head];
        places.extend(wanted.iter().filter_map(|&i| head.columns.get(i)).copied());
        let bytes = places.iter().fold(0, |n: u64, place| n.saturating_add(place.len));
        budget.take(OP, "", bytes)?;
        let buffer = sparse(*piece, &places, source)?;
        budget.take(OP, "", check(&buffer, *piece, &head, &places)?)?;
        let read = no_panic(OP, || decoder.read_record_batch(&piece.block, &buffer))?;
        let read = read.op(ErrorKind::Corrupt, OP, "a damaged record batch");
        let read = read.map_err(|e| e.with("offset", piece.head.offset))?;
        batches.push(read.ok_or_else(|| corrupt("a block without a record batch"))?);
    }
    let schema = footer.schema.project(&wanted);
    let schema = Arc::new(schema.op(ErrorKind::Internal, OP, "columns")?);
    let table = Table::new(schema, batches);
    let table = table.op(ErrorKind::Corrupt, OP, "a record batch of another schema")?;
    table.select(&Select { lazy: false, ..select.clone() })
}

/// A message with its body, of which only some places are read; the others are zeros that no
/// memory is behind.
fn sparse(piece: Piece, places: &[Place], source: &Arc<dyn Source>) -> Result<Buffer> {
    let length = piece.body.range().end - piece.head.offset;
    let length = usize::try_from(length).op(ErrorKind::Limit, OP, "a batch too large")?;
    let mut out = MutableBuffer::from_len_zeroed(length);
    for place in places.iter().filter(|place| place.len > 0) {
        let at = |n: u64| usize::try_from(n.saturating_sub(piece.head.offset));
        let ends = (at(place.offset), at(place.range().end));
        let (Ok(start), Ok(end)) = ends else { return Err(corrupt("a buffer too far")) };
        let room = out.as_slice_mut().get_mut(start..end);
        let room = room.ok_or_else(|| corrupt("a buffer outside of its batch"))?;
        source.read_into(place.offset, room)?;
    }
    Ok(out.into())
}

/// Refuses compressed buffers that say they hold more than they can; gives what they say.
fn check(buffer: &Buffer, piece: Piece, head: &Batch, places: &[Place]) -> Result<u64> {
    if !head.compressed {
        return Ok(0);
    }
    let read = |p: &&Place| {
        places.iter().any(|q| q.offset <= p.offset && p.range().end <= q.range().end)
    };
    let own: Vec<Place> = head.buffers.iter().filter(read).copied().collect();
    check_lengths(buffer, piece, &own)
}

fn check_lengths(buffer: &Buffer, piece: Piece, places: &[Place]) -> Result<u64> {
    let mut all = 0_u64;
    for place in places.iter().filter(|place| place.len >= 8) {
        let at = usize::try_from(place.offset.saturating_sub(piece.head.offset)).ok();
        let prefix = at.and_then(|at| buffer.get(at..)?.first_chunk::<8>());
        let said = prefix.map_or(0, |prefix| i64::from_le_bytes(*prefix));
        let most = place.len.saturating_mul(MOST);
        if said < -1 || u64::try_from(said).is_ok_and(|said| said > most) {
            let error =
                corrupt("a compressed buffer says that it holds more than it can");
            return Err(error.with("offset", place.offset).with("said", said));
        }
        all = all.saturating_add(u64::try_from(said).unwrap_or(0));
    }
    Ok(all)
}
