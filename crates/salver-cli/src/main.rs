//! The `salver` command: a thin face of the `salver` crate.

mod commands;
mod fault;
mod input;
mod output;
mod picture;
mod table_file;

use std::process::ExitCode;

use clap::Parser as _;

use crate::commands::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    fault::install();
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::report(&error);
            ExitCode::from(1)
        }
    }
}
