//! Dimension records.

use clap::Args;
use salver::Result;
use salver::files;
use salver::model::{ColumnType, Record, Value};
use salver::records::{ElementRecords, from_document, set};
use salver::registry::{InsertMode, RecordQuery};
use serde_json::Value as Json;

use super::common::{data_id, no_where, open, open_writeable, sky_region, time_range};
use crate::output::{Align, Out, Table, lines};

/// Insert dimension records from a YAML, JSON or Parquet file.
///
/// A YAML or JSON document maps elements to lists of records:
/// `detector: [{instrument: CamA, id: 1, full_name: R00_S0}]`. A region may be IVOA text
/// (`CIRCLE 10 20 1`), a timespan `{begin: 2024-03-01T20:00:00, end: …}` in UTC.
#[derive(Debug, Args)]
#[command(visible_alias = "register-instrument")]
pub(crate) struct Insert {
    /// Repository.
    repo: String,
    /// The file.
    file: String,
    /// Element of a Parquet file's rows, or of a plain list of records.
    #[arg(long)]
    element: Option<String>,
    /// Pass over records that are there.
    #[arg(long, conflicts_with = "replace")]
    skip_existing: bool,
    /// Replace records that are there.
    #[arg(long)]
    replace: bool,
}

impl Insert {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open_writeable(&self.repo)?;
        let universe = butler.universe();
        let document = files::read_document(self.file.as_ref())?;
        let sets: Vec<ElementRecords> = match &self.element {
            Some(element) => vec![set(element, &document, universe)?],
            None => from_document(&document, universe)?,
        };
        let mode = match (self.skip_existing, self.replace) {
            (true, _) => InsertMode::SkipExisting,
            (_, true) => InsertMode::Replace,
            _ => InsertMode::Insert,
        };
        let transaction = butler.registry().transaction()?;
        let mut counts = Vec::new();
        for each in &sets {
            let stored =
                butler.registry().insert_records(&each.element, &each.records, mode)?;
            counts.push((each.element.clone(), stored));
        }
        transaction.commit()?;
        let text = lines(counts.iter().map(|(e, n)| format!("{e}: {n} inserted")));
        let json = counts.into_iter().map(|(e, n)| (e, Json::from(n))).collect();
        Ok(Out::text(text, Json::Object(json)))
    }
}

/// List the records of a dimension element.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// Repository.
    repo: String,
    /// The element, such as `detector`.
    element: String,
    /// Values that records must have, `key=value,…`; repeatable.
    #[arg(short = 'd', long, value_name = "KEY=VALUE")]
    data_id: Vec<String>,
    /// Only records that may overlap `RA DEC` or `RA DEC RADIUS`, in degrees, or an IVOA region.
    #[arg(long, value_name = "REGION", allow_hyphen_values = true)]
    overlaps: Option<String>,
    /// Only records that overlap `BEGIN/END` (UTC; an end may be empty) or one instant.
    #[arg(long, value_name = "TIMES")]
    time: Option<String>,
    /// At most so many; 0 is no limit.
    #[arg(long, default_value_t = 0)]
    limit: usize,
    /// Gen3's query expressions: not understood yet.
    #[arg(long = "where", value_name = "EXPRESSION", hide = true)]
    expression: Option<String>,
}

impl Query {
    pub(crate) fn run(&self) -> Result<Out> {
        no_where(self.expression.as_deref())?;
        let butler = open(&self.repo)?;
        let query = RecordQuery {
            values: data_id(&self.data_id)?,
            region: self.overlaps.as_deref().map(sky_region).transpose()?,
            timespan: self.time.as_deref().map(time_range).transpose()?,
            limit: Some(self.limit).filter(|&n| n > 0),
        };
        let records = butler.query_dimension_records(&self.element, &query)?;
        let json: Json = records.iter().map(Record::to_json).collect();
        let Some(first) = records.first() else {
            return Ok(Out::line("No results. Try --help for more information.", json));
        };
        let name = |c: &salver::model::Column| match c.kind {
            ColumnType::Timespan => format!("{} (TAI)", c.name),
            _ => c.name.to_string(),
        };
        let names = first.element().table_columns().iter().map(name);
        let mut table = Table::new(names, Align::Right);
        for record in &records {
            table.push(record.values().iter().map(cell).collect());
        }
        Ok(Out::text(table.render(), json))
    }
}

/// A value as Gen3's command line prints it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Int(i) => i.to_string(),
        Value::Str(s) => s.to_string(),
        Value::Float(x) if x.fract() == 0.0 && x.abs() < 1e16 => format!("{x:.1}"),
        Value::Float(x) => x.to_string(),
        Value::Bool(b) => if *b { "True" } else { "False" }.to_owned(),
        Value::Bytes(b) => {
            let digit = |n: u8| char::from_digit(n.into(), 16).unwrap_or('0');
            let digits: String =
                b.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect();
            format!("0x{digits}")
        }
        Value::Region(_) => "(elided)".to_owned(),
        Value::Timespan(t) => whole_seconds(&t.to_string()),
    }
}

/// A timespan's text without parts of seconds.
fn whole_seconds(text: &str) -> String {
    let mut fraction = false;
    let kept = text.chars().filter(|&c| {
        fraction = c == '.' || (fraction && c.is_ascii_digit());
        !fraction
    });
    kept.collect()
}
