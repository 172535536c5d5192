//! Records: what is known of one value of a dimension.

use std::fmt;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_sphere::{Pixelization, Region};
use serde_json::{Map, Value as Json, json};

use crate::json::{hex, object, text, unhex, wrong};
use crate::{
    Column, ColumnType, DataId, DataValue, Element, Timespan, Universe, Value, nearest,
};

/// What is known of one value of a dimension, or of one row of a join relation.
///
/// Values are in the order of [`Element::table_columns`].
#[derive(Clone, PartialEq)]
pub struct Record {
    element: Arc<Element>,
    values: Vec<Value>,
}

const OP: Op = Op("record");

impl Record {
    /// A record from values in table column order: what a registry reads.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] where their number is not that of the columns.
    pub fn new(element: Arc<Element>, values: Vec<Value>) -> Result<Self> {
        if values.len() != element.table_columns().len() {
            return Err(Error::new(ErrorKind::Internal, OP, "wrong number of values")
                .with("element", element.name())
                .with("values", values.len())
                .with("columns", element.table_columns().len()));
        }
        Ok(Self { element, values })
    }

    /// A record from named values, checked and converted: what a user gives. The dimension's name
    /// may stand for its key column; columns that are not named are null.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an unknown field (the accepted ones are listed), a missing key,
    /// a wrong type, text that is empty or too long for its column.
    pub fn from_pairs<S: AsRef<str>>(
        element: &Arc<Element>,
        pairs: impl IntoIterator<Item = (S, Value)>,
    ) -> Result<Self> {
        let columns = element.table_columns();
        let mut values = vec![Value::Null; columns.len()];
        for (name, value) in pairs {
            let name = name.as_ref();
            let at =
                element.column_position(name).ok_or_else(|| unknown(element, name))?;
            if let (Some(column), Some(slot)) = (columns.get(at), values.get_mut(at)) {
                let value = checked(element, column, value)?;
                // a key may be given by two names
                if *slot != Value::Null && *slot != value {
                    return Err(wrong(OP, "a field has two values")
                        .with("element", element.name())
                        .with("field", &column.name));
                }
                *slot = value;
            }
        }
        for (column, value) in columns.iter().zip(&values) {
            if !column.nullable && *value == Value::Null {
                return Err(wrong(OP, "a value is missing")
                    .with("element", element.name())
                    .with("field", &column.name)
                    .with("expected", column.kind));
            }
        }
        Ok(Self { element: Arc::clone(element), values })
    }

    /// The element.
    #[must_use]
    pub fn element(&self) -> &Arc<Element> {
        &self.element
    }

