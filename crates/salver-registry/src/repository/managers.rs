//! Which schema a repository has: its managers and their versions (Gen3 format §2.2).

use std::fmt;

use salver_core::{Error, ErrorKind, Op, Result};

const OP: Op = Op("registry.open");

/// A kind of manager: its stored class and the versions this crate knows.
#[derive(Debug)]
pub(crate) struct Manager {
    /// The last word of the attribute name.
    pub(crate) kind: &'static str,
    /// The class as the database spells it.
    pub(crate) class: &'static str,
    /// Versions, the one of new repositories first.
    pub(crate) versions: &'static [Version],
}

/// Three numbers: a stored version fits where the major one is equal (§2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32, pub(crate) u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Version {
    /// Reads `x.y.z`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| {
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
        });
        let version = Self(parts.next()??, parts.next()??, parts.next()??);
        parts.next().is_none().then_some(version)
    }
}

/// The managers, in the order in which a new repository stores them.
pub(crate) const MANAGERS: [Manager; 6] = [
    Manager {
        kind: "attributes",
        class: "lsst.daf.butler.registry.attributes.DefaultButlerAttributeManager",
        versions: &[Version(1, 0, 1)],
    },
    Manager {
        kind: "dimensions",
        class: "lsst.daf.butler.registry.dimensions.static.StaticDimensionRecordStorageManager",
        versions: &[Version(6, 0, 2)],
    },
    Manager {
        kind: "collections",
        class: "lsst.daf.butler.registry.collections.synthIntKey.SynthIntKeyCollectionManager",
        versions: &[Version(2, 0, 0)],
    },
    Manager {
        kind: DATASETS,
        class: DATASETS_CLASS,
        versions: &[Version(2, 0, 0), OLD_DATASETS],
    },
    Manager {
        kind: "opaque",
        class: "lsst.daf.butler.registry.opaque.ByNameOpaqueTableStorageManager",
        versions: &[Version(0, 2, 0)],
    },
    Manager {
        kind: "datastores",
        class: "lsst.daf.butler.registry.bridge.monolithic.MonolithicDatastoreRegistryBridgeManager",
        versions: &[Version(0, 2, 1)],
    },
];

const DATASETS: &str = "datasets";
const DATASETS_CLASS: &str = "lsst.daf.butler.registry.datasets.byDimensions._manager.ByDimensionsDatasetRecordStorageManagerUUID";
/// The spelling that `butler.yaml` uses for [`DATASETS_CLASS`].
const DATASETS_ALIAS: &str = "lsst.daf.butler.registry.datasets.byDimensions.ByDimensionsDatasetRecordStorageManagerUUID";
/// Keeps `ingest_date` as text.
pub(crate) const OLD_DATASETS: Version = Version(1, 0, 0);
const NAME_KEY: &str =
    "lsst.daf.butler.registry.collections.nameKey.NameKeyCollectionManager";
const OBSCORE: &str = "obscore";

/// What the stored managers mean for a reader and a writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schema {
    /// Version of the datasets manager.
    pub(crate) datasets: Version,
    /// Collections are keyed by name.
    pub(crate) name_keys: bool,
    /// Why the repository may not be written, where it may not.
    pub(crate) read_only: Option<String>,
}

/// The attribute names and values of the managers of a new repository.
pub(crate) fn attributes(datasets: Version) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    for manager in &MANAGERS {
        let version = (manager.kind == DATASETS).then_some(datasets);
        let version = version.or_else(|| manager.versions.first().copied());
        rows.push((config_name(manager.kind), manager.class.to_owned()));
        if let Some(version) = version {
            rows.push((version_name(manager.class), version.to_string()));
        }
    }
    rows
}

fn config_name(kind: &str) -> String {
    format!("config:registry.managers.{kind}")
}

fn version_name(class: &str) -> String {
    format!("version:{class}")
}

/// Checks what a repository stores against what this crate knows, and against `configured`:
/// pairs of kind and class from `butler.yaml`, where given.
///
/// # Errors
/// `Unsupported` with code `missing_manager`, `manager_mismatch` or `incompatible_version`.
pub(crate) fn check(
    stored: &[(String, String)],
    configured: &[(String, String)],
) -> Result<Schema> {
    let find =
        |name: &str| stored.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    for (kind, class) in configured {
        compare_configured(kind, class, find(&config_name(kind)))?;
    }
    let mut schema = Schema { datasets: OLD_DATASETS, name_keys: false, read_only: None };
    for manager in &MANAGERS {
        let class = find(&config_name(manager.kind)).ok_or_else(|| missing(manager))?;
        if class == NAME_KEY && manager.kind == "collections" {
            schema.name_keys = true;
            schema.refuse("its collections are keyed by name (NameKeyCollectionManager)");
        } else if resolved(class) != manager.class {
            return Err(mismatch(manager.kind, class, manager.class));
        }
        let version = find(&version_name(class)).unwrap_or_default();
        let version = check_version(manager, class, version, &mut schema)?;
        if manager.kind == DATASETS {
            schema.datasets = version;
        }
    }
    if let Some(class) = find(&config_name(OBSCORE)) {
        schema.refuse(&format!("its ObsCore table ({class}) could not be kept current"));
    }
    Ok(schema)
}

impl Schema {
    fn refuse(&mut self, reason: &str) {
        self.read_only.get_or_insert_with(|| reason.to_owned());
    }
}

