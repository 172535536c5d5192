//! From a tree to text.

use std::borrow::Cow;
use std::fmt::Write as _;

use salver_core::{ErrorKind, Op, Result};
use salver_tree::{Map, Tagged, Tree};

use crate::document::{MAX_DEPTH, too_deep};
use crate::plain::{Lowered, escaped_key, lower, python_float};

/// What stands between items and after keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separators {
    /// `, ` and `: `.
    Python,
    /// `,` and `:`.
    Compact,
}

/// Writes one document.
pub(crate) struct Writer {
    out: String,
    item: &'static str,
    key: &'static str,
    depth: usize,
}

impl Writer {
    pub(crate) fn new(separators: Separators) -> Self {
        let (item, key) = match separators {
            Separators::Python => (", ", ": "),
            Separators::Compact => (",", ":"),
        };
        Self { out: String::with_capacity(128), item, key, depth: 0 }
    }

    /// The text of a tree.
    ///
    /// # Errors
    /// As [`super::Json::render`].
    pub(crate) fn document(mut self, tree: &Tree) -> Result<String> {
        self.node(tree)?;
        Ok(self.out)
    }

    fn node(&mut self, node: &Tree) -> Result<()> {
        match node {
            Tree::Null => self.out.push_str("null"),
            Tree::Bool(true) => self.out.push_str("true"),
            Tree::Bool(false) => self.out.push_str("false"),
            Tree::Int(number) => self.int(*number),
            Tree::Float(number) => float(*number, &mut self.out),
            Tree::Str(text) => quoted(text, &mut self.out),
            Tree::List(items) => return self.nested(|w| w.list(items)),
            Tree::Map(map) => return self.nested(|w| w.map(map)),
            special => return self.nested(|w| w.special(special)),
        }
        Ok(())
    }

    fn nested(&mut self, write: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if self.depth >= MAX_DEPTH {
            return Err(too_deep(ErrorKind::Unsupported, Op("json.encode")));
        }
        self.depth += 1;
        write(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn int(&mut self, number: i128) {
        // the machine's own division is much faster than that of 128 bits
        let written = match i64::try_from(number) {
            Ok(number) => write!(self.out, "{number}"),
            Err(_) => write!(self.out, "{number}"),
        };
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
    }

    fn list(&mut self, items: &[Tree]) -> Result<()> {
        self.out.push('[');
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.out.push_str(self.item);
            }
            self.node(item)?;
        }
        self.out.push(']');
        Ok(())
    }

    fn map(&mut self, map: &Map) -> Result<()> {
        let escaped = escaped_key(map);
        self.out.push('{');
        for (i, (key, value)) in map.iter().enumerate() {
            if i > 0 {
                self.out.push_str(self.item);
            }
            let key = escaped.as_deref().map_or(Cow::Borrowed(key), Cow::Borrowed);
            quoted(&key, &mut self.out);
            self.out.push_str(self.key);
            self.node(value)?;
        }
        self.out.push('}');
        Ok(())
    }

    fn special(&mut self, node: &Tree) -> Result<()> {
        match lower(node)? {
            Lowered::Plain => self.out.push_str("null"),
            Lowered::Tag(tagged) => self.nested(|w| w.tag(tagged))?,
            Lowered::One(key, value) => {
                self.open(key);
                self.node(&value)?;
                self.out.push('}');
            }
        }
        Ok(())
    }

    /// The tree inside is written where it is, without a copy.
    fn tag(&mut self, tagged: &Tagged) -> Result<()> {
        self.open("$tag");
        self.open("name");
        quoted(&tagged.name, &mut self.out);
        for (key, value) in
            [("version", &Tree::Int(tagged.version.into())), ("tree", &tagged.tree)]
        {
            self.out.push_str(self.item);
            quoted(key, &mut self.out);
            self.out.push_str(self.key);
            self.node(value)?;
        }
        self.out.push_str("}}");
        Ok(())
    }

    fn open(&mut self, key: &str) {
        self.out.push('{');
        quoted(key, &mut self.out);
        self.out.push_str(self.key);
    }
}

fn float(number: f64, out: &mut String) {
    if number.is_nan() {
        out.push_str("NaN");
    } else if number.is_infinite() {
        out.push_str(if number < 0.0 { "-Infinity" } else { "Infinity" });
    } else {
        python_float(number, out);
    }
}

/// Text between quotes: only quotes, backslashes and control characters are escaped.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\') {
        let (clean, tail) = rest.split_at(at);
        out.push_str(clean);
        let mut tail = tail.chars();
        match tail.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some('\u{8}') => out.push_str("\\b"),
            Some('\u{c}') => out.push_str("\\f"),
            Some(other) => {
                let written = write!(out, "\\u{:04x}", u32::from(other));
                debug_assert!(written.is_ok(), "writing to a String cannot fail");
            }
            None => {}
        }
        rest = tail.as_str();
    }
    out.push_str(rest);
    out.push('"');
}
