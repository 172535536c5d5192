//! The text at the begin of a file: comments, and one YAML document. Source: ASDF standard 1.6 §3.2.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Place, Source, Tree};

use crate::yaml;

const OP: Op = Op("asdf.header");
/// The first bytes of every file.
pub(super) const MAGIC: &[u8] = b"#ASDF ";
/// The first read; most trees are smaller.
const PIECE: u64 = 64 << 10;

/// Where the text is: from the first byte through the line that ends the document.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where the file does not begin as ASDF; as the source's.
pub(super) fn find(source: &Arc<dyn Source>) -> Result<Place> {
    let length = source.len();
    let mut text: Vec<u8> = Vec::new();
    let mut piece = PIECE;
    loop {
        let from = text.len() as u64;
        let more = source.read(&[from..length.min(from.saturating_add(piece))])?;
        let more = more.first().map(AsRef::as_ref).unwrap_or_default();
        let searched = text.len().saturating_sub(6);
        text.extend_from_slice(more);
        if !text.starts_with(MAGIC) {
            let message = "the file does not begin with `#ASDF `";
            return Err(Error::new(ErrorKind::Corrupt, OP, message).with("offset", 0));
        }
        if let Some(end) = end_of_document(&text, searched) {
            return Ok(Place { offset: 0, len: end as u64 });
        }
        if text.len() as u64 >= length || more.is_empty() {
            return Ok(Place { offset: 0, len: length });
        }
        piece = piece.saturating_mul(2);
    }
}

/// The end of the first line `...` at or after `from`, its line break included.
fn end_of_document(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let found = text
            .get(at..)?
            .windows(5)
            .position(|w| matches!(w, [b'\n', b'.', b'.', b'.', b'\n' | b'\r']))?;
        let end = at + found + 5;
        match (text.get(end - 1), text.get(end)) {
            (Some(b'\r'), Some(b'\n')) => return Some(end + 1),
            (Some(b'\n'), _) => return Some(end),
            _ => at = end,
        }
    }
}

/// The tree that the text holds, as plain nodes and tags; null where there is no document.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where it is not YAML, with line and column.
pub(super) fn parse(bytes: &[u8]) -> Result<Tree> {
    let text = std::str::from_utf8(bytes);
    let text = text.op(ErrorKind::Corrupt, OP, "the tree is not UTF-8")?;
    yaml::to_tree(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_ends_with_a_line_of_three_points() {
        assert_eq!(end_of_document(b"a: ...\n...\nx", 0), Some(11));
        assert_eq!(end_of_document(b"a\n...b\n...\r\nx", 0), Some(12));
        assert_eq!(end_of_document(b"a\n...", 0), None);
    }
}
