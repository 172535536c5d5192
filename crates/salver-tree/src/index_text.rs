//! A part index as text: versioned, bounded, checked before it is believed.

use std::ops::Range;

use salver_core::{Error, ErrorKind, Op, Result};
use serde::{Deserialize, Serialize};

use crate::index::item_size;
use crate::{ArrayPart, Chunks, DType, PartIndex, PartKind, Place, TablePart, path};

const OP: Op = Op("index.read");

/// The version of the text that [`PartIndex::to_text`] writes.
pub const INDEX_VERSION: u32 = 1;

/// The longest text that [`PartIndex::from_text`] reads, bytes.
pub const INDEX_LIMIT: usize = 256 << 20;

/// Axes of an array in an index.
const MAX_AXES: usize = 64;

#[derive(Serialize)]
struct Written<'a> {
    salver_index: u32,
    #[serde(flatten)]
    index: &'a PartIndex,
}

#[derive(Deserialize)]
struct Version {
    salver_index: Option<u32>,
}

impl PartIndex {
    /// The index as JSON: one object, its `salver_index` is [`INDEX_VERSION`], parts sorted by path.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] where the format keeps what JSON cannot say.
    pub fn to_text(&self) -> Result<String> {
        let written = Written { salver_index: INDEX_VERSION, index: self };
        serde_json::to_string(&written).map_err(|e| {
            Error::new(ErrorKind::Internal, Op("index.write"), "no JSON of an index")
                .caused_by(e)
        })
    }

    /// Reads what [`PartIndex::to_text`] wrote, and checks it as [`PartIndex::check`] does.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] for text beyond [`INDEX_LIMIT`]; [`ErrorKind::Unsupported`] for another
    /// version; [`ErrorKind::Corrupt`] for anything else that is no sound index.
    pub fn from_text(text: &str) -> Result<Self> {
        if text.len() > INDEX_LIMIT {
            return Err(Error::new(ErrorKind::Limit, OP, "an index that is too long")
                .with("bytes", text.len())
                .with("limit", INDEX_LIMIT));
        }
        let corrupt = |e: serde_json::Error| {
            let (line, column) = (e.line(), e.column());
            Error::new(ErrorKind::Corrupt, OP, "not an index")
                .with("line", line)
                .with("column", column)
                .caused_by(e)
        };
        let version: Version = serde_json::from_str(text).map_err(corrupt)?;
        if version.salver_index != Some(INDEX_VERSION) {
            let found = version.salver_index.map_or("none".to_owned(), |v| v.to_string());
            return Err(Error::new(
                ErrorKind::Unsupported,
                OP,
                "another version of index",
            )
            .with("version", found)
            .with("known", INDEX_VERSION));
        }
        let index: Self = serde_json::from_str(text).map_err(corrupt)?;
        index.check()?;
        Ok(index)
    }

    /// Checks that the index contradicts neither itself nor the artifact's length: every place lies
    /// inside of it, chunks are as many as their grid has, tables have a place for each column of
    /// each group, paths are JSON Pointers, item types are known, and no product overflows.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`], naming the part.
    pub fn check(&self) -> Result<()> {
        for place in &self.always {
            self.inside(*place).map_err(|e| e.with("part", "(always)"))?;
        }
        for (path, part) in &self.parts {
            self.check_part(path, part).map_err(|e| e.with("part", path))?;
        }
        Ok(())
    }

    fn check_part(&self, path: &str, part: &PartKind) -> Result<()> {
        path::split(path).map_err(|e| wrong("a part without a path").caused_by(e))?;
        match part {
            PartKind::Tree(place) => self.inside(*place),
            PartKind::Table(table) => self.check_table(table),
            PartKind::Array(array) => self.check_array(array),
        }
    }

    fn inside(&self, place: Place) -> Result<()> {
        let end = place.offset.checked_add(place.len);
        if end.is_some_and(|end| end <= self.length) {
            return Ok(());
        }
        let Range { start, end } = place.range();
        Err(wrong("a place outside of the artifact")
            .with("range", format_args!("{start}..{end}"))
            .with("length", self.length))
    }

    fn check_table(&self, table: &TablePart) -> Result<()> {
        if table.places.len() != table.group_rows.len() {
            return Err(wrong("a table with places for another number of row groups"));
        }
        let rows = table.group_rows.iter().try_fold(0_u64, |n, &m| n.checked_add(m));
        if rows.and_then(|n| usize::try_from(n).ok()).is_none() {
            return Err(wrong("more rows than can be counted"));
        }
        for group in &table.places {
            if group.len() != table.columns.len() {
                return Err(wrong(
                    "a row group with places for another number of columns",
                ));
            }
            group.iter().try_for_each(|place| self.inside(*place))?;
        }
        Ok(())
    }

