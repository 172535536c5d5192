//! `query-datasets`.

use clap::Args;
use salver::model::DatasetRef;
use salver::{Butler, DatasetQuery, Result};

use super::common::{
    data_id, dataset_json, dataset_tables, no_where, open, sky_region, time_range,
};
use crate::input::split_commas;
use crate::output::{Out, say};

/// List datasets.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// Repository.
    repo: String,
    /// Names or shell patterns of dataset types; all where there is none.
    glob: Vec<String>,
    /// Collections to search; comma-separated, repeatable, patterns allowed.
    #[arg(long, value_name = "COLLECTION")]
    collections: Vec<String>,
    /// Dimension values that datasets must have, `key=value,…`; repeatable.
    #[arg(short = 'd', long, value_name = "KEY=VALUE")]
    data_id: Vec<String>,
    /// Only datasets that may overlap `RA DEC` or `RA DEC RADIUS`, in degrees, or an IVOA region.
    #[arg(long, value_name = "REGION", allow_hyphen_values = true)]
    overlaps: Option<String>,
    /// Only datasets whose time overlaps `BEGIN/END` (UTC; an end may be empty) or one instant.
    #[arg(long, value_name = "TIMES")]
    time: Option<String>,
    /// Of each data ID only the dataset in the earliest collection.
    #[arg(long, overrides_with = "_no_find_first")]
    find_first: bool,
    #[arg(long = "no-find-first", hide = true)]
    _no_find_first: bool,
    /// At most so many; 0 is no limit, a negative number warns where there are more.
    #[arg(long, default_value_t = -20000, allow_hyphen_values = true)]
    limit: i64,
    /// Show where each dataset is.
    #[arg(long)]
    show_uri: bool,
    /// Gen3's query expressions: not understood yet.
    #[arg(long = "where", value_name = "EXPRESSION", hide = true)]
    expression: Option<String>,
}

impl Query {
    pub(crate) fn run(&self) -> Result<Out> {
        no_where(self.expression.as_deref())?;
        let butler = open(&self.repo)?;
        let limit = usize::try_from(self.limit.unsigned_abs()).unwrap_or(usize::MAX);
        let query = DatasetQuery {
            types: split_commas(&self.glob),
            collections: split_commas(&self.collections),
            data_id: data_id(&self.data_id)?,
            region: self.overlaps.as_deref().map(sky_region).transpose()?,
            timespan: self.time.as_deref().map(time_range).transpose()?,
            find_first: self.find_first,
            limit: (limit > 0).then(|| limit.saturating_add(1)),
        };
        let mut found = butler.query_datasets(&query)?;
        if limit > 0 && found.len() > limit {
            found.truncate(limit);
            if self.limit < 0 {
                say(format!("warning: more than {limit} datasets; --limit 0 lists all"));
            }
        }
        let uris = self.show_uri.then(|| uris(&butler, &found)).transpose()?;
        let json = dataset_json(&found, uris.as_deref());
        if found.is_empty() {
            return Ok(Out::line("No results. Try --help for more information.", json));
        }
        Ok(Out::text(dataset_tables(&found, uris.as_deref()), json))
    }
}

/// Where each dataset is; empty for one that is not stored.
fn uris(butler: &Butler, datasets: &[DatasetRef]) -> Result<Vec<String>> {
    let one = |dataset: &DatasetRef| {
        if butler.file_records(dataset)?.is_empty() {
            return Ok(String::new());
        }
        let (whole, parts) = butler.uris(dataset)?;
        Ok(whole.unwrap_or_else(|| parts.into_values().collect::<Vec<_>>().join(" ")))
    };
    datasets.iter().map(one).collect()
}
