//! Compression of blocks. Source: ASDF standard 1.6 §3.3.1; the layouts of `lz4\0` and `blsc` as
//! observed in files.

use std::io::{BufReader, Read as _};
use std::sync::{Mutex, PoisonError};

use flate2::{Decompress, FlushDecompress, Status};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};

use crate::buffer::no_panic;
use crate::deflate;
use crate::fits::parallel::{for_each, threads};

const OP: Op = Op("asdf.compression");
/// Decoded bytes of an lz4 piece, as the reference implementation cuts.
const PIECE: usize = 4 << 20;

/// Names that a caller may ask for.
pub(super) const NAMES: &[&str] = &["none", "zlib", "lz4", "zstd", "bzp2"];

/// How a block is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Codec {
    #[default]
    None,
    Zlib,
    Lz4,
    Zstd,
    Bzip2,
}

impl Codec {
    /// The codec of a name in a block header or in options.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for others.
    pub(super) fn parse(name: &str) -> Result<Self> {
        Ok(match name {
            "" | "none" => Self::None,
            "zlib" => Self::Zlib,
            "lz4" => Self::Lz4,
            "zstd" => Self::Zstd,
            "bzp2" => Self::Bzip2,
            other => {
                let message = "a compression that is not known";
                return Err(Error::new(ErrorKind::Unsupported, OP, message)
                    .with("compression", other)
                    .hint(format!("known are {}", NAMES.join(", "))));
            }
        })
    }

    /// Four bytes of the block header.
    pub(super) fn label(self) -> [u8; 4] {
        match self {
            Self::None => [0; 4],
            Self::Zlib => *b"zlib",
            Self::Lz4 => *b"lz4\0",
            Self::Zstd => *b"zstd",
            Self::Bzip2 => *b"bzp2",
        }
    }

    /// The name in a block header; empty for none.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Zlib => "zlib",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzp2",
        }
    }

    /// Decoded bytes that one stored byte can stand for.
    fn most(self) -> u64 {
        match self {
            Self::None => 1,
            Self::Lz4 => 256,
            Self::Zlib => 1040,
            Self::Zstd => 1 << 16,
            Self::Bzip2 => 1 << 21,
        }
    }

    /// Refuses a block that says it holds more than its bytes can.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`].
    pub(super) fn check(self, used: u64, size: u64) -> Result<()> {
        if size <= used.saturating_mul(self.most()).saturating_add(1 << 12) {
            return Ok(());
        }
        Err(corrupt("a compressed block says that it holds more than it can")
            .with("bytes", used)
            .with("said", size))
    }
}

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

/// Compresses a block.
///
/// # Errors
/// `Interrupted`; [`ErrorKind::Internal`] where the compressor fails.
pub(super) fn compress(codec: Codec, bytes: &[u8]) -> Result<Vec<u8>> {
    match codec {
        Codec::None => Ok(bytes.to_vec()),
        Codec::Zlib => deflate::zlib(bytes, 6),
        Codec::Lz4 => pieces(bytes, |piece| {
            let packed = lz4_flex::block::compress_prepend_size(piece);
            let length = u32::try_from(packed.len());
            let length = length.op(ErrorKind::Internal, OP, "a piece too long")?;
            Ok([&length.to_be_bytes()[..], &packed].concat())
        }),
        Codec::Zstd => pieces(bytes, |piece| {
            let packed = zstd::bulk::compress(piece, 3);
            packed.op(ErrorKind::Internal, OP, "the compressor failed")
        }),
        Codec::Bzip2 => {
            let mut out = Vec::new();
            let level = bzip2::Compression::best();
            let mut reader = bzip2::read::BzEncoder::new(bytes, level);
            let read = reader.read_to_end(&mut out);
            read.op(ErrorKind::Internal, OP, "the compressor failed")?;
            Ok(out)
        }
    }
}

