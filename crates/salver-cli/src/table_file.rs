//! Tables of files and data IDs, as people write them.

use std::path::Path;

use salver::{Error, ErrorKind, Op, Result, files};
use serde_json::Value as Json;

const OP: Op = Op("cli.table");

/// Names of columns, and rows of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableFile {
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Reads a table by its file's ending: `.parquet`, `.parq`, `.fits`, `.json` and `.yaml` by their
/// formats, all else as text.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for rows of unequal length or an empty table; as reading.
pub(crate) fn read(path: &Path) -> Result<TableFile> {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let table = match ending {
        "parquet" | "parq" | "pq" | "fits" | "json" | "yaml" | "yml" => {
            of_document(&files::read_document(path)?)
        }
        _ => of_text(&files::read_text(path)?),
    };
    table.map_err(|e| e.with("path", path.display()))
}

fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, OP, message)
        .hint("the first column is a file, the others are dimensions")
}

fn of_document(document: &Json) -> Result<TableFile> {
    let rows = document.as_array().ok_or_else(|| wrong("not a list of rows"))?;
    let first = rows.first().and_then(Json::as_object);
    let names: Vec<String> =
        first.ok_or_else(|| wrong("a table without rows"))?.keys().cloned().collect();
    let cell = |row: &Json, name: &str| match row.get(name) {
        Some(Json::String(text)) => Ok(text.clone()),
        Some(Json::Null) | None => {
            Err(wrong("a row lacks a column").with("column", name))
        }
        Some(other) => Ok(other.to_string()),
    };
    let read = |row| names.iter().map(|name| cell(row, name)).collect();
    let rows = rows.iter().map(read).collect::<Result<_>>()?;
    Ok(TableFile { names, rows })
}

fn of_text(text: &str) -> Result<TableFile> {
    let comma_said = text.lines().any(|l| l.starts_with("# delimiter: ','"));
    let mut lines = text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#'));
    let head = lines.next().ok_or_else(|| wrong("an empty table"))?;
    let delimiter = if comma_said || head.contains(',') {
        Some(',')
    } else if head.contains('\t') {
        Some('\t')
    } else {
        None
    };
    let names = cells(head, delimiter);
    let mut rows = Vec::new();
    for (i, line) in lines.enumerate() {
        let row = cells(line, delimiter);
        if row.len() != names.len() {
            return Err(wrong("a row of another length than the head")
                .with("row", i + 1)
                .with("cells", row.len())
                .with("columns", names.len()));
        }
        rows.push(row);
    }
    Ok(TableFile { names, rows })
}

/// The cells of a line; a cell in double quotes may hold the delimiter, and `""` for a quote.
fn cells(line: &str, delimiter: Option<char>) -> Vec<String> {
    let is_end = |c: char| delimiter.map_or(c.is_whitespace(), |d| c == d);
    let mut out = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.trim_end_matches('\r').chars().peekable();
    while let Some(c) = chars.next() {
        let Some(cell) = out.last_mut() else { break };
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            c if !quoted && is_end(c) => {
                if delimiter.is_some() || !cell.is_empty() {
                    out.push(String::new());
                }
            }
            c => cell.push(c),
        }
    }
    if delimiter.is_none() && out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    if delimiter.is_some() {
        for cell in &mut out {
            *cell = cell.trim().to_owned();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&c| c.to_owned()).collect()
    }

    #[test]
    fn comma_tab_and_blanks_separate_cells() {
        for text in ["f,a\nx y,1\n", "f\ta\nx y\t1\n", "f a\n\"x y\"   1\n"] {
            let table = of_text(text).unwrap();
            assert_eq!(table.names, row(&["f", "a"]));
            assert_eq!(table.rows, [row(&["x y", "1"])]);
        }
    }

    #[test]
    fn an_ecsv_header_is_passed_over() {
        let text =
            "# %ECSV 1.0\n# ---\n# delimiter: ','\nfile,visit\n\"a \"\"b\"\".fits\",3\n";
        assert_eq!(of_text(text).unwrap().rows, [row(&["a \"b\".fits", "3"])]);
    }

    #[test]
    fn rows_of_unequal_length_are_refused() {
        let error = of_text("f,a\nx,1,2\n").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}
