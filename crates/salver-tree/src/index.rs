//! Where the parts of an artifact are, and which bytes a selection needs.

use std::collections::BTreeMap;
use std::ops::Range;

use salver_core::{Error, ErrorKind, Op, Result};
use serde::{Deserialize, Serialize};

use crate::{BoxSelect, Budget, DType, Select, match_columns};

/// A place in an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// First byte.
    pub offset: u64,
    /// Number of bytes.
    pub len: u64,
}

impl Place {
    /// As a half-open range.
    #[must_use]
    pub fn range(self) -> Range<u64> {
        self.offset..self.offset.saturating_add(self.len)
    }
}

/// Where the items of an array are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chunks {
    /// One run of bytes in C order, not compressed.
    Contiguous(Place),
    /// A regular grid of chunks, in C order; those at the upper edges may be cut off.
    Grid {
        /// Shape of a full chunk.
        shape: Vec<u64>,
        /// One place per chunk; a length of 0 is a chunk that is not stored.
        places: Vec<Place>,
    },
    /// One compressed run: all of it is needed for any item.
    Whole(Place),
}

/// An array in an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrayPart {
    /// Type of the decoded items, in the spelling of `DType`'s `Display`.
    pub dtype: String,
    /// Type of the stored items where it differs (scaled integers), with byte order `>` or `<`.
    pub stored: Option<String>,
    /// Lengths of the axes, slowest first.
    pub shape: Vec<u64>,
    /// Name of the codec and its settings, as the format understands them.
    pub codec: BTreeMap<String, String>,
    /// Name of the grid that the pixels belong to.
    pub grid: Option<String>,
    /// Grid coordinates of the first item; empty is all zero.
    pub origin: Vec<i64>,
    /// Where the items are.
    pub chunks: Chunks,
}

/// A table in an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TablePart {
    /// Column names, in order.
    pub columns: Vec<String>,
    /// Rows of each group.
    pub group_rows: Vec<u64>,
    /// Per group, per column: where its bytes are. A row-wise table has one place per group, the
    /// same for each column.
    pub places: Vec<Vec<Place>>,
}

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartKind {
    /// An array.
    Array(ArrayPart),
    /// A table.
    Table(TablePart),
    /// A subtree that is read as one piece (a header, a JSON document).
    Tree(Place),
}

/// Where each part of one artifact is: neutral, the same for every format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartIndex {
    /// Name of the format: `fits`, `parquet`, ….
    pub format: String,
    /// Length of the artifact, bytes.
    pub length: u64,
    /// Parts by path, a JSON Pointer; the root is the empty path.
    pub parts: BTreeMap<String, PartKind>,
    /// The header cards that a sky map needs, by grid: keyword and value.
    pub wcs: BTreeMap<String, Vec<(String, String)>>,
    /// Bytes that decoding always needs (headers, footers, heaps' descriptors).
    pub always: Vec<Place>,
    /// What the format keeps for itself, as JSON; never needed for planning.
    pub private: serde_json::Value,
}

impl PartIndex {
    /// An index with no part yet.
    #[must_use]
    pub fn new(format: impl Into<String>, length: u64) -> Self {
        Self {
            format: format.into(),
            length,
            parts: BTreeMap::new(),
            wcs: BTreeMap::new(),
            always: Vec::new(),
            private: serde_json::Value::Null,
        }
    }

    /// The smallest part read as one piece that a path lies strictly inside of.
    #[must_use]
    pub fn around(&self, path: &str) -> Option<&PartKind> {
        let mut end = path.len();
        while let Some(cut) = path.get(..end).and_then(|p| p.rfind('/')) {
            match path.get(..cut).and_then(|p| self.parts.get(p)) {
                Some(part @ PartKind::Tree(_)) => return Some(part),
                Some(_) => return None,
                None => end = cut,
            }
        }
        None
    }

    /// Asks the selection's limits whether what it decodes may be in memory: arrays by their shape
    /// in the box, tables by their stored bytes, documents at sixteen times their length, which is
    /// what their nodes may take. Arrays and tables that are left lazy take nothing.
    ///
    /// Every `decode` begins with it; a format that knows more (uncompressed sizes) asks again.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`], naming the node and the bytes wanted; as [`BoxSelect::clip`] and
    /// [`match_columns`].
    pub fn admit(&self, op: Op, select: &Select) -> Result<()> {
        let path = select.part.as_deref().unwrap_or("");
        let mut budget = Budget::new(select.limits);
        for (node, part) in self.below(path) {
            budget.take(op, node, decoded_bytes(part, select)?)?;
        }
        match self.around(path) {
            Some(part) => budget.take(op, path, decoded_bytes(part, select)?),
            None => Ok(()),
        }
    }

    /// The parts at or below a path.
    pub fn below<'a>(
        &'a self,
        path: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a PartKind)> {
        let inside = move |p: &str| {
            p.strip_prefix(path).is_some_and(|r| r.is_empty() || r.starts_with('/'))
        };
        self.parts.iter().filter(move |(p, _)| inside(p)).map(|(p, k)| (p.as_str(), k))
    }
}

