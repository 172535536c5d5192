//! The Python literals that an npy header is made of.

use salver_core::{Error, ErrorKind, Op, Result};

/// Nesting deeper than this is no header.
const MAX_DEPTH: usize = 16;

/// A literal.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    None,
    Bool(bool),
    Int(u64),
    Str(String),
    /// A tuple or a list.
    Items(Vec<Self>),
    Dict(Vec<(Self, Self)>),
}

impl Literal {
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_items(&self) -> Option<&[Self]> {
        match self {
            Self::Items(items) => Some(items),
            _ => None,
        }
    }

    /// The numbers of a shape.
    pub(super) fn as_shape(&self) -> Option<Vec<u64>> {
        let number = |item: &Self| match item {
            Self::Int(n) => Some(*n),
            _ => None,
        };
        match self {
            Self::Int(n) => Some(vec![*n]),
            Self::Items(items) => items.iter().map(number).collect(),
            _ => None,
        }
    }

    /// The value under a key of a dict.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Dict(pairs) => {
                pairs.iter().rev().find(|(k, _)| k.as_str() == Some(key)).map(|(_, v)| v)
            }
            _ => None,
        }
    }
}

/// Reads one literal and the blanks around it.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for anything else.
pub(super) fn parse(text: &str) -> Result<Literal> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let literal = reader.literal()?;
    match reader.next_char() {
        None => Ok(literal),
        Some(_) => Err(reader.corrupt()),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn corrupt(&self) -> Error {
        let message = "the header is not a Python literal";
        Error::new(ErrorKind::Corrupt, Op("npy.header"), message).with("byte", self.at)
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next character that is not blank; it is not taken.
    fn next_char(&mut self) -> Option<char> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_ascii_start().len();
        self.rest().chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.next_char() == Some(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    fn literal(&mut self) -> Result<Literal> {
        match self.next_char() {
            Some('{') => self.nested('}'),
            Some('(') => self.nested(')'),
            Some('[') => self.nested(']'),
            Some(quote @ ('\'' | '"')) => self.string(quote),
            Some('0'..='9') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Literal> {
        let words = [
            ("None", Literal::None),
            ("True", Literal::Bool(true)),
            ("False", Literal::Bool(false)),
        ];
        for (word, literal) in words {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(literal);
            }
        }
        Err(self.corrupt())
    }

    fn number(&mut self) -> Result<Literal> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let number = self.rest().get(..digits).and_then(|d| d.parse().ok());
        let number = number.ok_or_else(|| self.corrupt())?;
        self.at += digits;
        // Python 2 wrote long numbers so
        self.at += usize::from(self.rest().starts_with('L'));
        Ok(Literal::Int(number))
    }

    fn string(&mut self, quote: char) -> Result<Literal> {
        self.at += 1;
        let mut out = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.at += at + 1;
                return Ok(Literal::Str(out));
            }
            match c {
                '\\' => match chars.next() {
                    Some((_, c @ ('\\' | '\'' | '"'))) => out.push(c),
                    _ => return Err(self.corrupt()),
                },
                c => out.push(c),
            }
        }
        Err(self.corrupt())
    }

    fn nested(&mut self, end: char) -> Result<Literal> {
        if self.depth >= MAX_DEPTH {
            return Err(self.corrupt());
        }
        self.depth += 1;
        self.at += 1;
        let (mut items, mut pairs) = (Vec::new(), Vec::new());
        let mut commas = 0;
        while !self.take(end) {
            let item = self.literal()?;
            if end == '}' {
                if !self.take(':') {
                    return Err(self.corrupt());
                }
                pairs.push((item, self.literal()?));
            } else {
                items.push(item);
            }
            if self.take(',') {
                commas += 1;
            } else if self.next_char() != Some(end) {
                return Err(self.corrupt());
            }
        }
        self.depth -= 1;
        Ok(match end {
            '}' => Literal::Dict(pairs),
            // brackets around one value are no tuple
            ')' if commas == 0 && items.len() == 1 => items.remove(0),
            _ => Literal::Items(items),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read() {
        let text = "{'descr': [('a', '<f4', (2,)), (\"b\", '|b1')], 'shape': (3L, 4), 'f': False, } \n";
        let header = parse(text).unwrap();
        assert_eq!(header.get("shape").unwrap().as_shape(), Some(vec![3, 4]));
        assert_eq!(header.get("f"), Some(&Literal::Bool(false)));
        let descr = header.get("descr").unwrap().as_items().unwrap();
        assert_eq!(descr[0].as_items().unwrap()[2].as_shape(), Some(vec![2]));
        assert_eq!(parse("()").unwrap(), Literal::Items(vec![]));
        assert_eq!(parse("(5)").unwrap(), Literal::Int(5));
    }

    #[test]
    fn anything_else_is_corrupt() {
        let deep = "(".repeat(1000);
        for text in
            ["", "{", "{'a'}", "(1 2)", "'a", "1.5", "a", "{}x", "'\\x41'", deep.as_str()]
        {
            assert_eq!(parse(text).unwrap_err().kind(), ErrorKind::Corrupt, "{text}");
        }
    }
}
