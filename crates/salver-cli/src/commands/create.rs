//! `create`.

use clap::Args;
use salver::config::read_value;
use salver::{Butler, MakeRepoOptions, Result};
use serde_json::json;

use super::common::environment;
use crate::output::Out;

/// Create an empty repository.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Folder of the new repository; it is made where it is not there.
    repo: String,
    /// YAML file with settings to apply on top of the defaults.
    #[arg(long, value_name = "FILE")]
    seed_config: Option<String>,
    /// YAML or JSON file with another dimension universe.
    #[arg(long, value_name = "FILE")]
    dimension_config: Option<String>,
    /// Write all defaults into the configuration too.
    #[arg(long)]
    standalone: bool,
    /// Let the seed change what is otherwise fixed.
    #[arg(long = "override")]
    override_all: bool,
    /// Write the configuration to this file instead of `butler.yaml` in the folder.
    #[arg(short = 'f', long, value_name = "FILE")]
    outfile: Option<String>,
}

impl Create {
    pub(crate) fn run(&self) -> Result<Out> {
        let read = |path: &Option<String>| {
            path.as_ref().map(|path| read_value(path.as_ref())).transpose()
        };
        let options = MakeRepoOptions {
            seed: read(&self.seed_config)?,
            dimensions: read(&self.dimension_config)?,
            standalone: self.standalone,
            override_all: self.override_all,
            outfile: self.outfile.clone(),
            environment: environment(),
        };
        let config = Butler::make_repo(&self.repo, &options)?;
        Ok(Out::quiet(json!({"config": config.file().to_string_lossy()})))
    }
}
