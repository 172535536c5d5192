//! Makes a header fit the data under it: the mandatory keywords, first and in their order.
//! Source: FITS 4.0 §4.4.1.

use salver_core::Result;

use super::card::{Body, Value, value_cards};
use super::header::Header;
use super::pixel::{Stored, Transform};
use super::tree::is_structural;

/// What a data unit holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Unit {
    /// An image: how it is stored, what reading adds, the axes fastest first.
    Image { stored: Stored, offset: i64, axes: Vec<u64> },
    /// An image whose `BSCALE`, `BZERO` and `BLANK` are those of the header.
    Scaled { stored: Stored, axes: Vec<u64> },
    /// A binary table: bytes of a row, rows, bytes of the heap, columns.
    Table { row: u64, rows: u64, heap: u64, fields: u64 },
    /// Nothing; `BITPIX` means nothing either.
    Empty { bitpix: i64 },
    /// Bytes of an extension that is none of the standard's, or of random groups: the header is
    /// right as it is.
    Bytes,
}

/// The header with its mandatory keywords; `primary` is whether it is the first of the file.
///
/// # Errors
/// As [`Header::set`].
pub(crate) fn fit(header: Header, unit: &Unit, primary: bool) -> Result<Header> {
    if *unit == Unit::Bytes {
        return Ok(header);
    }
    let fresh = header.cards().is_empty();
    let mut out = Header::default();
    for (keyword, value, comment) in mandatory(unit, primary) {
        let same = header.entry(&keyword).filter(|e| match &e.body {
            Body::Value(was, _) => *was == value,
            Body::Commentary(_) => false,
        });
        if let Some(entry) = same {
            out.append(
                header.cards()[entry.first..entry.first + entry.count].iter().copied(),
            );
            continue;
        }
        let note = match header.entry(&keyword).map(|e| e.body) {
            Some(Body::Value(_, note)) if !note.is_empty() => note,
            _ => comment.to_owned(),
        };
        out.append(value_cards(&keyword, &value, &note)?);
    }
    if fresh && primary {
        out.append(value_cards(
            "EXTEND",
            &Value::Bool(true),
            "extensions are permitted",
        )?);
    }
    let at = out.cards().len();
    for entry in header.entries() {
        let gone = is_structural(&entry.keyword) || entry.keyword == "GROUPS";
        if !gone || matches!(entry.body, Body::Commentary(_)) {
            out.append(
                header.cards()[entry.first..entry.first + entry.count].iter().copied(),
            );
        }
    }
    scaling(out, unit, at)
}

type Card = (String, Value, &'static str);

fn mandatory(unit: &Unit, primary: bool) -> Vec<Card> {
    let text = |t: &str| Value::Text(t.to_owned());
    let card = |key: &str, value, comment| (key.to_owned(), value, comment);
    let int = |v: u64| Value::Int(v.into());
    let table = matches!(unit, Unit::Table { .. });
    let mut out = vec![match (primary, table) {
        (true, _) => card("SIMPLE", Value::Bool(true), "conforms to FITS standard"),
        (false, true) => card("XTENSION", text("BINTABLE"), "binary table extension"),
        (false, false) => card("XTENSION", text("IMAGE"), "image extension"),
    }];
    let (bitpix, axes) = match unit {
        Unit::Image { stored, axes, .. } | Unit::Scaled { stored, axes } => {
            (stored.bitpix(), axes.clone())
        }
        Unit::Table { row, rows, .. } => (8, vec![*row, *rows]),
        Unit::Empty { bitpix } => (*bitpix, Vec::new()),
        Unit::Bytes => (8, Vec::new()),
    };
    out.push(card("BITPIX", Value::Int(bitpix.into()), "bits per data value"));
    out.push(card("NAXIS", int(axes.len() as u64), "number of axes"));
    for (k, axis) in axes.iter().enumerate() {
        out.push((format!("NAXIS{}", k + 1), int(*axis), ""));
    }
    if !primary {
        let heap = if let Unit::Table { heap, .. } = unit { *heap } else { 0 };
        out.push(card("PCOUNT", int(heap), "bytes of the heap"));
        out.push(card("GCOUNT", int(1), "one group"));
    }
    if let Unit::Table { fields, .. } = unit {
        out.push(card("TFIELDS", int(*fields), "number of columns"));
    }
    out
}

/// Sets or removes `BSCALE`, `BZERO` and `BLANK` so that reading gives the pixels back.
fn scaling(mut header: Header, unit: &Unit, at: usize) -> Result<Header> {
    let Unit::Image { stored, offset, .. } = unit else { return Ok(header) };
    let (_, now) = super::pixel::transform(&header, *stored)?;
    let wanted = if *offset == 0 { Transform::None } else { Transform::Offset(*offset) };
    if stored.is_float() {
        header.remove("BLANK");
    }
    if now == wanted {
        return Ok(header);
    }
    if *offset == 0 {
        header.remove("BSCALE");
        header.remove("BZERO");
        return Ok(header);
    }
    // the offset of 64-bit integers wraps: 2⁶³ is i64::MIN
    let zero = if *offset == i64::MIN { 1 << 63 } else { i128::from(*offset) };
    let fresh = header.entry("BZERO").is_none() && header.entry("BSCALE").is_none();
    if !fresh {
        header.set("BSCALE", &Value::Int(1), "")?;
        header.set("BZERO", &Value::Int(zero), "")?;
        return Ok(header);
    }
    let mut cards = header.cards().to_vec();
    let rest = cards.split_off(at);
    cards.extend(value_cards("BSCALE", &Value::Int(1), "")?);
    cards.extend(value_cards("BZERO", &Value::Int(zero), "offset of unsigned integers")?);
    cards.extend(rest);
    Ok(Header::from_cards(cards))
}

/// Moves the reference pixels of every world coordinate system: the array begins at `origin`
/// (slowest axis first) of the grid that the header describes.
///
/// # Errors
/// As [`Header::set`].
pub(crate) fn move_origin(header: &mut Header, origin: &[i64]) -> Result<()> {
    for (k, &first) in origin.iter().rev().enumerate().filter(|(_, o)| **o != 0) {
        let stem = format!("CRPIX{}", k + 1);
        let is_stem = |key: &str| {
            key.strip_prefix(&stem)
                .is_some_and(|v| v.bytes().all(|b| b.is_ascii_uppercase()))
        };
        let systems: Vec<_> = header.entries().filter(|e| is_stem(&e.keyword)).collect();
        #[expect(clippy::cast_precision_loss, reason = "pixel numbers are below 2⁵³")]
        let shift = first as f64;
        for entry in systems {
            let was = match entry.body {
                Body::Value(Value::Float(x), _) => x,
                #[expect(clippy::cast_precision_loss, reason = "as above")]
                Body::Value(Value::Int(i), _) => i as f64,
                _ => continue,
            };
            header.set(&entry.keyword, &Value::Float(was - shift), "")?;
        }
        let typed = header.entry(&format!("CTYPE{}", k + 1)).is_some();
        if typed && header.entry(&stem).is_none() {
            header.set(&stem, &Value::Float(-shift), "reference pixel")?;
        }
    }
    Ok(())
}
