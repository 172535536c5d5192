//! Faults on demand, for tests: `SALVER_FAULT=put.after_link:kill` ends the process at a step of a
//! write, `…:28` makes the step fail with that error number of the operating system.
//!
//! This is the only place that reads the variable.

use std::sync::OnceLock;

use salver::faults::{self, Fault};

static WANTED: OnceLock<(String, Fault)> = OnceLock::new();

/// Installs the fault that the environment asks for, if any.
#[expect(clippy::disallowed_methods, reason = "the command line reads the environment")]
pub(crate) fn install() {
    let Ok(text) = std::env::var("SALVER_FAULT") else { return };
    let Some((step, what)) = text.rsplit_once(':') else { return };
    let fault = match what {
        "kill" => Some(Fault::Kill),
        number => number.parse().ok().map(Fault::Errno),
    };
    if let Some(fault) = fault {
        WANTED.get_or_init(|| (step.to_owned(), fault));
        faults::install(|step| {
            WANTED.get().filter(|(wanted, _)| wanted == step).map(|(_, fault)| *fault)
        });
    }
}
