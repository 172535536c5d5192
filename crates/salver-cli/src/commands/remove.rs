//! Taking datasets away.

use std::collections::BTreeMap;

use clap::Args;
use salver::{
    Butler, DatasetQuery, Error, ErrorKind, Op, Prune as What, Result, RunRemoval,
};
use serde_json::json;

use super::common::{data_id, dataset_json, dataset_tables, no_where, open_writeable};
use crate::input::split_commas;
use crate::output::{Out, confirm, lines, say};

/// Remove datasets: from tagged collections, from the datastore, or altogether.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag")]
pub(crate) struct Prune {
    /// Repository.
    repo: String,
    /// Collections to look in; patterns need --find-all.
    collections: Vec<String>,
    /// Names or shell patterns of dataset types; comma-separated, repeatable.
    #[arg(long, value_name = "GLOB")]
    datasets: Vec<String>,
    /// Datasets of each data ID in all collections, not in the first only.
    #[arg(long)]
    find_all: bool,
    /// Dimension values that datasets must have, `key=value,…`; repeatable.
    #[arg(short = 'd', long, value_name = "KEY=VALUE")]
    data_id: Vec<String>,
    /// TAGGED collections that they leave; comma-separated.
    #[arg(long, value_name = "TAG", conflicts_with = "purge")]
    disassociate: Vec<String>,
    /// Forget them altogether; RUN is searched where no collections are given.
    #[arg(long, value_name = "RUN")]
    purge: Option<String>,
    /// Remove their artifacts from the datastore.
    #[arg(long)]
    unstore: bool,
    /// Show what would be removed.
    #[arg(long, conflicts_with = "quiet")]
    dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    no_confirm: bool,
    /// Say nothing and do not ask.
    #[arg(long)]
    quiet: bool,
    /// Gen3's query expressions: not understood yet.
    #[arg(long = "where", value_name = "EXPRESSION", hide = true)]
    expression: Option<String>,
}

impl Prune {
    pub(crate) fn run(&self) -> Result<Out> {
        no_where(self.expression.as_deref())?;
        let what = What {
            disassociate: split_commas(&self.disassociate),
            unstore: self.unstore || self.purge.is_some(),
            purge: self.purge.is_some(),
            ..What::default()
        };
        if what.disassociate.is_empty() && !what.unstore {
            let message =
                "no operation: one of --purge, --unstore and --disassociate is needed";
            return Err(Error::new(ErrorKind::InvalidInput, Op("cli.prune"), message));
        }
        let butler = open_writeable(&self.repo)?;
        let mut collections = split_commas(&self.collections);
        if collections.is_empty() {
            collections.extend(self.purge.clone());
        }
        let query = DatasetQuery {
            types: split_commas(&self.datasets),
            find_first: !self.find_all && !collections.is_empty(),
            collections,
            data_id: data_id(&self.data_id)?,
            ..DatasetQuery::default()
        };
        let found = butler.query_datasets(&query)?;
        if found.is_empty() {
            let text = "Did not find any datasets to remove.";
            if what.unstore && !self.dry_run {
                finish(&butler)?;
            }
            return Ok(Out::line(text, json!([])));
        }
        let listed = dataset_tables(&found, None);
        if self.dry_run {
            let text = format!("The following datasets will be removed:\n{listed}");
            return Ok(Out::text(text, dataset_json(&found, None)));
        }
        if !self.no_confirm && !self.quiet {
            say(format!("The following datasets will be removed:\n{listed}"));
            if !confirm("Continue?")? {
                return Ok(Out::line("Aborted.", json!([])));
            }
        }
        butler.prune_datasets(&found, &what)?;
        let text = format!("Removed the following datasets:\n{listed}");
        let text = if self.quiet { String::new() } else { text };
        Ok(Out::text(text, dataset_json(&found, None)))
    }
}

/// Remove RUN collections and the datasets in them.
#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// Repository.
    repo: String,
    /// Name or shell pattern of RUN collections.
    collection: String,
    /// Do not ask.
    #[arg(long)]
    no_confirm: bool,
    /// With --no-confirm: take runs out of the chains that hold them.
    #[arg(long)]
    force: bool,
}

impl Runs {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open_writeable(&self.repo)?;
        let patterns = split_commas(std::slice::from_ref(&self.collection));
        let runs = match butler.runs(&patterns) {
            Err(e) if e.code() == "missing_collection" => Vec::new(),
            other => other?,
        };
        if runs.is_empty() {
            finish(&butler)?;
            return Ok(Out::line("No RUN collections were found.", json!([])));
        }
        let held = runs.iter().any(|(_, parents)| !parents.is_empty());
        let counts = counts_of(&butler, &runs)?;
        if self.no_confirm && held && !self.force {
            let chains: Vec<_> = runs
                .iter()
                .filter(|(_, parents)| !parents.is_empty())
                .map(|(run, parents)| format!("{run} in {}", parents.join(", ")))
                .collect();
            let message = "chains hold runs that would be removed";
            return Err(Error::new(ErrorKind::InUse, Op("cli.remove_runs"), message)
                .with("runs", chains.join("; "))
                .hint("--force unlinks them; without --no-confirm you are asked"));
        }
        if !self.no_confirm {
            say(announcement(&runs, &counts));
            if !confirm("Continue?")? {
                return Ok(Out::line("Aborted.", json!([])));
            }
        }
        let names: Vec<_> = runs.iter().map(|(run, _)| run.clone()).collect();
        let removed = butler.remove_runs(
            &names,
            &RunRemoval { unlink_from_chains: true, ..RunRemoval::default() },
        )?;
        let list = lines(names.iter().cloned());
        let text = format!("The following RUN collections were removed:\n{list}");
        Ok(Out::text(text, json!({"runs": names, "datasets": removed})))
    }
}

/// Removes what an interrupted removal left in the trash: its datasets are not found any more.
fn finish(butler: &Butler) -> Result<()> {
    let files = butler.empty_trash()?;
    if files > 0 {
        say(format!("Removed {files} files that an interrupted removal had left."));
    }
    Ok(())
}

/// How many datasets of each type are in the runs.
fn counts_of(
    butler: &Butler,
    runs: &[(String, Vec<String>)],
) -> Result<BTreeMap<String, usize>> {
    let query = DatasetQuery {
        collections: runs.iter().map(|(run, _)| run.clone()).collect(),
        ..DatasetQuery::default()
    };
    let mut counts = BTreeMap::new();
    for dataset in butler.query_datasets(&query)? {
        *counts.entry(dataset.dataset_type.name().to_owned()).or_default() += 1;
    }
    Ok(counts)
}

fn announcement(
    runs: &[(String, Vec<String>)],
    counts: &BTreeMap<String, usize>,
) -> String {
    let mut text = String::from("The following RUN collections will be removed:\n");
    for (run, parents) in runs {
        let chains: Vec<_> = parents.iter().map(|p| format!("\"{p}\"")).collect();
        text.push_str(run);
        if !chains.is_empty() {
            text.push_str(": will be unlinked from ");
            text.push_str(&chains.join(", "));
        }
        text.push('\n');
    }
    let list: Vec<_> = counts.iter().map(|(name, n)| format!("{name}({n})")).collect();
    let total: usize = counts.values().sum();
    text.push_str("\nThe following datasets will be removed:\n");
    text.push_str(&list.join(", "));
    text.push_str("\nTotal number of datasets to remove: ");
    text.push_str(&total.to_string());
    text
}
