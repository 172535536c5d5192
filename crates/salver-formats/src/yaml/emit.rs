//! Writing collections: block style, as `PyYAML` lays it out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_core::{ErrorKind, Op, Result};
use salver_tree::{Map, Tagged, Tree};

use super::analyze::{Quotes, is_simple_key, quotes};
use super::{time, tree::CORE};
use crate::document::{MAX_DEPTH, too_deep};
use crate::plain::{Lowered, escaped_key, lower, python_float};

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Item,
    /// The value of a map, or a key of its own line.
    Value,
}

/// Writes one document. Indentation is in characters.
#[derive(Debug)]
pub(super) struct Emitter {
    out: String,
    /// Characters on the line.
    pub(super) column: usize,
    /// Whether what was written last is white space, as at the begin of a line.
    pub(super) whitespace: bool,
    /// Whether only indentation and indicators are on the line.
    pub(super) indention: bool,
    /// Indentation of the collection that is written; `None` outside of any.
    indent: Option<usize>,
    depth: usize,
    /// A plain scalar at the root ends with `...`.
    open_ended: bool,
    /// What `!` stands for in the document, if not itself.
    handle: Option<&'static str>,
}

impl Emitter {
    /// The text of a tree.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a tree nested deeper than 512 levels; as the source's of a
    /// lazy node.
    pub(super) fn document(tree: &Tree, handle: Option<&'static str>) -> Result<String> {
        let mut emitter = Self {
            out: String::new(),
            column: 0,
            whitespace: true,
            indention: true,
            indent: None,
            depth: 0,
            open_ended: false,
            handle,
        };
        emitter.node(tree, Place::Root)?;
        emitter.new_line();
        if emitter.open_ended {
            emitter.out.push_str("...\n");
        }
        Ok(emitter.out)
    }

    /// Writes text without a break in it.
    pub(super) fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    /// An indicator, with a blank before it where one is needed.
    pub(super) fn indicator(&mut self, text: &str, blank: bool) {
        if blank && !self.whitespace {
            self.put(" ");
        }
        self.put(text);
        self.whitespace = false;
        self.indention = false;
    }

    /// `-`, `?` or `:` at the begin of a line: what follows may stand on the same line.
    fn leader(&mut self, text: &str) {
        let indention = self.indention;
        self.indicator(text, true);
        self.indention = indention;
    }