/// Compresses pieces on all cores and puts them one after the other.
fn pieces(
    bytes: &[u8],
    pack: impl Fn(&[u8]) -> Result<Vec<u8>> + Sync,
) -> Result<Vec<u8>> {
    let work: Vec<(usize, &[u8])> = bytes.chunks(PIECE).enumerate().collect();
    let made: Mutex<Vec<Vec<u8>>> = Mutex::new(vec![Vec::new(); work.len()]);
    for_each(
        OP,
        threads(),
        work,
        || (),
        |(), (i, piece)| {
            let packed = pack(piece)?;
            let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = made.get_mut(i) {
                *place = packed;
            }
            Ok(())
        },
    )?;
    Ok(made.into_inner().unwrap_or_else(PoisonError::into_inner).concat())
}

/// Decodes a block into exactly the room for it.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where the bytes are damaged or hold more or less than that.
pub(super) fn decompress(codec: Codec, bytes: &[u8], out: &mut [u8]) -> Result<()> {
    match codec {
        Codec::None => {
            let raw =
                bytes.get(..out.len()).ok_or_else(|| corrupt("a block too short"))?;
            out.copy_from_slice(raw);
            Ok(())
        }
        Codec::Zlib => inflate(bytes, out),
        Codec::Lz4 => unpack_lz4(bytes, out),
        Codec::Zstd => {
            let mut reader = zstd::stream::read::Decoder::with_buffer(bytes).op(
                ErrorKind::Internal,
                OP,
                "no decompressor",
            )?;
            fill(&mut reader, out)
        }
        Codec::Bzip2 => {
            let mut reader = bzip2::bufread::MultiBzDecoder::new(BufReader::new(bytes));
            no_panic(OP, || fill(&mut reader, out))?
        }
    }
}

fn fill(reader: &mut impl std::io::Read, out: &mut [u8]) -> Result<()> {
    reader.read_exact(out).op(ErrorKind::Corrupt, OP, "a damaged block")?;
    let more = reader.read(&mut [0]).op(ErrorKind::Corrupt, OP, "a damaged block")?;
    if more > 0 { Err(corrupt("a block holds more than it says")) } else { Ok(()) }
}

fn inflate(bytes: &[u8], out: &mut [u8]) -> Result<()> {
    let mut state = Decompress::new(true);
    loop {
        let (read, written) = (state.total_in(), state.total_out());
        let input = usize::try_from(read).ok().and_then(|at| bytes.get(at..));
        let room = usize::try_from(written).ok().and_then(|at| out.get_mut(at..));
        let (input, room) = (input.unwrap_or_default(), room.unwrap_or_default());
        let status = state.decompress(input, room, FlushDecompress::Finish);
        let status = status.op(ErrorKind::Corrupt, OP, "a damaged block")?;
        if status == Status::StreamEnd {
            break;
        }
        if (read, written) == (state.total_in(), state.total_out()) {
            return Err(corrupt("a block is cut off, or holds more than it says"));
        }
    }
    if state.total_out() == out.len() as u64 {
        return Ok(());
    }
    Err(corrupt("a block holds less than it says"))
}

/// Pieces of a big-endian length, and lz4 behind its little-endian decoded length.
fn unpack_lz4(bytes: &[u8], out: &mut [u8]) -> Result<()> {
    let wrong = || corrupt("the pieces of a block do not fit it");
    let mut work: Vec<(&[u8], &mut [u8])> = Vec::new();
    let (mut rest, mut room) = (bytes, out);
    while !rest.is_empty() {
        let (length, tail) = rest.split_first_chunk::<4>().ok_or_else(wrong)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let (piece, tail) = tail.split_at_checked(length).ok_or_else(wrong)?;
        let (size, piece) = piece.split_first_chunk::<4>().ok_or_else(wrong)?;
        let size = usize::try_from(u32::from_le_bytes(*size)).unwrap_or(usize::MAX);
        let (own, after) =
            std::mem::take(&mut room).split_at_mut_checked(size).ok_or_else(wrong)?;
        work.push((piece, own));
        (rest, room) = (tail, after);
    }
    if !room.is_empty() {
        return Err(corrupt("a block holds less than it says"));
    }
    for_each(
        OP,
        threads(),
        work,
        || (),
        |(), (piece, out)| {
            let made = lz4_flex::block::decompress_into(piece, out);
            let made = made.op(ErrorKind::Corrupt, OP, "a damaged block")?;
            if made == out.len() { Ok(()) } else { Err(wrong()) }
        },
    )
}
