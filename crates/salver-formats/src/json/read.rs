//! From text to a tree, by hand: the grammar is small, Python's spellings of NaN are not in the
//! standard, and a small document takes microseconds.

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _, interrupt};
use salver_tree::{Map, Tree};

use crate::document::{MAX_DEPTH, too_deep};
use crate::plain::lift;

const OP: Op = Op("json.decode");

/// Reads one document.
pub(crate) struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    /// Where it next asks whether to stop.
    ask_at: usize,
}

/// Bytes between two questions whether to stop.
const ASK: usize = 1 << 18;

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { text, bytes: text.as_bytes(), at: 0, depth: 0, ask_at: ASK }
    }

    /// The tree of all of the text.
    ///
    /// # Errors
    /// As [`super::Json::parse`].
    pub(crate) fn document(mut self) -> Result<Tree> {
        let tree = self.value()?;
        self.blanks();
        if self.at < self.bytes.len() {
            return Err(self.expected("the end of the document"));
        }
        Ok(tree)
    }

    fn expected(&self, what: &str) -> Error {
        let found = match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None => "the end of the text".to_owned(),
            Some(c) => c.escape_debug().to_string(),
        };
        Error::new(ErrorKind::Corrupt, OP, format!("not JSON: expected {what}"))
            .with("byte", self.at)
            .with("found", found)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Tree> {
        if self.at >= self.ask_at {
            interrupt::check(OP)?;
            self.ask_at = self.at + ASK;
        }
        self.blanks();
        match self.peek() {
            Some(b'"') => Ok(Tree::Str(self.string()?)),
            Some(b'{') => self.nested(Self::map),
            Some(b'[') => self.nested(Self::list),
            Some(b'0'..=b'9') => self.number(),
            Some(b'-') if self.bytes.get(self.at + 1) != Some(&b'I') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Tree> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let words = [
            ("true", Tree::Bool(true)),
            ("false", Tree::Bool(false)),
            ("null", Tree::Null),
            ("NaN", Tree::Float(f64::NAN)),
            ("Infinity", Tree::Float(f64::INFINITY)),
            ("-Infinity", Tree::Float(f64::NEG_INFINITY)),
        ];
        for (word, tree) in words {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(tree);
            }
        }
        Err(self.expected("a value"))
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Tree>) -> Result<Tree> {
        if self.depth >= MAX_DEPTH {
            return Err(too_deep(ErrorKind::Corrupt, OP).with("byte", self.at));
        }
        self.depth += 1;
        self.at += 1;
        let tree = read(self)?;
        self.depth -= 1;
        Ok(tree)
    }

    /// After `[`.
    fn list(&mut self) -> Result<Tree> {
        let mut items = Vec::new();
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Tree::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.more(b']', "`,` or `]`")? {
                return Ok(Tree::List(items));
            }
        }
    }

    /// After `{`.
    fn map(&mut self) -> Result<Tree> {
        let mut map = Map::new();
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Tree::Map(map));
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(self.expected("a key between quotes"));
            }
            let key = self.string()?;
            self.blanks();
            if self.peek() != Some(b':') {
                return Err(self.expected("`:`"));
            }
            self.at += 1;
            let value = self.value()?;
            map.insert(key, value);
            if self.more(b'}', "`,` or `}`")? {
                break;
            }
        }
        let special = map.len() == 1 && map.keys().all(|key| key.starts_with('$'));
        if special {
            lift(map).map_err(|e| e.with("byte", self.at))
        } else {
            Ok(Tree::Map(map))
        }
    }

    /// After an item: whether the container ends.
    fn more(&mut self, end: u8, what: &str) -> Result<bool> {
        self.blanks();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(b) if b == end => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.expected(what)),
        }
    }

    /// From the opening quote to behind the closing one.
    fn string(&mut self) -> Result<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let stop = rest.iter().position(|&b| b < 0x20 || b == b'"' || b == b'\\');
            let Some(len) = stop else {
                self.at = self.bytes.len();
                return Err(self.expected("a closing quote"));
            };
            let clean = self.text.get(self.at..self.at + len).unwrap_or_default();
            self.at += len;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    if out.is_empty() {
                        return Ok(clean.to_owned());
                    }
                    out.push_str(clean);
                    return Ok(out);
                }
                Some(b'\\') => {
                    out.push_str(clean);
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return Err(self.expected("no control character within quotes")),
            }
        }
    }

    /// After a backslash.
    fn escape(&mut self) -> Result<char> {
        let letter = self.peek();
        self.at += 1;
        Ok(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => {
                self.at -= 1;
                return Err(self.expected("one of \"\\/bfnrtu after a backslash"));
            }
        })
    }

    /// After `\u`: one character, of one or two units.
    fn unicode(&mut self) -> Result<char> {
        let high = self.hex4()?;
        let mut code = u32::from(high);
        if (0xd800..0xdc00).contains(&high)
            && self.bytes.get(self.at..self.at + 2) == Some(b"\\u")
        {
            let back = self.at;
            self.at += 2;
            let low = self.hex4()?;
            if (0xdc00..0xe000).contains(&low) {
                code = 0x10000 + ((code - 0xd800) << 10) + (u32::from(low) - 0xdc00);
            } else {
                self.at = back;
            }
        }
        char::from_u32(code).ok_or_else(|| self.expected("no lone surrogate in text"))
    }

    fn hex4(&mut self) -> Result<u16> {
        let digits = self.text.get(self.at..self.at + 4);
        let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|d| u16::from_str_radix(d, 16).ok());
        let unit = unit.ok_or_else(|| self.expected("four hexadecimal digits"))?;
        self.at += 4;
        Ok(unit)
    }

    fn digits(&mut self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let n = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += n;
        n
    }

    fn number(&mut self) -> Result<Tree> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if self.digits() == 0 {
            return Err(self.expected("a digit"));
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            self.at += 1;
            whole = false;
            if self.digits() == 0 {
                return Err(self.expected("a digit"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            whole = false;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if self.digits() == 0 {
                return Err(self.expected("a digit"));
            }
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if whole { Self::whole(text, start) } else { Self::real(text) }
    }

    fn whole(text: &str, at: usize) -> Result<Tree> {
        if let Ok(number) = text.parse::<i64>() {
            return Ok(Tree::from(number));
        }
        let number = text.parse::<i128>().ok().and_then(|n| Tree::int(n).ok());
        number.ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Error::new(ErrorKind::Unsupported, OP, "a whole number too large")
                .with("byte", at)
                .with("number", shown)
                .hint("whole numbers are −2⁶³ … 2⁶⁴−1")
        })
    }

    fn real(text: &str) -> Result<Tree> {
        let number = text.parse::<f64>().op(ErrorKind::Corrupt, OP, "not a number")?;
        Ok(Tree::Float(number))
    }
}
