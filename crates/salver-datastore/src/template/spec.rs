//! Python's format specifications, as far as data IDs need them.
//!
//! Source: "Format Specification Mini-Language" of the Python library reference.

use super::float::{self, Parts};
use super::render::FieldValue;

/// The widest field and the highest precision: file names are short.
const MAX: usize = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
    Center,
    /// Between sign and digits.
    Inside,
}

/// `[[fill]align][sign][#][0][width][grouping][.precision][type]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spec {
    empty: bool,
    fill: char,
    align: Option<Align>,
    sign: Option<char>,
    pub(super) alternate: bool,
    zero: bool,
    width: usize,
    grouping: Option<char>,
    pub(super) precision: Option<usize>,
    pub(super) kind: Option<char>,
}

fn align_of(c: char) -> Option<Align> {
    Some(match c {
        '<' => Align::Left,
        '>' => Align::Right,
        '^' => Align::Center,
        '=' => Align::Inside,
        _ => return None,
    })
}

/// Takes a number off the front; `None` where it is too large.
fn number(rest: &mut &[char]) -> Option<Option<usize>> {
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    let (text, after) = rest.split_at_checked(digits)?;
    *rest = after;
    if text.is_empty() {
        return Some(None);
    }
    let value: usize = text.iter().collect::<String>().parse().ok()?;
    (value <= MAX).then_some(Some(value))
}

/// Takes a character off the front if it is wanted.
fn take(rest: &mut &[char], wanted: impl Fn(char) -> bool) -> Option<char> {
    match rest.split_first() {
        Some((&c, after)) if wanted(c) => {
            *rest = after;
            Some(c)
        }
        _ => None,
    }
}

