//! Collections.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use salver::model::{Collection, CollectionType};
use salver::registry::CollectionQuery;
use salver::{Butler, Error, ErrorKind, Op, Result};
use serde_json::{Value as Json, json};

use super::common::{open, open_writeable};
use crate::input::split_commas;
use crate::output::{Align, Out, Table, confirm};

/// Types of collections, as the command line spells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Run,
    Tagged,
    Chained,
    Calibration,
}

impl From<Kind> for CollectionType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Run => Self::Run,
            Kind::Tagged => Self::Tagged,
            Kind::Chained => Self::Chained,
            Kind::Calibration => Self::Calibration,
        }
    }
}

/// Register an empty collection.
#[derive(Debug, Args)]
pub(crate) struct Register {
    /// Repository.
    repo: String,
    /// Name of the collection.
    name: String,
    /// What it is.
    #[arg(long = "type", value_enum, ignore_case = true, default_value = "run")]
    kind: Kind,
    /// What it is for; counts for a new collection only.
    #[arg(long)]
    doc: Option<String>,
}

impl Register {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open_writeable(&self.repo)?;
        let kind = self.kind.into();
        let new = butler.registry().register_collection(
            &self.name,
            kind,
            self.doc.as_deref(),
        )?;
        let text =
            if new { "Collection registered." } else { "Collection already existed." };
        Ok(Out::line(text, json!({"new": new, "name": self.name})))
    }
}

/// How a chain changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Redefine,
    Extend,
    Remove,
    Prepend,
    Pop,
}

/// Define or change a collection chain.
#[derive(Debug, Args)]
pub(crate) struct Chain {
    /// Repository.
    repo: String,
    /// The chain; it is made where it is not there.
    parent: String,
    /// Collections, in search order; comma-separated. With --mode=pop numbers of places.
    children: Vec<String>,
    /// What it is for; counts for a new chain only.
    #[arg(long)]
    doc: Option<String>,
    /// Replace chains among the children by what they lead to.
    #[arg(long, overrides_with = "_no_flatten")]
    flatten: bool,
    #[arg(long = "no-flatten", hide = true)]
    _no_flatten: bool,
    /// How the chain changes.
    #[arg(long, value_enum, default_value = "redefine")]
    mode: Mode,
}

impl Chain {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open_writeable(&self.repo)?;
        let registry = butler.registry();
        let mut children = split_commas(&self.children);
        let transaction = registry.transaction()?;
        registry.register_collection(
            &self.parent,
            CollectionType::Chained,
            self.doc.as_deref(),
        )?;
        if self.flatten && self.mode != Mode::Pop {
            let query =
                CollectionQuery { patterns: children, kinds: vec![], flatten: true };
            let flat = registry.query_collections(&query)?;
            children = flat.into_iter().map(|c| c.name).collect();
        }
        match self.mode {
            Mode::Redefine => registry.set_chain(&self.parent, &children)?,
            Mode::Extend => registry.extend_chain(&self.parent, &children)?,
            Mode::Prepend => registry.prepend_chain(&self.parent, &children)?,
            Mode::Remove => registry.remove_from_chain(&self.parent, &children)?,
            Mode::Pop => {
                let there = registry.collection_info(&self.parent)?.children;
                let popped = popped(&there, &children)?;
                registry.remove_from_chain(&self.parent, &popped)?;
            }
        }
        let now = registry.collection_info(&self.parent)?.children;
        transaction.commit()?;
        Ok(Out::line(format!("[{}]", now.join(", ")), json!(now)))
    }
}

/// The children at places, counted from the end where negative; the first where none is given.
fn popped(there: &[String], places: &[String]) -> Result<Vec<String>> {
    let first = [String::from("0")];
    let places = if places.is_empty() { &first } else { places };
    let one = |place: &String| {
        let n: Option<i64> = place.parse().ok();
        let at = n.and_then(|n| {
            let n = if n < 0 { n + i64::try_from(there.len()).ok()? } else { n };
            there.get(usize::try_from(n).ok()?).cloned()
        });
        at.ok_or_else(|| {
            let message = "no such place in the chain";
            Error::new(ErrorKind::InvalidInput, Op("cli.collection_chain"), message)
                .with("place", place)
                .with("children", there.len())
        })
    };
    places.iter().map(one).collect()
}

/// How chains are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Chains {
    Table,
    InverseTable,
    Tree,
    InverseTree,
    Flatten,
    NoChildren,
}

/// List collections.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// Repository.
    repo: String,
    /// Names or shell patterns; all where there is none.
    glob: Vec<String>,
    /// Only collections of these types.
    #[arg(long, value_enum, ignore_case = true)]
    collection_type: Vec<Kind>,
    /// How chains are shown.
    #[arg(long, value_enum, ignore_case = true, default_value = "tree")]
    chains: Chains,
    /// Show the dataset types that each collection may hold.
    #[arg(short = 't', long)]
    show_dataset_types: bool,
    /// Patterns of dataset types to leave out; only with --show-dataset-types.
    #[arg(long, default_value = "*_config,*_log,*_metadata,packages")]
    exclude_dataset_types: String,
}

