//! Numbers as Python writes them.

use std::fmt::Write as _;

/// A finite number as Python's `repr` spells it: the shortest digits that read back as the same
/// number, with an exponent below 1e-4 and from 1e16 on.
pub(crate) fn python_float(value: f64, out: &mut String) {
    // Rust's `{:e}` gives the shortest digits: `-1.25e-7`
    let mut text = String::with_capacity(24);
    if write!(text, "{value:e}").is_err() {
        return;
    }
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    out.push_str(sign);
    if !(-4..16).contains(&exponent) {
        out.push_str(mantissa);
        out.push('e');
        out.push(if exponent < 0 { '-' } else { '+' });
        let size = exponent.unsigned_abs();
        if size < 10 {
            out.push('0');
        }
        let written = write!(out, "{size}");
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
        return;
    }
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).map(char::from);
    let point = exponent + 1;
    if point <= 0 {
        out.push_str("0.");
        out.extend((point..0).map(|_| '0'));
        out.extend(digits);
        return;
    }
    let mut place = 0;
    for digit in digits {
        if place == point {
            out.push('.');
        }
        out.push(digit);
        place += 1;
    }
    let whole = place <= point;
    out.extend((place..point).map(|_| '0'));
    if whole {
        out.push_str(".0");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_spelled_as_python_does() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (101.5, "101.5"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (9007199254740992.0, "9007199254740992.0"),
            (0.0001, "0.0001"),
            (0.00012345, "0.00012345"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (0.1 + 0.2, "0.30000000000000004"),
        ];
        for (value, spelled) in cases {
            let mut out = String::new();
            python_float(value, &mut out);
            assert_eq!(out, spelled);
        }
    }
}