    /// Values in table column order.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// A field, by column name; the dimension's own name stands for its key.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.element.column_position(name).and_then(|i| self.values.get(i))
    }

    /// Fields with their columns.
    pub fn fields(&self) -> impl Iterator<Item = (&Column, &Value)> {
        self.element.table_columns().iter().zip(&self.values)
    }

    /// Columns that hold keys of dimensions, with their values: required ones, then implied ones.
    pub fn key_fields(&self) -> impl Iterator<Item = (&Column, &Value)> {
        let n = self.element.required().len() + self.element.implied().len();
        self.fields().take(n)
    }

    /// The value of a required or implied dimension.
    #[must_use]
    pub fn dimension(&self, name: &str) -> Option<DataValue> {
        let mut keys = self.key_fields();
        let found = keys.find(|(c, _)| c.dimension.as_deref() == Some(name));
        found.and_then(|(_, v)| v.to_data_value())
    }

    /// Values of the required dimensions, in the order of [`Element::required`].
    #[must_use]
    pub fn key(&self) -> Vec<DataValue> {
        let keys = self.values.iter().take(self.element.required().len());
        keys.filter_map(Value::to_data_value).collect()
    }

    /// The data ID that the record belongs to, for what the element requires; implied values are in
    /// it where the record has all of them.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where the universe is another one, or a key is null.
    pub fn data_id(&self, universe: &Universe) -> Result<DataId> {
        let group = universe.group(self.element.required())?;
        let pairs = self.key_fields().filter_map(|(column, value)| {
            let name = column.dimension.as_deref()?;
            group.contains(name).then(|| Some((name, value.to_data_value()?))).flatten()
        });
        DataId::standardise(universe, &group, pairs, None)
    }

    /// The record of one pixel of a skypix dimension: its number and its region.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where the element is no skypix dimension or the number is that of
    /// no pixel; [`ErrorKind::Unsupported`] for a system that is not known here.
    pub fn of_pixel(element: &Arc<Element>, number: i64) -> Result<Self> {
        let no_pixel = || {
            wrong(OP, "not a pixel")
                .code_of("data_id_value")
                .with("dimension", element.name())
                .with("value", number)
        };
        if element.skypix().is_none() {
            return Err(no_pixel());
        }
        let pixels = Pixelization::parse(element.name())?;
        let id = u64::try_from(number).map_err(|e| no_pixel().caused_by(e))?;
        let all = pixels.universe();
        if !all.contains(&id) {
            return Err(no_pixel()
                .with("expected", format_args!("{} to {}", all.start, all.end - 1)));
        }
        let region = Region::from(pixels.pixel(id)?);
        Self::new(Arc::clone(element), vec![Value::Int(number), region.into()])
    }

    /// The record of an element without a table, which follows from its key: a pixel with its
    /// region, or a value that other records imply (`band`). `None` for an element with a table.
    ///
    /// # Errors
    /// As [`Record::of_pixel`] and [`Record::from_pairs`].
    pub fn of_key(element: &Arc<Element>, key: &DataValue) -> Result<Option<Self>> {
        match (element.skypix().is_some(), key) {
            (true, DataValue::Int(number)) => Self::of_pixel(element, *number).map(Some),
            _ if element.has_table() => Ok(None),
            _ => Self::from_pairs(element, [(element.name(), key.clone().into())])
                .map(Some),
        }
    }

    /// The region, where the element has one and it is known.
    #[must_use]
    pub fn region(&self) -> Option<&Arc<Region>> {
        self.values.iter().find_map(|v| match v {
            Value::Region(r) => Some(r),
            _ => None,
        })
    }

    /// The timespan, where the element has one and it is known.
    #[must_use]
    pub fn timespan(&self) -> Option<Timespan> {
        self.values.iter().find_map(|v| match v {
            Value::Timespan(t) => Some(*t),
            _ => None,
        })
    }

    /// Gen3's JSON form (§15.4).
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut map = Map::new();
        for (column, value) in self.fields() {
            map.insert(column.name.to_string(), value_to_json(value));
        }
        json!({"definition": &**self.element.name(), "record": map})
    }

    /// Reads Gen3's JSON form (§15.4).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for another structure, and as [`Record::from_pairs`].
    pub fn from_json(value: &Json, universe: &Universe) -> Result<Self> {
        let map = object(OP, value)?;
        let element = universe.require(text(OP, map, "definition")?)?;
        let empty = Json::Null;
        let fields = object(OP, map.get("record").unwrap_or(&empty))?;
        let mut pairs = Vec::new();
        for (name, value) in fields {
            let at =
                element.column_position(name).ok_or_else(|| unknown(element, name))?;
            let kind =
                element.table_columns().get(at).map_or(ColumnType::Int, |c| c.kind);
            let value = value_from_json(value, kind).ok_or_else(|| {
                wrong(OP, "a value of the wrong type")
                    .with("element", element.name())
                    .with("field", name)
                    .with("expected", kind)
            })?;
            pairs.push((name.as_str(), value));
        }
        Self::from_pairs(element, pairs)
    }
}

fn unknown(element: &Element, name: &str) -> Error {
    let columns = || element.table_columns().iter().map(|c| &*c.name);
    let error =
        wrong(OP, "unknown field").with("element", element.name()).with("field", name);
    match nearest(name, columns()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!(
            "the fields are: {}",
            columns().collect::<Vec<_>>().join(", ")
        )),
    }
}

fn checked(element: &Element, column: &Column, value: Value) -> Result<Value> {
    let found = value.kind();
    let field = |e: Error| e.with("element", element.name()).with("field", &column.name);
    let value = value.coerced(column.kind).ok_or_else(|| {
        field(wrong(OP, "a value of the wrong type"))
            .with("found", found)
            .with("expected", column.kind)
    })?;
    if let (Value::Str(s), ColumnType::Str(limit)) = (&value, column.kind) {
        let length = s.chars().count();
        // short strings are checked by the database too (Gen3 format §3): longer ones are not limited
        if limit.is_some_and(|n| n <= 32 && (length > n as usize || length == 0)) {
            return Err(field(wrong(OP, "a string of the wrong length"))
                .with("length", length)
                .with("expected", format_args!("1 to {}", limit.unwrap_or(0))));
        }
    }
    Ok(value)
}

fn value_to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Int(i) => Json::from(*i),
        Value::Str(s) => Json::from(&**s),
        Value::Float(x) => Json::from(*x),
        Value::Bool(b) => Json::from(*b),
        Value::Bytes(b) => Json::from(hex(b)),
        Value::Region(r) => Json::from(hex(&r.encode())),
        Value::Timespan(t) => t.to_json(),
    }
}

