//! `OpenLineage` 2-0-2: a completed run for each dataset that was made of others.

use salver_core::Result;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::graph::{Graph, Node};

const SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
const PRODUCER: &str = "urn:salver";

/// Run events, one for each dataset with inputs; `namespace` names the repository, `time` is the
/// time of the export in ISO 8601 (the registry keeps none for runs).
///
/// # Errors
/// As [`salver_tree::RefLeaf::to_text`].
pub fn to_open_lineage(graph: &Graph, namespace: &str, time: &str) -> Result<Vec<Json>> {
    let dataset = |node: &Node| -> Result<Json> {
        Ok(json!({
            "namespace": namespace,
            "name": format!("{}/{}", node.leaf.dataset_type, node.id),
            "facets": {"documentation": {
                "_producer": PRODUCER,
                "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DocumentationDatasetFacet.json#/$defs/DocumentationDatasetFacet",
                "description": node.leaf.to_text()?,
            }},
        }))
    };
    let mut events = Vec::new();
    for (node, targets) in graph.nodes().iter().zip(graph.inputs()) {
        if targets.is_empty() {
            continue;
        }
        let inputs = targets.iter().filter_map(|t| graph.nodes().get(*t)).map(dataset);
        events.push(json!({
            "eventType": "COMPLETE",
            "eventTime": time,
            "run": {"runId": Uuid::new_v5(&node.id, b"salver.run")},
            "job": {"namespace": namespace, "name": format!("make-{}", node.leaf.dataset_type)},
            "inputs": inputs.collect::<Result<Vec<_>>>()?,
            "outputs": [dataset(node)?],
            "producer": PRODUCER,
            "schemaURL": SCHEMA,
        }));
    }
    Ok(events)
}
