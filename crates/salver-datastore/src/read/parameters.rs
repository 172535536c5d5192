//! Gen3's read parameters as a selection.

use std::ops::Range;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::StorageClass;
use salver_tree::{BoxSelect, Filter, Map, PartIndex, PartKind, Select, Table, Tree};

use super::{Moved, ReadRequest, SkyBox};

const OP: Op = Op("datastore.parameters");

/// A selection, and what of the parameters is done after decoding.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) select: Select,
    /// The box counts from the first stored pixel, not in grid coordinates.
    pub(super) local: bool,
    strip_astropy_meta: bool,
    /// A box by its place on the sky.
    sky: Option<SkyBox>,
    pub(super) moved: Option<Arc<Moved>>,
}

impl Selection {
    /// Reads the parameters of a request for an object of a storage class.
    pub(super) fn new(
        request: &ReadRequest,
        class: Option<&StorageClass>,
    ) -> Result<Self> {
        let mut out = Self::default();
        out.select.lazy = request.lazy;
        out.select.region.clone_from(&request.region);
        out.sky = request.sky;
        out.moved.clone_from(&request.moved);
        for (name, value) in request.parameters.iter() {
            if let Some(class) = class {
                check_known(name, class)?;
            }
            match name {
                "filters" | "bbox" if matches!(value, Tree::Null) => {}
                "columns" => out.select.columns = Some(columns(value)?),
                "filters" => out.select.filters = filters(value)?,
                "strip_astropy_meta_yaml" => {
                    out.strip_astropy_meta = matches!(value, Tree::Bool(true));
                }
                "bbox" => out.select.region = Some(bounding_box(value)?),
                "origin" => out.local = local(value)?,
                "part" => out.select.part = Some(part(value)?),
                "box" => out.select.region = Some(axes(value)?),
                _ => {
                    let message =
                        "this parameter needs the program that owns the storage class";
                    let error = Error::new(ErrorKind::Unsupported, OP, message);
                    return Err(error.with("parameter", name));
                }
            }
        }
        Ok(out)
    }

    /// Reads below a node: the part that the parameters name is one of it.
    pub(super) fn within(&mut self, node: &str) {
        let asked = self.select.part.take().unwrap_or_default();
        let path = format!("{node}{asked}");
        self.select.part = (!path.is_empty()).then_some(path);
    }

    /// Brings the box to grid coordinates: from a place on the sky, or from one that counts from
    /// the first stored pixel.
    pub(super) fn settle(&mut self, index: &PartIndex) -> Result<()> {
        if let Some(sky) = self.sky {
            let part = self.select.part.as_deref();
            self.select.region = Some(sky.region(index, part)?);
        } else if self.local {
            self.settle_local(index);
        }
        Ok(())
    }

    /// As [`Selection::settle`], for one of several parts that are cut alike: a place on the sky is
    /// found once, in the first artifact that has a map of it.
    pub(super) fn settle_once(
        &mut self,
        index: &PartIndex,
        settled: &mut Option<BoxSelect>,
    ) -> Result<()> {
        if self.sky.is_none() {
            return self.settle(index);
        }
        if settled.is_none() {
            self.settle(index)?;
            settled.clone_from(&self.select.region);
        }
        self.select.region.clone_from(settled);
        Ok(())
    }

    /// What is done with a part after it was decoded.
    pub(super) fn finish(&self, tree: Tree) -> Result<Tree> {
        if self.strip_astropy_meta { without_astropy_meta(tree) } else { Ok(tree) }
    }

    fn settle_local(&mut self, index: &PartIndex) {
        let arrays = index.parts.values().filter_map(|part| match part {
            PartKind::Array(array) if !array.origin.is_empty() => Some(&array.origin),
            _ => None,
        });
        let (Some(origin), Some(region)) =
            (arrays.into_iter().next(), &mut self.select.region)
        else {
            return;
        };
        let first = origin.len().saturating_sub(region.0.len());
        for (range, start) in region.0.iter_mut().zip(origin.iter().skip(first)) {
            *range = range.start.saturating_add(*start)..range.end.saturating_add(*start);
        }
    }
}

