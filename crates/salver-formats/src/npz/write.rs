//! Writing an archive.

use flate2::Crc;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{EncodeOptions, Map, PartIndex, Sink, Tree};

use super::format::index_of;
use super::zip::{self, DEFLATED, Member, STORED};
use crate::deflate;
use crate::npy::{Header, header_of, run_of};

const OP: Op = Op("npz.encode");
/// Names that a caller may ask for.
pub(super) const COMPRESSIONS: &[&str] = &["none", "deflate"];

/// Writes a map of arrays, and gives the index.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for unknown compressions; as the sink's and lazy arrays' sources'.
pub(super) fn write(
    map: &Map,
    options: &EncodeOptions,
    sink: &mut dyn Sink,
) -> Result<PartIndex> {
    let method = match options.compression.as_deref() {
        None | Some("none") => STORED,
        Some("deflate") => DEFLATED,
        Some(other) => {
            let message = "a compression that the format does not have";
            return Err(Error::new(ErrorKind::Unsupported, OP, message)
                .with("compression", other)
                .hint(format!("the format has {}", COMPRESSIONS.join(", "))));
        }
    };
    let long = map.keys().find(|key| key.len() + 4 > usize::from(u16::MAX));
    if let Some(key) = long {
        let message = "a key too long for a name in a zip archive";
        let error = Error::new(ErrorKind::Unsupported, OP, message);
        return Err(error.with("node", format_args!("/{key}")));
    }
    let mut at = 0;
    let mut listed = Vec::with_capacity(map.len());
    let mut found = Vec::with_capacity(map.len());
    for (key, node) in map.iter() {
        let Tree::Array(array) = node else { continue };
        let buffer = array.buffer()?;
        let head = header_of(array);
        let mut crc = Crc::new();
        crc.update(&head);
        crc.update(&buffer);
        let packed = match method {
            DEFLATED => Some(deflate::raw(&head, &buffer, 6)?),
            _ => None,
        };
        let size = (head.len() + buffer.len()) as u64;
        let mut member = Member {
            name: format!("{key}.npy"),
            method,
            crc: crc.sum(),
            offset: at,
            packed: packed.as_ref().map_or(size, |packed| packed.len() as u64),
            size,
        };
        let local = zip::local(&member);
        sink.write(&local)?;
        if let Some(packed) = &packed {
            sink.write(packed)?;
        } else {
            sink.write(&head)?;
            sink.write(&buffer)?;
        }
        let place =
            salver_tree::Place { offset: head.len() as u64, len: buffer.len() as u64 };
        listed.push(member.clone());
        member.offset += local.len() as u64;
        at = member.offset + member.packed;
        found.push((member, Some(Header::Array(run_of(array, place)))));
    }
    let directory = zip::directory_of(&listed, at);
    sink.write(&directory)?;
    index_of(found, at + directory.len() as u64)
}
