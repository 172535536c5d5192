//! Adding entries to a configuration file whose other text stays as it is.
//!
//! The edit is made in the text, so that comments, order and style stay; what comes out is read
//! again and must be what was there with the entry added, or nothing is written.

use salver_core::{Error, ErrorKind, Op, Result};
use serde_json::{Map, Value};

use super::merge::merge;
use super::yaml::{dump, parse, tree_of, value_of_with};

const OP: Op = Op("config.add");

/// The text with `value` at a path of keys; `None` where the text's style leaves no place for it
/// (flow style, anchors, tabs), so that a person must add it.
///
/// # Errors
/// [`ErrorKind::Config`] for text that is not YAML.
pub(crate) fn with_entry(
    text: &str,
    path: &[&str],
    value: &Value,
) -> Result<Option<String>> {
    let old = plain_value(text)?;
    let mut wanted = old.clone();
    let nested = path.iter().rev().fold(value.clone(), |inner, key| {
        Value::Object(Map::from_iter([((*key).to_owned(), inner)]))
    });
    merge(&mut wanted, &nested);
    if wanted == old {
        return Ok(Some(text.to_owned()));
    }
    let Some(edited) = inserted(text, path, value)? else { return Ok(None) };
    let made = plain_value(&edited);
    Ok(made.is_ok_and(|made| made == wanted).then_some(edited))
}

/// The lines that a person would add.
///
/// # Errors
/// As rendering.
pub(crate) fn lines(path: &[&str], value: &Value) -> Result<String> {
    let nested = path.iter().rev().fold(value.clone(), |inner, key| {
        Value::Object(Map::from_iter([((*key).to_owned(), inner)]))
    });
    dump(&tree_of(&nested)?)
}

/// The text as a value; what includes stand for does not matter here.
fn plain_value(text: &str) -> Result<Value> {
    let tree = parse(text)
        .map_err(|e| Error::new(ErrorKind::Config, OP, "not a YAML file").caused_by(e))?;
    value_of_with(&tree, &|tree| Ok(Value::String(tree.to_include())))
}

/// An include that is compared by its name.
trait Include {
    fn to_include(&self) -> String;
}

impl Include for salver_tree::Tree {
    fn to_include(&self) -> String {
        format!("!include {}", self.as_str().unwrap_or_default())
    }
}

/// Inserts below the deepest key of the path that is there.
fn inserted(text: &str, path: &[&str], value: &Value) -> Result<Option<String>> {
    let rows: Vec<&str> = text.split_inclusive('\n').collect();
    let mut block = Block { start: 0, end: rows.len(), indent: Some(0) };
    let mut depth = 0;
    for key in path {
        let Some(found) = block.find(&rows, key) else { break };
        block = found;
        depth += 1;
    }
    let rest = path.get(depth..).unwrap_or_default();
    if rest.is_empty() {
        return Ok(None);
    }
    let indent = block.indent.unwrap_or(2 * depth);
    let mut new = String::new();
    for line in lines(rest, value)?.lines() {
        new.push_str(&" ".repeat(indent));
        new.push_str(line);
        new.push('\n');
    }
    let mut out = rows.get(..block.last(&rows)).unwrap_or_default().concat();
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(&new);
    out.push_str(&rows.get(block.last(&rows)..).unwrap_or_default().concat());
    Ok(Some(out))
}

/// The lines of one mapping in block style.
struct Block {
    start: usize,
    end: usize,
    /// Blanks before its keys; `None` for one without entries.
    indent: Option<usize>,
}

impl Block {
    /// The mapping under a key of this one.
    fn find(&self, rows: &[&str], key: &str) -> Option<Self> {
        let indent = self.indent?;
        let at = (self.start..self.end).find(|&i| {
            let row = rows.get(i).copied().unwrap_or_default();
            blanks(row) == indent && key_of(row) == Some(key)
        })?;
        let after = at + 1..self.end;
        let below = |i: &usize| {
            let row = rows.get(*i).copied().unwrap_or_default();
            is_text(row) && blanks(row) <= indent
        };
        let end = after.clone().find(below).unwrap_or(self.end);
        let first = (at + 1..end).find(|&i| rows.get(i).is_some_and(|r| is_text(r)));
        let indent = first.and_then(|i| rows.get(i)).map(|r| blanks(r));
        Some(Self { start: at + 1, end, indent })
    }

    /// After its last line with text.
    fn last(&self, rows: &[&str]) -> usize {
        let text = |i: &usize| rows.get(*i).is_some_and(|r| is_text(r));
        (self.start..self.end).rev().find(text).map_or(self.start, |i| i + 1)
    }
}

fn blanks(row: &str) -> usize {
    row.len() - row.trim_start_matches(' ').len()
}

fn is_text(row: &str) -> bool {
    let row = row.trim();
    !row.is_empty() && !row.starts_with('#')
}

/// The key of a line `key:` with nothing but a comment after it.
fn key_of(row: &str) -> Option<&str> {
    let (key, rest) = row.trim().split_once(':')?;
    let rest = rest.trim();
    let plain = rest.is_empty() || rest.starts_with('#');
    plain.then(|| key.trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn edited(text: &str) -> Option<String> {
        with_entry(text, &["storageClasses", "Tree"], &json!({"pytype": "object"}))
            .unwrap()
    }

    #[test]
    fn an_entry_is_added_and_the_rest_stays() {
        let text = "# mine\nregistry:\n  db: sqlite:///<butlerRoot>/x # here\n";
        let expected = format!("{text}storageClasses:\n  Tree:\n    pytype: object\n");
        assert_eq!(edited(text).unwrap(), expected);
        assert_eq!(edited(&expected).unwrap(), expected);
        let added = "storageClasses:\n  Tree:\n    pytype: object\n";
        assert_eq!(edited("a: 1").unwrap(), format!("a: 1\n{added}"));
    }

    #[test]
    fn an_entry_goes_among_its_neighbours_in_their_style() {
        let text = "storageClasses:   # ours\n    A:\n        pytype: dict\n\n\
                    # the rest\ndatastore: {root: x}\n";
        let expected = "storageClasses:   # ours\n    A:\n        pytype: dict\n    \
                        Tree:\n      pytype: object\n\n# the rest\ndatastore: {root: x}\n";
        assert_eq!(edited(text).unwrap(), expected);
        let empty = "storageClasses:\ndatastore:\n  root: x\n";
        let expected =
            "storageClasses:\n  Tree:\n    pytype: object\ndatastore:\n  root: x\n";
        assert_eq!(edited(empty).unwrap(), expected);
    }

    #[test]
    fn a_style_without_a_place_is_left_to_a_person() {
        assert_eq!(edited("storageClasses: {A: {pytype: dict}}\n"), None);
        assert_eq!(edited("{a: 1}\n"), None);
        let other = "storageClasses:\n  Tree:\n    pytype: dict\n";
        assert_eq!(edited(other), None);
        let lines = lines(&["storageClasses", "Tree"], &json!({"pytype": "object"}));
        assert_eq!(lines.unwrap(), "storageClasses:\n  Tree:\n    pytype: object\n");
    }

    #[test]
    fn includes_stay() {
        let text = "datastore: !include other.yaml\n";
        assert!(edited(text).unwrap().starts_with(text));
    }
}
