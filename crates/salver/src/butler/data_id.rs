//! Data IDs as callers give them.

use salver_core::Result;
use salver_model::{DataId, DataValue, DimensionGroup};

use super::core::Butler;

/// Names and values as a caller gives them: dimensions, or fields of their records.
pub type Pairs = [(String, DataValue)];

impl Butler {
    /// The data ID of a group from names and values: dimensions, or other fields of their records
    /// (`detector.full_name`, `seq_num`). What is left out comes from the butler's defaults.
    ///
    /// # Errors
    /// As [`salver_registry::Registry::resolve_data_id`].
    pub fn data_id(&self, group: &DimensionGroup, pairs: &Pairs) -> Result<DataId> {
        self.shared.registry.resolve_data_id(group, pairs, self.defaults.data_id.as_ref())
    }
}
