//! Dimension elements: dimensions and join relations.

use std::sync::Arc;

use crate::{Column, ColumnType};

/// What an element is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ElementKind {
    /// A dimension that others belong to: `instrument`, `skymap`.
    Governor,
    /// A level of a sky pixelisation.
    Skypix {
        /// `htm` or `healpix`.
        system: Arc<str>,
        /// The level.
        level: u8,
    },
    /// Any other dimension.
    Database,
    /// A relation between dimensions, such as `visit_detector_region`.
    Join,
}

/// A dimension or a join relation of a universe.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    pub(crate) name: Arc<str>,
    pub(crate) kind: ElementKind,
    pub(crate) position: usize,
    pub(crate) key: Option<Column>,
    pub(crate) required: Vec<Arc<str>>,
    pub(crate) implied: Vec<Arc<str>>,
    pub(crate) alternate_keys: Vec<Column>,
    pub(crate) metadata: Vec<Column>,
    pub(crate) spatial: Option<Arc<str>>,
    pub(crate) temporal: Option<Arc<str>>,
    pub(crate) cached: bool,
    pub(crate) union_of: Option<Arc<str>>,
    pub(crate) populated_by: Option<Arc<str>>,
    pub(crate) always_join: bool,
    pub(crate) governor: Option<Arc<str>>,
    pub(crate) columns: Vec<Column>,
    pub(crate) doc: Arc<str>,
}

impl Element {
    /// The element's name.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> &ElementKind {
        &self.kind
    }

    /// Its place in universe order.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// What it means, in the universe's words.
    #[must_use]
    pub fn doc(&self) -> &str {
        &self.doc
    }

    /// Whether it labels data: all but join relations.
    #[must_use]
    pub fn is_dimension(&self) -> bool {
        self.kind != ElementKind::Join
    }

    /// Whether others belong to it.
    #[must_use]
    pub fn is_governor(&self) -> bool {
        self.kind == ElementKind::Governor
    }

    /// Pixelisation system and level of a skypix dimension.
    #[must_use]
    pub fn skypix(&self) -> Option<(&str, u8)> {
        match &self.kind {
            ElementKind::Skypix { system, level } => Some((system, *level)),
            _ => None,
        }
    }

    /// A dimension's own primary key; `None` for a join relation.
    #[must_use]
    pub fn key(&self) -> Option<&Column> {
        self.key.as_ref()
    }

    /// Names of the dimensions whose values identify a record, in universe order, the own one last.
    #[must_use]
    pub fn required(&self) -> &[Arc<str>] {
        &self.required
    }

    /// Names of the dimensions that a record fixes directly, in universe order.
    #[must_use]
    pub fn implied(&self) -> &[Arc<str>] {
        &self.implied
    }

    /// Other columns that identify a record, with the required others.
    #[must_use]
    pub fn alternate_keys(&self) -> &[Column] {
        &self.alternate_keys
    }

    /// Columns that describe a record.
    #[must_use]
    pub fn metadata(&self) -> &[Column] {
        &self.metadata
    }

    /// The spatial family, where records have a region.
    #[must_use]
    pub fn spatial_family(&self) -> Option<&str> {
        self.spatial.as_deref()
    }

    /// The temporal family, where records have a timespan.
    #[must_use]
    pub fn temporal_family(&self) -> Option<&str> {
        self.temporal.as_deref()
    }

    /// Whether the table has a region column.
    #[must_use]
    pub fn has_region(&self) -> bool {
        self.columns.iter().any(|c| c.kind == ColumnType::Region)
    }

    /// Whether the table has timespan columns.
    #[must_use]
    pub fn has_timespan(&self) -> bool {
        self.columns.iter().any(|c| c.kind == ColumnType::Timespan)
    }

    /// Whether the records are few enough to keep in memory.
    #[must_use]
    pub fn is_cached(&self) -> bool {
        self.cached
    }

    /// Whether the element has a table of its own.
    #[must_use]
    pub fn has_table(&self) -> bool {
        self.union_of.is_none() && self.skypix().is_none()
    }

    /// The element whose implied values are this one's records, where it has no table (`band`).
    #[must_use]
    pub fn union_of(&self) -> Option<&str> {
        self.union_of.as_deref()
    }

    /// The element that its records are exported with.
    #[must_use]
    pub fn populated_by(&self) -> Option<&str> {
        self.populated_by.as_deref()
    }

    /// Whether a query over its dimensions must join its table although it implies nothing.
    #[must_use]
    pub fn always_join(&self) -> bool {
        self.always_join
    }

    /// Whether a query over its dimensions must join its table.
    #[must_use]
    pub fn defines_relationships(&self) -> bool {
        self.always_join || !self.implied.is_empty()
    }

    /// The governor that its records belong to.
    #[must_use]
    pub fn governor(&self) -> Option<&str> {
        self.governor.as_deref()
    }

    /// Columns of the table in Gen3's order: required keys (the own one under its own name, others
    /// under the dimension's), implied keys, alternate keys, metadata, region, timespan.
    ///
    /// Source: Gen3 format §6.2 (docs/spec/gen3.md).
    #[must_use]
    pub fn table_columns(&self) -> &[Column] {
        &self.columns
    }

    /// Position of a column; the own dimension's name stands for its key column.
    #[must_use]
    pub fn column_position(&self, name: &str) -> Option<usize> {
        let by_name = self.columns.iter().position(|c| &*c.name == name);
        by_name.or_else(|| match &self.key {
            Some(_) if &*self.name == name => self.required.len().checked_sub(1),
            _ => None,
        })
    }
}
