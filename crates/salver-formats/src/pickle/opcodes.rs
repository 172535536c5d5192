//! The opcodes by their names in `pickletools`, and those that are a value by themselves.

use salver_core::Result;

use super::stream::Stream;
use super::value::Node;

pub(super) const MARK: u8 = b'(';
pub(super) const STOP: u8 = b'.';
pub(super) const POP: u8 = b'0';
pub(super) const POP_MARK: u8 = b'1';
pub(super) const DUP: u8 = b'2';
const FLOAT: u8 = b'F';
const INT: u8 = b'I';
pub(super) const BININT: u8 = b'J';
pub(super) const BININT1: u8 = b'K';
const LONG: u8 = b'L';
pub(super) const BININT2: u8 = b'M';
pub(super) const NONE: u8 = b'N';
pub(super) const PERSID: u8 = b'P';
pub(super) const BINPERSID: u8 = b'Q';
pub(super) const REDUCE: u8 = b'R';
const STRING: u8 = b'S';
const BINSTRING: u8 = b'T';
const SHORT_BINSTRING: u8 = b'U';
const UNICODE: u8 = b'V';
pub(super) const BINUNICODE: u8 = b'X';
pub(super) const APPEND: u8 = b'a';
pub(super) const BUILD: u8 = b'b';
pub(super) const GLOBAL: u8 = b'c';
pub(super) const DICT: u8 = b'd';
pub(super) const EMPTY_DICT: u8 = b'}';
pub(super) const APPENDS: u8 = b'e';
pub(super) const GET: u8 = b'g';
pub(super) const BINGET: u8 = b'h';
pub(super) const INST: u8 = b'i';
pub(super) const LONG_BINGET: u8 = b'j';
pub(super) const LIST: u8 = b'l';
pub(super) const EMPTY_LIST: u8 = b']';
pub(super) const OBJ: u8 = b'o';
pub(super) const PUT: u8 = b'p';
pub(super) const BINPUT: u8 = b'q';
pub(super) const LONG_BINPUT: u8 = b'r';
pub(super) const SETITEM: u8 = b's';
pub(super) const TUPLE: u8 = b't';
pub(super) const EMPTY_TUPLE: u8 = b')';
pub(super) const SETITEMS: u8 = b'u';
pub(super) const BINFLOAT: u8 = b'G';
pub(super) const PROTO: u8 = 0x80;
pub(super) const NEWOBJ: u8 = 0x81;
pub(super) const EXT1: u8 = 0x82;
pub(super) const EXT2: u8 = 0x83;
pub(super) const EXT4: u8 = 0x84;
pub(super) const TUPLE1: u8 = 0x85;
pub(super) const TUPLE2: u8 = 0x86;
pub(super) const TUPLE3: u8 = 0x87;
pub(super) const NEWTRUE: u8 = 0x88;
pub(super) const NEWFALSE: u8 = 0x89;
pub(super) const LONG1: u8 = 0x8a;
const LONG4: u8 = 0x8b;
pub(super) const BINBYTES: u8 = b'B';
pub(super) const SHORT_BINBYTES: u8 = b'C';
pub(super) const SHORT_BINUNICODE: u8 = 0x8c;
pub(super) const BINUNICODE8: u8 = 0x8d;
pub(super) const BINBYTES8: u8 = 0x8e;
pub(super) const EMPTY_SET: u8 = 0x8f;
pub(super) const ADDITEMS: u8 = 0x90;
pub(super) const FROZENSET: u8 = 0x91;
pub(super) const NEWOBJ_EX: u8 = 0x92;
pub(super) const STACK_GLOBAL: u8 = 0x93;
pub(super) const MEMOIZE: u8 = 0x94;
pub(super) const FRAME: u8 = 0x95;
pub(super) const BYTEARRAY8: u8 = 0x96;
pub(super) const NEXT_BUFFER: u8 = 0x97;
pub(super) const READONLY_BUFFER: u8 = 0x98;

