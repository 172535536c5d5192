//! Work without a database: `Plan`, `Worker`, `Receipt`, and the butler's methods for them.

mod butler;
mod plan;
mod receipt;
mod work;

use pyo3::prelude::*;

pub(crate) use plan::PyPlan;
pub(crate) use receipt::PyReceipt;
pub(crate) use work::PyWorker;

/// Adds the types of this module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyPlan>()?;
    module.add_class::<PyReceipt>()?;
    module.add_class::<butler::PyCommitted>()?;
    module.add_class::<PyWorker>()
}
