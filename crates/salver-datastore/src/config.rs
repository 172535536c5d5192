//! The section `datastore:` of the configuration, read once.

use std::path::{Path, PathBuf};

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::Universe;
use salver_store::{file_uri, path_of_uri};
use serde_json::{Map, Value as Json, json};

use crate::formatter::FormatterEntry;
use crate::lookup::{Constraints, Section};

const OP: Op = Op("datastore.config");

/// The root as configured, where nothing says otherwise.
const DEFAULT_ROOT: &str = "<butlerRoot>/datastore";

/// Gen3's own default templates (format §9.2).
fn default_templates() -> Json {
    json!({
        "default": concat!(
            "{run:/}/{datasetType}.{component:?}/{tract:?}/{patch:?}/",
            "{day_obs|visit.day_obs|exposure.day_obs:?}/{band:?}/{subfilter:?}/",
            "{physical_filter:?}/{visit:?}/{exposure.obs_id|group:?}/",
            "{datasetType}_{component:?}_{instrument:?}_{tract:?}_{patch:?}_{band:?}_",
            "{physical_filter:?}_{visit:?}_{exposure.obs_id|group:?}_",
            "{detector.full_name:?}_{skymap:?}_{skypix:?}_{ssp_hypothesis_table:?}_",
            "{ssp_hypothesis_bundle:?}_{ssp_balanced_index:?}_{run}"),
        "physical_filter+detector+exposure": concat!(
            "{run:/}/{datasetType}.{component:?}/{day_obs|exposure.day_obs}/",
            "{exposure.obs_id}/{datasetType}_{component:?}_{instrument:?}_",
            "{physical_filter}_{exposure.obs_id}_{detector.full_name}_{run}"),
    })
}

/// What the section says.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) root: PathBuf,
    pub(crate) checksum: bool,
    pub(crate) trust: bool,
    /// Template texts: they are read when they are used, so that a wrong one spoils its own
    /// datasets only.
    pub(crate) templates: Section<String>,
    pub(crate) formatters: Section<FormatterEntry>,
    pub(crate) disassembled: Section<bool>,
    pub(crate) disassemble_default: bool,
    pub(crate) constraints: Constraints,
}

impl Settings {
    /// Reads the section; `butler_root` is what `<butlerRoot>` stands for.
    pub(crate) fn parse(
        section: &Json,
        butler_root: &Path,
        universe: &Universe,
    ) -> Result<Self> {
        check_class(section)?;
        let text = |key: &str| section.get(key).and_then(Json::as_str);
        let root_text = text("root").unwrap_or(DEFAULT_ROOT);
        let name = text("name")
            .map_or_else(|| format!("FileDatastore@{root_text}"), str::to_owned);
        let flag = |key: &str| section.get(key).and_then(Json::as_bool).unwrap_or(false);
        let mut templates = default_templates().as_object().cloned().unwrap_or_default();
        templates.extend(map(section, "templates")?);
        let composites = section.get("composites").unwrap_or(&Json::Null);
        Ok(Self {
            name,
            root: root_path(root_text, butler_root)?,
            checksum: flag("checksum"),
            trust: flag("trust_get_request"),
            templates: Section::parse(&templates, universe, template)?,
            formatters: Section::parse(
                &map(section, "formatters")?,
                universe,
                FormatterEntry::parse,
            )?,
            disassembled: Section::parse(
                &map(composites, "disassembled")?,
                universe,
                |_, v| Ok(v.as_bool()),
            )?,
            disassemble_default: composites.get("default") == Some(&Json::Bool(true)),
            constraints: Constraints::parse(
                section.get("constraints").unwrap_or(&Json::Null),
                universe,
            )?,
        })
    }
}

impl Settings {
    /// Whether any entry is for one instrument alone: else all instruments are alike.
    pub(crate) fn names_instrument(&self, instrument: &str) -> bool {
        self.templates.names_instrument(instrument)
            || self.formatters.names_instrument(instrument)
            || self.disassembled.names_instrument(instrument)
            || self.constraints.names_instrument(instrument)
    }
}

fn template(key: &str, value: &Json) -> Result<Option<String>> {
    let text = value.as_str().map(str::to_owned);
    let wrong =
        || Error::new(ErrorKind::Config, OP, "a template is text").with("key", key);
    text.map(Some).ok_or_else(wrong)
}

/// A mapping in the section; absent and null are empty.
fn map(section: &Json, key: &'static str) -> Result<Map<String, Json>> {
    match section.get(key) {
        None | Some(Json::Null) => Ok(Map::new()),
        Some(Json::Object(map)) => Ok(map.clone()),
        Some(_) => {
            let error = Error::new(ErrorKind::Config, OP, "not a mapping");
            Err(error.with("key", key))
        }
    }
}

/// Datastores of files are what there is so far.
fn check_class(section: &Json) -> Result<()> {
    let Some(class) = section.get("cls").and_then(Json::as_str) else { return Ok(()) };
    if class.ends_with("FileDatastore") {
        return Ok(());
    }
    let error =
        Error::new(ErrorKind::Unsupported, OP, "this kind of datastore is not yet");
    Err(error.with("cls", class).hint("`FileDatastore` is supported"))
}

/// The folder that the root's text means.
fn root_path(text: &str, butler_root: &Path) -> Result<PathBuf> {
    let text = text.replace("<butlerRoot>", &file_uri(butler_root));
    if text.starts_with("file:") {
        return path_of_uri(&text);
    }
    if text.contains("://") {
        let message = "datastores on this kind of store are not yet";
        let error = Error::new(ErrorKind::Unsupported, OP, message);
        return Err(error.with("root", text).hint("a local folder or a `file:` URI"));
    }
    Ok(butler_root.join(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(section: &Json) -> Result<Settings> {
        Settings::parse(section, Path::new("/data/a repo"), &Universe::default_v8())
    }

    #[test]
    fn the_name_does_not_depend_on_where_the_repository_is() {
        let found = settings(&json!({"root": "<butlerRoot>"})).unwrap();
        assert_eq!(found.name, "FileDatastore@<butlerRoot>");
        assert_eq!(found.root, Path::new("/data/a repo"));
        let found = settings(&json!({"name": "x", "root": "file:///d%20e/f"})).unwrap();
        assert_eq!((found.name.as_str(), found.root), ("x", PathBuf::from("/d e/f")));
        let found = settings(&json!({})).unwrap();
        assert_eq!(found.root, Path::new("/data/a repo/datastore"));
    }

    #[test]
    fn other_datastores_are_not_yet() {
        for section in [
            json!({"cls": "lsst.daf.butler.datastores.chainedDatastore.ChainedDatastore"}),
            json!({"cls": "lsst.daf.butler.datastores.inMemoryDatastore.InMemoryDatastore"}),
            json!({"root": "s3://bucket/x"}),
        ] {
            assert_eq!(settings(&section).unwrap_err().kind(), ErrorKind::Unsupported);
        }
        assert_eq!(
            settings(&json!({"templates": [1]})).unwrap_err().kind(),
            ErrorKind::Config
        );
    }
}
