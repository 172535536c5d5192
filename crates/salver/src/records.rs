//! Dimension records as documents: YAML, JSON or a table.
//!
//! A document maps elements to lists of records (`detector: [{instrument: …, id: …}]`), or lists
//! `{element: …, records: […]}`. Fields are the element's columns; besides Gen3's JSON form (§15.4:
//! regions in hex, timespans as two numbers) a region may be an IVOA POS text such as
//! `POLYGON 10 0 11 0 11 1`, and a timespan a mapping of `begin` and `end` to times in ISO 8601
//! (UTC, or TAI with `/tai` after it).

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::time::{Scale, parse_iso};
use salver_model::{ColumnType, Element, Record, Universe};
use salver_sphere::Region;
use serde_json::{Map, Value as Json, json};

const OP: Op = Op("records.read");

/// The records of one element.
#[derive(Debug, Clone)]
pub struct ElementRecords {
    /// The element.
    pub element: String,
    /// Its records.
    pub records: Vec<Record>,
}

/// Reads a document of dimension records; elements come in universe order, whatever the
/// document's, so that no record is inserted before one that it refers to.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for another structure, an unknown element or field, or a value
/// that does not fit; the error names element and field.
pub fn from_document(
    document: &Json,
    universe: &Universe,
) -> Result<Vec<ElementRecords>> {
    let mut out = Vec::new();
    match document {
        Json::Object(map) if map.contains_key("element") => {
            out.push(one_set(document, universe)?);
        }
        Json::Object(map) => {
            for (element, records) in map {
                out.push(set(element, records, universe)?);
            }
        }
        Json::Array(sets) => {
            for each in sets {
                out.push(one_set(each, universe)?);
            }
        }
        _ => return Err(structure()),
    }
    out.sort_by_key(|s| universe.element(&s.element).map(|e| e.position()));
    Ok(out)
}

/// Reads the records of one element.
///
/// # Errors
/// As [`from_document`].
pub fn set(element: &str, records: &Json, universe: &Universe) -> Result<ElementRecords> {
    let known = universe.require(element)?;
    let list = records.as_array().ok_or_else(structure)?;
    let read = |record: &Json| {
        let fields = record.as_object().ok_or_else(structure)?;
        let fields = normal(known, fields)?;
        let form = json!({"definition": &**known.name(), "record": fields});
        Record::from_json(&form, universe)
    };
    let records = list.iter().map(read).collect::<Result<_>>()?;
    Ok(ElementRecords { element: known.name().to_string(), records })
}

fn one_set(document: &Json, universe: &Universe) -> Result<ElementRecords> {
    let element = document.get("element").and_then(Json::as_str).ok_or_else(structure)?;
    set(element, document.get("records").ok_or_else(structure)?, universe)
}

fn structure() -> Error {
    let message = "not a document of dimension records";
    Error::new(ErrorKind::InvalidInput, OP, message)
        .hint("such as `{detector: [{instrument: CamA, id: 1, full_name: R00_S0}]}`")
}

/// Brings regions and timespans to Gen3's JSON form.
fn normal(element: &Element, fields: &Map<String, Json>) -> Result<Map<String, Json>> {
    let mut out = fields.clone();
    let split = [out.remove("datetime_begin"), out.remove("datetime_end")];
    if split.iter().any(Option::is_some) {
        let [begin, end] = split.map(Option::unwrap_or_default);
        out.insert("timespan".to_owned(), json!({"begin": begin, "end": end}));
    }
    for (name, value) in &mut out {
        let at = element.column_position(name);
        let kind = at.and_then(|i| element.table_columns().get(i)).map(|c| c.kind);
        let named = |e: Error| e.with("element", element.name()).with("field", name);
        match (kind, &*value) {
            (Some(ColumnType::Region), Json::String(text)) if text.contains(' ') => {
                *value = Region::from_ivoa_pos(text).map_err(named)?.to_hex().into();
            }
            (Some(ColumnType::Timespan), Json::Object(ends)) => {
                let end = |key: &str| instant(ends.get(key).unwrap_or(&Json::Null));
                let (begin, end) =
                    (end("begin").map_err(named)?, end("end").map_err(named)?);
                let span = salver_model::Timespan::new(begin, end);
                *value = json!([span.begin_ns(), span.end_ns()]);
            }
            _ => {}
        }
    }
    Ok(out)
}

/// An instant in TAI nanoseconds: a number, text in ISO 8601, or nothing.
fn instant(value: &Json) -> Result<Option<i64>> {
    match value {
        Json::Null => Ok(None),
        Json::Number(n) if n.is_i64() => Ok(n.as_i64()),
        Json::String(text) => {
            let (text, scale) = match text.strip_suffix("/tai") {
                Some(text) => (text, Scale::Tai),
                None => (text.as_str(), Scale::Utc),
            };
            parse_iso(text, scale).map(Some)
        }
        other => {
            let message = "an instant is text in ISO 8601 or nanoseconds of TAI";
            Err(Error::new(ErrorKind::InvalidInput, OP, message).with("given", other))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_either_form_come_in_universe_order() {
        let universe = Universe::default_v8();
        let map = json!({
            "detector": [{"instrument": "A", "id": 1, "full_name": "D1"}],
            "instrument": [{"name": "A"}],
        });
        let list = json!([
            {"element": "detector", "records": map["detector"]},
            {"element": "instrument", "records": map["instrument"]},
        ]);
        for document in [map, list] {
            let sets = from_document(&document, &universe).unwrap();
            let names: Vec<_> = sets.iter().map(|s| s.element.as_str()).collect();
            assert_eq!(names, ["instrument", "detector"]);
        }
    }

    #[test]
    fn a_region_may_be_text_and_a_timespan_may_be_dates() {
        let universe = Universe::default_v8();
        let document = json!({"visit": [{
            "instrument": "A", "id": 1, "day_obs": 20240301, "physical_filter": "r",
            "region": "CIRCLE 10 20 1",
            "timespan": {"begin": "2024-03-01T20:00:00", "end": "2024-03-01T20:01:07/tai"},
        }]});
        let sets = from_document(&document, &universe).unwrap();
        let record = &sets[0].records[0];
        assert_eq!(record.region().unwrap().type_name(), "Circle");
        let span = record.timespan().unwrap();
        assert_eq!(span.end_ns() - span.begin_ns(), 30_000_000_000);
    }

    #[test]
    fn a_wrong_document_says_where() {
        let universe = Universe::default_v8();
        let wrong = [
            json!(3),
            json!({"detektor": []}),
            json!({"detector": [{"instrument": "A", "id": 1, "ful_name": "x"}]}),
            json!({"visit": [{"instrument": "A", "id": 1, "region": "CIRCLE x"}]}),
        ];
        for document in wrong {
            let error = from_document(&document, &universe).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{document}");
        }
    }
}
