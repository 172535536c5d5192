//! The formatter names that records of a layout's artifacts have.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_formats as formats;
use salver_model::component_node;

use super::entry::ArtifactLayout;
use crate::formatter::{FITS_FORMATTER, Formatter, NPY_FORMATTER};

/// The formatter of our Python package that reads the component of a record at the node of its
/// name: of artifacts with several parts.
pub const PART_FORMATTER: &str = "salver.gen3.PartFormatter";

/// The formatter of our Python package that reads an artifact in any format of ours.
pub const ANY_FORMATTER: &str = "salver.gen3.AnyFormatter";

/// The formatter of our Python package that asks the repository where in an artifact the component
/// of a record is: of links to a component of another name.
pub const LINKED_FORMATTER: &str = "salver.gen3.LinkedFormatter";

/// Whether the part is not the root of its artifact, by the record's formatter.
#[must_use]
pub fn at_component(class: &str) -> bool {
    matches!(class, PART_FORMATTER | LINKED_FORMATTER)
}

/// The formatter of a record of a component that is at a node of an artifact which another
/// record's formatter reads.
pub(crate) fn formatter_at<'f>(node: &str, component: &str, stored: &'f str) -> &'f str {
    match (node.is_empty(), at_component(stored)) {
        (true, true) => ANY_FORMATTER,
        (true, false) => stored,
        (false, _) if node == component_node(component) => PART_FORMATTER,
        (false, _) => LINKED_FORMATTER,
    }
}

/// Formatter, format and recipe of an artifact; `several` where it has several parts at nodes of
/// their own.
pub(crate) fn formatter(
    artifact: &ArtifactLayout,
    storage_class: &str,
    several: bool,
) -> Result<Formatter> {
    let format = formats::by_name(&artifact.format).ok_or_else(|| {
        let op = Op("datastore.layouts");
        Error::new(ErrorKind::Config, op, "no such format")
            .with("format", &artifact.format)
    })?;
    let class = match artifact.format.as_str() {
        _ if several => PART_FORMATTER,
        "json" => "lsst.daf.butler.formatters.json.JsonFormatter",
        "yaml" => "lsst.daf.butler.formatters.yaml.YamlFormatter",
        "parquet" => "lsst.daf.butler.formatters.parquet.ParquetFormatter",
        "pickle" => "lsst.daf.butler.formatters.pickle.PickleFormatter",
        "fits" => FITS_FORMATTER,
        "npy" => NPY_FORMATTER,
        _ => ANY_FORMATTER,
    };
    let mut options = artifact.options.clone();
    if artifact.format == "parquet" && !several {
        options.extra.insert("gen3_flavour".into(), storage_class.into());
    }
    let extension = formats::extensions_of(&artifact.format).first().copied();
    Ok(Formatter {
        class: class.to_owned(),
        format: Some(format),
        options,
        extension: extension.unwrap_or("").to_owned(),
    })
}
