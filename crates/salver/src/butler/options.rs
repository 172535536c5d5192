//! How a butler is made and opened.

use std::fmt;
use std::sync::Arc;

use salver_core::{Clock, IdSource, SystemClock, SystemIds};
use salver_model::DataValue;
use serde_json::Value;

use crate::config::Environment;

/// How a butler is opened. The default reads, and has no default run, collections or data ID.
#[derive(Debug, Clone)]
pub struct ButlerOptions {
    /// Whether it may write; a default run says so too.
    pub writeable: bool,
    /// Run that puts and ingests go to.
    pub run: Option<String>,
    /// Collections that are searched; the run alone where only it is given.
    pub collections: Vec<String>,
    /// Values that data IDs leave out.
    pub data_id: Vec<(String, DataValue)>,
    /// Whether instrument and skymap are taken from the collections where these know only one.
    pub infer_defaults: bool,
    /// What the environment says.
    pub environment: Environment,
    /// Clock and identifiers.
    pub sources: Sources,
}

impl Default for ButlerOptions {
    fn default() -> Self {
        Self {
            writeable: false,
            run: None,
            collections: Vec::new(),
            data_id: Vec::new(),
            infer_defaults: true,
            environment: Environment::default(),
            sources: Sources::default(),
        }
    }
}

/// Where time and identifiers come from.
#[derive(Clone)]
pub struct Sources {
    /// Present time.
    pub clock: Arc<dyn Clock>,
    /// New identifiers.
    pub ids: Arc<dyn IdSource>,
}

impl Default for Sources {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), ids: Arc::new(SystemIds) }
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("clock", &self.clock)
            .field("ids", &self.ids)
            .finish()
    }
}

/// How a repository is made. The default is what Gen3's `butler create` makes.
#[derive(Debug, Clone, Default)]
pub struct MakeRepoOptions {
    /// Sections to put into `butler.yaml`, over what is written always.
    pub seed: Option<Value>,
    /// The dimension universe, as a YAML or JSON document; `None` is version 8.
    pub dimensions: Option<Value>,
    /// Whether the file holds all defaults, so that later ones do not matter.
    pub standalone: bool,
    /// Whether the seed may change what is written always, and a file that is there is replaced.
    pub override_all: bool,
    /// Another place for the configuration file than `butler.yaml` in the root.
    pub outfile: Option<String>,
    /// What the environment says.
    pub environment: Environment,
}