impl Spec {
    /// Reads a specification; `None` where it is wrong whatever the value is.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let chars: Vec<char> = text.chars().collect();
        let mut rest = chars.as_slice();
        let (mut fill, mut align) = (None, None);
        match rest {
            [c, a, after @ ..] if align_of(*a).is_some() => {
                (fill, align, rest) = (Some(*c), align_of(*a), after);
            }
            [a, after @ ..] if align_of(*a).is_some() => {
                (align, rest) = (align_of(*a), after);
            }
            _ => {}
        }
        let sign = take(&mut rest, |c| matches!(c, '+' | '-' | ' '));
        let alternate = take(&mut rest, |c| c == '#').is_some();
        let zero = take(&mut rest, |c| c == '0').is_some();
        let width = number(&mut rest)?;
        let grouping = take(&mut rest, |c| matches!(c, ',' | '_'));
        let precision = match take(&mut rest, |c| c == '.') {
            Some(_) => Some(number(&mut rest)??),
            None => None,
        };
        let kind = take(&mut rest, |c| "bcdeEfFgGnosxX%".contains(c));
        rest.is_empty().then_some(Self {
            empty: text.is_empty(),
            fill: fill.unwrap_or(if zero { '0' } else { ' ' }),
            align,
            sign,
            alternate,
            zero: zero && align.is_none(),
            width: width.unwrap_or(0),
            grouping,
            precision,
            kind,
        })
    }

    /// Formats a value, or says why it cannot.
    pub(super) fn format(&self, value: &FieldValue<'_>) -> Result<String, &'static str> {
        match value {
            FieldValue::Null if self.empty => Ok("None".to_owned()),
            FieldValue::Null => Err("no value (NULL) in a field that has a format"),
            FieldValue::Bool(b) if self.empty => {
                Ok(if *b { "True" } else { "False" }.to_owned())
            }
            FieldValue::Bool(b) => self.int(i64::from(*b)),
            FieldValue::Int(i) => self.int(*i),
            FieldValue::Float(x) => self.float(*x),
            FieldValue::Str(s) => self.text(s),
        }
    }

    fn text(&self, value: &str) -> Result<String, &'static str> {
        if !matches!(self.kind, None | Some('s')) {
            return Err("the format is one of numbers, the value is text");
        }
        let inside = self.align == Some(Align::Inside);
        if self.sign.is_some() || self.alternate || self.grouping.is_some() || inside {
            return Err("sign, `#`, `=` and grouping are not for text");
        }
        let cut: String = match self.precision {
            Some(n) => value.chars().take(n).collect(),
            None => value.to_owned(),
        };
        Ok(self.pad("", &cut, Align::Left))
    }

    fn int(&self, value: i64) -> Result<String, &'static str> {
        let n = value.unsigned_abs();
        if matches!(self.kind, Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%')) {
            #[expect(clippy::cast_precision_loss, reason = "as Python's float(int)")]
            let x = value as f64;
            return self.float(x);
        }
        if self.precision.is_some() {
            return Err("a precision is not for whole numbers");
        }
        let (digits, prefix) = match self.kind {
            None | Some('d' | 'n') => (n.to_string(), ""),
            Some('b') => (format!("{n:b}"), "0b"),
            Some('o') => (format!("{n:o}"), "0o"),
            Some('x') => (format!("{n:x}"), "0x"),
            Some('X') => (format!("{n:X}"), "0X"),
            Some('c') if self.sign.is_none() && !self.alternate => {
                let c = u32::try_from(value).ok().and_then(char::from_u32);
                let c = c.ok_or("not the number of a character")?;
                return Ok(self.pad("", &c.to_string(), Align::Left));
            }
            Some(_) => return Err("the format is not one of whole numbers"),
        };
        let by = if prefix.is_empty() { 3 } else { 4 };
        if self.grouping == Some(',') && by == 4 {
            return Err("`,` groups decimal numbers only");
        }
        let prefix = if self.alternate { prefix } else { "" };
        let sign = self.sign_of(value < 0);
        Ok(self.number(&format!("{sign}{prefix}"), &digits, "", by))
    }

    fn float(&self, value: f64) -> Result<String, &'static str> {
        let Parts { digits, rest } = float::parts(value.abs(), self)?;
        let negative = value.is_sign_negative() && !value.is_nan();
        Ok(self.number(self.sign_of(negative), &digits, &rest, 3))
    }

    fn sign_of(&self, negative: bool) -> &'static str {
        match self.sign {
            _ if negative => "-",
            Some('+') => "+",
            Some(' ') => " ",
            _ => "",
        }
    }

    /// Sign, digits in groups, and what follows them, padded.
    fn number(&self, sign: &str, digits: &str, rest: &str, by: usize) -> String {
        let Some(separator) = self.grouping else {
            return self.pad(sign, &format!("{digits}{rest}"), Align::Right);
        };
        let mut digits = digits.to_owned();
        let mut grouped = group(&digits, separator, by);
        // padding with zeros continues the groups
        let inside = self.zero || (self.align == Some(Align::Inside) && self.fill == '0');
        while inside && sign.len() + grouped.len() + rest.len() < self.width {
            digits.insert(0, '0');
            grouped = group(&digits, separator, by);
        }
        self.pad(sign, &format!("{grouped}{rest}"), Align::Right)
    }

    fn pad(&self, sign: &str, body: &str, default: Align) -> String {
        let len = sign.chars().count() + body.chars().count();
        let room = self.width.saturating_sub(len);
        let fill = |n: usize| self.fill.to_string().repeat(n);
        let number = default == Align::Right;
        let default = if self.zero && number { Align::Inside } else { default };
        match self.align.unwrap_or(default) {
            Align::Left => format!("{sign}{body}{}", fill(room)),
            Align::Right => format!("{}{sign}{body}", fill(room)),
            Align::Center => {
                format!("{}{sign}{body}{}", fill(room / 2), fill(room - room / 2))
            }
            Align::Inside => format!("{sign}{}{body}", fill(room)),
        }
    }
}

/// `1234567` as `1,234,567`.
fn group(digits: &str, separator: char, by: usize) -> String {
    let mut out = String::new();
    let len = digits.chars().count();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (len - i).is_multiple_of(by) && c.is_ascii_alphanumeric() {
            out.push(separator);
        }
        out.push(c);
    }
    out
}
