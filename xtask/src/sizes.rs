//! No file over the hard limit of lines.

use std::path::Path;

use anyhow::{Result, bail};

use crate::tree;

const HARD_LIMIT: usize = 600;

pub(crate) fn check(root: &Path) -> Result<()> {
    let mut over = Vec::new();
    for file in tree::files(root, &[".rs", ".py", ".pyi", ".sh"])? {
        let lines = tree::read(root, &file)?.lines().count();
        if lines > HARD_LIMIT {
            over.push(format!("  {lines} {}", file.display()));
        }
    }
    if !over.is_empty() {
        bail!("files over {HARD_LIMIT} lines (split by idea):\n{}", over.join("\n"));
    }
    println!("sizes: no file over {HARD_LIMIT} lines");
    Ok(())
}
