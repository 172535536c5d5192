//! What a plain scalar is: the rules of YAML 1.1 as `PyYAML` has them.

/// What a plain scalar resolves to.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved {
    /// `~`, `null`, nothing.
    Null,
    /// `yes`, `off`, ….
    Bool(bool),
    /// A whole number that fits 128 bits.
    Int(i128),
    /// A whole number beyond that.
    HugeInt,
    /// A number with a point, `.inf` or `.nan`.
    Float(f64),
    /// A date or a date with a time.
    Timestamp,
    /// `<<`
    Merge,
    /// `=`
    Value,
    /// Anything else.
    Text,
}

/// Resolves a plain scalar.
#[must_use]
pub fn resolve(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "<<" => return Resolved::Merge,
        "=" => return Resolved::Value,
        _ => {}
    }
    if let Some(value) = boolean(text) {
        return Resolved::Bool(value);
    }
    if !matches!(text.as_bytes().first(), Some(b'0'..=b'9' | b'+' | b'-' | b'.')) {
        return Resolved::Text;
    }
    if let Some(number) = float(text) {
        return Resolved::Float(number);
    }
    if let Some(number) = int(text) {
        return number;
    }
    if is_timestamp(text) { Resolved::Timestamp } else { Resolved::Text }
}

/// The boolean that a text spells, in one of the three cases.
pub(super) fn boolean(text: &str) -> Option<bool> {
    let words = [
        ("yes", true),
        ("true", true),
        ("on", true),
        ("no", false),
        ("false", false),
        ("off", false),
    ];
    let (word, value) =
        words.into_iter().find(|(word, _)| text.eq_ignore_ascii_case(word))?;
    let capital = |at: usize, c: u8| if at == 0 { c.to_ascii_uppercase() } else { c };
    let capitalised = word.bytes().enumerate().map(|(at, c)| capital(at, c));
    let spelled =
        text == word || text == word.to_ascii_uppercase() || text.bytes().eq(capitalised);
    spelled.then_some(value)
}

/// The sign and what follows it.
fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    }
}

fn digits_with(text: &str, radix: u32) -> bool {
    text.chars().all(|c| c == '_' || c.is_digit(radix))
}

/// The parts of a number of base 60 behind the first: `0` to `59`.
fn is_sixtieth(part: &str) -> bool {
    matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
}

/// The whole number that a text spells.
pub(super) fn int(text: &str) -> Option<Resolved> {
    let (negative, rest) = signed(text);
    let (radix, digits) = match rest.as_bytes() {
        [b'0', b'b', _, ..] => (2, rest.get(2..)?),
        [b'0', b'x', _, ..] => (16, rest.get(2..)?),
        [b'0', _, ..] => (8, rest.get(1..)?),
        [b'1'..=b'9', ..] if rest.contains(':') => {
            return sexagesimal(rest).map(|number| sign(negative, number));
        }
        [b'0'..=b'9', ..] => (10, rest),
        _ => return None,
    };
    if !digits_with(digits, radix) {
        return None;
    }
    let bare: String = digits.chars().filter(|&c| c != '_').collect();
    let bare = if bare.is_empty() { "0" } else { &bare };
    Some(sign(negative, i128::from_str_radix(bare, radix).ok()))
}

fn sign(negative: bool, number: Option<i128>) -> Resolved {
    number.map_or(Resolved::HugeInt, |n| Resolved::Int(if negative { -n } else { n }))
}

/// A number such as `190:20:30`; the inner option is empty where it is too large.
fn sexagesimal(text: &str) -> Option<Option<i128>> {
    let mut parts = text.split(':');
    let first = parts.next().filter(|first| digits_with(first, 10))?;
    let bare: String = first.chars().filter(|&c| c != '_').collect();
    let mut number = bare.parse::<i128>().ok();
    for part in parts {
        if !is_sixtieth(part) {
            return None;
        }
        let digit: i128 = part.parse().ok()?;
        number = number.and_then(|n| n.checked_mul(60)?.checked_add(digit));
    }
    Some(number)
}

