//! One header card: 80 bytes, and the value in them. Source: FITS 4.0 §4.1, §4.2.

use std::fmt;

use salver_core::{Error, ErrorKind, Op, Result};

/// Bytes of a card.
pub(crate) const CARD: usize = 80;
/// Characters of a string that fit in one card, with room for the `&` of a continued one.
const TEXT_IN_CARD: usize = 67;

/// One card of a header, exactly as it is in the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Card(pub [u8; CARD]);

/// The value of a card.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// The value field is blank (FITS 4.0 §4.1.2.3).
    Undefined,
    /// `T` or `F`.
    Bool(bool),
    /// A whole number in −2⁶³ … 2⁶⁴−1.
    Int(i128),
    /// A real number, or a whole number beyond that range.
    Float(f64),
    /// A complex number.
    Complex(f64, f64),
    /// A string, without trailing spaces.
    Text(String),
    /// A value field that the standard does not know, as it is written.
    Raw(String),
}

/// What a card says.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// `KEYWORD = value / comment`.
    Value(Value, String),
    /// `COMMENT`, `HISTORY`, a blank keyword, or no value indicator: text from column 9 on.
    Commentary(String),
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Card({})", self.text())
    }
}

impl Card {
    /// A card of this text: one byte per character, padded with spaces, cut at 80.
    ///
    /// Characters beyond U+00FF become `?`: [`Card::text`] gives none.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let mut bytes = [b' '; CARD];
        for (byte, c) in bytes.iter_mut().zip(text.chars()) {
            *byte = u8::try_from(u32::from(c)).unwrap_or(b'?');
        }
        Self(bytes)
    }

    /// The card as text, one character per byte, without trailing spaces.
    #[must_use]
    pub fn text(&self) -> String {
        latin(trim_end(&self.0))
    }

    /// The keyword in columns 1–8.
    #[must_use]
    pub fn keyword(&self) -> &[u8] {
        trim_end(&self.0[..8])
    }

    /// Whether columns 1–8 hold this keyword.
    #[must_use]
    pub fn is(&self, keyword: &str) -> bool {
        self.keyword() == keyword.as_bytes()
    }

    /// The same card with another keyword in columns 1–8.
    #[must_use]
    pub fn renamed(&self, keyword: &str) -> Self {
        let mut bytes = self.0;
        bytes[..8].fill(b' ');
        for (byte, k) in bytes[..8].iter_mut().zip(keyword.bytes()) {
            *byte = k;
        }
        Self(bytes)
    }

    /// Keyword and body; a `HIERARCH` card gives the words between `HIERARCH` and `=`.
    #[must_use]
    pub fn parse(&self) -> (String, Body) {
        let keyword = latin(self.keyword());
        if keyword == "HIERARCH"
            && let Some(at) = self.0.iter().position(|&b| b == b'=')
        {
            let name = latin(trim(&self.0[8..at.max(8)]));
            let (value, comment) = parse_field(&self.0[(at + 1).min(CARD)..]);
            return (name, Body::Value(value, comment));
        }
        let commentary = matches!(keyword.as_str(), "" | "COMMENT" | "HISTORY");
        if !commentary && &self.0[8..10] == b"= " {
            let (value, comment) = parse_field(&self.0[10..]);
            return (keyword, Body::Value(value, comment));
        }
        (keyword, Body::Commentary(latin(trim_end(&self.0[8..]))))
    }

    /// The string and comment of a `CONTINUE` card.
    #[must_use]
    pub fn continuation(&self) -> Option<(String, String)> {
        if !self.is("CONTINUE") {
            return None;
        }
        match parse_field(&self.0[8..]) {
            (Value::Text(text), comment) => Some((text, comment)),
            _ => None,
        }
    }
}

fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).collect()
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&b| b != b' ').map_or(0, |i| i + 1);
    &bytes[..end]
}

fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|&b| b != b' ').unwrap_or(bytes.len());
    trim_end(&bytes[start..])
}

/// Value and comment of a value field in free format (FITS 4.0 §4.2).
fn parse_field(field: &[u8]) -> (Value, String) {
    let start = field.iter().position(|&b| b != b' ').unwrap_or(field.len());
    let rest = &field[start..];
    if rest.first() == Some(&b'\'') {
        return parse_text(rest).unwrap_or_else(|| {
            let raw = latin(trim_end(rest));
            (Value::Raw(raw), String::new())
        });
    }
    let (value, comment) = match rest.iter().position(|&b| b == b'/') {
        Some(slash) => (&rest[..slash], &rest[slash + 1..]),
        None => (rest, &rest[rest.len()..]),
    };
    (parse_scalar(&latin(trim(value))), comment_text(comment))
}

/// The comment without the one space that separates it from the slash, and trailing ones.
fn comment_text(comment: &[u8]) -> String {
    latin(trim_end(comment.strip_prefix(b" ").unwrap_or(comment)))
}