fn check_known(name: &str, class: &StorageClass) -> Result<()> {
    if class.parameters.iter().any(|p| p == name) {
        return Ok(());
    }
    let message = "the storage class does not take this parameter";
    let error = Error::new(ErrorKind::InvalidInput, OP, message)
        .with("parameter", name)
        .with("storage_class", &class.name);
    if class.parameters.is_empty() {
        return Err(error.hint("it takes none"));
    }
    Err(error.hint(format!("it takes: {}", class.parameters.join(", "))))
}

/// The error of a parameter's value.
fn wrong(name: &str, value: &Tree, accepted: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, OP, "a wrong value of a parameter")
        .with("parameter", name)
        .with("kind", value.kind())
        .hint(accepted)
}

/// A name or a list of names.
fn columns(value: &Tree) -> Result<Vec<String>> {
    let accepted = "a column name or pattern, or a list of them";
    let name = |v: &Tree| {
        v.as_str().map(str::to_owned).ok_or_else(|| wrong("columns", v, accepted))
    };
    match value.untagged() {
        Tree::List(items) => items.iter().map(name).collect(),
        other => Ok(vec![name(other)?]),
    }
}

/// `[[column, op, value], …]` is one AND; a list of such lists is an OR of them.
fn filters(value: &Tree) -> Result<Vec<Vec<Filter>>> {
    let accepted = "a list of `[column, operator, value]`, or a list of such lists";
    let list = |v: &Tree| match v.untagged() {
        Tree::List(items) => Ok(items.clone()),
        other => Err(wrong("filters", other, accepted)),
    };
    let items = list(value)?;
    let is_condition = |v: &Tree| {
        matches!(v.untagged(), Tree::List(c)
            if c.len() == 3 && c.iter().take(2).all(|t| t.as_str().is_some()))
    };
    let condition = |v: &Tree| -> Result<Filter> {
        let parts = list(v)?;
        let [column, op, value] = parts.as_slice() else {
            return Err(wrong("filters", v, accepted));
        };
        let text = |t: &Tree| {
            t.as_str().map(str::to_owned).ok_or_else(|| wrong("filters", t, accepted))
        };
        Ok(Filter { column: text(column)?, op: text(op)?, value: value.clone() })
    };
    if items.iter().all(is_condition) {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        return Ok(vec![items.iter().map(condition).collect::<Result<_>>()?]);
    }
    items.iter().map(|all| list(all)?.iter().map(condition).collect()).collect()
}

/// `{x0, y0, x1, y1}`, both ends inside, as a half-open box of `[y, x]`.
fn bounding_box(value: &Tree) -> Result<BoxSelect> {
    let accepted = "a map of whole numbers {x0, y0, x1, y1}: the first and last pixel";
    let map = value.as_map().ok_or_else(|| wrong("bbox", value, accepted))?;
    let axis = |first: &str, last: &str| -> Result<Range<i64>> {
        let at = |key| get_int(map, key).ok_or_else(|| wrong("bbox", value, accepted));
        let (first, last) = (at(first)?, at(last)?);
        if last < first {
            let error = Error::new(ErrorKind::InvalidInput, OP, "an empty bounding box");
            return Err(error.with("first", first).with("last", last));
        }
        Ok(first..last.saturating_add(1))
    };
    Ok(BoxSelect(vec![axis("y0", "y1")?, axis("x0", "x1")?]))
}

fn get_int(map: &Map, key: &str) -> Option<i64> {
    map.get(key).and_then(Tree::as_int)
}

/// The path of a node: `/psf/inputs/3`.
fn part(value: &Tree) -> Result<String> {
    let path = value.as_str().filter(|path| path.is_empty() || path.starts_with('/'));
    let accepted = "the path of a node, such as `/psf/inputs/3`";
    path.map(str::to_owned).ok_or_else(|| wrong("part", value, accepted))
}

/// `[[start, stop], …]` for each axis, slowest first, half-open.
fn axes(value: &Tree) -> Result<BoxSelect> {
    let accepted = "a list of [start, stop] for each axis, slowest first";
    let Tree::List(items) = value else { return Err(wrong("box", value, accepted)) };
    let axis = |item: &Tree| match item {
        Tree::List(ends) => match ends.as_slice() {
            [start, stop] => Some(start.as_int()?..stop.as_int()?),
            _ => None,
        },
        _ => None,
    };
    let ranges: Option<Vec<Range<i64>>> = items.iter().map(axis).collect();
    ranges.map(BoxSelect).ok_or_else(|| wrong("box", value, accepted))
}

