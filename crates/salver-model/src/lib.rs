//! The words of a Data Butler as values: universes, data IDs, records, dataset types, refs.
//!
//! ```
//! use salver_model::{DataId, DataValue, Universe};
//!
//! let universe = Universe::default_v8();
//! let group = universe.group(["visit", "detector"])?;
//! assert_eq!(group.to_string(), "{band, instrument, day_obs, detector, physical_filter, visit}");
//! assert_eq!(group.required().join(", "), "instrument, detector, visit");
//!
//! let pairs = [("instrument", "CamA".into()), ("visit", 101.into()), ("detector", "3".into())];
//! let data_id = DataId::standardise(&universe, &group, pairs, None)?;
//! assert_eq!(data_id.get("detector"), Some(&DataValue::Int(3)));
//! assert_eq!(data_id.to_string(), "{instrument: 'CamA', detector: 3, visit: 101}");
//! # Ok::<(), salver_core::Error>(())
//! ```
//!
//! Map: [`Universe`], [`Element`] and [`DimensionGroup`] are the dimensions; [`DataId`],
//! [`Record`], [`Value`] and [`Timespan`] values of them; [`DatasetType`], [`StorageClasses`],
//! [`DatasetRef`], [`Collection`] what a registry holds; [`ids`] and [`time`] the rules for
//! identifiers and times; [`FileRecord`], [`LinkRow`] and [`StubRow`] rows that crates exchange.
//!
//! Nothing here does I/O; a universe is read from the JSON text that a repository stores.

mod collection;
mod column;
mod container;
mod data_id;
mod dataset_ref;
mod dataset_type;
mod element;
mod family;
mod group;
pub mod ids;
mod json;
mod links;
mod parts;
mod record;
mod rows;
mod storage_class;
mod suggest;
pub mod time;
mod timespan;
mod universe;
mod value;

pub use collection::{Collection, CollectionType};
pub use column::{Column, ColumnType};
pub use container::{refs_from_json, refs_to_json};
pub use data_id::{DataId, Records};
pub use dataset_ref::DatasetRef;
pub use dataset_type::DatasetType;
pub use element::{Element, ElementKind};
pub use family::Family;
pub use group::DimensionGroup;
pub use links::{LinkKind, LinkRow, PendingLink, StubRow, StubState};
pub use parts::{ArtifactRow, PartRow, component_node};
pub use record::Record;
pub use rows::FileRecord;
pub use storage_class::{StorageClass, StorageClasses, TREE_CLASS, tree_class};
pub use suggest::nearest;
pub use timespan::Timespan;
pub use universe::Universe;
pub use value::{DataValue, Value};
