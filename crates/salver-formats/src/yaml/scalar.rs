//! Writing scalars: the three styles, with lines folded at 80 characters as `PyYAML` folds them.

use std::fmt::Write as _;

use super::emit::Emitter;

/// Lines longer than this are folded at the next blank.
const WIDTH: usize = 80;

impl Emitter {
    fn blank_before(&mut self) {
        if !self.whitespace {
            self.put(" ");
        }
        self.whitespace = false;
        self.indention = false;
    }

    /// Text without quotes; only single blanks are folded.
    pub(super) fn plain(&mut self, text: &str, fold: bool) {
        if text.is_empty() {
            return;
        }
        self.blank_before();
        for run in runs(text, |c| c == ' ') {
            if fold && run == " " && self.column > WIDTH {
                self.new_line();
                self.whitespace = false;
                self.indention = false;
            } else {
                self.put(run);
            }
        }
    }

    /// Text in single quotes.
    pub(super) fn single(&mut self, text: &str, fold: bool) {
        self.indicator("'", true);
        let mut rest = text.len();
        for run in runs(text, |c| c == ' ') {
            let first = rest == text.len();
            rest -= run.len();
            if fold && run == " " && self.column > WIDTH && !first && rest > 0 {
                self.new_line();
                continue;
            }
            runs(run, |c| c == '\n').for_each(|piece| self.single_piece(piece));
        }
        self.whitespace = false;
        self.indention = false;
        self.indicator("'", false);
    }

    /// Breaks, or text without any.
    fn single_piece(&mut self, piece: &str) {
        if !piece.starts_with('\n') {
            self.put(&piece.replace('\'', "''"));
            return;
        }
        // one break more than those in the text: a single one would be a blank
        for _ in 0..=piece.len() {
            self.line_break();
        }
        self.new_line();
    }

    /// Text in double quotes: everything but printable ASCII is escaped.
    pub(super) fn double(&mut self, text: &str, fold: bool) {
        self.indicator("\"", true);
        let chars: Vec<char> = text.chars().collect();
        // characters that are not written yet begin here
        let mut start = 0;
        for end in 0..=chars.len() {
            let c = chars.get(end).copied();
            let escaped = c.and_then(escape);
            if c.is_none() || escaped.is_some() {
                let clean: String =
                    chars.get(start..end).unwrap_or_default().iter().collect();
                self.put(&clean);
                start = end;
            }
            if let Some(escaped) = escaped {
                self.put(&escaped);
                start = end + 1;
            }
            let inside = end > 0 && end + 1 < chars.len();
            let held = end.saturating_sub(start);
            // just behind an escape, the pending part begins one after this place
            let wide = if start > end { self.column - 1 } else { self.column + held };
            if fold && inside && (c == Some(' ') || start >= end) && wide > WIDTH {
                let clean: String =
                    chars.get(start..end).unwrap_or_default().iter().collect();
                start = start.max(end);
                self.put(&clean);
                self.put("\\");
                self.new_line();
                self.whitespace = false;
                self.indention = false;
                if chars.get(start) == Some(&' ') {
                    self.put("\\");
                }
            }
        }
        self.indicator("\"", false);
    }
}

/// The text in runs of characters that are of a kind, and of those that are not.
fn runs(text: &str, kind: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = kind(rest.chars().next()?);
        let end = rest.find(|c| kind(c) != first).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        rest = tail;
        Some(run)
    })
}

/// The escape of a character that double quotes do not hold as it is.
fn escape(c: char) -> Option<String> {
    let letter = match c {
        '"' => '"',
        '\\' => '\\',
        ' '..='~' => return None,
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            let mut out = String::new();
            let code = u32::from(c);
            let written = match code {
                0..=0xff => write!(out, "\\x{code:02X}"),
                0x100..=0xffff => write!(out, "\\u{code:04X}"),
                _ => write!(out, "\\U{code:08X}"),
            };
            debug_assert!(written.is_ok(), "writing to a String cannot fail");
            return Some(out);
        }
    };
    Some(format!("\\{letter}"))
}
