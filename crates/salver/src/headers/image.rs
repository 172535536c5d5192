//! Images in files, and into a repository.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_datastore::IngestMode;
use salver_model::ids::IdMode;
use salver_model::{DataValue, DatasetRef, Record, Timespan, Value};
use salver_registry::Expand;
use salver_tree::{Map, Select, Tree};
use serde_json::Value as Json;

use super::cards::Cards;
use super::instruments::observe;
use super::observation::Observation;
use super::records::{dimension_records, hull};
use crate::files::OpenFile;
use crate::records::set;
use crate::{Butler, FileDataset};

/// What the image in a file is, by its headers.
///
/// The first header counts, and over it that of the first image with a celestial WCS.
///
/// # Errors
/// As [`observe`]; [`ErrorKind::InvalidInput`] for a file without headers; as opening.
pub fn observe_file(path: &Path) -> Result<Observation> {
    let tree = OpenFile::open(path)?.read(&Select::lazy())?;
    let stem = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    // `m13_rice.fits` is another form of `m13.fits`
    let stem = stem.split(['.', '_']).next().unwrap_or(stem);
    let seen = cards_of(&tree).and_then(|cards| observe(&cards, stem));
    seen.map_err(|e| e.with("path", path.display()))
}

/// The cards that describe the image of a file's tree.
fn cards_of(tree: &Tree) -> Result<Cards> {
    let Some(hdus) = tree.as_map() else { return Err(no_header()) };
    let headers: Vec<&Map> = hdus.iter().filter_map(|(_, hdu)| header(hdu)).collect();
    let mut cards = Cards::new();
    cards.extend(copied(headers.first().ok_or_else(no_header)?));
    let celestial = |h: &&&Map| {
        h.get("CTYPE1").and_then(Tree::as_str).is_some_and(|t| t.starts_with("RA"))
    };
    if let Some(image) = headers.iter().find(celestial) {
        cards.extend(copied(image));
    }
    Ok(cards)
}

fn header(hdu: &Tree) -> Option<&Map> {
    hdu.as_map()?.get("header")?.as_map()
}

fn copied(header: &Map) -> impl Iterator<Item = (String, Tree)> + '_ {
    header.iter().map(|(k, v)| (k.to_owned(), v.clone()))
}

fn no_header() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        Op("headers.observe"),
        "a file without image headers",
    )
}

/// How images are taken in.
#[derive(Debug, Clone)]
pub struct ImageIngest {
    /// Dataset type, of instrument, detector and exposure or visit.
    pub dataset_type: String,
    /// What happens to the files.
    pub mode: IngestMode,
    /// What identifiers follow from; random ones without.
    pub ids: Option<IdMode>,
}

/// Takes images in by what their headers say: the dimension records that they need, then the files,
/// all in one transaction, into the butler's run.
///
/// Records that are there must agree, but a visit's region and timespan may grow as more of its
/// detectors come in.
///
/// # Errors
/// As [`observe_file`] and [`Butler::ingest`]; [`ErrorKind::Conflict`] where a record is there and
/// says otherwise.
pub fn ingest_images(
    butler: &Butler,
    paths: &[PathBuf],
    ingest: &ImageIngest,
) -> Result<Vec<DatasetRef>> {
    let seen: Vec<Observation> =
        paths.iter().map(|p| observe_file(p)).collect::<Result<_>>()?;
    let transaction = butler.transaction()?;
    for each in dimension_records(&seen)? {
        let records = each.records.into_iter().map(Json::Object).collect();
        let records = set(&each.element, &records, butler.universe())?;
        let grows = matches!(each.element.as_str(), "visit" | "exposure");
        for record in records.records {
            let (record, update) =
                if grows { grown(butler, record)? } else { (record, false) };
            butler.registry().sync_record(&record, update)?;
        }
    }
    let mut files = Vec::with_capacity(paths.len());
    for (path, o) in paths.iter().zip(&seen) {
        let data_id = [
            ("instrument".to_owned(), DataValue::from(o.instrument.as_str())),
            ("detector".to_owned(), o.detector.id.into()),
            ("exposure".to_owned(), o.exposure.into()),
            ("visit".to_owned(), o.exposure.into()),
        ];
        let dataset = butler.new_ref(&ingest.dataset_type, &data_id, None, ingest.ids)?;
        let path = crate::files::absolute(path).to_string_lossy().into_owned();
        files.push(FileDataset { path, refs: vec![dataset], formatter: None });
    }
    butler.ingest(&files, ingest.mode)?;
    transaction.commit()?;
    let complete = |dataset: DatasetRef| {
        let data_id = butler.registry().expand(&dataset.data_id, Expand::Values)?;
        Ok(DatasetRef { data_id, ..dataset })
    };
    files.into_iter().flat_map(|f| f.refs).map(complete).collect()
}

/// The record with the place and time of the one that is there added to its own, and whether it may
/// replace that one: not where they differ in anything else.
fn grown(butler: &Butler, record: Record) -> Result<(Record, bool)> {
    let element = record.element();
    let group = butler.universe().group(element.required())?;
    let names = element.required().iter().map(ToString::to_string);
    let key: Vec<_> = names.zip(record.key()).collect();
    let Some(there) =
        butler.registry().record(element.name(), &butler.data_id(&group, &key)?)?
    else {
        return Ok((record, false));
    };
    let mut same = true;
    let mut values = record.values().to_vec();
    for (value, old) in values.iter_mut().zip(there.values()) {
        match (&*value, old) {
            (Value::Region(new), Value::Region(old)) => {
                if let Some(both) = hull(&[&**old, &**new])? {
                    *value = Value::from(both);
                }
            }
            (Value::Timespan(new), Value::Timespan(old)) => {
                let begin = new.begin_ns().min(old.begin_ns());
                let end = new.end_ns().max(old.end_ns());
                *value = Timespan::new(Some(begin), Some(end)).into();
            }
            (Value::Null, Value::Region(_) | Value::Timespan(_)) => *value = old.clone(),
            (Value::Region(_) | Value::Timespan(_), _) => {}
            (new, old) => same &= new == old,
        }
    }
    Ok((Record::new(Arc::clone(element), values)?, same))
}
