//! Fixed-width text tables, as Gen3's `butler` prints them.

use std::fmt::Write as _;

/// No column is narrower.
const NARROWEST: usize = 3;

/// Where the cells of a table stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// At the left edge: names of things.
    Left,
    /// At the right edge: rows of values.
    Right,
}

/// A table of text: a centred heading, a line of dashes, rows.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
    align: Align,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new<S: Into<String>>(
        names: impl IntoIterator<Item = S>,
        align: Align,
    ) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self { names, rows: Vec::new(), align }
    }

    /// Adds a row; cells that are missing are empty.
    pub(crate) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// The text, each line ended.
    pub(crate) fn render(&self) -> String {
        let cell = |row: &Vec<String>, i: usize| row.get(i).cloned().unwrap_or_default();
        let width = |i: usize, name: &String| {
            let cells = self.rows.iter().map(|r| columns(&cell(r, i)));
            cells.chain([columns(name), NARROWEST]).max().unwrap_or(NARROWEST)
        };
        let widths: Vec<_> =
            self.names.iter().enumerate().map(|(i, n)| width(i, n)).collect();
        let mut out = String::new();
        let mut line = |cells: Vec<String>| {
            let joined = cells.join(" ");
            // writing to a String cannot fail
            let _always = writeln!(out, "{joined}");
        };
        line(self.names.iter().zip(&widths).map(|(n, &w)| centred(n, w)).collect());
        line(widths.iter().map(|&w| "-".repeat(w)).collect());
        for row in &self.rows {
            let cells =
                widths.iter().enumerate().map(|(i, &w)| self.padded(&cell(row, i), w));
            line(cells.collect());
        }
        out
    }

    fn padded(&self, text: &str, width: usize) -> String {
        let space = " ".repeat(width.saturating_sub(columns(text)));
        match self.align {
            Align::Left => format!("{text}{space}"),
            Align::Right => format!("{space}{text}"),
        }
    }
}

/// Characters, each taken as one column.
fn columns(text: &str) -> usize {
    text.chars().count()
}

/// Text in the middle; of an odd rest the larger part goes left in columns of odd width.
fn centred(text: &str, width: usize) -> String {
    let rest = width.saturating_sub(columns(text));
    let left = rest / 2 + (rest & width & 1);
    format!("{}{text}{}", " ".repeat(left), " ".repeat(rest - left))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&c| c.to_owned()).collect()
    }

    #[test]
    fn names_stand_left_under_centred_headings() {
        let mut table = Table::new(["Name", "Type"], Align::Left);
        table.push(row(&["CamA/calib", "CALIBRATION"]));
        table.push(row(&["  CamA/tagged/good", "RUN"]));
        let want = "       Name            Type   \n\
                    ------------------ -----------\n\
                    CamA/calib         CALIBRATION\n  \
                      CamA/tagged/good RUN        \n";
        assert_eq!(table.render(), want);
    }

    #[test]
    fn values_stand_right() {
        let mut table = Table::new(["type", "id"], Align::Right);
        table.push(row(&["raw", "1"]));
        table.push(row(&["é", "234"]));
        assert_eq!(table.render(), "type  id\n---- ---\n raw   1\n   é 234\n");
    }
}
