//! The section `salver.layouts`, read once.

use std::collections::{BTreeMap, BTreeSet};

use salver_core::{Error, ErrorKind, Op, Result};
use salver_formats as formats;
use salver_model::Universe;
use salver_tree::EncodeOptions;
use serde_json::{Map, Value as Json};

use crate::lookup::Section;

const OP: Op = Op("datastore.layouts");

/// One artifact of a layout.
#[derive(Debug, Clone)]
pub struct ArtifactLayout {
    /// Paths of the parts that go into it: `image`, `/psf/inputs`; the empty path is the rest.
    pub parts: Vec<String>,
    /// Name of the format.
    pub format: String,
    /// How it is encoded.
    pub options: EncodeOptions,
    /// Whether an artifact with equal parts that is stored already is used in its place.
    pub share: bool,
}

/// One entry of the section: the artifacts of a dataset.
#[derive(Debug, Clone)]
pub struct LayoutEntry {
    /// The key of the entry, for messages.
    pub key: String,
    /// The artifacts, in the order of the configuration.
    pub artifacts: Vec<ArtifactLayout>,
    /// Whether digests of the parts are kept. Several artifacts and shared ones always have them.
    pub digest: bool,
}

/// The section `salver.layouts`.
#[derive(Debug, Clone, Default)]
pub struct Layouts {
    pub(super) section: Section<LayoutEntry>,
    keys: Vec<String>,
}

impl Layouts {
    /// Reads the section; `Null` is empty.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for what is not a layout, an unknown format, compression or setting,
    /// and for a part that two artifacts of one entry take.
    pub fn parse(section: &Json, universe: &Universe) -> Result<Self> {
        let map = match section {
            Json::Null => return Ok(Self::default()),
            Json::Object(map) => map,
            _ => return Err(wrong("salver.layouts", "the section is a mapping")),
        };
        let mut keys = Vec::new();
        let section = Section::parse(map, universe, |key, value| {
            keys.push(key.to_owned());
            entry(key, value).map(Some)
        })?;
        Ok(Self { section, keys })
    }

    /// The keys of the entries, those of one instrument's too.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Whether there are entries for one instrument alone.
    pub(crate) fn names_instrument(&self, instrument: &str) -> bool {
        self.section.names_instrument(instrument)
    }
}

pub(super) fn wrong(key: &str, message: &str) -> Error {
    Error::new(ErrorKind::Config, OP, message).with("layout", key)
}

fn entry(key: &str, value: &Json) -> Result<LayoutEntry> {
    let accepted = "a layout is `{artifacts: [{parts: […], format: …}, …]}`";
    let map = value.as_object().ok_or_else(|| wrong(key, accepted))?;
    known(key, map, &["artifacts", "digest", "share"])?;
    let list = map.get("artifacts").and_then(Json::as_array);
    let list = list.filter(|l| !l.is_empty()).ok_or_else(|| wrong(key, accepted))?;
    let share = flag(key, map, "share")?.unwrap_or(false);
    let artifacts: Vec<ArtifactLayout> =
        list.iter().map(|each| artifact(key, each, share)).collect::<Result<_>>()?;
    let mut seen = BTreeSet::new();
    for part in artifacts.iter().flat_map(|a| &a.parts) {
        if !seen.insert(part.as_str()) {
            let error = wrong(key, "two artifacts of a layout take the same part");
            return Err(error.with("part", if part.is_empty() { "*" } else { part }));
        }
    }
    let digest = flag(key, map, "digest")?.unwrap_or(false);
    let digest = digest || artifacts.len() > 1 || artifacts.iter().any(|a| a.share);
    Ok(LayoutEntry { key: key.to_owned(), artifacts, digest })
}

fn known(key: &str, map: &Map<String, Json>, names: &[&str]) -> Result<()> {
    match map.keys().find(|name| !names.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(wrong(key, "an unknown setting of a layout")
            .with("setting", name)
            .hint(format!("it has: {}", names.join(", ")))),
    }
}

fn flag(key: &str, map: &Map<String, Json>, name: &str) -> Result<Option<bool>> {
    match map.get(name) {
        None => Ok(None),
        Some(Json::Bool(value)) => Ok(Some(*value)),
        Some(_) => {
            Err(wrong(key, "a setting that is `true` or `false`").with("setting", name))
        }
    }
}

fn artifact(key: &str, value: &Json, share: bool) -> Result<ArtifactLayout> {
    let accepted = "an artifact is `{parts: […], format: …}`";
    let map = value.as_object().ok_or_else(|| wrong(key, accepted))?;
    known(key, map, &["parts", "format", "compression", "tile", "options", "share"])?;
    let list = map.get("parts").and_then(Json::as_array);
    let list = list.filter(|l| !l.is_empty()).ok_or_else(|| wrong(key, accepted))?;
    let parts = list.iter().map(|part| {
        let text = part.as_str().ok_or_else(|| wrong(key, "a part is a path, or `*`"))?;
        path(key, text)
    });
    let parts = parts.collect::<Result<_>>()?;
    let name = map.get("format").and_then(Json::as_str);
    let name = name.ok_or_else(|| wrong(key, "an artifact needs a `format`"))?;
    let Some(format) = formats::by_name(name) else {
        let error = wrong(key, "no such format").with("format", name);
        return Err(error.hint(format!("there are: {}", formats::names().join(", "))));
    };
    let options = options(key, map)?;
    let compressions = format.capabilities().compressions;
    match &options.compression {
        Some(asked) if !compressions.iter().any(|c| c.eq_ignore_ascii_case(asked)) => {
            let error = wrong(key, "the format has no such compression")
                .with("format", name)
                .with("compression", asked);
            return Err(error.hint(if compressions.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has: {}", compressions.join(", "))
            }));
        }
        _ => {}
    }
    let share = flag(key, map, "share")?.unwrap_or(share);
    Ok(ArtifactLayout { parts, format: name.to_owned(), options, share })
}

fn options(key: &str, map: &Map<String, Json>) -> Result<EncodeOptions> {
    let compression = match map.get("compression") {
        None | Some(Json::Null) => None,
        Some(Json::String(name)) => Some(name.clone()),
        Some(_) => return Err(wrong(key, "a compression is a name")),
    };
    let tile = match map.get("tile") {
        None | Some(Json::Null) => None,
        Some(Json::Array(axes)) => {
            let axes: Option<Vec<u64>> =
                axes.iter().map(|n| n.as_u64().filter(|n| *n > 0)).collect();
            Some(axes.ok_or_else(|| wrong(key, "a tile is a list of lengths"))?)
        }
        Some(_) => return Err(wrong(key, "a tile is a list of lengths")),
    };
    let mut extra = BTreeMap::new();
    match map.get("options") {
        None | Some(Json::Null) => {}
        Some(Json::Object(more)) => {
            for (name, value) in more {
                let text =
                    value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                extra.insert(name.clone(), text);
            }
        }
        Some(_) => return Err(wrong(key, "`options` is a mapping")),
    }
    Ok(EncodeOptions { compression, tile, extra })
}

/// A part as a JSON Pointer; `*` is the rest, the empty path.
fn path(key: &str, text: &str) -> Result<String> {
    if text == "*" {
        return Ok(String::new());
    }
    let text = text.strip_suffix("/*").unwrap_or(text);
    let steps = text.strip_prefix('/').unwrap_or(text);
    if steps.is_empty() || steps.split('/').any(|step| step.is_empty() || step == "*") {
        let error =
            wrong(key, "a part is a path such as `image` or `psf/inputs`, or `*`");
        return Err(error.with("part", text));
    }
    Ok(format!("/{steps}"))
}
