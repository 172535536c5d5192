//! What is asked of a dataset.

use salver_tree::{BoxSelect, Map};

/// What is asked of a dataset. The default is all of it, loaded.
#[derive(Debug, Clone, Default)]
pub struct ReadRequest {
    /// A component: one that is stored by itself, a part of the whole, or a derived one.
    pub component: Option<String>,
    /// Gen3's read parameters: those that the storage class lists.
    ///
    /// `columns` (a name or a list of names and patterns), `filters` (an OR of ANDs of
    /// `[column, operator, value]`, or one AND), `strip_astropy_meta_yaml`, `bbox` (a map
    /// `{x0, y0, x1, y1}` of pixel indexes, both ends inside, as Gen3's `Box2I`), `origin`
    /// (`PARENT` or `LOCAL`).
    pub parameters: Map,
    /// A box in grid coordinates, 0-based, half-open, slowest axis first.
    pub region: Option<BoxSelect>,
    /// Leave arrays and tables in their artifact until they are used.
    pub lazy: bool,
}
