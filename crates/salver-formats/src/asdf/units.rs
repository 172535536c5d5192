//! Units: the FITS standard's spelling in a tree, `VOUnit`'s in a file.
//!
//! What `VOUnit` allows, the FITS standard does too (FITS 4.0 §4.3: `.` and `**`), so only writing
//! changes the spelling: blanks and `*` between units become `.`, `s-1` and `s^-1` become `s**-1`.

/// A unit as `VOUnit` spells it; what is not understood comes back as it is.
pub(super) fn to_vounit(unit: &str) -> String {
    let simple = |c: char| c.is_ascii_alphanumeric() || " .*/^+-_%".contains(c);
    if !unit.chars().all(simple) {
        return unit.to_owned();
    }
    let powers = unit.replace("**", "^");
    let mut out = String::new();
    for factor in powers.split_inclusive(['/', '*', '.', ' ']) {
        let (term, mark) = match factor.char_indices().last() {
            Some((at, c @ ('/' | '*' | '.' | ' '))) => {
                (factor.get(..at).unwrap_or(""), Some(c))
            }
            _ => (factor, None),
        };
        out.push_str(&power(term));
        match mark {
            Some('/') => {
                while out.ends_with('.') {
                    out.pop();
                }
                out.push('/');
            }
            Some(_) if !(out.is_empty() || out.ends_with(['.', '/'])) => out.push('.'),
            _ => {}
        }
    }
    while out.ends_with('.') {
        out.pop();
    }
    out
}

/// One unit with its power.
fn power(term: &str) -> String {
    let letters = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '%';
    let end = term.find(|c| !letters(c)).unwrap_or(term.len());
    let (name, rest) = term.split_at(end);
    let digits = rest.strip_prefix('^').unwrap_or(rest);
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let whole = digits.strip_prefix('-').unwrap_or(digits);
    if name.is_empty() || whole.is_empty() || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return term.replace('^', "**");
    }
    format!("{name}**{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_spelled_as_vounit() {
        for (fits, vounit) in [
            ("adu", "adu"),
            ("", ""),
            ("m s-1", "m.s**-1"),
            ("km/s", "km/s"),
            ("erg s^-1 cm**-2", "erg.s**-1.cm**-2"),
            ("10**-3 Jy", "10**-3.Jy"),
            ("m * s", "m.s"),
            ("sqrt(m)", "sqrt(m)"),
            ("J / m2", "J/m**2"),
        ] {
            assert_eq!(to_vounit(fits), vounit, "{fits}");
        }
    }
}
