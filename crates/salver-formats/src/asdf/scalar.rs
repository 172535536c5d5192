//! Scalars with a tag: complex and large whole numbers, times. Source: ASDF standard 1.6, schemas
//! `core/complex`, `core/integer` and `time/time`.

use arrow_buffer::Buffer;
use jiff::civil::{Date, DateTime};
use salver_tree::{Array, DType, Tree};

use super::inline;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// The value of `1+2j` as an array without axes.
pub(super) fn complex(node: &Tree) -> Option<Array> {
    let Tree::Str(text) = node else { return None };
    let text = text.trim().trim_start_matches('(').trim_end_matches(')');
    let text = text.strip_suffix(['j', 'J', 'i', 'I'])?;
    // the sign between the parts is one that follows neither an exponent nor the begin
    let signs = text.char_indices().rev().filter(|(_, c)| matches!(c, '+' | '-'));
    let mut cuts = signs.filter_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back()?;
        (!matches!(before, 'e' | 'E')).then_some(at)
    });
    let (real, imaginary) = match cuts.next() {
        Some(at) => text.split_at(at),
        None => ("0", text),
    };
    let parts = vec![real.parse::<f64>().ok()?, imaginary.parse::<f64>().ok()?];
    Array::new(DType::C128, vec![], Buffer::from_vec(parts)).ok()
}

/// The number of `words` of 32 bits, the lowest first, and a sign; `None` where a tree has no such.
pub(super) fn integer(node: &Tree) -> Option<i128> {
    let map = node.as_map()?;
    // the words may be in a block; the text beside them says the same
    if let Some(Tree::Str(text)) = map.get("string")
        && let Ok(number) = text.parse()
    {
        return Tree::int(number).ok().map(|_| number);
    }
    let words = match map.get("words")? {
        Tree::Tagged(t) => &t.tree,
        other => other,
    };
    let (data, datatype) = match words {
        Tree::Map(fields) => (fields.get("data")?, fields.get("datatype")),
        list => (list, None),
    };
    let words = inline::array(data, datatype).ok()??;
    let words: Vec<i128> = match (words.dtype(), words.buffer().ok()?) {
        (DType::U32, buffer) => {
            buffer.typed_data::<u32>().iter().map(|&n| i128::from(n)).collect()
        }
        (DType::I64, buffer) => {
            buffer.typed_data::<i64>().iter().map(|&n| i128::from(n)).collect()
        }
        _ => return None,
    };
    if words.len() > 3 || words.iter().any(|&n| n < 0 || n > i128::from(u32::MAX)) {
        return None;
    }
    let value = words.iter().rev().fold(0_i128, |n, &word| n << 32 | word);
    let value = if map.get("sign")?.as_str()? == "-" { -value } else { value };
    Tree::int(value).ok().map(|_| value)
}

/// The nanoseconds of a time of TAI as ISO text; `None` for other scales and formats.
pub(super) fn time(node: &Tree) -> Option<i64> {
    let map = node.as_map()?;
    let known = |key| matches!(key, "value" | "scale" | "format" | "base_format");
    if map.keys().any(|key| !known(key)) || map.get("scale")?.as_str()? != "tai" {
        return None;
    }
    let format =
        |key| map.get(key).is_none_or(|f| matches!(f.as_str(), Some("isot" | "iso")));
    if !format("format") || !format("base_format") {
        return None;
    }
    let time: DateTime = map.get("value")?.as_str()?.parse().ok()?;
    i64::try_from(time.duration_since(EPOCH.into()).as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complex_numbers_are_read() {
        let parts = |text: &str| {
            let array = complex(&Tree::from(text)).unwrap();
            array.buffer().unwrap().typed_data::<f64>().to_vec()
        };
        assert_eq!(parts("(1+2j)"), [1.0, 2.0]);
        assert_eq!(parts("-1e-5-2e+3j"), [-1e-5, -2e3]);
        assert_eq!(parts("3j"), [0.0, 3.0]);
        assert!(complex(&Tree::from("1+2")).is_none());
    }
}
