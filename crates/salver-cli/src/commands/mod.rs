//! The verbs: one file for each group of them.

mod collections;
mod common;
mod composites;
mod convert;
mod create;
mod cutout;
mod datasets;
mod describe;
mod get;
mod index;
mod ingest;
mod ingest_images;
mod lineage;
mod put;
mod records;
mod remove;
mod show;
mod types;

use clap::{Parser, Subcommand};
use salver::Result;

use crate::output::Out;

/// Datasets by what they are: a Data Butler for Rubin Gen3 repositories.
#[derive(Debug, Parser)]
#[command(name = "salver", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Create(create::Create),
    RegisterDatasetType(types::Register),
    RemoveDatasetType(types::Remove),
    QueryDatasetTypes(types::Query),
    RegisterCollection(collections::Register),
    CollectionChain(collections::Chain),
    QueryCollections(collections::Query),
    RemoveCollections(collections::Remove),
    InsertDimensionRecords(records::Insert),
    QueryDimensionRecords(records::Query),
    IngestFiles(ingest::Ingest),
    IngestImages(ingest_images::IngestImages),
    Put(put::Put),
    Link(composites::Link),
    Repack(composites::Repack),
    ConfigValidate(composites::ConfigValidate),
    Get(get::Get),
    Cutout(cutout::Cutout),
    Show(show::Show),
    Describe(describe::Describe),
    Convert(convert::Convert),
    Index(index::Index),
    Lineage(lineage::Lineage),
    QueryDatasets(datasets::Query),
    PruneDatasets(remove::Prune),
    RemoveRuns(remove::Runs),
}

impl Cli {
    /// Runs the verb and prints its answer.
    pub(crate) fn run(&self) -> Result<()> {
        let out: Out = match &self.verb {
            Verb::Create(verb) => verb.run(),
            Verb::RegisterDatasetType(verb) => verb.run(),
            Verb::RemoveDatasetType(verb) => verb.run(),
            Verb::QueryDatasetTypes(verb) => verb.run(),
            Verb::RegisterCollection(verb) => verb.run(),
            Verb::CollectionChain(verb) => verb.run(),
            Verb::QueryCollections(verb) => verb.run(),
            Verb::RemoveCollections(verb) => verb.run(),
            Verb::InsertDimensionRecords(verb) => verb.run(),
            Verb::QueryDimensionRecords(verb) => verb.run(),
            Verb::IngestFiles(verb) => verb.run(),
            Verb::IngestImages(verb) => verb.run(),
            Verb::Put(verb) => verb.run(),
            Verb::Link(verb) => verb.run(),
            Verb::Repack(verb) => verb.run(),
            Verb::ConfigValidate(verb) => verb.run(),
            Verb::Get(verb) => verb.run(),
            Verb::Cutout(verb) => verb.run(),
            Verb::Show(verb) => verb.run(),
            Verb::Describe(verb) => verb.run(),
            Verb::Convert(verb) => verb.run(),
            Verb::Index(verb) => verb.run(),
            Verb::Lineage(verb) => verb.run(),
            Verb::QueryDatasets(verb) => verb.run(),
            Verb::PruneDatasets(verb) => verb.run(),
            Verb::RemoveRuns(verb) => verb.run(),
        }?;
        out.print(self.json)
    }
}
