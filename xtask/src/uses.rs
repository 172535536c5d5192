//! Use cases and the tests that name them.
//!
//! A test names a use case by `uc_NNN` in its own name, or, in Python, at the start of its
//! docstring (`"""uc_019: nothing is overwritten."""`). `docs/use-cases.md` holds the cases;
//! `docs/use-cases-done.md` holds the cases called done, clause by clause, each clause marked
//! T (a test), C (a campaign) or B (a benchmark row) with what decides it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, bail};

use crate::tree;

const CASES: &str = "docs/use-cases.md";
const DONE: &str = "docs/use-cases-done.md";
const PAGE: &str = "docs/reference/use-cases-tests.md";

pub(crate) fn check(root: &Path, write: bool) -> Result<()> {
    let cases = cases(&tree::read(root, Path::new(CASES))?);
    let tests = tests(root)?;
    let unknown: Vec<_> = tests.keys().filter(|n| !cases.contains_key(n)).collect();
    if !unknown.is_empty() {
        bail!("tests name use cases that {CASES} does not have: {unknown:?}");
    }
    check_done(&tree::read(root, Path::new(DONE))?, &tests)?;
    let page = page(&cases, &tests);
    if write {
        std::fs::write(root.join(PAGE), page)?;
    } else if tree::read(root, Path::new(PAGE)).unwrap_or_default() != page {
        bail!("{PAGE} is not what the tests say: run `cargo xtask uses --write`");
    }
    println!("uses: {} of {} use cases are named by tests", tests.len(), cases.len());
    Ok(())
}

/// Number and wish of each case.
fn cases(text: &str) -> BTreeMap<u32, String> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| UC-")?.split('|');
        let number = cells.next()?.trim().parse().ok()?;
        Some((number, cells.next()?.trim().to_owned()))
    };
    text.lines().filter_map(row).collect()
}

/// Names of tests by the case they name.
fn tests(root: &Path) -> Result<BTreeMap<u32, BTreeSet<String>>> {
    let mut out: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for file in tree::files(root, &[".rs", ".py"])? {
        if file.starts_with("xtask") {
            continue;
        }
        for (number, name) in named(&tree::read(root, &file)?) {
            let test = format!("{name} ({})", file.display());
            out.entry(number).or_default().insert(test);
        }
    }
    Ok(out)
}

/// Each use case named in one file of tests, with the function that names it.
fn named(text: &str) -> Vec<(u32, &str)> {
    let mut out = Vec::new();
    let mut test = "";
    for line in text.lines() {
        let line = line.trim_start();
        let line = line.strip_prefix("async ").unwrap_or(line);
        let head = line.strip_prefix("fn ").or_else(|| line.strip_prefix("def "));
        if let Some(name) = head.and_then(|n| n.split(['(', '<', ':']).next()) {
            test = name;
            out.extend(numbers(name).into_iter().map(|n| (n, name)));
        } else if let Some(doc) = line.strip_prefix("\"\"\"uc_") {
            let cases = doc.split(':').next().unwrap_or_default();
            let cases = cases.split(", uc_").filter_map(|n| n.trim().parse().ok());
            out.extend(cases.map(|n| (n, test)));
        }
    }
    out
}

/// The numbers in `uc_015_uc_016_…` and `test_uc_015_…`.
fn numbers(name: &str) -> Vec<u32> {
    let after = name.split("uc_").skip(1);
    after.filter_map(|s| s.split('_').next().and_then(|n| n.parse().ok())).collect()
}

/// Each row `| UC-n | clause | T, C or B | what decides it |` must have its mark and its record.
fn check_done(text: &str, tests: &BTreeMap<u32, BTreeSet<String>>) -> Result<()> {
    for line in text.lines().filter(|l| l.starts_with("| UC-")) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, case, _, mark, record, ..] = cells.as_slice() else {
            bail!("{DONE}: a row needs case, clause, mark and record: {line}");
        };
        let number: u32 = case.trim_start_matches("UC-").parse()?;
        if !matches!(*mark, "T" | "C" | "B") || record.is_empty() {
            bail!("{DONE}: UC-{number} has a clause without a mark or a record: {line}");
        }
        let named = tests.get(&number);
        let known = |t: &str| named.is_some_and(|n| n.iter().any(|x| x.starts_with(t)));
        if *mark == "T" && !record.trim_matches('`').split("`, `").all(known) {
            bail!("{DONE}: UC-{number} names a test that does not exist: {record}");
        }
    }
    Ok(())
}

fn page(
    cases: &BTreeMap<u32, String>,
    tests: &BTreeMap<u32, BTreeSet<String>>,
) -> String {
    let mut out = String::from(
        "# Use cases and the tests that name them\n\nMade by `cargo xtask uses --write`. A case \
         without a test is not served yet; a case with tests is served as far as they go, and \
         done only where [the list of done cases](../use-cases-done.md) has it.\n\n\
         | case | wish | tests |\n| --- | --- | --- |\n",
    );
    for (number, wish) in cases {
        let names = tests
            .get(number)
            .map(|t| t.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join("<br>"));
        let names = names.unwrap_or_default();
        out.extend(["| UC-", &number.to_string(), " | ", wish, " | ", &names, " |\n"]);
    }
    out
}

#[cfg(test)]
mod tests_of_uses {
    #[test]
    fn a_name_may_name_several_cases() {
        assert_eq!(super::numbers("test_uc_015_uc_037_stamp"), [15, 37]);
        assert!(super::numbers("a_truce_holds").is_empty());
    }

    #[test]
    fn a_docstring_names_cases_for_its_function() {
        let text = "def test_it(\n    x,\n):\n    \"\"\"uc_019, uc_020: a fact.\"\"\"\n";
        assert_eq!(super::named(text), [(19, "test_it"), (20, "test_it")]);
    }

    #[test]
    fn a_done_row_without_its_test_is_refused() {
        let none = std::collections::BTreeMap::new();
        assert!(super::check_done("| UC-1 | clause | T | `uc_001_x` |", &none).is_err());
        assert!(super::check_done("| UC-1 | clause |  | x |", &none).is_err());
        assert!(super::check_done("| UC-1 | clause | B | put_json |", &none).is_ok());
    }
}
