//! Gen3's formatter classes, by name, and the formats that read and write the same files.
//!
//! Source: Gen3 format §10.2 (docs/spec/gen3.md). Names are never imported; one that is not known
//! stays as it is in the record, and the file is read by what its name and first bytes tell.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_formats as formats;
use salver_tree::{EncodeOptions, Format};
use serde_json::Value as Json;

/// The formatter of our Python package with which Gen3's stock reads and writes FITS files.
pub const FITS_FORMATTER: &str = "salver.gen3.FitsFormatter";

/// The formatter of our Python package with which Gen3's stock reads and writes npy files.
pub const NPY_FORMATTER: &str = "salver.gen3.NpyFormatter";

/// The formatter of our Python package for objects of the storage class `Tree`: its files are in
/// the format that their ending names.
pub const TREE_FORMATTER: &str = "salver.gen3.TreeFormatter";

/// The formats that a tree is written in where nothing says which, best first.
const TREE_FORMATS: [&str; 2] = ["asdf", "json"];

/// Storage classes whose JSON has no blanks: Gen3 writes it by other means than `json.dumps`.
const COMPACT: [&str; 6] = [
    "Timespan",
    "TaskMetadata",
    "MetricMeasurementBundle",
    "RegionTimeInfo",
    "VisitBackgroundModel",
    "VisitGeometry",
];

/// How a dataset type's files are written.
#[derive(Debug, Clone)]
pub struct Formatter {
    /// Full class name, as records have it.
    pub class: String,
    /// The format that writes the same; `None` for classes that only Gen3's stock has.
    pub format: Option<Arc<dyn Format>>,
    /// How to encode.
    pub options: EncodeOptions,
    /// Ending of new files, with its dot.
    pub extension: String,
}

/// The name of the format of a formatter class.
#[must_use]
pub fn format_name(class: &str) -> Option<&'static str> {
    let (module, name) = class.rsplit_once('.').unwrap_or(("", class));
    Some(match name {
        "JsonFormatter" | "ButlerLogRecordsFormatter" => "json",
        "YamlFormatter" | "PackagesFormatter" => "yaml",
        "ParquetFormatter" => "parquet",
        "PickleFormatter" => "pickle",
        "NpyFormatter" => "npy",
        "FitsFormatter" => "fits",
        name if name.starts_with("Fits") && module.contains("formatters") => "fits",
        name if module.starts_with("salver") => {
            let name = name.strip_suffix("Formatter")?.to_ascii_lowercase();
            return formats::names().into_iter().find(|known| *known == name);
        }
        _ => return None,
    })
}

/// The file name endings that a formatter class takes, the one it writes first; empty for a class
/// that is not known, which takes any.
#[must_use]
pub fn extensions_of_class(class: &str) -> &'static [&'static str] {
    let name = class.rsplit('.').next().unwrap_or(class);
    match name {
        "ButlerLogRecordsFormatter" => return &[".json", ".log"],
        "AstropyTableFormatter" => return &[".ecsv"],
        "MatplotlibFormatter" => return &[".png"],
        "PexConfigFormatter" => return &[".py"],
        _ => {}
    }
    match format_name(class) {
        Some("json") => &[".json"],
        Some("yaml") => &[".yaml", ".yml"],
        Some("parquet") => &[".parq", ".parquet"],
        Some("pickle") => &[".pickle", ".pkl"],
        Some("npy") => &[".npy"],
        Some("fits") => &[".fits", ".fits.gz", ".fits.fz", ".fz", ".fit", ".fts"],
        _ => &[],
    }
}

/// The format of a formatter class, shared.
#[must_use]
pub fn format_of(class: &str) -> Option<Arc<dyn Format>> {
    formats::by_name(format_name(class)?)
}

/// An entry of the section `datastore.formatters`: a class, and how it is to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatterEntry {
    /// Full class name.
    pub class: String,
    /// What `parameters` says.
    pub parameters: Vec<(String, Json)>,
}

impl FormatterEntry {
    /// Reads `ClassName` or `{formatter: ClassName, parameters: {…}}`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for anything else.
    pub fn parse(key: &str, value: &Json) -> Result<Option<Self>> {
        let class = match value {
            // the entry `default` holds parameters for all, not a formatter
            Json::Object(map) if key == "default" && !map.contains_key("formatter") => {
                return Ok(None);
            }
            Json::Object(map) => map.get("formatter").and_then(Json::as_str),
            Json::String(class) => Some(class.as_str()),
            _ => None,
        };
        let Some(class) = class else {
            let message =
                "a formatter is a class name or a mapping with the key `formatter`";
            let error =
                Error::new(ErrorKind::Config, Op("datastore.formatters"), message);
            return Err(error.with("key", key));
        };
        let parameters = value.get("parameters").and_then(Json::as_object);
        let format = parameters.and_then(|p| p.get("format")).and_then(Json::as_str);
        if let Some(name) = format.filter(|_| class == TREE_FORMATTER)
            && formats::by_name(name).is_none()
        {
            let op = Op("datastore.formatters");
            return Err(Error::new(ErrorKind::Config, op, "no format of this name")
                .with("key", key)
                .with("format", name)
                .hint(format!("one of {}", formats::names().join(", "))));
        }
        let parameters = parameters.into_iter().flatten();
        let parameters = parameters.map(|(k, v)| (k.clone(), v.clone())).collect();
        Ok(Some(Self { class: class.to_owned(), parameters }))
    }

