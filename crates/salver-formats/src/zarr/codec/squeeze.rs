//! Codecs from bytes to bytes.

use std::io::{Read, Write as _};

use flate2::Compression;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::GzEncoder;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};

use super::{blosc, crc32c};

const OP: Op = Op("zarr.codec");

/// A codec from bytes to bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// RFC 1952, at a level of 0 … 9.
    Gzip(u32),
    /// RFC 1950.
    Zlib,
    /// RFC 1951: a member that the archive compressed.
    Deflate,
    /// RFC 8878, at a level of −131072 … 22, with or without a checksum.
    Zstd(i32, bool),
    /// Version 1 of blosc's container.
    Blosc,
    /// An LZ4 block behind its length.
    Lz4,
    /// A checksum behind the bytes.
    Crc32c,
}

pub(super) fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

/// Decompressors that are used again.
#[derive(Default)]
pub(crate) struct Tools {
    zstd: Option<zstd::bulk::Decompressor<'static>>,
    squeeze: Option<((i32, bool), zstd::bulk::Compressor<'static>)>,
}

impl Codec {
    /// The name in metadata, for the index.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip(_) => "gzip",
            Self::Zlib => "zlib",
            Self::Deflate => "deflate",
            Self::Zstd(..) => "zstd",
            Self::Blosc => "blosc",
            Self::Lz4 => "lz4",
            Self::Crc32c => "crc32c",
        }
    }

    /// Decodes into exactly `out`.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the bytes are damaged or of another length.
    pub(crate) fn decode_into(
        self,
        data: &[u8],
        out: &mut [u8],
        tools: &mut Tools,
    ) -> Result<()> {
        match self {
            Self::Zstd(..) => {
                let tool = match &mut tools.zstd {
                    Some(tool) => tool,
                    none => none.insert(zstd::bulk::Decompressor::new().op(
                        ErrorKind::Internal,
                        OP,
                        "no zstd decompressor",
                    )?),
                };
                let made = tool.decompress_to_buffer(data, out);
                let made = made.op(ErrorKind::Corrupt, OP, "a damaged zstd chunk")?;
                if made == out.len() { Ok(()) } else { Err(wrong_length(out.len())) }
            }
            Self::Gzip(_) => exactly(MultiGzDecoder::new(data), out),
            Self::Zlib => exactly(ZlibDecoder::new(data), out),
            Self::Deflate => exactly(DeflateDecoder::new(data), out),
            Self::Blosc | Self::Lz4 | Self::Crc32c => {
                let bytes = self.decode(data, out.len() as u64)?;
                if bytes.len() != out.len() {
                    return Err(wrong_length(out.len()));
                }
                out.copy_from_slice(&bytes);
                Ok(())
            }
        }
    }

    /// Decodes to at most `limit` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the bytes are damaged, [`ErrorKind::Limit`] beyond the limit.
    pub(crate) fn decode(self, data: &[u8], limit: u64) -> Result<Vec<u8>> {
        match self {
            Self::Zstd(..) => {
                let stream = zstd::stream::read::Decoder::with_buffer(data);
                up_to(stream.op(ErrorKind::Corrupt, OP, "a damaged zstd chunk")?, limit)
            }
            Self::Gzip(_) => up_to(MultiGzDecoder::new(data), limit),
            Self::Zlib => up_to(ZlibDecoder::new(data), limit),
            Self::Deflate => up_to(DeflateDecoder::new(data), limit),
            Self::Blosc => blosc::decode(data, limit),
            Self::Lz4 => lz4(data, limit),
            Self::Crc32c => {
                let (body, sum) = data
                    .split_last_chunk::<4>()
                    .ok_or_else(|| corrupt("a chunk too short for its checksum"))?;
                if crc32c(body) != u32::from_le_bytes(*sum) {
                    return Err(corrupt("a chunk with a wrong CRC-32C"));
                }
                Ok(body.to_vec())
            }
        }
    }

    /// Encodes; only gzip, zstd and CRC-32C are written.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for another codec.
    pub(crate) fn encode(self, data: &[u8], tools: &mut Tools) -> Result<Vec<u8>> {
        let failed = "a chunk that cannot be compressed";
        match self {
            Self::Zstd(level, checksum) => {
                let wanted = (level, checksum);
                if tools.squeeze.as_ref().is_none_or(|(have, _)| *have != wanted) {
                    let tool = zstd::bulk::Compressor::new(level);
                    let mut tool = tool.op(ErrorKind::Internal, OP, failed)?;
                    tool.include_checksum(checksum).op(
                        ErrorKind::Internal,
                        OP,
                        failed,
                    )?;
                    tools.squeeze = Some((wanted, tool));
                }
                let Some((_, tool)) = &mut tools.squeeze else {
                    return Err(Error::new(ErrorKind::Internal, OP, failed));
                };
                tool.compress(data).op(ErrorKind::Internal, OP, failed)
            }
            Self::Gzip(level) => {
                let mut tool = GzEncoder::new(Vec::new(), Compression::new(level));
                tool.write_all(data).op(ErrorKind::Internal, OP, failed)?;
                tool.finish().op(ErrorKind::Internal, OP, failed)
            }
            Self::Crc32c => Ok([data, &crc32c(data).to_le_bytes()].concat()),
            other => {
                Err(Error::new(ErrorKind::Unsupported, OP, "a codec that is only read")
                    .with("codec", other.name()))
            }
        }
    }
}

fn wrong_length(wanted: usize) -> Error {
    corrupt("a chunk of another length than its shape").with("expected", wanted)
}

fn exactly(mut stream: impl Read, out: &mut [u8]) -> Result<()> {
    stream.read_exact(out).op(ErrorKind::Corrupt, OP, "a damaged or short chunk")?;
    // reading to the end checks the checksum too
    let more = stream.read(&mut [0]).op(ErrorKind::Corrupt, OP, "a damaged chunk")?;
    if more == 0 { Ok(()) } else { Err(wrong_length(out.len())) }
}

fn up_to(stream: impl Read, limit: u64) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let read = stream.take(limit.saturating_add(1)).read_to_end(&mut out);
    read.op(ErrorKind::Corrupt, OP, "a damaged chunk")?;
    if out.len() as u64 > limit {
        let error = Error::new(ErrorKind::Limit, OP, "a chunk longer than it may be");
        return Err(error.with("limit", limit));
    }
    Ok(out)
}

fn lz4(data: &[u8], limit: u64) -> Result<Vec<u8>> {
    let (len, block) = data
        .split_first_chunk::<4>()
        .ok_or_else(|| corrupt("an LZ4 chunk without a length"))?;
    let len = u32::from_le_bytes(*len);
    // a byte of a block gives at most 255
    if u64::from(len) > limit.min(block.len() as u64 * 255) {
        return Err(corrupt("an LZ4 chunk of an impossible length").with("length", len));
    }
    let mut out = vec![0; usize::try_from(len).unwrap_or(0)];
    lz4_into(block, &mut out)?;
    Ok(out)
}

/// Decodes an LZ4 block into exactly `out`.
pub(super) fn lz4_into(block: &[u8], out: &mut [u8]) -> Result<()> {
    let made = lz4_flex::block::decompress_into(block, out);
    let made = made.op(ErrorKind::Corrupt, OP, "a damaged LZ4 block")?;
    if made == out.len() { Ok(()) } else { Err(wrong_length(out.len())) }
}
