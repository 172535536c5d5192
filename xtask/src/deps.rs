//! Only the arrows between crates that the architecture allows.

use std::path::Path;

use anyhow::{Result, bail};

use crate::tree;

/// Crate, and the crates of ours that it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("salver-core", &[]),
    ("salver-sphere", &["salver-core"]),
    ("salver-model", &["salver-core", "salver-sphere"]),
    ("salver-derive", &[]),
    ("salver-tree", &["salver-core", "salver-derive", "salver-sphere"]),
    ("salver-formats", &["salver-core", "salver-sphere", "salver-tree"]),
    ("salver-store", &["salver-core", "salver-tree"]),
    ("salver-registry", &["salver-core", "salver-sphere", "salver-model"]),
    (
        "salver-datastore",
        &[
            "salver-core",
            "salver-sphere",
            "salver-model",
            "salver-tree",
            "salver-formats",
            "salver-store",
        ],
    ),
    (
        "salver",
        &[
            "salver-core",
            "salver-sphere",
            "salver-model",
            "salver-tree",
            "salver-formats",
            "salver-store",
            "salver-registry",
            "salver-datastore",
        ],
    ),
    ("salver-cli", &["salver"]),
    (
        "salver-python",
        &[
            "salver",
            "salver-core",
            "salver-sphere",
            "salver-model",
            "salver-tree",
            "salver-formats",
            "salver-store",
            "salver-registry",
            "salver-datastore",
        ],
    ),
];

/// Nothing may use these.
const LEAVES: &[&str] = &["salver-testkit", "salver-cli", "salver-python", "xtask"];

pub(crate) fn check(root: &Path) -> Result<()> {
    let mut wrong = Vec::new();
    for manifest in tree::files(root, &["Cargo.toml"])? {
        let Some(name) =
            manifest.parent().and_then(Path::file_name).and_then(|n| n.to_str())
        else {
            continue;
        };
        let allowed = ALLOWED.iter().find(|(n, _)| *n == name).map(|(_, a)| *a);
        for used in ours(&tree::read(root, &manifest)?) {
            let fine = match allowed {
                Some(list) => list.contains(&used.as_str()),
                None => name == "salver-testkit" && !LEAVES.contains(&used.as_str()),
            };
            if !fine {
                wrong.push(format!("  {name} -> {used}"));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("arrows that docs/architecture.md does not allow:\n{}", wrong.join("\n"));
    }
    println!("deps: all arrows go down");
    Ok(())
}

/// Our crates under any `[…dependencies]` heading of a manifest.
fn ours(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut out = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim_end().ends_with("dependencies]")
                && !line.contains("workspace.");
        } else if inside && line.starts_with("salver") {
            let name: String =
                line.chars().take_while(|c| c.is_alphanumeric() || *c == '-').collect();
            out.push(name);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_dependency_table_counts() {
        let text = "[package]\nname = \"salver-x\"\n[dependencies]\nsalver-core.workspace = true\n\
                    [dev-dependencies]\nsalver = { path = \"..\" }\n";
        assert_eq!(super::ours(text), ["salver-core", "salver"]);
    }
}