/// The number with a point that a text spells.
fn float(text: &str) -> Option<f64> {
    let (negative, rest) = signed(text);
    let turn = |number: f64| if negative { -number } else { number };
    match rest {
        ".inf" | ".Inf" | ".INF" => return Some(turn(f64::INFINITY)),
        ".nan" | ".NaN" | ".NAN" if rest == text => return Some(f64::NAN),
        _ => {}
    }
    let (whole, tail) = rest.split_once('.')?;
    if whole.contains(':') {
        return sexagesimal_float(whole, tail).map(turn);
    }
    let (fraction, exponent) = match tail.find(['e', 'E']) {
        Some(at) => (tail.get(..at)?, tail.get(at + 1..)?),
        None => (tail, "+0"),
    };
    let first = if whole.is_empty() { fraction } else { whole };
    let begins = first.starts_with(|c: char| c.is_ascii_digit());
    // a number without digits before the point has no sign
    let signs = !whole.is_empty() || rest == text;
    let power = exponent.strip_prefix(['+', '-'])?;
    let fits = digits_with(whole, 10)
        && digits_with(fraction, 10)
        && !power.is_empty()
        && power.bytes().all(|b| b.is_ascii_digit());
    if !(begins && signs && fits) {
        return None;
    }
    parse_float(rest).map(turn)
}

/// A number such as `190:20:30.15`.
fn sexagesimal_float(whole: &str, fraction: &str) -> Option<f64> {
    let mut parts = whole.split(':').peekable();
    let first = parts.next()?;
    if !first.starts_with(|c: char| c.is_ascii_digit())
        || !digits_with(first, 10)
        || !digits_with(fraction, 10)
    {
        return None;
    }
    let mut number = parse_float(first)?;
    while let Some(part) = parts.next() {
        if !is_sixtieth(part) {
            return None;
        }
        let last = parts.peek().is_none();
        let digit = if last {
            parse_float(&format!("{part}.{fraction}"))?
        } else {
            parse_float(part)?
        };
        number = number * 60.0 + digit;
    }
    Some(number)
}

/// A number as Python's `float` reads it, without underscores.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let bare: String = text.chars().filter(|&c| c != '_').collect();
    bare.parse().ok()
}

/// The float that an explicitly tagged text spells.
pub(super) fn tagged_float(text: &str) -> Option<f64> {
    let decimal =
        |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '_' | 'e' | 'E');
    float(text).or_else(|| text.chars().all(decimal).then(|| parse_float(text)).flatten())
}

/// `2024-03-01`, or a date of looser form with a time.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let strict = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, b)| match at {
            4 | 7 => *b == b'-',
            _ => b.is_ascii_digit(),
        });
    strict || matches_timestamp(bytes).is_some()
}

fn matches_timestamp(bytes: &[u8]) -> Option<()> {
    let rest = digits(bytes, 4, 4)?;
    let rest = digits(literal(rest, b"-")?, 1, 2)?;
    let rest = digits(literal(rest, b"-")?, 1, 2)?;
    let spaced = || Some(blanks(rest)).filter(|blank| blank.len() < rest.len());
    let rest = literal(rest, b"Tt").or_else(spaced)?;
    let rest = digits(rest, 1, 2)?;
    let rest = digits(literal(rest, b":")?, 2, 2)?;
    let mut rest = digits(literal(rest, b":")?, 2, 2)?;
    if let Some(fraction) = literal(rest, b".") {
        let count = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        rest = fraction.get(count..)?;
    }
    if rest.is_empty() {
        return Some(());
    }
    let zone = blanks(rest);
    if zone == b"Z" {
        return Some(());
    }
    let zone = digits(literal(zone, b"+-")?, 1, 2)?;
    if zone.is_empty() {
        return Some(());
    }
    let zone = digits(literal(zone, b":")?, 2, 2)?;
    zone.is_empty().then_some(())
}

fn blanks(bytes: &[u8]) -> &[u8] {
    let count = bytes.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    bytes.get(count..).unwrap_or_default()
}

fn literal<'a>(bytes: &'a [u8], any: &[u8]) -> Option<&'a [u8]> {
    let (first, rest) = bytes.split_first()?;
    any.contains(first).then_some(rest)
}

/// Takes between `least` and `most` digits, as many as there are.
fn digits(bytes: &[u8], least: usize, most: usize) -> Option<&[u8]> {
    let count = bytes.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
    (count >= least).then(|| bytes.get(count..)).flatten()
}