impl ArrayPart {
    /// The shape in memory.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where an axis does not fit in memory.
    pub fn shape_usize(&self) -> Result<Vec<usize>> {
        let axes = self.shape.iter().map(|&n| usize::try_from(n));
        axes.collect::<Result<_, _>>().map_err(|e| {
            Error::new(ErrorKind::Corrupt, Op("index.shape"), "an axis too long")
                .caused_by(e)
        })
    }

    /// The chunks that a clipped box touches, as indexes into `places`, in C order.
    #[must_use]
    pub fn chunks_of(&self, bounds: &[Range<usize>]) -> Vec<usize> {
        let Chunks::Grid { shape: chunk, .. } = &self.chunks else {
            return vec![0];
        };
        let mut out = vec![0_usize];
        for ((&n, &c), r) in self.shape.iter().zip(chunk).zip(bounds) {
            let c = usize::try_from(c.max(1)).unwrap_or(usize::MAX);
            let count = usize::try_from(n).unwrap_or(usize::MAX).div_ceil(c);
            let touched = (r.start / c)..r.end.div_ceil(c).min(count);
            out = out
                .iter()
                .flat_map(|&i| touched.clone().map(move |t| i * count + t))
                .collect();
        }
        out
    }

    /// The bytes that a box needs; `None` is the whole array.
    ///
    /// # Errors
    /// As [`BoxSelect::clip`].
    pub fn ranges(
        &self,
        region: Option<&BoxSelect>,
        item: u64,
    ) -> Result<Vec<Range<u64>>> {
        let shape = self.shape_usize()?;
        match (&self.chunks, region) {
            (Chunks::Whole(place) | Chunks::Contiguous(place), None) => {
                Ok(vec![place.range()])
            }
            (Chunks::Whole(place), Some(_)) => Ok(vec![place.range()]),
            (Chunks::Grid { places, .. }, None) => {
                Ok(places.iter().filter(|p| p.len > 0).map(|p| p.range()).collect())
            }
            (Chunks::Grid { places, .. }, Some(region)) => {
                let bounds = region.clip(&shape, &self.origin)?;
                let touched = self.chunks_of(&bounds);
                let places =
                    touched.iter().filter_map(|&i| places.get(i)).filter(|p| p.len > 0);
                Ok(places.map(|p| p.range()).collect())
            }
            (Chunks::Contiguous(place), Some(region)) => {
                let bounds = region.clip(&shape, &self.origin)?;
                let at = |pick: fn(&Range<usize>) -> usize| {
                    bounds
                        .iter()
                        .zip(&shape)
                        .fold(0_u64, |n, (r, &len)| n * len as u64 + pick(r) as u64)
                };
                let first = at(|r| r.start);
                let last = at(|r| r.end.saturating_sub(1)) + 1;
                Ok(vec![place.offset + first * item..place.offset + last * item])
            }
        }
    }
}

/// Bytes in memory of what is selected of a part.
fn decoded_bytes(part: &PartKind, select: &Select) -> Result<u64> {
    match part {
        PartKind::Tree(place) => Ok(place.len.saturating_mul(16)),
        _ if select.lazy => Ok(0),
        PartKind::Table(table) => {
            let ranges = coalesce(table_ranges(table, select)?, 0);
            Ok(ranges.iter().fold(0, |n, r| (r.end - r.start).saturating_add(n)))
        }
        PartKind::Array(array) => {
            let item = array.dtype.parse::<DType>().map_or(1, |d| d.size() as u64);
            let axes = match &select.region {
                None => array.shape.clone(),
                Some(region) => {
                    let bounds = region.clip(&array.shape_usize()?, &array.origin)?;
                    bounds.iter().map(|r| r.len() as u64).collect()
                }
            };
            Ok(axes.iter().fold(item, |n, &axis| n.saturating_mul(axis)))
        }
    }
}

/// The byte ranges that a selection of an artifact needs: one planner for all formats.
///
/// Sorted and merged where they touch; gaps are left to [`coalesce`]. A path inside of a part that
/// is read as one piece ([`PartKind::Tree`]) needs that piece; whether the node is there shows when
/// it is decoded.
///
/// # Errors
/// [`ErrorKind::NotFound`] where the part is not in the index (the parts that are there are named);
/// as [`BoxSelect::clip`] and [`match_columns`].
pub fn ranges(index: &PartIndex, select: &Select) -> Result<Vec<Range<u64>>> {
    let path = select.part.as_deref().unwrap_or("");
    let mut out: Vec<_> = index.always.iter().map(|p| p.range()).collect();
    let mut found = path.is_empty();
    let below = index.below(path).map(|(_, part)| part);
    let around = index.around(path);
    for part in below.chain(around) {
        found = true;
        match part {
            PartKind::Tree(place) => out.push(place.range()),
            PartKind::Array(array) => {
                let item = item_size(array);
                out.extend(array.ranges(select.region.as_ref(), item)?);
            }
            PartKind::Table(table) => out.extend(table_ranges(table, select)?),
        }
    }
    if !found {
        let there: Vec<_> = index.parts.keys().take(20).map(String::as_str).collect();
        return Err(Error::new(ErrorKind::NotFound, Op("index.ranges"), "no such part")
            .with("part", path)
            .with("there", there.join(", ")));
    }
    Ok(coalesce(out, 0))
}

