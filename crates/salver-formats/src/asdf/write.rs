//! Writing: text, blocks, block index.

use salver_core::Result;
use salver_tree::{EncodeOptions, Sink, Tree};

use super::blocks::{self, Block, HEAD};
use super::codec::{Codec, compress};
use super::lower::{Recipe, lower};
use super::tags;
use crate::yaml;

const HEADER: &str =
    "#ASDF 1.0.0\n#ASDF_STANDARD 1.6.0\n%YAML 1.1\n%TAG ! tag:stsci.edu:asdf/\n--- ";

/// What was written.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) blocks: Vec<Block>,
    pub(super) length: u64,
}

/// Writes a tree.
///
/// # Errors
/// As [`Recipe::parse`], [`lower`] and the sink; as the source's of lazy nodes.
pub(super) fn write(
    tree: &Tree,
    options: &EncodeOptions,
    sink: &mut dyn Sink,
) -> Result<Written> {
    let recipe = Recipe::parse(options)?;
    let (document, payloads) = lower(tree, &recipe)?;
    let body = yaml::with_handle(&document, tags::STANDARD)?;

    let text = format!("{HEADER}{body}...\n");
    sink.write(text.as_bytes())?;
    let mut at = text.len() as u64;
    let mut offsets = Vec::with_capacity(payloads.len());
    let mut written = Vec::with_capacity(payloads.len());
    for payload in payloads {
        let buffer = payload.array.buffer()?;
        let packed = match payload.codec {
            Codec::None => None,
            _ if buffer.is_empty() => None,
            codec => Some(compress(codec, &buffer)?),
        };
        let codec = if packed.is_some() { payload.codec } else { Codec::None };
        let bytes = packed.as_deref().unwrap_or(&buffer);
        let (used, size) = (bytes.len() as u64, buffer.len() as u64);
        sink.write(&blocks::head(codec, used, size))?;
        sink.write(bytes)?;
        offsets.push(at);
        at += HEAD as u64;
        written.push(Block { offset: at, used, size, codec: codec.name().to_owned() });
        at += used;
    }
    if !offsets.is_empty() {
        let index = blocks::index(&offsets);
        sink.write(index.as_bytes())?;
        at += index.len() as u64;
    }
    Ok(Written { text, blocks: written, length: at })
}