fn value_from_json(value: &Json, kind: ColumnType) -> Option<Value> {
    Some(match (value, kind) {
        (Json::Null, _) => Value::Null,
        (Json::Number(n), ColumnType::Float) => Value::Float(n.as_f64()?),
        (Json::Number(n), _) => Value::Int(n.as_i64()?),
        (Json::Bool(b), _) => Value::Bool(*b),
        (Json::String(s), ColumnType::Hash(_)) => Value::Bytes(Arc::from(unhex(s)?)),
        (Json::String(s), ColumnType::Region) => Region::decode(&unhex(s)?).ok()?.into(),
        (Json::String(s), _) => Value::from(s.as_str()),
        (Json::Array(_), ColumnType::Timespan) => Timespan::from_json(value).ok()?.into(),
        _ => return None,
    })
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record {}", self.to_json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector() -> Arc<Element> {
        Arc::clone(Universe::default_v8().element("detector").unwrap())
    }

    fn record() -> Record {
        let pairs = [
            ("instrument", Value::from("CamA")),
            ("detector", Value::from("7")),
            ("raft", "R0".into()),
        ];
        Record::from_pairs(&detector(), pairs).unwrap()
    }

    #[test]
    fn the_dimension_name_stands_for_its_key() {
        assert_eq!(record().get("id"), Some(&Value::Int(7)));
        assert_eq!(record().key(), [DataValue::from("CamA"), DataValue::Int(7)]);
        assert_eq!(record().get("purpose"), Some(&Value::Null));
    }

    #[test]
    fn json_goes_both_ways() {
        let json = record().to_json();
        let text = r#"{"definition":"detector","record":{"instrument":"CamA","id":7,"full_name":null,"name_in_raft":null,"raft":"R0","purpose":null}}"#;
        assert_eq!(json.to_string(), text);
        assert_eq!(Record::from_json(&json, &Universe::default_v8()).unwrap(), record());
    }

    #[test]
    fn bad_fields_are_explained() {
        let make = |name: &str, value| {
            let pairs = [
                ("instrument", Value::from("CamA")),
                ("id", Value::Int(1)),
                (name, value),
            ];
            Record::from_pairs(&detector(), pairs).unwrap_err()
        };
        assert_eq!(make("rafft", Value::Null).hint_text(), Some("did you mean `raft`?"));
        assert!(
            make("raft", Value::Float(1.5)).to_string().contains("expected: a string")
        );
        assert!(make("raft", "".into()).to_string().contains("length: 0"));
        assert!(
            make("detector", 2.into())
                .to_string()
                .contains("two values (element: detector, field: id)")
        );
        let lacking =
            Record::from_pairs(&detector(), [("instrument", Value::from("CamA"))]);
        assert!(
            lacking.unwrap_err().to_string().contains("field: id, expected: an integer")
        );
    }

    #[test]
    fn a_record_has_a_data_id_and_a_pixel_has_a_record() {
        let universe = Universe::default_v8();
        let id = record().data_id(&universe).unwrap();
        assert_eq!(id.to_string(), "{instrument: 'CamA', detector: 7}");
        let filter = universe.element("physical_filter").unwrap();
        let pairs = [("instrument", "CamA"), ("name", "A_g"), ("band", "g")];
        let pairs = pairs.map(|(n, v)| (n, Value::from(v)));
        let id = Record::from_pairs(filter, pairs).unwrap().data_id(&universe).unwrap();
        assert!(id.is_full());
        let htm7 = universe.element("htm7").unwrap();
        let pixel = Record::of_pixel(htm7, 131_201).unwrap();
        assert_eq!(pixel.key(), [DataValue::Int(131_201)]);
        assert!(pixel.region().is_some());
        for wrong in [-1, 0, 131_071, 262_144, i64::MAX] {
            assert_eq!(
                Record::of_pixel(htm7, wrong).unwrap_err().kind(),
                ErrorKind::InvalidInput
            );
        }
        assert!(Record::of_pixel(filter, 1).is_err());
        let of_key =
            |name, key| Record::of_key(universe.element(name).unwrap(), &key).unwrap();
        assert_eq!(of_key("htm7", 131_201.into()), Some(pixel));
        let band = of_key("band", "g".into()).unwrap();
        assert_eq!(
            band.to_json().to_string(),
            r#"{"definition":"band","record":{"name":"g"}}"#
        );
        assert_eq!(of_key("visit_system", 1.into()), None);
    }
}