/// `'text with '' doubled' / comment`; `None` where the closing quote is missing.
fn parse_text(field: &[u8]) -> Option<(Value, String)> {
    let mut text = Vec::new();
    let mut at = 1;
    loop {
        let byte = *field.get(at)?;
        if byte != b'\'' {
            text.push(byte);
            at += 1;
        } else if field.get(at + 1) == Some(&b'\'') {
            text.push(byte);
            at += 2;
        } else {
            break;
        }
    }
    let rest = &field[at + 1..];
    let comment = rest.iter().position(|&b| b == b'/').map(|s| &rest[s + 1..]);
    let text = latin(trim_end(&text));
    Some((Value::Text(text), comment.map(comment_text).unwrap_or_default()))
}

fn parse_scalar(text: &str) -> Value {
    match text {
        "" => return Value::Undefined,
        "T" => return Value::Bool(true),
        "F" => return Value::Bool(false),
        _ => {}
    }
    let pair = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    if let Some((re, im)) = pair.and_then(|p| p.split_once(','))
        && let (Some(re), Some(im)) = (parse_number(re.trim()), parse_number(im.trim()))
    {
        return Value::Complex(re, im);
    }
    let in_range = |v: &i128| *v >= i128::from(i64::MIN) && *v <= i128::from(u64::MAX);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if whole && let Some(v) = text.parse::<i128>().ok().filter(in_range) {
        return Value::Int(v);
    }
    parse_number(text).map_or_else(|| Value::Raw(text.to_owned()), Value::Float)
}

/// A real number in FITS's spelling: also `D` for the exponent, no names such as `nan`.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    let plain = |b: u8| b.is_ascii_digit() || b"+-.EeDd".contains(&b);
    if !text.bytes().all(plain) {
        return None;
    }
    let number: Option<f64> = if text.contains(['D', 'd']) {
        text.replace(['D', 'd'], "E").parse().ok()
    } else {
        text.parse().ok()
    };
    number.filter(|v| v.is_finite())
}

/// A real number in the shortest text that reads back as the same one.
pub(crate) fn number_text(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-5..1e16).contains(&size) {
        let text = format!("{value:E}");
        let (mantissa, exponent) = text.split_once('E').unwrap_or((&text, "0"));
        let point = if mantissa.contains('.') { "" } else { ".0" };
        return format!("{mantissa}{point}E{exponent}");
    }
    let text = format!("{value}");
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// The cards of a keyword with a value: one, or more for a long string (FITS 4.0 §4.2.1.2).
///
/// Keywords that the standard does not allow become `HIERARCH` cards.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for text that is not printable ASCII, a number that is not finite, or
/// a keyword that leaves no room for its value.
pub(crate) fn value_cards(
    keyword: &str,
    value: &Value,
    comment: &str,
) -> Result<Vec<Card>> {
    let standard = is_standard(keyword);
    check_ascii(keyword, keyword)?;
    if !standard && (keyword.is_empty() || keyword.contains('=')) {
        return Err(refused(keyword, "a keyword that a header cannot hold"));
    }
    let head = if standard {
        format!("{keyword:<8}= ")
    } else {
        format!("HIERARCH {keyword} = ")
    };
    let field = match value {
        Value::Text(text) => return text_cards(keyword, &head, text, comment),
        Value::Undefined => String::new(),
        Value::Bool(b) => if *b { "T" } else { "F" }.to_owned(),
        Value::Int(i) => i.to_string(),
        Value::Float(x) => finite(keyword, *x)?,
        Value::Complex(re, im) => {
            format!("({}, {})", finite(keyword, *re)?, finite(keyword, *im)?)
        }
        Value::Raw(text) => {
            check_ascii(keyword, text)?;
            text.clone()
        }
    };
    let body =
        if standard { format!("{head}{field:>20}") } else { format!("{head}{field}") };
    if body.len() > CARD {
        return Err(refused(keyword, "a keyword too long for its value"));
    }
    Ok(vec![with_comment(&body, comment)])
}

/// A `COMMENT`, `HISTORY` or blank card; long text goes on in further cards.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for text that is not printable ASCII.
pub(crate) fn commentary_cards(keyword: &str, text: &str) -> Result<Vec<Card>> {
    check_ascii(keyword, text)?;
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Ok(vec![Card::from_text(keyword)]);
    }
    let pieces = bytes.chunks(CARD - 8);
    Ok(pieces.map(|p| Card::from_text(&format!("{keyword:<8}{}", latin(p)))).collect())
}

/// Whether a keyword is one of the standard's form: 1–8 of `A–Z 0–9 - _` (FITS 4.0 §4.1.2.1).
pub(crate) fn is_standard(keyword: &str) -> bool {
    let allowed =
        |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-_".contains(&b);
    (1..=8).contains(&keyword.len()) && keyword.bytes().all(allowed)
}

fn finite(keyword: &str, value: f64) -> Result<String> {
    if value.is_finite() {
        return Ok(number_text(value));
    }
    Err(refused(keyword, "a header holds finite numbers only"))
}

