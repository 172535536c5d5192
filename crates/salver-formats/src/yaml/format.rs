//! YAML as a format.

use std::sync::Arc;

use salver_core::{ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{
    Capabilities, EncodeOptions, Format, PartIndex, Select, Sink, Source, Tree,
};

use super::emit::Emitter;
use super::node::parse;
use super::tree::build;
use crate::document;

/// The format `yaml`; see the module's docs for what it reads and writes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Yaml;

/// Reads a document as `PyYAML`'s `safe_load` does; an empty text is null.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where the text is not YAML, with line and column; as [`super::build`].
pub fn to_tree(text: &str) -> Result<Tree> {
    match parse(text)? {
        Some(node) => build(&node, text.len()),
        None => Ok(Tree::Null),
    }
}

/// Writes a document as `PyYAML`'s `safe_dump(sort_keys=False)` does.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for a tree nested deeper than 512 levels; as the source's of a lazy
/// node.
pub fn from_tree(tree: &Tree) -> Result<String> {
    Emitter::document(tree, None)
}

/// The text of a document in which `!` stands for `handle`.
///
/// # Errors
/// As [`from_tree`].
pub(crate) fn with_handle(tree: &Tree, handle: &'static str) -> Result<String> {
    Emitter::document(tree, Some(handle))
}

impl Format for Yaml {
    fn name(&self) -> &'static str {
        "yaml"
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
        let op = Op("yaml.encode");
        document::refuse_compression(op, options)?;
        document::refuse_extra(op, options)?;
        let text = from_tree(tree)?;
        sink.write(text.as_bytes())?;
        Ok(document::index("yaml", text.len() as u64))
    }

    fn index(&self, source: &Arc<dyn Source>) -> Result<PartIndex> {
        Ok(document::index("yaml", source.len()))
    }

    fn decode(
        &self,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Tree> {
        index.admit(Op("yaml.decode"), select)?;
        let bytes = document::bytes(source)?;
        let text = std::str::from_utf8(&bytes)
            .op(
                ErrorKind::Corrupt,
                Op("yaml.decode"),
                "not YAML: the bytes are not UTF-8",
            )
            .and_then(to_tree)
            .map_err(|e| e.with("source", source.name()))?;
        document::select(text, select)
    }
}
