//! Pickles of protocol 5, as Python and NumPy 2 write them.
//!
//! Plain values are written without memos, which are not needed; arrays with those that NumPy's
//! have, so that the pickle of an array is the same bytes.

use salver_core::{ErrorKind, Op, Result};
use salver_tree::{Array, DType, Place, Sink, Tree};

use super::opcodes as op;
use crate::document::{MAX_DEPTH, too_deep};
use crate::numpy::typestr;

/// Values up to this length go into a frame, which is also cut at this length.
const FRAME: usize = 64 << 10;
/// Items that are added to a list or a dict at once.
const BATCH: usize = 1000;

/// Writes a tree; gives the place of its last array's bytes, from the first byte of the pickle.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for a tree nested deeper than 512 levels, before anything is written;
/// as the sink's.
pub(super) fn write(tree: &Tree, sink: &mut dyn Sink) -> Result<Option<Place>> {
    check_depth(tree, 0)?;
    let start = sink.written();
    let mut writer = Writer { sink, start, frame: Vec::new(), place: None };
    writer.sink.write(&[op::PROTO, 5])?;
    writer.node(tree)?;
    writer.frame.push(op::STOP);
    writer.flush()?;
    Ok(writer.place)
}

fn check_depth(tree: &Tree, depth: usize) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(too_deep(ErrorKind::Unsupported, Op("pickle.encode")));
    }
    match tree {
        Tree::List(items) => {
            items.iter().try_for_each(|item| check_depth(item, depth + 1))
        }
        Tree::Map(map) => {
            map.iter().try_for_each(|(_, item)| check_depth(item, depth + 1))
        }
        _ => Ok(()),
    }
}

struct Writer<'a> {
    sink: &'a mut dyn Sink,
    /// What the sink had before.
    start: u64,
    frame: Vec<u8>,
    place: Option<Place>,
}