    pub(super) fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
        self.whitespace = true;
        self.indention = true;
    }

    /// Goes to the indentation, on a new line unless the line has only indentation.
    pub(super) fn new_line(&mut self) {
        let indent = self.indent.unwrap_or(0);
        let full = self.column == indent && !self.whitespace;
        if !self.indention || self.column > indent || full {
            self.line_break();
        }
        if self.column < indent {
            self.whitespace = true;
            let blanks = " ".repeat(indent - self.column);
            self.put(&blanks);
        }
    }

    /// Runs with a deeper indentation.
    fn deeper(
        &mut self,
        indent: usize,
        write: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        if self.depth >= MAX_DEPTH {
            return Err(too_deep(ErrorKind::Unsupported, Op("yaml.encode")));
        }
        let before = self.indent.replace(indent);
        self.depth += 1;
        write(self)?;
        self.depth -= 1;
        self.indent = before;
        Ok(())
    }

    fn node(&mut self, node: &Tree, place: Place) -> Result<()> {
        match node {
            Tree::Null => self.word("null", place),
            Tree::Bool(true) => self.word("true", place),
            Tree::Bool(false) => self.word("false", place),
            Tree::Int(number) => self.word(&number.to_string(), place),
            Tree::Float(number) => self.word(&float(*number), place),
            Tree::Str(text) => self.text(text, place),
            Tree::Bytes(bytes) => self.binary(bytes),
            Tree::Time(ns) => self.tagged_text(time::TAG, &time::render(*ns)?),
            Tree::List(items) => self.list(items, place),
            Tree::Map(map) => self.map(map),
            Tree::Tagged(tagged) if tagged.version == 0 => self.foreign(tagged, place),
            special => self.special(special, place),
        }
    }

    /// Scalars continue two characters deeper than the collection that they are in.
    fn scalar(&mut self, write: impl FnOnce(&mut Self)) -> Result<()> {
        let indent = self.indent.map_or(2, |indent| indent + 2);
        self.deeper(indent, |e| {
            write(e);
            Ok(())
        })
    }

    fn word(&mut self, word: &str, place: Place) -> Result<()> {
        self.open_ended |= place == Place::Root;
        self.scalar(|e| e.plain(word, true))
    }

    fn text(&mut self, text: &str, place: Place) -> Result<()> {
        let style = quotes(text);
        self.open_ended |= place == Place::Root && style == Quotes::None;
        self.scalar(|e| match style {
            Quotes::None => e.plain(text, true),
            Quotes::Single => e.single(text, true),
            Quotes::Double => e.double(text, true),
        })
    }

    /// `!!binary` and a block of lines of 76 characters.
    fn binary(&mut self, bytes: &[u8]) -> Result<()> {
        let encoded = STANDARD.encode(bytes);
        self.indicator("!!binary", true);
        self.scalar(|e| {
            if encoded.is_empty() {
                return e.double("", false);
            }
            e.indicator("|", true);
            for line in encoded.as_bytes().chunks(76) {
                e.new_line();
                e.put(&line.iter().map(|&b| char::from(b)).collect::<String>());
                e.whitespace = false;
                e.indention = false;
            }
        })
    }

    fn tagged_text(&mut self, tag: &str, text: &str) -> Result<()> {
        let style = match quotes(text) {
            Quotes::None => Quotes::Single,
            other => other,
        };
        self.indicator(&tag_text(tag, self.handle), true);
        self.scalar(|e| match style {
            Quotes::Double => e.double(text, true),
            _ => e.single(text, true),
        })
    }

    /// A node with a tag of YAML's.
    fn foreign(&mut self, tagged: &Tagged, place: Place) -> Result<()> {
        // tags that mean something else here
        let name = tagged.name.as_str();
        let known = !name.is_ascii()
            || name.starts_with(CORE)
            || matches!(name, "" | "!" | time::TAG);
        let timestamp = name.strip_prefix(CORE) == Some("timestamp");
        match &tagged.tree {
            Tree::Str(text) if timestamp && is_timestamp(text) => self.word(text, place),
            Tree::Str(text) if !known => self.tagged_text(name, text),
            tree @ (Tree::List(_) | Tree::Map(_)) if !known => {
                self.indicator(&tag_text(&tagged.name, self.handle), true);
                self.node(tree, place)
            }
            _ => self.special(&Tree::Tagged(Box::new(tagged.clone())), place),
        }
    }

    fn special(&mut self, node: &Tree, place: Place) -> Result<()> {
        match lower(node)? {
            Lowered::Plain => self.word("null", place),
            Lowered::One(key, value) => self.entries(&[(key, &value)]),
            Lowered::Tag(tagged) => {
                let (name, version) =
                    (Tree::from(tagged.name.as_str()), Tree::Int(tagged.version.into()));
                let fields =
                    [("name", &name), ("version", &version), ("tree", &tagged.tree)];
                let indent = self.indent.map_or(0, |indent| indent + 2);
                self.deeper(indent, |e| {
                    e.new_line();
                    e.key("$tag")?;
                    e.entries(&fields)
                })
            }
        }
    }

    fn list(&mut self, items: &[Tree], place: Place) -> Result<()> {
        if items.is_empty() {
            self.indicator("[", true);
            self.indicator("]", false);
            return Ok(());
        }
        // a list under its key on a line of its own is not indented
        let step = if place == Place::Value && !self.indention { 0 } else { 2 };
        let indent = self.indent.map_or(0, |indent| indent + step);
        self.deeper(indent, |e| {
            items.iter().try_for_each(|item| {
                e.new_line();
                e.leader("-");
                e.node(item, Place::Item)
            })
        })
    }

    fn map(&mut self, map: &Map) -> Result<()> {
        if map.is_empty() {
            self.indicator("{", true);
            self.indicator("}", false);
            return Ok(());
        }
        let escaped = escaped_key(map);
        let named = |key| escaped.as_deref().unwrap_or(key);
        let entries: Vec<(&str, &Tree)> =
            map.iter().map(|(key, value)| (named(key), value)).collect();
        self.entries(&entries)
    }

    fn entries(&mut self, entries: &[(&str, &Tree)]) -> Result<()> {
        let indent = self.indent.map_or(0, |indent| indent + 2);
        self.deeper(indent, |e| {
            entries.iter().try_for_each(|(key, value)| {
                e.new_line();
                e.key(key)?;
                e.node(value, Place::Value)
            })
        })
    }

    /// A key and its colon.
    fn key(&mut self, key: &str) -> Result<()> {
        if is_simple_key(key) {
            match quotes(key) {
                Quotes::None => self.plain(key, false),
                Quotes::Single => self.single(key, false),
                Quotes::Double => self.double(key, false),
            }
            self.indicator(":", false);
            return Ok(());
        }
        self.leader("?");
        self.text(key, Place::Value)?;
        self.new_line();
        self.leader(":");
        Ok(())
    }
}

fn is_timestamp(text: &str) -> bool {
    super::resolve::resolve(text) == super::resolve::Resolved::Timestamp
}

/// A number as `PyYAML` writes it: Python's digits, always with a point.
fn float(number: f64) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-.inf" } else { ".inf" }.to_owned();
    }
    let mut out = String::new();
    python_float(number, &mut out);
    if out.contains('.') { out } else { out.replacen('e', ".0e", 1) }
}

/// A tag as it is written: with a handle where there is one, else between angles.
fn tag_text(tag: &str, handle: Option<&str>) -> String {
    let allowed =
        |b: u8| b.is_ascii_alphanumeric() || b"-;/?:@&=+$,_.~*'()[]".contains(&b);
    let encode = |text: &str, more: bool| {
        let mut out = String::new();
        for byte in text.bytes() {
            if allowed(byte) || (more && byte == b'!') {
                out.push(char::from(byte));
            } else {
                let digit = |n: u8| char::from_digit(n.into(), 16).unwrap_or('0');
                out.push('%');
                out.extend([byte >> 4, byte & 15].map(|n| digit(n).to_ascii_uppercase()));
            }
        }
        out
    };
    if tag == "!" {
        return tag.to_owned();
    }
    if let Some(suffix) = tag.strip_prefix(CORE).filter(|suffix| !suffix.is_empty()) {
        return format!("!!{}", encode(suffix, true));
    }
    let local = handle.unwrap_or("!");
    match tag.strip_prefix(local).filter(|suffix| !suffix.is_empty()) {
        Some(suffix) => format!("!{}", encode(suffix, false)),
        None => format!("!<{}>", encode(tag, true)),
    }
}
