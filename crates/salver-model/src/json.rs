//! What the JSON forms of Gen3 share (Gen3 format §15).

use salver_core::{Error, ErrorKind, Op, Result};
use serde_json::{Map, Value as Json};

use crate::DataValue;

pub(crate) fn wrong(op: Op, message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, op, message)
}

pub(crate) fn object(op: Op, value: &Json) -> Result<&Map<String, Json>> {
    value
        .as_object()
        .ok_or_else(|| wrong(op, "expected a JSON object").with("found", kind(value)))
}

pub(crate) fn text<'a>(
    op: Op,
    map: &'a Map<String, Json>,
    key: &'static str,
) -> Result<&'a str> {
    map.get(key).and_then(Json::as_str).ok_or_else(|| {
        let found = map.get(key).map_or("nothing", kind);
        wrong(op, "expected a string").with("key", key).with("found", found)
    })
}

pub(crate) fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// A dimension value.
#[must_use]
pub(crate) fn from_data_value(value: &DataValue) -> Json {
    match value {
        DataValue::Int(i) => Json::from(*i),
        DataValue::Str(s) => Json::from(&**s),
    }
}

/// A dimension value; `None` where it is neither a whole number nor text.
#[must_use]
pub(crate) fn to_data_value(value: &Json) -> Option<DataValue> {
    match value {
        Json::String(s) => Some(DataValue::from(s.as_str())),
        Json::Number(n) => n.as_i64().map(DataValue::Int),
        _ => None,
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n & 15)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(*b)]).collect()
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|p| Some(digit(*p.first()?)? << 4 | digit(*p.get(1)?)?)).collect()
}