/// Whether boxes count from the first stored pixel.
fn local(value: &Tree) -> Result<bool> {
    match value.as_str() {
        Some("LOCAL") => Ok(true),
        Some("PARENT") => Ok(false),
        _ if matches!(value, Tree::Null) => Ok(false),
        _ => Err(wrong("origin", value, "`PARENT` or `LOCAL`")),
    }
}

/// A table without the text in which astropy keeps its own metadata.
fn without_astropy_meta(tree: Tree) -> Result<Tree> {
    let Tree::Table(table) = &tree else { return Ok(tree) };
    let mut schema = table.schema().as_ref().clone();
    if schema.metadata.remove("table_meta_yaml").is_none() {
        return Ok(tree);
    }
    Ok(Tree::Table(Table::new(Arc::new(schema), table.batches()?)?))
}

#[cfg(test)]
mod tests {
    use salver_model::StorageClasses;

    use super::*;

    fn list(items: Vec<Tree>) -> Tree {
        Tree::List(items)
    }

    fn request(name: &str, value: Tree) -> ReadRequest {
        let parameters = Map::from_iter([(name.to_owned(), value)]);
        ReadRequest { parameters, ..ReadRequest::default() }
    }

    fn selection(class: &str, name: &str, value: Tree) -> Result<Selection> {
        let class = StorageClasses::default().get(class)?;
        Selection::new(&request(name, value), Some(&class))
    }

    #[test]
    fn an_inclusive_box_becomes_half_open() {
        let pairs = [("x0", 10), ("x1", 19), ("y0", -3), ("y1", -3)];
        let bbox = pairs.map(|(k, v)| (k.to_owned(), Tree::from(v)));
        let bbox = Tree::Map(Map::from_iter(bbox));
        let found = selection("ImageF", "bbox", bbox).unwrap();
        assert_eq!(found.select.region, Some(BoxSelect(vec![-3..-2, 10..20])));
        let empty = [("x0", 1), ("x1", 0), ("y0", 0), ("y1", 0)];
        let empty = empty.map(|(k, v)| (k.to_owned(), Tree::from(v)));
        let empty = selection("ImageF", "bbox", Tree::Map(Map::from_iter(empty)));
        assert_eq!(empty.unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_tree_takes_a_part_and_a_box() {
        let found = selection("Tree", "part", "/a/0".into()).unwrap();
        assert_eq!(found.select.part.as_deref(), Some("/a/0"));
        let ends = |a: i64, b: i64| list(vec![a.into(), b.into()]);
        let found = selection("Tree", "box", list(vec![ends(0, 5), ends(2, 3)]));
        assert_eq!(found.unwrap().select.region, Some(BoxSelect(vec![0..5, 2..3])));
        assert!(selection("Tree", "part", "a".into()).is_err());
        assert!(selection("Tree", "box", list(vec![1.into()])).is_err());
    }

    #[test]
    fn filters_are_one_and_or_an_or_of_them() {
        let one = || list(vec!["a".into(), ">".into(), Tree::from(1)]);
        let found = |v| selection("ArrowAstropy", "filters", v).unwrap().select.filters;
        let flat = found(list(vec![one(), one()]));
        assert_eq!(flat.iter().map(Vec::len).collect::<Vec<_>>(), [2]);
        let nested = found(list(vec![list(vec![one()]), list(vec![one(), one()])]));
        assert_eq!(nested.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
        assert!(found(list(vec![])).is_empty());
        assert!(selection("ArrowAstropy", "filters", list(vec![Tree::from(1)])).is_err());
    }

    #[test]
    fn uc_044_an_unknown_parameter_lists_the_known_ones() {
        let error = selection("ArrowAstropy", "bbox", Tree::Null).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let known = "it takes: columns, filters, strip_astropy_meta_yaml";
        assert_eq!(error.hint_text(), Some(known));
        let error = selection("ExposureF", "amp", Tree::Null).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let error = selection("int", "columns", "a".into()).unwrap_err();
        assert_eq!(error.hint_text(), Some("it takes none"));
    }
}
