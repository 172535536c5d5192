//! Which styles a text can be written in, by what `PyYAML` does (observed with `PyYAML` 6.0).

use super::resolve::{Resolved, resolve};

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    None,
    Single,
    Double,
}

/// What matters of a text for its style.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent findings of one pass")]
struct Traits {
    /// Blanks or breaks at an edge.
    edge_space: bool,
    /// A blank right after a break.
    break_space: bool,
    /// A break right after a blank.
    space_break: bool,
    /// Control characters, or anything that is not ASCII.
    special: bool,
    breaks: bool,
    /// Characters that mean something to YAML where they stand.
    indicators: bool,
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(c: Option<char>) -> bool {
    c.is_none_or(|c| is_break(c) || matches!(c, '\0' | ' ' | '\t' | '\r'))
}

fn traits(text: &str) -> Traits {
    let mut found = Traits {
        indicators: text.starts_with("---") || text.starts_with("..."),
        ..Traits::default()
    };
    let mut before: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        found.indicators |= is_indicator(before, c, next);
        found.breaks |= is_break(c);
        found.special |= !(c == '\n' || (' '..='~').contains(&c));
        let edge = before.is_none() || next.is_none();
        found.edge_space |= edge && (c == ' ' || is_break(c));
        found.break_space |= c == ' ' && before.is_some_and(is_break);
        found.space_break |= is_break(c) && before == Some(' ');
        before = Some(c);
    }
    found
}

/// Whether a character begins something else than text here, in a block.
fn is_indicator(before: Option<char>, c: char, next: Option<char>) -> bool {
    if before.is_none() {
        return match c {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\''
            | '"' | '%' | '@' | '`' => true,
            '?' | ':' | '-' => is_blank(next),
            _ => false,
        };
    }
    (c == ':' && is_blank(next)) || (c == '#' && is_blank(before))
}

/// How a text is written: as it is, where that reads back as text.
pub(super) fn quotes(text: &str) -> Quotes {
    let found = traits(text);
    let spaced = found.edge_space || found.break_space || found.space_break;
    let marked = found.special || found.breaks || found.indicators;
    if !(text.is_empty() || spaced || marked) && resolve(text) == Resolved::Text {
        return Quotes::None;
    }
    let single = !(found.break_space || found.space_break || found.special);
    if single { Quotes::Single } else { Quotes::Double }
}

/// Whether a text may be a key that is written on the line of its value.
pub(super) fn is_simple_key(text: &str) -> bool {
    // `PyYAML` counts the tag `!!str` that it does not write
    !text.is_empty() && text.chars().count() + 5 < 128 && !text.contains(is_break)
}
