//! Writing `butler.yaml`.

use std::path::Path;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_store::{Key, Local, Store as _, Sync, Unsynced, ready};
use serde_json::Value;

use super::yaml::{dump, tree_of};

/// The text of a configuration as Gen3 writes it: block style, keys sorted, two spaces.
///
/// Source: Gen3 format §1.2 (docs/spec/gen3.md).
///
/// # Errors
/// As [`tree_of`].
pub fn render(value: &Value) -> Result<String> {
    let mut sorted = value.clone();
    sort(&mut sorted);
    dump(&tree_of(&sorted)?)
}

fn sort(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.sort_keys();
            map.values_mut().for_each(sort);
        }
        Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

/// Writes a new file, whole or not at all; `false` where there is one already.
///
/// # Errors
/// As writing.
pub(crate) fn create_file(folder: &Path, name: &str, bytes: &[u8]) -> Result<bool> {
    let store = Local::new(folder);
    let key = Key::parse(name)?;
    ready(async {
        let mut unsynced = Unsynced::default();
        let mut stage = store.stage(&key).await?;
        stage.write(bytes)?;
        stage.finish(Sync::Now).await?;
        let taken = stage.publish(&key, &mut unsynced).await?;
        store.sync(&unsynced).await?;
        Ok(taken)
    })
    .map_err(|e| {
        Error::new(ErrorKind::Io, Op("files.write"), "the file was not written")
            .with("folder", folder.display())
            .caused_by(e)
    })
}
