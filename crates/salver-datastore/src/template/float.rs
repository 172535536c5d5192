//! Floating-point numbers as Python prints them.

use super::spec::Spec;

/// The whole digits, and what follows them: point, fraction, exponent, `%`.
pub(super) struct Parts {
    pub(super) digits: String,
    pub(super) rest: String,
}

impl Parts {
    fn of(text: &str) -> Self {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        Self { digits: digits.to_owned(), rest: rest.to_owned() }
    }
}

/// Formats a number that is not negative.
pub(super) fn parts(x: f64, spec: &Spec) -> Result<Parts, &'static str> {
    let upper = spec.kind.is_some_and(|k| k.is_ascii_uppercase());
    if !x.is_finite() {
        let name = if x.is_nan() { "nan" } else { "inf" };
        let name = if upper { name.to_uppercase() } else { name.to_owned() };
        let percent = if spec.kind == Some('%') { "%" } else { "" };
        return Ok(Parts { digits: name, rest: percent.to_owned() });
    }
    let precision = spec.precision.unwrap_or(6);
    let text = match spec.kind.map(|k| k.to_ascii_lowercase()) {
        Some('f') => fixed(x, precision, spec.alternate),
        Some('%') => format!("{}%", fixed(x * 100.0, precision, spec.alternate)),
        Some('e') => scientific(x, precision, spec.alternate),
        Some('g' | 'n') => general(x, precision, spec.alternate),
        None => match spec.precision {
            Some(p) => with_point(&general_below(x, p, spec.alternate, p.max(1) - 1)),
            None => shortest(x),
        },
        Some(_) => return Err("the format is not one of floating-point numbers"),
    };
    Ok(Parts::of(&if upper { text.to_uppercase() } else { text }))
}

fn fixed(x: f64, precision: usize, alternate: bool) -> String {
    let point = if alternate && precision == 0 { "." } else { "" };
    format!("{x:.precision$}{point}")
}

/// Mantissa and exponent, as Rust writes them.
fn split(x: f64, precision: usize) -> (String, i32) {
    let text = format!("{x:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.to_owned(), exponent.parse().unwrap_or(0))
}

fn scientific(x: f64, precision: usize, alternate: bool) -> String {
    let (mantissa, exponent) = split(x, precision);
    let point = if alternate && precision == 0 { "." } else { "" };
    format!("{mantissa}{point}{}", exponent_of(exponent))
}

fn exponent_of(exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("e{sign}{:02}", exponent.unsigned_abs())
}

fn general(x: f64, precision: usize, alternate: bool) -> String {
    general_below(x, precision, alternate, precision.max(1))
}

/// Python's `g`: plain digits for exponents −4 … `limit` − 1.
fn general_below(x: f64, precision: usize, alternate: bool, limit: usize) -> String {
    let digits = precision.max(1) - 1;
    let (mantissa, exponent) = split(x, digits);
    let above = usize::try_from(exponent).is_ok_and(|e| e >= limit);
    let trim = |text: &str| -> String {
        if alternate || !text.contains('.') {
            return text.to_owned();
        }
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if exponent < -4 || above {
        return format!("{}{}", trim(&mantissa), exponent_of(exponent));
    }
    let after = i32::try_from(digits).unwrap_or(0).saturating_sub(exponent);
    let after = usize::try_from(after).unwrap_or(0);
    trim(&format!("{x:.after$}"))
}

/// At least one digit after the point, where there is no exponent.
fn with_point(text: &str) -> String {
    if text.contains(['.', 'e']) { text.to_owned() } else { format!("{text}.0") }
}

/// The shortest digits that give the number back, as Python's `repr`.
fn shortest(x: f64) -> String {
    let text = format!("{x:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return with_point(&format!("{x}"));
    }
    format!("{mantissa}{}", exponent_of(exponent))
}
