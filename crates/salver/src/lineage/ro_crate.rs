//! RO-Crate 1.1: the metadata file of a crate that describes datasets and how they came to be.

use salver_core::Result;
use serde_json::{Map, Value as Json, json};

use super::graph::Graph;

/// The content of `ro-crate-metadata.json`: a work for each dataset, an action for each one that
/// was made of others. `published` is a date in ISO 8601.
///
/// # Errors
/// As [`salver_tree::RefLeaf::to_text`].
pub fn to_ro_crate(graph: &Graph, name: &str, published: &str) -> Result<Json> {
    let mut entities = vec![
        json!({
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        }),
        Json::Null,
    ];
    let mut mentions = Vec::new();
    for node in graph.nodes() {
        let id = format!("urn:uuid:{}", node.id);
        mentions.push(json!({"@id": id}));
        entities.push(json!({
            "@id": id,
            "@type": "CreativeWork",
            "name": node.label(),
            "identifier": id,
            "description": node.leaf.to_text()?,
            "creativeWorkStatus": node.standing.as_str(),
        }));
    }
    for (node, inputs) in graph.nodes().iter().zip(graph.inputs()) {
        if inputs.is_empty() {
            continue;
        }
        let id = format!("#made-{}", node.id);
        mentions.push(json!({"@id": id}));
        let targets = inputs.iter().filter_map(|number| graph.nodes().get(*number));
        let objects: Vec<Json> =
            targets.map(|t| json!({"@id": format!("urn:uuid:{}", t.id)})).collect();
        entities.push(json!({
            "@id": id,
            "@type": "CreateAction",
            "name": format!("making of {}", node.label()),
            "object": objects,
            "result": {"@id": format!("urn:uuid:{}", node.id)},
        }));
    }
    if let Some(root) = entities.get_mut(1) {
        *root = json!({
            "@id": "./",
            "@type": "Dataset",
            "name": name,
            "description": "Lineage of datasets of a Butler repository",
            "datePublished": published,
            "license": "The datasets keep the terms of their repository.",
            "mentions": mentions,
        });
    }
    let mut out = Map::new();
    out.insert("@context".into(), "https://w3id.org/ro/crate/1.1/context".into());
    out.insert("@graph".into(), Json::Array(entities));
    Ok(Json::Object(out))
}