/// Bytes of a stored item: from `stored` (`>i2`, `<U5` of 4 bytes a character), else from `dtype`.
pub(crate) fn item_size(array: &ArrayPart) -> u64 {
    let Some(stored) = array.stored.as_deref() else {
        return array.dtype.parse::<DType>().map_or(1, |dtype| dtype.size() as u64);
    };
    let digits: String = stored.chars().skip_while(|c| !c.is_ascii_digit()).collect();
    let n: u64 = digits.parse().unwrap_or(1);
    if stored.contains('U') { n.saturating_mul(4) } else { n }
}

fn table_ranges(table: &TablePart, select: &Select) -> Result<Vec<Range<u64>>> {
    let mut wanted = vec![select.columns.is_none(); table.columns.len()];
    if select.columns.is_some() {
        for i in match_columns(&table.columns, select.columns.as_deref())? {
            wanted[i] = true;
        }
    }
    for filter in select.filters.iter().flatten() {
        if let Some(i) = table.columns.iter().position(|name| *name == filter.column) {
            wanted[i] = true;
        }
    }
    let places = table.places.iter().flat_map(|group| group.iter().zip(&wanted));
    Ok(places.filter(|(_, wanted)| **wanted).map(|(place, _)| place.range()).collect())
}

/// Sorts ranges and merges those with at most `gap` bytes between them.
#[must_use]
pub fn coalesce(mut ranges: Vec<Range<u64>>, gap: u64) -> Vec<Range<u64>> {
    ranges.retain(|r| r.start < r.end);
    ranges.sort_by_key(|r| (r.start, r.end));
    let mut out: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
    for r in ranges {
        match out.last_mut() {
            Some(last) if r.start <= last.end.saturating_add(gap) => {
                last.end = last.end.max(r.end);
            }
            _ => out.push(r),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> ArrayPart {
        let places = (0..6).map(|i| Place { offset: 100 + i * 10, len: 10 }).collect();
        ArrayPart {
            dtype: "int16".into(),
            stored: Some(">i2".into()),
            shape: vec![5, 9],
            codec: BTreeMap::new(),
            grid: None,
            origin: vec![],
            chunks: Chunks::Grid { shape: vec![3, 3], places },
        }
    }

    #[test]
    fn a_box_needs_only_the_chunks_it_touches() {
        let ranges = grid().ranges(Some(&BoxSelect(vec![2..4, 3..4])), 2).unwrap();
        assert_eq!(ranges, [110..120, 140..150]);
    }

    #[test]
    fn a_box_of_a_contiguous_array_is_one_run_of_rows() {
        let array = ArrayPart {
            chunks: Chunks::Contiguous(Place { offset: 1000, len: 90 }),
            ..grid()
        };
        assert_eq!(
            array.ranges(Some(&BoxSelect(vec![1..3, 2..4])), 2).unwrap(),
            [1022..1044]
        );
    }

    #[test]
    fn a_path_inside_of_one_piece_needs_that_piece() {
        let mut index = PartIndex::new("test", 100);
        let place = Place { offset: 10, len: 20 };
        index.parts.insert("/a".into(), PartKind::Tree(place));
        let part = |path: &str| ranges(&index, &Select::part(path));
        assert_eq!(part("/a/b/c").unwrap(), [10..30]);
        assert_eq!(part("/ab").unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn text_and_bytes_have_items_of_their_length() {
        let size = |dtype: &str, stored: Option<&str>| {
            let stored = stored.map(str::to_owned);
            item_size(&ArrayPart { dtype: dtype.into(), stored, ..grid() })
        };
        assert_eq!([size("U5", None), size("S5", None), size("bool", None)], [20, 5, 1]);
        assert_eq!([size("U5", Some("<U5")), size("int16", Some(">i2"))], [20, 2]);
    }

    #[test]
    fn what_is_decoded_is_within_the_limits() {
        use crate::Limits;
        let mut index = PartIndex::new("test", 1000);
        index.parts.insert("/a".into(), PartKind::Array(grid()));
        index.parts.insert("/d".into(), PartKind::Tree(Place { offset: 0, len: 2 }));
        let op = Op("test");
        // 5 × 9 items of 2 bytes, and 16 × 2
        let ask =
            |select: Select, n| index.admit(op, &select.with_limits(Limits::memory(n)));
        ask(Select::all(), 122).unwrap();
        let error = ask(Select::all(), 89).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(error.to_string().contains("node: /a, wanted: 90"), "{error}");
        ask(Select::lazy(), 32).unwrap();
        ask(Select::part("/d"), 32).unwrap();
        let region = Some(BoxSelect(vec![0..1, 0..1]));
        ask(Select { region, ..Select::part("/a") }, 2).unwrap();
    }

    #[test]
    fn near_ranges_become_one() {
        assert_eq!(coalesce(vec![30..40, 0..10, 12..20, 10..11], 2), [0..20, 30..40]);
    }
}
