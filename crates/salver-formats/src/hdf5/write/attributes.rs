//! Attributes that were read, as attributes again: the maps under keys with `@`.

use salver_tree::{DType, Map, Tree};

use super::message;
use super::plan::{Attributes, Value};
use crate::hdf5::marks::UNITS;

/// Bytes of an attribute that is an array, at most: a message has 64 KiB.
const MOST_ATTRIBUTE: usize = 60_000;

/// The attributes of a group: what the first member is, if it is named `@` and fits.
pub(super) fn of_group(map: &Map) -> Option<Attributes> {
    let (key, node) = map.iter().next()?;
    if key == "@" { attributes(node) } else { None }
}

/// The attributes of a dataset: the member after it, if it is named so and fits.
pub(super) fn of_dataset(
    key: &str,
    node: &Tree,
    next: Option<(&str, &Tree)>,
) -> Option<Attributes> {
    let (name, value) = next?;
    let is_dataset = matches!(
        node,
        Tree::Array(_) | Tree::Bool(_) | Tree::Int(_) | Tree::Float(_) | Tree::Str(_)
    );
    let named = name.strip_suffix('@') == Some(key);
    if is_dataset && named { attributes(value) } else { None }
}

/// All values of a map as attributes; `None` where one would come back as another.
fn attributes(node: &Tree) -> Option<Attributes> {
    let Tree::Map(map) = node else { return None };
    if map.is_empty() {
        return None;
    }
    let each = map.iter().map(|(name, value)| {
        let ours = name.starts_with("SALVER_") || name == UNITS;
        let plain = !name.is_empty() && name.len() < 1000 && !name.contains('\0');
        if ours || !plain { None } else { Some((name.to_owned(), attribute(value)?)) }
    });
    each.collect()
}

fn scalar(dtype: DType, bytes: &[u8]) -> Value {
    let datatype = message::datatype(dtype, bytes.len());
    Value::Items { datatype, space: message::dataspace(&[]), bytes: bytes.to_vec() }
}

fn attribute(value: &Tree) -> Option<Value> {
    Some(match value {
        Tree::Bool(b) => scalar(DType::Bool, &[u8::from(*b)]),
        Tree::Int(i) => match (i64::try_from(*i), u64::try_from(*i)) {
            (Ok(i), _) => scalar(DType::I64, &i.to_ne_bytes()),
            (_, Ok(u)) => scalar(DType::U64, &u.to_ne_bytes()),
            _ => return None,
        },
        Tree::Float(x) => scalar(DType::F64, &x.to_ne_bytes()),
        Tree::Str(s) if !s.ends_with('\0') => Value::Text(s.clone()),
        Tree::List(items) if !items.is_empty() => {
            let text = |item: &Tree| match item {
                Tree::Str(s) if !s.ends_with('\0') => Some(s.clone()),
                _ => None,
            };
            Value::Texts(items.iter().map(text).collect::<Option<_>>()?)
        }
        Tree::Array(array) => {
            let plain = !matches!(array.dtype(), DType::Bytes(_) | DType::Text(_));
            let bare = array.unit().is_none() && array.grid().is_none();
            let here = array.origin().iter().all(|&o| o == 0);
            let rank = array.shape().len();
            let length = array
                .shape()
                .iter()
                .try_fold(array.dtype().size(), |n, &d| n.checked_mul(d));
            let small = length.is_some_and(|n| n <= MOST_ATTRIBUTE);
            if !(plain && bare && here && small && (1..=32).contains(&rank)) {
                return None;
            }
            Value::Items {
                datatype: message::datatype(array.dtype(), array.dtype().size()),
                space: message::dataspace(array.shape()),
                bytes: array.buffer().ok()?.as_slice().to_vec(),
            }
        }
        _ => return None,
    })
}
