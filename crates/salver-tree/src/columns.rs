//! Which columns a selection means.

use salver_core::{Error, ErrorKind, Op, Result};

/// Places in `names` of the columns that `patterns` select; `None` is all of them.
///
/// A pattern is a name or a glob (`*`, `?`, `[abc]`, `[!a-z]`), matched with case. Columns come in
/// the order of their first match, each once. A name that begins with `__` is hidden: it is not
/// matched by a glob, only by its own name, and not part of all. Source: Gen3 format §10.3.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for a pattern that matches nothing, with the columns that are there.
pub fn match_columns<S: AsRef<str>>(
    names: &[S],
    patterns: Option<&[String]>,
) -> Result<Vec<usize>> {
    let hidden = |name: &str| name.starts_with("__");
    let Some(patterns) = patterns else {
        let shown = names.iter().enumerate().filter(|(_, name)| !hidden(name.as_ref()));
        return Ok(shown.map(|(i, _)| i).collect());
    };
    let mut out = Vec::new();
    let mut taken = vec![false; names.len()];
    for pattern in patterns {
        let mut found = false;
        for (i, name) in names.iter().enumerate() {
            let name = name.as_ref();
            if name == pattern || (!hidden(name) && glob(pattern, name)) {
                found = true;
                if !std::mem::replace(&mut taken[i], true) {
                    out.push(i);
                }
            }
        }
        if !found {
            return Err(unknown(names, pattern));
        }
    }
    Ok(out)
}

fn unknown<S: AsRef<str>>(names: &[S], pattern: &str) -> Error {
    let shown = names.iter().map(AsRef::as_ref).filter(|name| !name.starts_with("__"));
    let there: Vec<&str> = shown.take(200).collect();
    Error::new(ErrorKind::InvalidInput, Op("select.columns"), "no such column")
        .with("column", pattern)
        .with("there", there.join(", "))
}

/// Whether a shell glob matches all of a name, with case.
fn glob(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // where to go on after the last star took one character more
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            retry = Some((p + 1, n));
            p += 1;
        } else if let Some(width) = one(pattern.get(p..).unwrap_or(&[]), name[n]) {
            p += width;
            n += 1;
        } else if let Some((after, at)) = retry {
            retry = Some((after, at + 1));
            (p, n) = (after, at + 1);
        } else {
            return false;
        }
    }
    pattern.iter().skip(p).all(|&c| c == '*')
}

/// How many characters of the pattern match this one character, if they do.
fn one(pattern: &[char], c: char) -> Option<usize> {
    let first = *pattern.first()?;
    let set = if first == '[' { bracket(pattern) } else { None };
    let (matches, width) = match set {
        Some((['!', set @ ..], width)) => (!in_set(set, c), width),
        Some((set, width)) => (in_set(set, c), width),
        None => (first == '?' || first == c, 1),
    };
    matches.then_some(width)
}

/// The inside of a set and the characters of all of it; a `]` that comes first belongs to it.
fn bracket(pattern: &[char]) -> Option<(&[char], usize)> {
    let from = if pattern.get(1) == Some(&'!') { 3 } else { 2 };
    let end = (from..pattern.len()).find(|&i| pattern[i] == ']')?;
    Some((pattern.get(1..end)?, end + 1))
}

fn in_set(set: &[char], c: char) -> bool {
    let mut rest = set;
    loop {
        match rest {
            [] => return false,
            [low, '-', high, tail @ ..] => {
                if (*low..=*high).contains(&c) {
                    return true;
                }
                rest = tail;
            }
            [one, tail @ ..] => {
                if *one == c {
                    return true;
                }
                rest = tail;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["id", "ra", "dec", "RA", "__index_level_0__"];

    fn matched(patterns: &[&str]) -> Result<Vec<usize>> {
        let patterns: Vec<String> = patterns.iter().map(|&p| p.to_owned()).collect();
        match_columns(&NAMES, Some(&patterns))
    }

    #[test]
    fn columns_come_in_the_order_of_their_first_match_and_once() {
        assert_eq!(matched(&["dec", "*", "id"]).unwrap(), [2, 0, 1, 3]);
        assert_eq!(matched(&["[rR]?"]).unwrap(), [1, 3]);
        assert_eq!(
            matched(&["[!r]a", "*c"]).unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
        assert_eq!(match_columns(&NAMES, None).unwrap(), [0, 1, 2, 3]);
    }

    #[test]
    fn hidden_columns_come_by_their_own_name_only() {
        assert_eq!(matched(&["__index_level_0__"]).unwrap(), [4]);
        let error = matched(&["__i*"]).unwrap_err();
        assert!(error.to_string().contains("there: id, ra, dec, RA)"), "{error}");
    }

    #[test]
    fn globs_match_as_in_a_shell() {
        let yes = [
            ("a*c*e", "abcde"),
            ("[]]", "]"),
            ("[a-c]x", "bx"),
            ("a[", "a["),
            ("**", ""),
        ];
        for (pattern, name) in yes {
            assert!(glob(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a*c", "abcd"), ("?", ""), ("[!a]", "a"), ("A", "a")] {
            assert!(!glob(pattern, name), "{pattern} {name}");
        }
    }
}
