//! The nearest of the names that would have been accepted.

/// The name nearest to `wanted`, if any is near enough to be what was meant.
#[must_use]
pub fn nearest<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).clamp(1, 3);
    let ranked = names.into_iter().map(|n| (distance(wanted, n), n));
    ranked.filter(|(d, _)| *d <= limit).min().map(|(_, n)| n)
}

/// Edit distance (Levenshtein), ignoring case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, cb) in b.iter().enumerate() {
            let up = row[j + 1];
            row[j + 1] = (diagonal + usize::from(ca != *cb)).min(up + 1).min(row[j] + 1);
            diagonal = up;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_corrected_and_a_stranger_is_not() {
        let names = ["detector", "visit", "exposure"];
        assert_eq!(nearest("detecter", names), Some("detector"));
        assert_eq!(nearest("VISIT", names), Some("visit"));
        assert_eq!(nearest("galaxy", names), None);
    }
}
