//! Nodes with tag, style and place.

use std::collections::HashMap;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use crate::buffer::no_panic;
use crate::document::{MAX_DEPTH, too_deep};

const OP: Op = Op("yaml.parse");

/// How a node is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A scalar without quotes: only this resolves to other types than text.
    Plain,
    /// A scalar in quotes or a block scalar.
    Quoted,
    /// A list or a map.
    Collection,
}

/// What a node holds. An alias shares the node that it names.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Text, as yet unresolved.
    Scalar(String),
    /// A list.
    Sequence(Vec<Arc<Node>>),
    /// A map: keys and values in order, equal keys and merges as they stand.
    Mapping(Vec<(Arc<Node>, Arc<Node>)>),
}

/// A node of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it holds.
    pub content: Content,
    /// The full tag where one is written: `!uuid`, `tag:yaml.org,2002:binary`, ….
    pub tag: Option<String>,
    /// How it is written.
    pub style: Style,
    /// The line of its begin, from 1.
    pub line: usize,
    /// The column of its begin, from 1, in characters.
    pub column: usize,
}

impl Node {
    /// Adds the node's place to an error.
    pub(super) fn place(&self, error: Error) -> Error {
        error.with("line", self.line).with("column", self.column)
    }
}

/// Reads a stream of one document; `None` where there is none.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where the text is not YAML, is nested deeper than 512 levels or holds a
/// second document, with line and column; [`ErrorKind::Unsupported`] for a node within itself.
pub fn parse(text: &str) -> Result<Option<Arc<Node>>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    no_panic(OP, || Composer::new(text).document())?
}

/// A collection that is not complete.
struct Open {
    anchor: usize,
    node: Node,
    /// The key of a map whose value comes next.
    key: Option<Arc<Node>>,
}

struct Composer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    open: Vec<Open>,
    anchors: HashMap<usize, Arc<Node>>,
    root: Option<Arc<Node>>,
}

impl<'a> Composer<'a> {
    fn new(text: &'a str) -> Self {
        let parser = Parser::new_from_str(text);
        Self { parser, open: Vec::new(), anchors: HashMap::new(), root: None }
    }

    fn document(mut self) -> Result<Option<Arc<Node>>> {
        while let Some(event) = self.parser.next_event() {
            let (event, span) = event.map_err(|e| {
                let message = format!("not YAML: {}", e.info());
                let (line, column) = (e.marker().line(), e.marker().col() + 1);
                let error = Error::new(ErrorKind::Corrupt, OP, message).caused_by(e);
                error.with("line", line).with("column", column)
            })?;
            self.event(event, span)?;
        }
        Ok(self.root)
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let style = if style == ScalarStyle::Plain {
                    Style::Plain
                } else {
                    Style::Quoted
                };
                let content = Content::Scalar(text.into_owned());
                self.complete(node(content, tag.as_deref(), style, &span), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.start(Content::Sequence(Vec::new()), tag.as_deref(), &span, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.start(Content::Mapping(Vec::new()), tag.as_deref(), &span, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.complete(open.node, open.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).map(Arc::clone);
                let known = known.ok_or_else(|| {
                    let message = "an alias to a node that is not complete";
                    placed(Error::new(ErrorKind::Unsupported, OP, message), &span)
                })?;
                self.attach(known)
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                let message = "a second document in the stream";
                Err(placed(Error::new(ErrorKind::Corrupt, OP, message), &span))
            }
            _ => Ok(()),
        }
    }

    fn start(
        &mut self,
        content: Content,
        tag: Option<&Tag>,
        span: &Span,
        anchor: usize,
    ) -> Result<()> {
        if self.open.len() >= MAX_DEPTH {
            return Err(placed(too_deep(ErrorKind::Corrupt, OP), span));
        }
        let node = node(content, tag, Style::Collection, span);
        self.open.push(Open { anchor, node, key: None });
        Ok(())
    }

    fn complete(&mut self, node: Node, anchor: usize) -> Result<()> {
        let node = Arc::new(node);
        if anchor > 0 {
            self.anchors.insert(anchor, Arc::clone(&node));
        }
        self.attach(node)
    }

    fn attach(&mut self, node: Arc<Node>) -> Result<()> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.node.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping(pairs) => match open.key.take() {
                Some(key) => pairs.push((key, node)),
                None => open.key = Some(node),
            },
            Content::Scalar(_) => {
                return Err(Error::new(
                    ErrorKind::Internal,
                    OP,
                    "a scalar holds no nodes",
                ));
            }
        }
        Ok(())
    }
}

fn node(content: Content, tag: Option<&Tag>, style: Style, span: &Span) -> Node {
    let tag = tag.map(|tag| format!("{}{}", tag.handle, tag.suffix));
    Node { content, tag, style, line: span.start.line(), column: span.start.col() + 1 }
}

fn placed(error: Error, span: &Span) -> Error {
    error.with("line", span.start.line()).with("column", span.start.col() + 1)
}