fn check_ascii(keyword: &str, text: &str) -> Result<()> {
    if text.bytes().all(|b| (32..127).contains(&b)) {
        return Ok(());
    }
    Err(refused(keyword, "a header holds printable ASCII only"))
}

fn refused(keyword: &str, message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, Op("fits.header"), message)
        .with("keyword", keyword)
}

/// Adds the comment where there is room; what does not fit is cut.
fn with_comment(body: &str, comment: &str) -> Card {
    if comment.is_empty() || body.len() + 4 > CARD {
        return Card::from_text(body);
    }
    Card::from_text(&format!("{body} / {comment}"))
}

fn text_cards(keyword: &str, head: &str, text: &str, comment: &str) -> Result<Vec<Card>> {
    check_ascii(keyword, text)?;
    let quoted = text.replace('\'', "''");
    let room = (CARD - 2).checked_sub(head.len()).filter(|&r| r > 4);
    let room =
        room.ok_or_else(|| refused(keyword, "a keyword too long for its value"))?;
    if quoted.len() <= room {
        let body = format!("{head}'{quoted:<8}'");
        return Ok(vec![with_comment(&format!("{body:<30}"), comment)]);
    }
    let mut cards = Vec::new();
    let mut pieces = pieces(&quoted, room - 1, TEXT_IN_CARD).into_iter().peekable();
    while let Some(piece) = pieces.next() {
        let head = if cards.is_empty() { head } else { "CONTINUE  " };
        cards.push(match pieces.peek() {
            Some(_) => Card::from_text(&format!("{head}'{piece}&'")),
            None => with_comment(&format!("{head}'{piece}'"), comment),
        });
    }
    Ok(cards)
}

/// Cuts quoted ASCII text so that no doubled quote is torn apart and no piece ends in a space.
fn pieces(quoted: &str, first: usize, next: usize) -> Vec<String> {
    let mut out = Vec::new();
    let mut piece = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        let limit = if out.is_empty() { first } else { next };
        let len = if c == '\'' { 2 } else { 1 };
        if piece.len() + len > limit {
            out.push(std::mem::take(&mut piece));
        }
        piece.push(c);
        if c == '\'' {
            chars.next();
            piece.push(c);
        }
    }
    out.push(piece);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        match Card::from_text(text).parse().1 {
            Body::Value(value, _) => value,
            Body::Commentary(text) => panic!("commentary: {text}"),
        }
    }

    #[test]
    fn values_of_every_type_are_read() {
        assert_eq!(value("A       =                    T / yes"), Value::Bool(true));
        assert_eq!(value("A       = -12"), Value::Int(-12));
        assert_eq!(value("A       = 18446744073709551615"), Value::Int(u64::MAX.into()));
        assert_eq!(value("A       = 1.5D-3"), Value::Float(1.5e-3));
        assert_eq!(value("A       = (1, -2.5)"), Value::Complex(1.0, -2.5));
        assert_eq!(value("A       = 'it''s / so ' / x"), Value::Text("it's / so".into()));
        assert_eq!(value("A       ="), Value::Undefined);
        assert_eq!(value("A       = nan"), Value::Raw("nan".into()));
        assert_eq!(value("A       = 'open"), Value::Raw("'open".into()));
    }

    #[test]
    fn a_hierarch_card_has_its_words_as_keyword() {
        let card = Card::from_text("HIERARCH ESO DET CHIP1 ID = 'ESO-42' / chip");
        let (keyword, body) = card.parse();
        assert_eq!(keyword, "ESO DET CHIP1 ID");
        assert_eq!(body, Body::Value(Value::Text("ESO-42".into()), "chip".into()));
    }

    #[test]
    fn what_is_formatted_reads_back() {
        for v in [
            Value::Undefined,
            Value::Bool(false),
            Value::Int(-7),
            Value::Float(0.1),
            Value::Float(1e300),
            Value::Float(-1e-7),
            Value::Float(1e20),
            Value::Complex(1.0, 2.0),
            Value::Text("a'b".into()),
        ] {
            for key in ["KEY", "Some longer key"] {
                let cards = value_cards(key, &v, "note").unwrap();
                let (k, body) = cards[0].parse();
                assert_eq!(
                    (k.as_str(), body),
                    (key, Body::Value(v.clone(), "note".into()))
                );
            }
        }
    }

    #[test]
    fn a_long_string_goes_on_in_further_cards() {
        let text = format!("{}''{}", "x'".repeat(60), " y".repeat(90));
        let cards = value_cards("LONG", &Value::Text(text.clone()), "c").unwrap();
        let mut joined = match cards[0].parse().1 {
            Body::Value(Value::Text(t), _) => t,
            other => panic!("{other:?}"),
        };
        for card in &cards[1..] {
            assert!(joined.ends_with('&'));
            joined.pop();
            joined.push_str(&card.continuation().unwrap().0);
        }
        assert_eq!(joined, text);
    }

    #[test]
    fn what_a_header_cannot_hold_is_unsupported() {
        for v in [Value::Float(f64::NAN), Value::Text("é".into())] {
            let error = value_cards("K", &v, "").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
        }
    }
}
