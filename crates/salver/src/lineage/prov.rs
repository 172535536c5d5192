//! W3C PROV-JSON (member submission of 24 April 2013), with the attribute names of the IVOA
//! provenance data model 1.0 where it has them.

use std::collections::HashMap;

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_model::{LinkKind, StubState};
use salver_tree::RefLeaf;
use serde_json::{Map, Value as Json, json};

use super::edges::{Edge, Standing};
use super::graph::Graph;

const OP: Op = Op("lineage.from_prov");
const SALVER: &str = "urn:salver:";
const VOPROV: &str = "http://www.ivoa.net/documents/ProvenanceDM/voprov/";

/// The graph as a PROV-JSON document: an entity for each dataset, a derivation for each reference.
///
/// # Errors
/// As [`RefLeaf::to_text`].
pub fn to_prov(graph: &Graph) -> Result<Json> {
    let mut entities = Map::new();
    for node in graph.nodes() {
        entities.insert(
            name(&node.id),
            json!({
                "prov:type": {"$": "salver:Dataset", "type": "prov:QUALIFIED_NAME"},
                "prov:label": node.label(),
                "voprov:name": node.label(),
                "salver:standing": node.standing.as_str(),
                "salver:reference": node.leaf.to_text()?,
            }),
        );
    }
    let mut derivations = Map::new();
    for (number, line) in graph.lines().iter().enumerate() {
        let (Some(source), Some(target)) =
            (graph.nodes().get(line.source), graph.nodes().get(line.target))
        else {
            continue;
        };
        let mut fields = Map::new();
        fields.insert("prov:generatedEntity".into(), name(&source.id).into());
        fields.insert("prov:usedEntity".into(), name(&target.id).into());
        fields.insert("salver:kind".into(), line.kind.as_str().into());
        fields.insert("salver:node".into(), line.node.as_str().into());
        if let Some(component) = &line.component {
            fields.insert("salver:component".into(), component.as_str().into());
        }
        derivations.insert(format!("_:derivation{number}"), Json::Object(fields));
    }
    let mut out = json!({"prefix": {"salver": SALVER, "voprov": VOPROV}});
    if let Some(map) = out.as_object_mut() {
        // validators refuse empty sections
        if !entities.is_empty() {
            map.insert("entity".into(), Json::Object(entities));
        }
        if !derivations.is_empty() {
            map.insert("wasDerivedFrom".into(), Json::Object(derivations));
        }
    }
    Ok(out)
}

fn name(id: &uuid::Uuid) -> String {
    format!("salver:{id}")
}

/// The edges of a document that [`to_prov`] wrote, in their order.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for another structure, with what is missing.
pub fn from_prov(document: &Json) -> Result<Vec<Edge>> {
    let section = |key: &str| document.get(key).and_then(Json::as_object);
    let mut known: HashMap<&str, (RefLeaf, Standing)> = HashMap::new();
    for (name, fields) in section("entity").into_iter().flatten() {
        let leaf = RefLeaf::from_text(text(fields, "salver:reference")?).op(
            ErrorKind::InvalidInput,
            OP,
            "an entity whose reference is not one",
        )?;
        known.insert(name, (leaf, standing(text(fields, "salver:standing")?)?));
    }
    let end = |fields: &Json, key| {
        let name = text(fields, key)?;
        known.get(name).cloned().ok_or_else(|| wrong("an entity").with("missing", name))
    };
    let edge = |fields: &Json| {
        let (source, source_standing) = end(fields, "prov:generatedEntity")?;
        let (target, target_standing) = end(fields, "prov:usedEntity")?;
        let component = fields.get("salver:component").and_then(Json::as_str);
        let target = RefLeaf { component: component.map(str::to_owned), ..target };
        let kind: LinkKind = text(fields, "salver:kind")?.parse()?;
        let node = text(fields, "salver:node")?.to_owned();
        Ok(Edge { kind, node, source, source_standing, target, target_standing })
    };
    section("wasDerivedFrom")
        .into_iter()
        .flatten()
        .map(|(_, fields)| edge(fields))
        .collect()
}

fn standing(word: &str) -> Result<Standing> {
    match word {
        "present" => Ok(Standing::Present),
        "unknown" => Ok(Standing::Unknown),
        word => word.parse::<StubState>().map(Standing::Stub).op(
            ErrorKind::InvalidInput,
            OP,
            "an entity whose standing is unknown",
        ),
    }
}

fn text<'j>(fields: &'j Json, key: &'static str) -> Result<&'j str> {
    fields.get(key).and_then(Json::as_str).ok_or_else(|| wrong("text").with("key", key))
}

fn wrong(expected: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, OP, "not a lineage document of Salver")
        .with("expected", expected)
}