    /// The formatter for datasets of a storage class.
    #[must_use]
    pub fn resolve(&self, storage_class: &str, extension: Option<&str>) -> Formatter {
        let tree = self.class == TREE_FORMATTER;
        let format = if tree { self.tree_format() } else { format_of(&self.class) };
        let mut options = EncodeOptions::default();
        let ours = self.class.starts_with("salver.");
        for (key, value) in self.parameters.iter().filter(|_| ours) {
            match (key.as_str(), value) {
                ("format", _) if tree => {}
                ("compression", Json::String(name)) => {
                    options.compression = Some(name.clone());
                }
                ("tile", Json::Array(axes)) => {
                    options.tile = axes.iter().map(Json::as_u64).collect();
                }
                (key, Json::String(text)) => {
                    options.extra.insert(key.to_owned(), text.clone());
                }
                (key, value) => {
                    options.extra.insert(key.to_owned(), value.to_string());
                }
            }
        }
        match format.as_ref().map(|f| f.name()) {
            Some("parquet") => {
                options.extra.insert("gen3_flavour".into(), storage_class.into());
            }
            Some("json") if COMPACT.contains(&storage_class) => {
                options.extra.insert("separators".into(), "compact".into());
            }
            _ => {}
        }
        let known = extensions_of_class(&self.class).first().copied();
        let by_format =
            || formats::extensions_of(format.as_ref()?.name()).first().copied();
        let known = known.or_else(by_format);
        let extension = known.or(extension).unwrap_or("").to_owned();
        Formatter { class: self.class.clone(), format, options, extension }
    }
}

impl FormatterEntry {
    /// The format of a tree: the one that the parameter `format` names, else the best there is.
    fn tree_format(&self) -> Option<Arc<dyn Format>> {
        let named = self.parameters.iter().find(|(key, _)| key == "format");
        match named {
            Some((_, name)) => formats::by_name(name.as_str()?),
            None => TREE_FORMATS.into_iter().find_map(formats::by_name),
        }
    }
}

/// The ending of a file name, with its dot: `.fits.gz` and the like count as one.
#[must_use]
pub fn extension_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some(last) = name.rfind('.').filter(|&i| i > 0) else { return "" };
    let ending = name.get(last..).unwrap_or_default();
    if matches!(ending, ".gz" | ".bz2" | ".xz" | ".fz" | ".zst") {
        let before = name.get(..last).unwrap_or_default();
        if let Some(i) = before.rfind('.').filter(|&i| i > 0) {
            return name.get(i..).unwrap_or(ending);
        }
    }
    ending
}

/// The format that an artifact of an unknown formatter is in: by its ending, then its first bytes.
#[must_use]
pub fn guess(path: &str, first: &[u8]) -> Option<Arc<dyn Format>> {
    let ending = extension_of(path);
    let plain = ending.strip_suffix(".gz").unwrap_or(ending);
    formats::sniff(first).or_else(|| formats::by_extension(plain))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn known_formatters_have_a_format() {
        for (class, name) in [
            ("lsst.daf.butler.formatters.json.JsonFormatter", Some("json")),
            ("lsst.daf.butler.formatters.yaml.YamlFormatter", Some("yaml")),
            ("lsst.daf.butler.formatters.pickle.PickleFormatter", Some("pickle")),
            ("lsst.daf.butler.formatters.parquet.ParquetFormatter", Some("parquet")),
            ("lsst.daf.butler.formatters.packages.PackagesFormatter", Some("yaml")),
            ("lsst.daf.butler.formatters.logs.ButlerLogRecordsFormatter", Some("json")),
            ("lsst.obs.base.formatters.fitsExposure.FitsExposureFormatter", Some("fits")),
            ("lsst.obs.base.formatters.fitsGeneric.FitsGenericFormatter", Some("fits")),
            (FITS_FORMATTER, Some("fits")),
            (NPY_FORMATTER, Some("npy")),
            ("salver.gen3.JsonFormatter", Some("json")),
            ("salver.gen3.NothingFormatter", None),
            (TREE_FORMATTER, None),
            ("lsst.daf.butler.formatters.matplotlib.MatplotlibFormatter", None),
            ("lsst.pipe.base.formatters.pexConfig.PexConfigFormatter", None),
            ("", None),
        ] {
            assert_eq!(format_name(class), name, "{class}");
        }
    }

    #[test]
    fn endings_of_compressed_files_count_as_one() {
        for (path, ending) in [
            ("a/b.fits.gz", ".fits.gz"),
            ("b.x.1.fits.fz", ".fits.fz"),
            ("b.fits", ".fits"),
            ("a.b/c", ""),
            (".hidden", ""),
            ("x.gz", ".gz"),
        ] {
            assert_eq!(extension_of(path), ending, "{path}");
        }
    }

    #[test]
    fn an_entry_is_a_class_or_a_mapping() {
        let entry = json!({"formatter": FITS_FORMATTER, "parameters":
            {"compression": "RICE_1", "tile": [64, 64], "quantize_level": 16}});
        let entry = FormatterEntry::parse("CCDData", &entry).unwrap().unwrap();
        let formatter = entry.resolve("CCDData", None);
        assert_eq!(formatter.options.compression.as_deref(), Some("RICE_1"));
        assert_eq!(formatter.options.tile, Some(vec![64, 64]));
        assert_eq!(formatter.options.extra["quantize_level"], "16");
        let parameters = json!({"recipe": "x"});
        assert_eq!(FormatterEntry::parse("default", &parameters).unwrap(), None);
        let error = FormatterEntry::parse("x", &json!(3)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}
