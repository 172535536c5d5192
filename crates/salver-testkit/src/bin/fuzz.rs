//! Feeds hostile bytes to the decoders: `fuzz TARGET|all [--seconds N] [--seed N] [--cases N]`.
//!
//! A crash prints the bytes and ends with status 1. Memory is limited, so that an allocation by a
//! length that a file merely claims ends the run too.

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use salver_testkit::fuzz::{Mutator, TARGETS, Target};

/// Bytes of address space that a run may use.
const MEMORY: u64 = 6 << 30;

struct Options {
    target: String,
    seconds: u64,
    seed: u64,
    cases: u64,
}

#[expect(clippy::print_stderr, reason = "a program that talks to a developer")]
fn main() -> ExitCode {
    let Some(options) = options() else {
        let names: Vec<&str> = TARGETS.iter().map(|t| t.name).collect();
        eprintln!(
            "usage: fuzz {}|all [--seconds N] [--seed N] [--cases N]",
            names.join("|")
        );
        return ExitCode::from(2);
    };
    let limit = rustix::process::Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) };
    if let Err(error) = rustix::process::setrlimit(rustix::process::Resource::As, limit) {
        eprintln!("memory is not limited: {error}");
    }
    // a decoder of others may panic within its guard; ours are caught and printed below
    std::panic::set_hook(Box::new(|_| {}));
    let wanted =
        |target: &&Target| options.target == "all" || options.target == target.name;
    for target in TARGETS.iter().filter(wanted) {
        match run(target, &options) {
            Ok(cases) => {
                eprintln!("{:8} {cases} cases, seed {}", target.name, options.seed);
            }
            Err(bytes) => {
                let text = bytes.escape_ascii();
                eprintln!("{} panics on b\"{text}\"", target.name);
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn options() -> Option<Options> {
    let mut words = std::env::args().skip(1);
    let target = words.next()?;
    if target != "all" && TARGETS.iter().all(|t| t.name != target) {
        return None;
    }
    let mut options = Options { target, seconds: 60, seed: 1, cases: u64::MAX };
    while let Some(word) = words.next() {
        let number = words.next()?.parse().ok()?;
        match word.as_str() {
            "--seconds" => options.seconds = number,
            "--seed" => options.seed = number,
            "--cases" => options.cases = number,
            _ => return None,
        }
    }
    Some(options)
}

/// Runs a target; gives the number of cases, or the bytes that it panicked on.
#[expect(clippy::disallowed_methods, reason = "the run ends by the clock")]
fn run(target: &Target, options: &Options) -> Result<u64, Vec<u8>> {
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let corpus = (target.corpus)();
    for bytes in &corpus {
        if catch_unwind(|| (target.run)(bytes)).is_err() {
            return Err(bytes.clone());
        }
    }
    let mut mutator = Mutator::new(options.seed, corpus);
    let mut cases = 0;
    while cases < options.cases && Instant::now() < end {
        let bytes = mutator.next_case();
        if catch_unwind(|| (target.run)(&bytes)).is_err() {
            return Err(bytes);
        }
        cases += 1;
    }
    Ok(cases)
}
