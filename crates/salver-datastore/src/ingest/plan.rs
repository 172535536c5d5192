//! What an ingest will do, checked before it does anything.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result, interrupt};
use salver_model::{DatasetRef, DatasetType, FileRecord};
use salver_store::{Address, LinkMode, Local, Place, file_uri, path_of_uri};

use super::IngestMode;
use super::staged::{Action, Pending, StagedIngest};
use crate::datastore::{Datastore, no_formatter};
use crate::formatter::{extension_of, extensions_of_class};

pub(super) const OP: Op = Op("datastore.ingest");

/// A file to ingest, and the datasets that are in it.
#[derive(Debug, Clone, Copy)]
pub struct IngestFile<'a> {
    /// An absolute path or `file:` URI, or a path relative to the datastore's root.
    pub path: &'a str,
    /// The datasets; at least one.
    pub refs: &'a [DatasetRef],
    /// The formatter class, where it is not the configured one.
    pub formatter: Option<&'a str>,
}

/// What is the same for neighbouring files.
struct Memo {
    dataset_type: Arc<DatasetType>,
    instrument: Option<String>,
    formatter: Option<String>,
    class: String,
}

/// The root, to tell what is inside of it.
struct Root {
    path: PathBuf,
    real: Option<PathBuf>,
}

impl Root {
    fn new(path: &Path) -> Self {
        let real = std::fs::canonicalize(path).ok().filter(|real| real != path);
        Self { path: path.to_path_buf(), real }
    }

    /// The path below the root, if it is inside.
    fn inside(&self, path: &Path) -> Option<String> {
        let below = path.strip_prefix(&self.path).ok();
        let real = || path.strip_prefix(self.real.as_ref()?).ok();
        let text = below.or_else(real)?.to_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    }
}

impl Datastore {
    /// Checks an ingest and makes its records; in the modes that copy, the bytes are staged under
    /// hidden names. Nothing visible happens before [`StagedIngest::publish`].
    ///
    /// In the modes that leave files where they are, the only work per file is to ask for its
    /// size (and to read it where checksums are configured).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an absent file; [`ErrorKind::InvalidInput`] for a file without
    /// datasets, a dataset twice, an ending that the formatter does not take, a file outside of the
    /// root that is to stay in place, a refused dataset type, a path that cannot be made;
    /// [`ErrorKind::Unsupported`] for a file that is not local; [`ErrorKind::Limit`] for a full
    /// disk.
    pub async fn stage_ingest(
        &self,
        files: &[IngestFile<'_>],
        mode: IngestMode,
    ) -> Result<StagedIngest> {
        let root = Root::new(self.root());
        let mode = settled(&root, files, mode, self.root())?;
        check_once(files)?;
        let mut staged = StagedIngest::new(self.clone());
        let mut memo = None;
        for file in files {
            self.plan(file, mode, &root, &mut memo, &mut staged)?;
            interrupt::check(OP)?;
        }
        if mode == IngestMode::Copy {
            staged.copy().await?;
        }
        Ok(staged)
    }

    /// Adds one file to the plan.
    fn plan(
        &self,
        file: &IngestFile<'_>,
        mode: IngestMode,
        root: &Root,
        memo: &mut Option<Memo>,
        staged: &mut StagedIngest,
    ) -> Result<()> {
        let about = |e: Error| e.with("file", file.path);
        let first = file.refs.first().ok_or_else(|| {
            about(Error::new(ErrorKind::InvalidInput, OP, "a file without a dataset"))
        })?;
        let source = source_path(self.root(), file.path)?;
        let size = Local::size_of_path(&source)?.ok_or_else(|| {
            about(Error::new(ErrorKind::NotFound, OP, "no such file to ingest"))
                .with("dataset", first)
        })?;
        let class = self.class_for(file, first, memo).map_err(about)?;
        let place = match (mode, root.inside(&source)) {
            (IngestMode::Direct, _) | (IngestMode::Split, None) => {
                Some(file_uri(&source))
            }
            (IngestMode::Split | IngestMode::InPlace, Some(below)) => {
                Some(plain_path(&below).map_err(about)?)
            }
            (IngestMode::InPlace, None) => return Err(outside(file.path, root)),
            _ => None,
        };
        let path = if let Some(path) = place {
            path
        } else {
            let extension = extension_of(file.path);
            check_extension(extension, class).map_err(about)?;
            let key = self.path_for(first, Some(extension))?;
            let path = key.as_str().to_owned();
            let n = staged.records.len();
            staged.pending.push(Pending {
                from: source.clone(),
                key,
                extension: extension.to_owned(),
                records: n..n + file.refs.len(),
                action: action(mode),
            });
            path
        };
        let checksum = self.checksum_of(&source, mode)?;
        for dataset in file.refs {
            staged.records.push(FileRecord {
                dataset_id: dataset.id,
                path: path.clone(),
                formatter: class.to_owned(),
                storage_class: dataset.dataset_type.storage_class().to_owned(),
                component: dataset.component().map(str::to_owned),
                checksum: checksum.clone(),
                file_size: i64::try_from(size).unwrap_or(-1),
            });
        }
        Ok(())
    }

    /// The formatter class of a file: the one given, else the configured one. Also asks the
    /// constraints, once for neighbours of the same type.
    fn class_for<'m>(
        &self,
        file: &IngestFile<'_>,
        dataset: &DatasetRef,
        memo: &'m mut Option<Memo>,
    ) -> Result<&'m str> {
        let instrument = dataset.data_id.get("instrument").and_then(|v| v.as_str());
        let same = memo.as_ref().is_some_and(|m| {
            Arc::ptr_eq(&m.dataset_type, &dataset.dataset_type)
                && m.instrument.as_deref() == instrument
                && m.formatter.as_deref() == file.formatter
        });
        if !same {
            let placement = self.placement_of(dataset)?;
            if !placement.accepted {
                return Err(crate::put::refused(dataset, self.name()));
            }
            let configured = placement.formatter.as_ref().map(|f| f.class.as_str());
            let class = file.formatter.or(configured);
            let class = class.ok_or_else(|| no_formatter(&dataset.dataset_type))?;
            *memo = Some(Memo {
                dataset_type: Arc::clone(&dataset.dataset_type),
                instrument: instrument.map(str::to_owned),
                formatter: file.formatter.map(str::to_owned),
                class: class.to_owned(),
            });
        }
        Ok(memo.as_ref().map_or("", |m| m.class.as_str()))
    }

    /// The checksum of a file that is not copied (a copy's is taken on the way).
    fn checksum_of(&self, source: &Path, mode: IngestMode) -> Result<Option<String>> {
        if !self.inner.settings.checksum || mode == IngestMode::Copy {
            return Ok(None);
        }
        super::staged::checksum(source).map(Some)
    }
}