impl Query {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open(&self.repo)?;
        let query = CollectionQuery {
            patterns: split_commas(&self.glob),
            kinds: self.collection_type.iter().map(|&k| k.into()).collect(),
            flatten: self.chains == Chains::Flatten,
        };
        let collections = butler.registry().query_collections(&query)?;
        let json = collections.iter().map(json_of).collect();
        if collections.is_empty() {
            return Ok(Out::text(String::new(), json));
        }
        let mut rows =
            Rows { butler: &butler, view: self, known: BTreeMap::new(), lines: vec![] };
        for collection in collections {
            rows.add(&collection, 0)?;
        }
        let mut names = vec!["Name", "Type"];
        if self.show_dataset_types {
            names.push("Dataset Types");
        }
        let extra = match self.chains {
            Chains::Table => Some("Children"),
            Chains::InverseTable => Some("Parents"),
            _ => None,
        };
        if extra.is_some()
            && rows
                .lines
                .iter()
                .any(|r| r.get(names.len()).is_some_and(|c| !c.is_empty()))
        {
            names.extend(extra);
        }
        let mut table = Table::new(names, Align::Left);
        rows.lines.into_iter().for_each(|row| table.push(row));
        Ok(Out::text(table.render(), json))
    }
}

fn json_of(c: &Collection) -> Json {
    json!({"name": c.name, "type": c.kind.as_str(), "children": c.children, "doc": c.doc})
}

/// Lines of the table, made collection by collection.
struct Rows<'q> {
    butler: &'q Butler,
    view: &'q Query,
    known: BTreeMap<String, Collection>,
    lines: Vec<Vec<String>>,
}

impl Rows<'_> {
    fn add(&mut self, collection: &Collection, depth: usize) -> Result<()> {
        let registry = self.butler.registry();
        let mut lists = Vec::new();
        if self.view.show_dataset_types {
            lists.push(self.types_of(collection)?);
        }
        match self.view.chains {
            Chains::Table => lists.push(collection.children.clone()),
            Chains::InverseTable => {
                lists.push(registry.collection_parents(&collection.name)?);
            }
            _ => {}
        }
        let height = lists.iter().map(Vec::len).max().unwrap_or(0).max(1);
        for line in 0..height {
            let head = line == 0;
            let name = format!("{}{}", "  ".repeat(depth), collection.name);
            let mut row = vec![
                if head { name } else { String::new() },
                if head { collection.kind.to_string() } else { String::new() },
            ];
            row.extend(lists.iter().map(|l| l.get(line).cloned().unwrap_or_default()));
            self.lines.push(row);
        }
        let below = match self.view.chains {
            Chains::Tree => collection.children.clone(),
            Chains::InverseTree => registry.collection_parents(&collection.name)?,
            _ => Vec::new(),
        };
        for name in below {
            let next = self.info(&name)?;
            self.add(&next, depth + 1)?;
        }
        Ok(())
    }

    fn info(&mut self, name: &str) -> Result<Collection> {
        if let Some(known) = self.known.get(name) {
            return Ok(known.clone());
        }
        let info = self.butler.registry().collection_info(name)?;
        self.known.insert(name.to_owned(), info.clone());
        Ok(info)
    }

    fn types_of(&self, collection: &Collection) -> Result<Vec<String>> {
        if collection.kind == CollectionType::Chained {
            return Ok(Vec::new());
        }
        let patterns =
            split_commas(std::slice::from_ref(&self.view.exclude_dataset_types));
        let excluded = globset(&patterns)?;
        let summary = self.butler.registry().collection_summary(&collection.name)?;
        Ok(summary.dataset_types.into_iter().filter(|t| !excluded.is_match(t)).collect())
    }
}

fn globset(patterns: &[String]) -> Result<globset::GlobSet> {
    let wrong = |e: globset::Error| {
        Error::new(ErrorKind::InvalidInput, Op("cli.glob"), "not a shell pattern")
            .caused_by(e)
    };
    let mut set = globset::GlobSetBuilder::new();
    for pattern in patterns {
        set.add(globset::Glob::new(pattern).map_err(wrong)?);
    }
    set.build().map_err(wrong)
}

/// Remove collections that are no RUN; their datasets stay.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Repository.
    repo: String,
    /// Name or shell pattern.
    collection: String,
    /// Do not ask.
    #[arg(long)]
    no_confirm: bool,
    /// Take them out of the chains that hold them.
    #[arg(long = "remove-from-parents")]
    unlink: bool,
}

impl Remove {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open_writeable(&self.repo)?;
        let registry = butler.registry();
        let kinds = vec![
            CollectionType::Tagged,
            CollectionType::Chained,
            CollectionType::Calibration,
        ];
        let query = CollectionQuery {
            patterns: vec![self.collection.clone()],
            kinds,
            flatten: false,
        };
        let found = registry.query_collections(&query)?;
        let names: Vec<_> = found.iter().map(|c| c.name.clone()).collect();
        if names.is_empty() {
            return Ok(Out::line("No non-RUN collections were found.", json!([])));
        }
        let mut table = Table::new(["Collection", "Collection Type"], Align::Left);
        for c in &found {
            table.push(vec![c.name.clone(), c.kind.to_string()]);
        }
        let listed = table.render();
        if !self.no_confirm {
            crate::output::say("The following collections will be removed:");
            crate::output::say(listed.trim_end());
            if !confirm("Continue?")? {
                return Ok(Out::line("Aborted.", json!([])));
            }
        }
        let transaction = registry.transaction()?;
        for name in &names {
            if self.unlink {
                for parent in registry.collection_parents(name)? {
                    registry.remove_from_chain(&parent, &[name])?;
                }
            }
            registry.remove_collection(name)?;
        }
        transaction.commit()?;
        Ok(Out::text(format!("Removed collections:\n{listed}"), json!(names)))
    }
}
