//! What calls leave out: run, collections, data ID values.

use std::collections::BTreeSet;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{CollectionType, DataId, DataValue};

use super::core::Butler;
use super::options::ButlerOptions;

/// What calls leave out.
#[derive(Debug, Default)]
pub(super) struct Defaults {
    pub(super) run: Option<Arc<str>>,
    pub(super) collections: Vec<String>,
    /// Values given or inferred.
    pub(super) data_id: Option<DataId>,
}

impl Butler {
    /// The same butler with other defaults. A run that is not there is made, where the butler may
    /// write.
    ///
    /// # Errors
    /// `ErrorKind::NotFound`, code `missing_collection`; `ErrorKind::InvalidInput`, code
    /// `collection_type`, where `run` names another type of collection.
    pub fn with_defaults(&self, options: &ButlerOptions) -> Result<Self> {
        let registry = &self.shared.registry;
        if let Some(run) = &options.run {
            registry.register_collection(run, CollectionType::Run, None)?;
            let kind = registry.collection_info(run)?.kind;
            if kind != CollectionType::Run {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    Op("butler.open"),
                    "the default run is a collection of another type",
                )
                .code_of("collection_type")
                .with("collection", run)
                .with("type", kind));
            }
        }
        let collections = match (&options.run, options.collections.as_slice()) {
            (Some(run), []) => vec![run.clone()],
            (_, given) => given.to_vec(),
        };
        for name in &collections {
            registry.collection_info(name)?;
        }
        let mut data_id = options.data_id.clone();
        if options.infer_defaults {
            self.infer(&collections, &mut data_id)?;
        }
        let defaults = Defaults {
            run: options.run.as_deref().map(Arc::from),
            collections,
            data_id: self.default_data_id(data_id)?,
        };
        Ok(Self { shared: Arc::clone(&self.shared), defaults: Arc::new(defaults) })
    }

    /// Adds each governor of which the collections know one value only.
    fn infer(
        &self,
        collections: &[String],
        data_id: &mut Vec<(String, DataValue)>,
    ) -> Result<()> {
        for governor in self.universe().governors() {
            let name = governor.name();
            if data_id.iter().any(|(k, _)| **k == **name) {
                continue;
            }
            let mut values = BTreeSet::new();
            for collection in collections {
                let summary = self.shared.registry.collection_summary(collection)?;
                values.extend(
                    summary.governors.get(&**name).into_iter().flatten().cloned(),
                );
            }
            if let (1, Some(value)) = (values.len(), values.pop_first()) {
                data_id.push((name.to_string(), DataValue::from(value)));
            }
        }
        Ok(())
    }

    /// The values as a data ID of just their dimensions.
    fn default_data_id(&self, pairs: Vec<(String, DataValue)>) -> Result<Option<DataId>> {
        if pairs.is_empty() {
            return Ok(None);
        }
        let universe = self.universe();
        let group = universe.group(pairs.iter().map(|(k, _)| k.as_str()))?;
        DataId::standardise(universe, &group, pairs, None).map(Some)
    }
}