/// `auto` by what the files are; the others as they are.
fn settled(
    root: &Root,
    files: &[IngestFile<'_>],
    mode: IngestMode,
    base: &Path,
) -> Result<IngestMode> {
    if mode != IngestMode::Auto {
        return Ok(mode);
    }
    let mut inside = 0;
    for file in files {
        inside += usize::from(root.inside(&source_path(base, file.path)?).is_some());
    }
    if inside == files.len() {
        return Ok(IngestMode::InPlace);
    }
    if inside == 0 {
        return Ok(IngestMode::Link);
    }
    let message = "some files are inside of the datastore's root and some are not";
    Err(Error::new(ErrorKind::InvalidInput, OP, message)
        .with("inside", inside)
        .with("outside", files.len() - inside)
        .hint("say which transfer mode is meant instead of `auto`"))
}

/// No dataset may be named twice.
fn check_once(files: &[IngestFile<'_>]) -> Result<()> {
    let n = files.iter().map(|f| f.refs.len()).sum();
    let mut seen = HashSet::with_capacity(n);
    for file in files {
        for dataset in file.refs {
            let component = dataset.component();
            if !seen.insert((dataset.id, component)) {
                let message = "the same dataset twice";
                return Err(Error::new(ErrorKind::Conflict, OP, message)
                    .with("dataset", dataset)
                    .with("file", file.path));
            }
        }
    }
    Ok(())
}

/// The absolute path of a file, without `.` and `..`.
fn source_path(root: &Path, path: &str) -> Result<PathBuf> {
    if path.starts_with("file://") {
        return Ok(lexical(&path_of_uri(path)?));
    }
    if path.contains("://") {
        let message = "files on this kind of store cannot be ingested yet";
        let error = Error::new(ErrorKind::Unsupported, OP, message);
        return Err(error.with("file", path));
    }
    Ok(lexical(&root.join(path)))
}

fn lexical(path: &Path) -> PathBuf {
    if path.components().all(|c| !matches!(c, Component::ParentDir)) {
        return path.to_path_buf();
    }
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other.as_os_str()),
        }
    }
    out
}

/// A path inside of the root as a record has it, if it reads back as the same one (§9.3).
fn plain_path(below: &str) -> Result<String> {
    let address = Address::parse(below)?;
    let same = matches!(&address.place, Place::Below(key) if key.as_str() == below);
    if same {
        return Ok(below.to_owned());
    }
    let message = "a file of this name cannot be recorded by its relative path";
    let error = Error::new(ErrorKind::InvalidInput, OP, message).with("path", below);
    Err(error.hint("`#` and `%XX` have a meaning there: rename it, or use `direct`"))
}

fn outside(path: &str, root: &Root) -> Error {
    let message =
        "a file that is to stay in place must be inside of the datastore's root";
    Error::new(ErrorKind::InvalidInput, OP, message)
        .with("file", path)
        .with("root", root.path.display())
        .hint("use `copy`, `link` or `direct`")
}

fn check_extension(extension: &str, class: &str) -> Result<()> {
    let known = extensions_of_class(class);
    if known.is_empty() || known.contains(&extension.to_ascii_lowercase().as_str()) {
        return Ok(());
    }
    let message = "the formatter does not take files with this ending";
    Err(Error::new(ErrorKind::InvalidInput, OP, message)
        .with("ending", extension)
        .with("formatter", class)
        .hint(format!("it takes {}", known.join(", "))))
}

/// What a mode does with a file that is not left where it is.
fn action(mode: IngestMode) -> Action {
    match mode {
        IngestMode::Move => Action::Move,
        IngestMode::HardLink => Action::Link { modes: &[LinkMode::Hard] },
        IngestMode::SymLink => Action::Link { modes: &[LinkMode::Symbolic] },
        IngestMode::RelSymLink => Action::Link { modes: &[LinkMode::Relative] },
        IngestMode::Link => Action::Link { modes: &[LinkMode::Hard, LinkMode::Symbolic] },
        _ => Action::Copy { staged: None },
    }
}
