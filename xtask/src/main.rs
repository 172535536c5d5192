//! Developer commands: what `make check` and `make test` are made of.
//!
//! ```text
//! cargo xtask sizes    files over the limit of lines
//! cargo xtask deps     arrows between crates that docs/architecture.md does not allow
//! cargo xtask uses     use cases and the tests that name them  [--write]
//! cargo xtask docs     links, snippets and names that a clone could not follow
//! cargo xtask tidy     all of the above
//! cargo xtask lint     rustfmt, clippy and rustdoc with warnings as errors
//! ```

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a developer tool talks on the terminal, reads files and may use anyhow"
)]

mod deps;
mod docs;
mod sizes;
mod tree;
mod uses;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let root = tree::root()?;
    match args.first().map(String::as_str) {
        Some("sizes") => sizes::check(&root),
        Some("deps") => deps::check(&root),
        Some("uses") => uses::check(&root, args.iter().any(|a| a == "--write")),
        Some("docs") => docs::check(&root),
        Some("tidy") => {
            sizes::check(&root)?;
            deps::check(&root)?;
            uses::check(&root, false)?;
            docs::check(&root)
        }
        Some("lint") => lint(),
        other => bail!(
            "no command {}; there are: sizes, deps, uses, docs, tidy, lint",
            other.unwrap_or("(none)")
        ),
    }
}

/// rustfmt, clippy and rustdoc, each with warnings as errors.
fn lint() -> Result<()> {
    cargo(&["fmt", "--all", "--check"], &[])?;
    cargo(
        &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
        &[],
    )?;
    let strict = [("RUSTDOCFLAGS", "-D warnings")];
    cargo(
        &["doc", "--workspace", "--no-deps", "--locked", "--document-private-items"],
        &strict,
    )
}

fn cargo(args: &[&str], env: &[(&str, &str)]) -> Result<()> {
    println!("+ cargo {}", args.join(" "));
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(program)
        .args(args)
        .envs(env.iter().copied())
        .status()
        .context("cargo did not start")?;
    if !status.success() {
        bail!("cargo {} failed", args.first().copied().unwrap_or_default());
    }
    Ok(())
}