    fn check_array(&self, array: &ArrayPart) -> Result<()> {
        let dtype: DType = array
            .dtype
            .parse()
            .map_err(|e: Error| wrong("an unknown item type").caused_by(e))?;
        let axes = array.shape.len();
        if axes > MAX_AXES || !(array.origin.is_empty() || array.origin.len() == axes) {
            return Err(wrong("an array with a wrong number of axes").with("axes", axes));
        }
        let bytes = |item: u64| match array.shape.contains(&0) {
            true => Some(0),
            false => array.shape.iter().try_fold(item, |n, &m| n.checked_mul(m)),
        };
        let fits = bytes(dtype.size() as u64).and_then(|n| usize::try_from(n).ok());
        if fits.is_none() {
            return Err(wrong("an array larger than memory can be"));
        }
        match &array.chunks {
            Chunks::Whole(place) => self.inside(*place),
            Chunks::Contiguous(place) => {
                self.inside(*place)?;
                match bytes(item_size(array)) {
                    Some(needed) if needed <= place.len => Ok(()),
                    _ => {
                        Err(wrong("fewer bytes than the array has")
                            .with("bytes", place.len))
                    }
                }
            }
            Chunks::Grid { shape, places } => {
                if shape.len() != axes || shape.contains(&0) {
                    return Err(wrong("chunks of no shape, or of other axes"));
                }
                let counts = array.shape.iter().zip(shape).map(|(n, c)| n.div_ceil(*c));
                let count = counts.into_iter().try_fold(1_u64, u64::checked_mul);
                if count != Some(places.len() as u64) {
                    return Err(wrong("another number of chunks than their grid has")
                        .with("chunks", places.len()));
                }
                places.iter().filter(|p| p.len > 0).try_for_each(|p| self.inside(*p))
            }
        }
    }
}

fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    pub(crate) fn sample() -> PartIndex {
        let mut index = PartIndex::new("test", 1000);
        let places = (0..4).map(|i| Place { offset: i * 10, len: 10 }).collect();
        let array = ArrayPart {
            dtype: "int16".into(),
            stored: Some(">i2".into()),
            shape: vec![4, 5],
            codec: BTreeMap::from([("name".to_owned(), "zstd".to_owned())]),
            grid: Some("g".into()),
            origin: vec![-1, 7],
            chunks: Chunks::Grid { shape: vec![2, 3], places },
        };
        let plain = ArrayPart {
            chunks: Chunks::Contiguous(Place { offset: 100, len: 40 }),
            codec: BTreeMap::new(),
            ..array.clone()
        };
        let whole = Chunks::Whole(Place { offset: 0, len: 9 });
        let whole = ArrayPart { chunks: whole, ..array.clone() };
        let table = TablePart {
            columns: vec!["a".into(), "b".into()],
            group_rows: vec![3],
            places: vec![vec![
                Place { offset: 300, len: 24 },
                Place { offset: 0, len: 0 },
            ]],
        };
        for (path, part) in [
            ("/chunks", PartKind::Array(array)),
            ("/plain", PartKind::Array(plain)),
            ("/whole", PartKind::Array(whole)),
            ("/t~1u", PartKind::Table(table)),
            ("", PartKind::Tree(Place { offset: 900, len: 100 })),
        ] {
            index.parts.insert(path.to_owned(), part);
        }
        index.wcs.insert("g".into(), vec![("CTYPE1".into(), "RA---TAN".into())]);
        index.always.push(Place { offset: 0, len: 16 });
        index.private = serde_json::json!({"k": [1, null]});
        index
    }

    #[test]
    fn an_index_comes_back_from_its_text() {
        let index = sample();
        let text = index.to_text().unwrap();
        assert_eq!(PartIndex::from_text(&text).unwrap(), index);
        assert_eq!(PartIndex::from_text(&text).unwrap().to_text().unwrap(), text);
    }

    #[test]
    fn another_version_is_unsupported_and_nonsense_is_corrupt() {
        let text = sample().to_text().unwrap();
        let newer = text.replace("\"salver_index\":1", "\"salver_index\":2");
        let kind = |text: &str| PartIndex::from_text(text).unwrap_err().kind();
        assert_eq!(kind(&newer), ErrorKind::Unsupported);
        assert_eq!(kind("{}"), ErrorKind::Unsupported);
        for text in ["", "[]", "{\"salver_index\":1}", &text.replace("]}", "]")] {
            assert_eq!(kind(text), ErrorKind::Corrupt, "{text}");
        }
        let deep = format!("{{\"salver_index\":1,\"private\":{}", "[".repeat(100_000));
        assert_eq!(kind(&deep), ErrorKind::Corrupt);
    }

    #[test]
    fn an_index_that_contradicts_itself_is_corrupt() {
        let text = sample().to_text().unwrap();
        for (from, to) in [
            ("\"length\":1000", "\"length\":999"),
            ("\"offset\":300", "\"offset\":18446744073709551615"),
            ("\"shape\":[4,5]", "\"shape\":[4,500]"),
            ("\"shape\":[2,3]", "\"shape\":[0,3]"),
            ("\"shape\":[2,3]", "\"shape\":[2]"),
            ("\"dtype\":\"int16\"", "\"dtype\":\"int17\""),
            ("\"origin\":[-1,7]", "\"origin\":[7]"),
            ("\"group_rows\":[3]", "\"group_rows\":[3,18446744073709551615]"),
            ("\"columns\":[\"a\",\"b\"]", "\"columns\":[\"a\"]"),
            ("\"/plain\"", "\"plain\""),
        ] {
            let bent = text.replace(from, to);
            assert_ne!(bent, text, "{from}");
            let error = PartIndex::from_text(&bent).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{to}: {error}");
            assert!(error.context().iter().any(|(key, _)| *key == "part"), "{error}");
        }
    }
}
