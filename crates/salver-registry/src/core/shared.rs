//! What all sessions of a registry share.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};

use salver_core::Clock;
use salver_model::{DimensionGroup, Universe};
use salver_sphere::{Pixelization, RangeSet, Region};

use crate::schema::{GroupPlan, Plans, RecordTable};
use crate::sql::fixed::IngestDate;

/// Plans of dimension groups by key and group.
pub(crate) type GroupPlans = HashMap<(i64, DimensionGroup), Arc<GroupPlan>>;

/// The universe and what follows from it; never changes while the registry is open.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) universe: Universe,
    pub(crate) plans: Plans,
    pub(crate) records: RecordTable,
    /// The table of [`Shared::records`] was there.
    pub(crate) record_table_seen: AtomicBool,
    pub(crate) ingest_date: IngestDate,
    /// The pixelisation that overlap tables use, and its system and level as they are stored.
    pub(crate) common: Pixelization,
    pub(crate) common_name: (String, i64),
    pub(crate) clock: Box<dyn Clock>,
    /// Why the repository may not be written, where it may not.
    pub(crate) read_only: Option<String>,
    pub(crate) groups: RwLock<GroupPlans>,
}

impl Shared {
    /// Names of the governor dimensions, in universe order.
    pub(crate) fn governors(&self) -> &[String] {
        self.plans.governors()
    }

    /// The pixels of the common skypix that cover a region.
    pub(crate) fn envelope(&self, region: &Region) -> RangeSet {
        self.common.envelope(region)
    }

    /// The plan of a group with this key: made once.
    pub(crate) fn group_plan(&self, key: i64, group: &DimensionGroup) -> Arc<GroupPlan> {
        let wanted = (key, group.clone());
        let known = self.groups.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = known.get(&wanted) {
            return Arc::clone(plan);
        }
        drop(known);
        let plan = Arc::new(GroupPlan::new(key, group, &self.records));
        let mut known = self.groups.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(wanted).or_insert(plan))
    }
}
