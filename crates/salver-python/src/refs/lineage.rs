//! Edges of lineage, page by page.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use salver::lineage::{Edge, Graph, LineageEdges, to_open_lineage, to_prov, to_ro_crate};
use salver_core::{Error, ErrorKind, Op};
use salver_model::{LinkKind, time};
use salver_registry::{Direction, LineageQuery};
use uuid::Uuid;

use super::{Follow, PyRef};
use crate::errors::{ToPy, raise};
use crate::interrupt::detached;

const OP: Op = Op("butler.lineage");

/// What one edge is in Python: kind, path, source, its standing, target, its standing.
type Row = (&'static str, String, PyRef, &'static str, PyRef, &'static str);

/// Pages of edges, for `salver.lineage`.
#[pyclass(module = "salver", name = "_Edges", frozen)]
#[derive(Debug)]
pub(crate) struct PyEdges {
    edges: Mutex<LineageEdges>,
    follow: Arc<Follow>,
}

impl PyEdges {
    pub(crate) fn new_of(edges: LineageEdges, follow: Follow) -> Self {
        Self { edges: Mutex::new(edges), follow: Arc::new(follow) }
    }
}

#[pymethods]
impl PyEdges {
    /// The next edges; empty at the end.
    fn next_page(&self, py: Python<'_>) -> PyResult<Vec<Row>> {
        let page = detached(py, || {
            self.edges.lock().unwrap_or_else(PoisonError::into_inner).next_page()
        });
        let follow = |leaf| PyRef::new_of(leaf, Some(Arc::clone(&self.follow)));
        let row = |edge: Edge| {
            (
                edge.kind.as_str(),
                edge.node,
                follow(edge.source),
                edge.source_standing.as_str(),
                follow(edge.target),
                edge.target_standing.as_str(),
            )
        };
        Ok(page.to_py(py)?.into_iter().map(row).collect())
    }
}

/// A query of words.
pub(crate) fn query_of(
    py: Python<'_>,
    roots: Vec<Uuid>,
    direction: &str,
    depth: Option<u32>,
    kinds: Option<Vec<String>>,
    types: Option<Vec<String>>,
) -> PyResult<LineageQuery> {
    let direction = match direction {
        "upstream" => Direction::Upstream,
        "downstream" => Direction::Downstream,
        other => {
            let error = Error::new(ErrorKind::InvalidInput, OP, "unknown direction")
                .with("direction", other)
                .hint("upstream or downstream");
            return Err(raise(py, &error));
        }
    };
    let kinds = kinds.unwrap_or_default();
    let kinds: Vec<LinkKind> =
        kinds.iter().map(|kind| kind.parse().to_py(py)).collect::<PyResult<_>>()?;
    let types = types.unwrap_or_default();
    Ok(LineageQuery { depth, kinds, types, ..LineageQuery::new(roots, direction) })
}

/// Edges in the words of another tool.
pub(crate) fn exported(
    py: Python<'_>,
    edges: LineageEdges,
    form: &str,
    name: &str,
    now_tai_ns: i64,
) -> PyResult<String> {
    let written = detached(py, move || {
        let graph = Graph::new(&edges.collect()?)?;
        let now = time::utc_iso(now_tai_ns).replacen(' ', "T", 1);
        let now = format!("{}Z", now.split('.').next().unwrap_or(&now));
        Ok(match form {
            "dot" => graph.to_dot(),
            "html" => graph.to_html(name),
            "svg" => graph.to_svg(),
            "prov" => to_prov(&graph)?.to_string(),
            "ro-crate" => to_ro_crate(&graph, name, &now)?.to_string(),
            "openlineage" => {
                serde_json::Value::Array(to_open_lineage(&graph, name, &now)?).to_string()
            }
            other => {
                return Err(Error::new(ErrorKind::InvalidInput, OP, "unknown form")
                    .with("form", other)
                    .hint("dot, html, svg, prov, ro-crate or openlineage"));
            }
        })
    });
    written.to_py(py)
}
