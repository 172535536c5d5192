//! Shell patterns on names: `*`, `?`, `[abc]`, `[!a-z]`. `*` matches `/` too, as in Gen3.

/// Says whether a name has to be read as a pattern.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Says whether `name` matches `pattern` as a whole; case matters.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            retry = Some((p + 1, n));
            p += 1;
            continue;
        }
        match step(&pattern, p, name[n]) {
            Some(next) => {
                p = next;
                n += 1;
            }
            None => match retry {
                Some((after, at)) => {
                    retry = Some((after, at + 1));
                    (p, n) = (after, at + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p.min(pattern.len())..].iter().all(|&c| c == '*')
}

/// Matches one character; gives the place in the pattern after it.
fn step(pattern: &[char], at: usize, c: char) -> Option<usize> {
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '[' => match set_end(pattern, at) {
            Some(end) => in_set(&pattern[at + 1..end], c).then_some(end + 1),
            None => (c == '[').then_some(at + 1),
        },
        &literal => (literal == c).then_some(at + 1),
    }
}

/// Where the `]` of the set that starts at `at` is; a first `]` is a member.
fn set_end(pattern: &[char], at: usize) -> Option<usize> {
    let mut end = at + 1;
    if pattern.get(end) == Some(&'!') {
        end += 1;
    }
    if pattern.get(end) == Some(&']') {
        end += 1;
    }
    while *pattern.get(end)? != ']' {
        end += 1;
    }
    Some(end)
}

fn in_set(set: &[char], c: char) -> bool {
    let (negated, set) = match set.split_first() {
        Some((&'!', rest)) => (true, rest),
        _ => (false, set),
    };
    let mut found = false;
    let mut i = 0;
    while let Some(&low) = set.get(i) {
        if let (Some('-'), Some(&high)) = (set.get(i + 1), set.get(i + 2)) {
            found |= low <= c && c <= high;
            i += 3;
        } else {
            found |= low == c;
            i += 1;
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("CamA/*", "CamA/raw/all", true),
            ("CamA/*", "camA/raw", false),
            ("*/run?", "u/x/run1", true),
            ("*/run?", "u/x/run", false),
            ("r[ab]w", "raw", true),
            ("r[!ab]w", "raw", false),
            ("r[a-c]w", "rbw", true),
            ("r[]]w", "r]w", true),
            ("r[w", "r[w", true),
            ("a*b*c", "aXbXbYc", true),
            ("a*b*c", "aXbXbY", false),
            ("abc", "abcd", false),
            ("", "", true),
            ("", "a", false),
            ("é?", "éü", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
        assert!(is_pattern("a*") && !is_pattern("a/b"));
    }

    #[test]
    fn many_stars_do_not_explode() {
        assert!(!matches(&"*a".repeat(30), &"b".repeat(5000)));
    }
}