fn resolved(class: &str) -> &str {
    if class == DATASETS_ALIAS { DATASETS_CLASS } else { class }
}

fn compare_configured(kind: &str, class: &str, stored: Option<&str>) -> Result<()> {
    match stored {
        Some(stored) if resolved(stored) == resolved(class) => Ok(()),
        Some(stored) => Err(mismatch(kind, stored, class)),
        None => Err(Error::new(
            ErrorKind::Unsupported,
            OP,
            "butler.yaml names a manager that the database does not have",
        )
        .code_of("missing_manager")
        .with("kind", kind)
        .with("configured", class)),
    }
}

fn missing(manager: &Manager) -> Error {
    Error::new(ErrorKind::Unsupported, OP, "the database names no manager of this kind")
        .code_of("missing_manager")
        .with("kind", manager.kind)
        .with("supported", manager.class)
        .hint("is this database a Butler registry?")
}

fn mismatch(kind: &str, stored: &str, wanted: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        OP,
        "the database has another manager of this kind",
    )
    .code_of("manager_mismatch")
    .with("kind", kind)
    .with("stored", stored)
    .with("supported", wanted)
}

fn check_version(
    manager: &Manager,
    class: &str,
    text: &str,
    schema: &mut Schema,
) -> Result<Version> {
    let supported = || {
        let all: Vec<_> = manager.versions.iter().map(ToString::to_string).collect();
        all.join(", ")
    };
    let refuse = |message: &str| {
        Error::new(ErrorKind::Unsupported, OP, message.to_owned())
            .code_of("incompatible_version")
            .with("manager", class)
            .with("stored", if text.is_empty() { "none" } else { text })
            .with("supported", supported())
    };
    let stored = Version::parse(text)
        .ok_or_else(|| refuse("the stored schema version is not three numbers"))?;
    let ours = manager
        .versions
        .iter()
        .find(|v| v.0 == stored.0)
        .ok_or_else(|| refuse("the stored schema has another major version"))?;
    if stored.1 > ours.1 {
        return Err(refuse("the stored schema is newer")
            .hint("a newer Salver may know this schema version"));
    }
    if stored.1 < ours.1 {
        schema.refuse(&format!(
            "its schema of {} is {stored}, older than {ours}",
            manager.kind
        ));
    }
    Ok(stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Vec<(String, String)> {
        attributes(Version(2, 0, 0))
    }

    fn with(name: &str, value: &str) -> Vec<(String, String)> {
        let mut rows = stored();
        rows.retain(|(n, _)| n != name);
        if !value.is_empty() {
            rows.push((name.to_owned(), value.to_owned()));
        }
        rows
    }

    fn version_row(kind: &str) -> String {
        let manager = MANAGERS.iter().find(|m| m.kind == kind).unwrap();
        version_name(manager.class)
    }

    #[test]
    fn a_new_repository_passes() {
        let schema = check(&stored(), &[]).unwrap();
        assert_eq!(
            schema,
            Schema { datasets: Version(2, 0, 0), name_keys: false, read_only: None }
        );
        assert_eq!(stored().len(), 12);
    }

    #[test]
    fn both_spellings_of_the_datasets_manager_are_one() {
        let configured = [("datasets".to_owned(), DATASETS_ALIAS.to_owned())];
        assert!(check(&stored(), &configured).is_ok());
    }

    #[test]
    fn a_missing_manager_is_named() {
        let error = check(&with("config:registry.managers.opaque", ""), &[]).unwrap_err();
        assert_eq!(error.code(), "missing_manager");
        assert!(error.to_string().contains("kind: opaque"), "{error}");
    }

    #[test]
    fn another_manager_is_a_mismatch() {
        let rows = with("config:registry.managers.opaque", "my.Own");
        let error = check(&rows, &[]).unwrap_err();
        assert_eq!(error.code(), "manager_mismatch");
        assert!(error.to_string().contains("my.Own"), "{error}");
    }

    #[test]
    fn versions_follow_the_rule() {
        let row = version_row("dimensions");
        for (version, outcome) in [
            ("6.0.9", Ok(false)),
            ("6.1.0", Err(())),
            ("7.0.0", Err(())),
            ("5.0.0", Err(())),
            ("6.0", Err(())),
            ("6.0.x", Err(())),
            ("+6.0.0", Err(())),
        ] {
            let found = check(&with(&row, version), &[]);
            let found = found.map(|s| s.read_only.is_some()).map_err(|e| {
                assert_eq!(e.code(), "incompatible_version");
            });
            assert_eq!(found, outcome, "{version}");
        }
        let older = check(&with(&version_row("opaque"), "0.1.7"), &[]).unwrap();
        assert!(older.read_only.is_some());
    }

    #[test]
    fn obscore_and_name_keys_are_read_only() {
        let mut rows = stored();
        rows.push(("config:registry.managers.obscore".into(), "x.ObsCoreLive".into()));
        assert!(check(&rows, &[]).unwrap().read_only.unwrap().contains("ObsCore"));

        let mut rows = with("config:registry.managers.collections", NAME_KEY);
        rows.push((version_name(NAME_KEY), "2.0.0".into()));
        let schema = check(&rows, &[]).unwrap();
        assert!(schema.name_keys && schema.read_only.is_some());
    }
}
