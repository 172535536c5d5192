//! Keys as names of links: HDF5 has no `/`, no NUL, no empty name, and `.` means the group itself.

/// A key as a link's name.
pub(crate) fn escape(key: &str) -> String {
    if key.is_empty() {
        return "%".to_owned();
    }
    let dots = key.bytes().all(|b| b == b'.');
    let mut out = String::with_capacity(key.len());
    for (number, letter) in key.chars().enumerate() {
        match letter {
            '/' => out.push_str("%2F"),
            '%' => out.push_str("%25"),
            '\0' => out.push_str("%00"),
            '.' if dots && number == 0 => out.push_str("%2E"),
            other => out.push(other),
        }
    }
    out
}

/// The key of a link's name; what is no escape stays.
pub(crate) fn unescape(name: &str) -> String {
    if name == "%" {
        return String::new();
    }
    let escapes = [("%2F", "/"), ("%00", "\0"), ("%2E", "."), ("%25", "%")];
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let found = escapes.iter().find_map(|(escape, plain)| {
            let tail = after.strip_prefix(escape.strip_prefix('%')?)?;
            Some((*plain, tail))
        });
        let (plain, tail) = found.unwrap_or(("%", after));
        out.push_str(plain);
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// A step of a path: `~` and `/` as JSON Pointer spells them.
pub(crate) fn step(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_comes_back() {
        for key in ["", ".", "..", "a/b", "%", "%2F", "a.b", "\0", "%%", "ä/é"] {
            let name = escape(key);
            assert!(!name.is_empty() && !name.contains('/') && name != ".", "{name}");
            assert_eq!(unescape(&name), key);
        }
    }
}