/// The value of an opcode that is one: numbers, text and bytes.
///
/// # Errors
/// `ErrorKind::Corrupt` where the value is cut off or not one.
pub(super) fn literal(code: u8, stream: &mut Stream<'_>) -> Result<Option<Node>> {
    let short = |stream: &mut Stream<'_>| stream.byte().map(u64::from);
    let long = |stream: &mut Stream<'_>| stream.u32().map(u64::from);
    Ok(Some(match code {
        BININT => Node::Int(stream.array().map(i32::from_le_bytes)?.into()),
        BININT1 => Node::Int(stream.byte()?.into()),
        BININT2 => Node::Int(stream.array().map(u16::from_le_bytes)?.into()),
        BINFLOAT => Node::Float(stream.array().map(f64::from_be_bytes)?),
        LONG1 => short(stream).and_then(|n| long_int(stream, n))?,
        LONG4 => long(stream).and_then(|n| long_int(stream, n))?,
        INT | LONG => text_int(code, stream)?,
        FLOAT => Node::Float(stream.number()?),
        SHORT_BINUNICODE => Node::Str(short(stream).and_then(|n| stream.text(n))?),
        BINUNICODE => Node::Str(long(stream).and_then(|n| stream.text(n))?),
        BINUNICODE8 => Node::Str(stream.u64().and_then(|n| stream.text(n))?),
        UNICODE => Node::Str(raw_unicode(stream)?),
        SHORT_BINBYTES => {
            Node::Bytes(Box::new(short(stream).and_then(|n| stream.blob(n))?))
        }
        BINBYTES => Node::Bytes(Box::new(long(stream).and_then(|n| stream.blob(n))?)),
        BINBYTES8 | BYTEARRAY8 => {
            Node::Bytes(Box::new(stream.u64().and_then(|n| stream.blob(n))?))
        }
        SHORT_BINSTRING => short(stream).and_then(|n| python2(stream, n))?,
        BINSTRING => long(stream).and_then(|n| python2(stream, n))?,
        STRING => quoted(stream)?,
        _ => return Ok(None),
    }))
}

/// A whole number in two's complement, little-endian.
fn long_int(stream: &mut Stream<'_>, count: u64) -> Result<Node> {
    let bytes = stream.take(count)?;
    let fill = if bytes.last().is_some_and(|b| b & 0x80 != 0) { 0xff } else { 0 };
    let mut wide = [fill; 16];
    let (low, high) = bytes.split_at(bytes.len().min(16));
    if high.iter().any(|&b| b != fill) {
        return Ok(Node::Huge);
    }
    for (to, from) in wide.iter_mut().zip(low) {
        *to = *from;
    }
    let number = i128::from_le_bytes(wide);
    // the sign may be in a byte that was left out
    let same_sign = (number < 0) == (fill == 0xff);
    Ok(if same_sign { Node::Int(number) } else { Node::Huge })
}

fn text_int(code: u8, stream: &mut Stream<'_>) -> Result<Node> {
    let line = stream.ascii_line()?;
    let digits = line.trim();
    Ok(match (code, digits) {
        (INT, "00") => Node::Bool(false),
        (INT, "01") => Node::Bool(true),
        (_, digits) => {
            let digits = digits.strip_suffix('L').unwrap_or(digits);
            let bare = digits.strip_prefix('-').unwrap_or(digits);
            if bare.is_empty() || !bare.bytes().all(|b| b.is_ascii_digit()) {
                return Err(stream.corrupt("not a number"));
            }
            digits.parse().map_or(Node::Huge, Node::Int)
        }
    })
}

/// Text of Python 2: text where it is ASCII, else bytes.
fn python2(stream: &mut Stream<'_>, count: u64) -> Result<Node> {
    let blob = stream.blob(count)?;
    let ascii = blob.bytes.as_ref().filter(|b| b.is_ascii());
    let text = ascii.and_then(|b| std::str::from_utf8(b).ok()).map(str::to_owned);
    Ok(text.map_or_else(|| Node::Bytes(Box::new(blob)), Node::Str))
}

/// A line with a Python 2 literal between quotes.
fn quoted(stream: &mut Stream<'_>) -> Result<Node> {
    let line = stream.line()?;
    let ([b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"']) = line.trim_ascii_end()
    else {
        return Err(stream.corrupt("text without quotes"));
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next() {
            Some(same @ (b'\\' | b'\'' | b'"')) => same,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'x') => {
                let digit = |b: u8| char::from(b).to_digit(16);
                let pair = bytes.next().and_then(digit).zip(bytes.next().and_then(digit));
                let code =
                    pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                code.ok_or_else(|| stream.corrupt("an escape without two digits"))?
            }
            _ => return Err(stream.corrupt("an escape that is not known")),
        });
    }
    let text = String::from_utf8(out).ok().filter(|text| text.is_ascii());
    text.map(Node::Str).ok_or_else(|| stream.corrupt("text that is not ASCII"))
}

/// A line in Python's codec `raw-unicode-escape`.
fn raw_unicode(stream: &mut Stream<'_>) -> Result<String> {
    let line = stream.line()?;
    let mut out = String::with_capacity(line.len());
    let mut rest = line.as_slice();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            out.push(char::from(byte));
            continue;
        }
        let count = match rest.first() {
            Some(b'u') => 4,
            Some(b'U') => 8,
            other => {
                out.push('\\');
                out.extend(other.map(|&b| char::from(b)));
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
        };
        let digits = rest.get(1..=count).and_then(|d| std::str::from_utf8(d).ok());
        let code = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
        let found = code.and_then(char::from_u32);
        out.push(found.ok_or_else(|| stream.corrupt("an escape that is no character"))?);
        rest = rest.get(count + 1..).unwrap_or_default();
    }
    Ok(out)
}
