//! Links that lead somewhere, and a repository that speaks of the project alone.

use std::path::Path;

use anyhow::{Result, bail};

use crate::tree;

/// Spelled in two pieces, so that this file passes its own check.
const FORBIDDEN: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("../sha", "red"),
    ("cra", "tes.io"),
    ("py", "pi.org"),
    ("npm", "js.org"),
];

pub(crate) fn check(root: &Path) -> Result<()> {
    let mut wrong = Vec::new();
    for file in tree::files(root, &[".md"])? {
        let text = tree::read(root, &file)?;
        for target in links(&text) {
            let folder = file.parent().unwrap_or(Path::new(""));
            if !root.join(folder).join(target).exists() {
                wrong.push(format!(
                    "  {}: link to {target} leads nowhere",
                    file.display()
                ));
            }
        }
    }
    let endings =
        [".md", ".rs", ".py", ".pyi", ".toml", ".sh", ".yaml", ".yml", "Makefile", "run"];
    for file in tree::files(root, &endings)? {
        let text = tree::read(root, &file)?;
        for (a, b) in FORBIDDEN {
            let word = format!("{a}{b}");
            if text.contains(&word) {
                wrong.push(format!("  {}: names {word}", file.display()));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("documents:\n{}", wrong.join("\n"));
    }
    println!("docs: links lead somewhere");
    Ok(())
}

/// Relative link targets of a Markdown text, without fragment.
fn links(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut code = false;
    for line in text.lines() {
        code ^= line.trim_start().starts_with("```");
        if code {
            continue;
        }
        for piece in line.split("](").skip(1) {
            let target = piece.split([')', '#', ' ']).next().unwrap_or_default();
            let outside = target.contains("://") || target.starts_with("mailto:");
            if !target.is_empty() && !outside {
                out.push(target);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_relative_links_outside_of_code_count() {
        let text = "[a](b.md#x) [c](https://d)\n```\n[e](f)\n```\n";
        assert_eq!(super::links(text), ["b.md"]);
    }
}
