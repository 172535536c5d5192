//! JSON as a format.

use std::sync::Arc;

use salver_core::{ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{
    Capabilities, EncodeOptions, Format, PartIndex, Select, Sink, Source, Tree,
};

use super::read::Parser;
use super::write::{Separators, Writer};
use crate::document;

/// The format `json`; see the module's docs for what it reads and writes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

impl Json {
    /// Reads a document.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the text is not JSON, with the byte it stops at;
    /// [`ErrorKind::Unsupported`] for a whole number outside of −2⁶³ … 2⁶⁴−1.
    pub fn parse(text: &str) -> Result<Tree> {
        Parser::new(text).document()
    }

    /// Writes a document with Python's default separators.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a tree nested deeper than 512 levels; as the source's of a
    /// lazy node.
    pub fn render(tree: &Tree) -> Result<String> {
        Writer::new(Separators::Python).document(tree)
    }

    /// Writes a document without blanks.
    ///
    /// # Errors
    /// As [`Json::render`].
    pub fn render_compact(tree: &Tree) -> Result<String> {
        Writer::new(Separators::Compact).document(tree)
    }
}

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn capabilities(&self) -> Capabilities {
        document::CAPABILITIES
    }

    fn encode(
        &self,
        tree: &Tree,
        options: &EncodeOptions,
        sink: &mut dyn Sink,
    ) -> Result<PartIndex> {
        let op = Op("json.encode");
        document::refuse_compression(op, options)?;
        let mut separators = Separators::Python;
        for (key, value) in &options.extra {
            separators = match (key.as_str(), value.as_str()) {
                ("separators", "python") => Separators::Python,
                ("separators", "compact") => Separators::Compact,
                _ => {
                    let error = document::unknown_option(op, key, value);
                    return Err(error.hint("`separators` is `python` or `compact`"));
                }
            };
        }
        let text = Writer::new(separators).document(tree)?;
        sink.write(text.as_bytes())?;
        Ok(document::index("json", text.len() as u64))
    }

    fn index(&self, source: &Arc<dyn Source>) -> Result<PartIndex> {
        Ok(document::index("json", source.len()))
    }

    fn decode(
        &self,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Tree> {
        index.admit(Op("json.decode"), select)?;
        let bytes = document::bytes(source)?;
        let text = std::str::from_utf8(&bytes).op(
            ErrorKind::Corrupt,
            Op("json.decode"),
            "not JSON: the bytes are not UTF-8",
        );
        let text = text.map_err(|e| e.with("source", source.name()))?;
        let tree =
            Self::parse(text).map_err(|error| error.with("source", source.name()))?;
        document::select(tree, select)
    }
}
