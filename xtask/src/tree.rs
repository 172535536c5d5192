//! The files of the project, as git knows them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The project's root folder.
pub(crate) fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().context("xtask has no parent folder")?.to_owned())
}

/// Files that git tracks or would track, relative to the root, with one of the endings.
pub(crate) fn files(root: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let out = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("git did not start")?;
    if !out.status.success() {
        bail!("git ls-files failed in {}", root.display());
    }
    let text = String::from_utf8(out.stdout).context("a file name is not UTF-8")?;
    let wanted =
        |p: &&str| endings.iter().any(|e| p.ends_with(e)) && root.join(p).is_file();
    Ok(text.lines().filter(wanted).map(PathBuf::from).collect())
}

/// The text of a file of the project.
pub(crate) fn read(root: &Path, file: &Path) -> Result<String> {
    std::fs::read_to_string(root.join(file))
        .with_context(|| format!("reading {}", file.display()))
}