impl Writer<'_> {
    /// Writes what was gathered as a frame; a few bytes go without.
    fn flush(&mut self) -> Result<()> {
        if self.frame.len() >= 4 {
            self.sink.write(&[op::FRAME])?;
            self.sink.write(&(self.frame.len() as u64).to_le_bytes())?;
        }
        self.sink.write(&self.frame)?;
        self.frame.clear();
        Ok(())
    }

    /// Bytes with their opcode; large ones go beside the frames.
    fn payload(&mut self, header: &[u8], bytes: &[u8]) -> Result<()> {
        if bytes.len() < FRAME {
            self.frame.extend_from_slice(header);
            self.frame.extend_from_slice(bytes);
            return Ok(());
        }
        self.flush()?;
        self.sink.write(header)?;
        self.sink.write(bytes)
    }

    fn node(&mut self, node: &Tree) -> Result<()> {
        if self.frame.len() >= FRAME {
            self.flush()?;
        }
        match node {
            Tree::Bool(true) => self.frame.push(op::NEWTRUE),
            Tree::Bool(false) => self.frame.push(op::NEWFALSE),
            Tree::Int(number) => self.int(*number),
            Tree::Float(number) => {
                self.frame.push(op::BINFLOAT);
                self.frame.extend_from_slice(&number.to_be_bytes());
            }
            Tree::Str(text) => return self.text(text),
            Tree::Bytes(bytes) => {
                let codes = [op::SHORT_BINBYTES, op::BINBYTES, op::BINBYTES8];
                return self.payload(&sized(codes, bytes.len()), bytes);
            }
            Tree::List(items) => return self.list(items),
            Tree::Map(map) => return self.map(map),
            Tree::Array(array) => return self.array(array),
            _ => self.frame.push(op::NONE),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<()> {
        let codes = [op::SHORT_BINUNICODE, op::BINUNICODE, op::BINUNICODE8];
        self.payload(&sized(codes, text.len()), text.as_bytes())
    }

    fn int(&mut self, number: i128) {
        if let Ok(byte) = u8::try_from(number) {
            self.frame.extend_from_slice(&[op::BININT1, byte]);
        } else if let Ok(number) = u16::try_from(number) {
            self.frame.push(op::BININT2);
            self.frame.extend_from_slice(&number.to_le_bytes());
        } else if let Ok(number) = i32::try_from(number) {
            self.frame.push(op::BININT);
            self.frame.extend_from_slice(&number.to_le_bytes());
        } else {
            let bytes = number.to_le_bytes();
            let fill = if number < 0 { 0xff } else { 0 };
            let used = bytes.iter().rposition(|&b| b != fill).map_or(1, |at| at + 1);
            // one byte more where the sign would be wrong
            let high = bytes.get(used - 1).copied().unwrap_or(fill);
            let used = used + usize::from((high ^ fill) & 0x80 != 0);
            self.frame.extend_from_slice(&[op::LONG1, u8::try_from(used).unwrap_or(16)]);
            self.frame.extend_from_slice(bytes.get(..used).unwrap_or(&bytes));
        }
    }

    fn list(&mut self, items: &[Tree]) -> Result<()> {
        self.frame.push(op::EMPTY_LIST);
        if let [one] = items {
            self.node(one)?;
            self.frame.push(op::APPEND);
            return Ok(());
        }
        for batch in items.chunks(BATCH) {
            self.frame.push(op::MARK);
            batch.iter().try_for_each(|item| self.node(item))?;
            self.frame.push(op::APPENDS);
        }
        Ok(())
    }

    fn map(&mut self, map: &salver_tree::Map) -> Result<()> {
        self.frame.push(op::EMPTY_DICT);
        let single = map.len() == 1;
        let mut entries = map.iter();
        while entries.len() > 0 {
            if !single {
                self.frame.push(op::MARK);
            }
            for (key, value) in entries.by_ref().take(BATCH) {
                self.text(key)?;
                self.node(value)?;
            }
            self.frame.push(if single { op::SETITEM } else { op::SETITEMS });
        }
        Ok(())
    }

    /// `numpy._core.numeric._frombuffer(bytes, dtype, shape, 'C')`
    fn array(&mut self, array: &Array) -> Result<()> {
        let buffer = array.buffer()?;
        self.global("numpy._core.numeric", "_frombuffer");
        self.frame.push(op::MARK);
        let mut header = vec![op::BYTEARRAY8];
        header.extend_from_slice(&(buffer.len() as u64).to_le_bytes());
        self.payload(&header, &buffer)?;
        // the bytes are the last that were written; a frame has a header of nine bytes
        let ahead = if buffer.len() < FRAME { self.frame.len() + 9 } else { 0 };
        let end = self.sink.written() - self.start + ahead as u64;
        let len = buffer.len() as u64;
        self.place = Some(Place { offset: end - len, len });
        self.frame.push(op::MEMOIZE);
        self.dtype(array.dtype());
        let shape = array.shape();
        if shape.len() > 3 {
            self.frame.push(op::MARK);
        }
        for &axis in shape {
            self.int(axis as i128);
        }
        match shape.len() {
            0 => self.frame.push(op::EMPTY_TUPLE),
            1 => self.frame.extend_from_slice(&[op::TUPLE1, op::MEMOIZE]),
            2 => self.frame.extend_from_slice(&[op::TUPLE2, op::MEMOIZE]),
            3 => self.frame.extend_from_slice(&[op::TUPLE3, op::MEMOIZE]),
            _ => self.frame.extend_from_slice(&[op::TUPLE, op::MEMOIZE]),
        }
        self.name("C");
        let end = [op::TUPLE, op::MEMOIZE, op::REDUCE, op::MEMOIZE];
        self.frame.extend_from_slice(&end);
        Ok(())
    }

    /// A short name, with its memo.
    fn name(&mut self, name: &str) {
        let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
        self.frame.extend_from_slice(&[op::SHORT_BINUNICODE, length]);
        self.frame.extend_from_slice(name.as_bytes());
        self.frame.push(op::MEMOIZE);
    }

    fn global(&mut self, module: &str, name: &str) {
        self.name(module);
        self.name(name);
        self.frame.extend_from_slice(&[op::STACK_GLOBAL, op::MEMOIZE]);
    }

    /// `numpy.dtype(code, False, True)` with the state of a plain type.
    fn dtype(&mut self, dtype: DType) {
        self.global("numpy", "dtype");
        let named = typestr(dtype);
        let (order, code) = named.split_at_checked(1).unwrap_or(("|", "V0"));
        self.name(code);
        let made =
            [op::NEWFALSE, op::NEWTRUE, op::TUPLE3, op::MEMOIZE, op::REDUCE, op::MEMOIZE];
        self.frame.extend_from_slice(&made);
        self.frame.extend_from_slice(&[op::MARK, op::BININT1, 3]);
        self.name(order);
        self.frame.extend_from_slice(&[op::NONE, op::NONE, op::NONE]);
        // size, alignment and flags are -1, -1 and 0 but for text and bytes
        let state = match dtype {
            DType::Text(_) => [dtype.size() as i128, 4, 8],
            DType::Bytes(_) => [dtype.size() as i128, 1, 0],
            _ => [-1, -1, 0],
        };
        for number in state {
            self.int(number);
        }
        self.frame.extend_from_slice(&[op::TUPLE, op::MEMOIZE, op::BUILD]);
    }
}

/// The opcode for a length of one, four or eight bytes, and the length.
fn sized([short, medium, long]: [u8; 3], length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(9);
    if let Ok(length) = u8::try_from(length) {
        out.extend_from_slice(&[short, length]);
    } else if let Ok(length) = u32::try_from(length) {
        out.push(medium);
        out.extend_from_slice(&length.to_le_bytes());
    } else {
        out.push(long);
        out.extend_from_slice(&(length as u64).to_le_bytes());
    }
    out
}
