//! How text formats spell what they have no word for, and numbers as Python writes them.
//!
//! JSON and YAML have null, booleans, numbers, text, lists and maps. Every other node becomes a map
//! with one key:
//!
//! | node | spelling |
//! | --- | --- |
//! | bytes | `{"$bytes": base64}` |
//! | time | `{"$time": nanoseconds of TAI}` |
//! | array | `{"$array": {"dtype", "shape", "unit"?, "grid"?, "origin"?, "data": base64, little-endian, C order}}` |
//! | table | `{"$table": base64 of an Arrow IPC stream}` |
//! | reference | `{"$ref": {"id", "dataset_type", "data_id", "run"?, "component"?, "parameters"?, "digest"?}}` |
//! | tagged | `{"$tag": {"name", "version", "tree"}}` |
//!
//! A plain map with one such key is written with one more `$` before it, which reading takes off
//! again; so a tree of any shape comes back as it was. Other keys that begin with `$` are left
//! alone, and so is a map whose value has not the form above (`{"$ref": "#/definitions/x"}`).

mod lift;
mod lower;
mod number;

pub(crate) use lift::{lift, lift_ref, read_stream};
pub(crate) use lower::{Lowered, escaped_key, lower, lower_ref};
pub(crate) use number::python_float;

/// The keys of the table above.
const WORDS: [&str; 6] = ["bytes", "time", "array", "table", "ref", "tag"];

/// Whether a key is one of the words behind at least `least` dollars.
fn is_word(key: &str, least: usize) -> bool {
    let word = key.trim_start_matches('$');
    key.len() - word.len() >= least && WORDS.contains(&word)
}
