//! The Python package of Salver: `salver._salver`, the private module under `salver`.
//!
//! Names, arguments and exceptions are those of `lsst.daf.butler` (docs/spec/gen3.md). Every call
//! that does I/O detaches from the interpreter before it takes a lock, and attaches again only on
//! the calling thread.
//!
//! Map: `butler` the face; `value` objects ↔ trees; `errors` error → exception; `interrupt` Ctrl-C; `model`
//! data IDs, dataset types, refs; `sphere` regions; `worker` plans and work without a database.

#![expect(
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    reason = "PyO3 gives arguments by value and methods `&self`"
)]

mod butler;
mod errors;
mod files;
mod interrupt;
mod model;
mod refs;
mod sphere;
mod value;
mod worker;

use pyo3::prelude::*;

/// What `__reduce__` gives: a function and its arguments.
type Reduced<'py, A> = PyResult<(Bound<'py, PyAny>, A)>;

/// The private module under `salver`.
#[pymodule]
fn _salver(module: &Bound<'_, PyModule>) -> PyResult<()> {
    interrupt::install();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(errors::error_kinds, module)?)?;
    files::register(module)?;
    butler::register(module)?;
    model::register(module)?;
    refs::register(module)?;
    sphere::register(module)?;
    worker::register(module)?;
    value::register(module)
}
