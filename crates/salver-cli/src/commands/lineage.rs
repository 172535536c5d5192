//! `lineage`.

use clap::Args;
use salver::lineage::{Edge, Graph, to_open_lineage, to_prov, to_ro_crate};
use salver::model::time;
use salver::registry::{Direction, LineageQuery};
use salver::{Error, ErrorKind, Op, Result};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::common::{Which, open};
use crate::input::split_commas;
use crate::output::{Align, Out, Table};

/// What a dataset was made from, or what was made of it.
///
/// The dataset is named by type and data ID, or by --id; it may be one that was deleted.
#[derive(Debug, Args)]
pub(crate) struct Lineage {
    #[command(flatten)]
    which: Which,
    /// What the dataset came from (the default).
    #[arg(long, conflicts_with = "downstream")]
    upstream: bool,
    /// What was made of the dataset.
    #[arg(long)]
    downstream: bool,
    /// How many steps away at most; all without it.
    #[arg(long, value_name = "STEPS")]
    depth: Option<u32>,
    /// Kinds of links to follow: embedded, part, predicted, available, used.
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Dataset types at the far ends of links to list; comma-separated, repeatable.
    #[arg(long, value_name = "TYPE")]
    only: Vec<String>,
    /// Answer in the language of Graphviz.
    #[arg(long)]
    dot: bool,
    /// Answer in another form: html, svg, prov, ro-crate or openlineage.
    #[arg(long, value_name = "FORM", conflicts_with = "dot")]
    form: Option<String>,
}

impl Lineage {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open(&self.which.repo)?;
        let root = self.root(&butler)?;
        let kinds = split_commas(&self.kind);
        let direction =
            if self.downstream { Direction::Downstream } else { Direction::Upstream };
        let query = LineageQuery {
            depth: self.depth,
            kinds: kinds.iter().map(|kind| kind.parse()).collect::<Result<_>>()?,
            types: split_commas(&self.only),
            ..LineageQuery::new(vec![root], direction)
        };
        let edges = butler.lineage(&query)?.collect()?;
        if self.dot {
            let dot = Graph::new(&edges)?.to_dot();
            return Ok(Out::text(dot.clone(), json!({"dot": dot})));
        }
        if let Some(form) = &self.form {
            let now = time::utc_iso(butler.registry().tai_ns()).replacen(' ', "T", 1);
            return written(&Graph::new(&edges)?, form, &self.which.repo, &now);
        }
        let rows = edges.iter().map(edge_json).collect::<Result<Vec<_>>>()?;
        Ok(Out::text(table(&edges, self.downstream), Json::Array(rows)))
    }

    /// The identifier; of a dataset that is not there any more it must be given.
    fn root(&self, butler: &salver::Butler) -> Result<Uuid> {
        let Some(id) = &self.which.id else {
            return Ok(self.which.find(butler)?.0.id);
        };
        id.parse().map_err(|e| {
            let error =
                Error::new(ErrorKind::InvalidInput, Op("cli.lineage"), "not a UUID");
            error.with("id", id).caused_by(e)
        })
    }
}

fn written(graph: &Graph, form: &str, repo: &str, now: &str) -> Result<Out> {
    let now = format!("{}Z", now.split('.').next().unwrap_or(now));
    let json = match form {
        "html" => return Ok(page(graph.to_html(&format!("Lineage in {repo}")))),
        "svg" => return Ok(page(graph.to_svg())),
        "prov" => to_prov(graph)?,
        "ro-crate" => to_ro_crate(graph, &format!("Lineage in {repo}"), &now)?,
        "openlineage" => Json::Array(to_open_lineage(graph, repo, &now)?),
        other => {
            let error =
                Error::new(ErrorKind::InvalidInput, Op("cli.lineage"), "unknown form");
            return Err(error
                .with("form", other)
                .hint("html, svg, prov, ro-crate or openlineage"));
        }
    };
    Ok(Out::text(format!("{json:#}\n"), json))
}

fn page(text: String) -> Out {
    let json = Json::from(text.as_str());
    Out::text(text, json)
}

fn edge_json(edge: &Edge) -> Result<Json> {
    Ok(json!({
        "kind": edge.kind.as_str(),
        "path": edge.node,
        "source": edge.source.to_json()?,
        "source_state": edge.source_standing.as_str(),
        "target": edge.target.to_json()?,
        "target_state": edge.target_standing.as_str(),
    }))
}

/// One line for each link: the far end, how it is linked, and what it is linked to.
fn table(edges: &[Edge], downstream: bool) -> String {
    if edges.is_empty() {
        return String::new();
    }
    let names = ["dataset", "state", "kind", "path", "id"].map(str::to_owned);
    let mut table = Table::new(names, Align::Left);
    for edge in edges {
        let (far, state) = if downstream {
            (&edge.source, edge.source_standing)
        } else {
            (&edge.target, edge.target_standing)
        };
        let shown = far.to_string();
        let shown = shown.split(" (").next().unwrap_or_default().to_owned();
        table.push(vec![
            shown,
            state.as_str().to_owned(),
            edge.kind.as_str().to_owned(),
            edge.node.clone(),
            far.id.map_or_else(|| "None".to_owned(), |id| id.to_string()),
        ]);
    }
    format!("{}\n", table.render())
}
