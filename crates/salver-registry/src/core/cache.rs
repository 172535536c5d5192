//! What a session remembers of the database, guarded by the change counter.
//!
//! **Invariant:** only what is there is kept, never that something is not.
//! **Invariant:** everything is forgotten when another session committed, and when the own
//! transaction was rolled back.

use std::collections::HashMap;
use std::sync::Arc;

use salver_model::{DataValue, Record};

use crate::collections::rows::CollectionRow;
use crate::collections::summary::Seen;
use crate::dataset_types::TypeRow;
use crate::schema::ElementPlan;

/// Collections in an order that matters.
pub(crate) type CollectionList = Arc<[Arc<CollectionRow>]>;

/// All that one session remembers.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    version: i64,
    /// The session is inside a transaction that writes.
    pub(crate) in_transaction: bool,
    pub(crate) types: Types,
    pub(crate) collections: Collections,
    pub(crate) summaries: HashMap<i64, Seen>,
    pub(crate) records: RecordCache,
    /// Our own tables are there, in the present version.
    pub(crate) ours: bool,
}

impl Caches {
    /// Forgets everything where the change counter moved.
    pub(crate) fn see(&mut self, version: i64) {
        if self.version != version {
            self.clear();
            self.version = version;
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        let (version, in_transaction) = (self.version, self.in_transaction);
        *self = Self { version, in_transaction, ..Self::default() };
    }
}

/// Collections by name and key, the children of chains, and flattened search lists.
#[derive(Debug, Default)]
pub(crate) struct Collections {
    names: HashMap<Arc<str>, Arc<CollectionRow>>,
    ids: HashMap<i64, Arc<CollectionRow>>,
    children: HashMap<i64, CollectionList>,
    searches: HashMap<(i64, String), CollectionList>,
}

impl Collections {
    pub(crate) fn by_name(&self, name: &str) -> Option<Arc<CollectionRow>> {
        self.names.get(name).map(Arc::clone)
    }

    pub(crate) fn by_id(&self, id: i64) -> Option<Arc<CollectionRow>> {
        self.ids.get(&id).map(Arc::clone)
    }

    pub(crate) fn keep(&mut self, row: CollectionRow) -> Arc<CollectionRow> {
        if let Some(known) = self.ids.get(&row.id).filter(|known| ***known == row) {
            return Arc::clone(known);
        }
        let row = Arc::new(row);
        self.names.insert(Arc::clone(&row.name), Arc::clone(&row));
        self.ids.insert(row.id, Arc::clone(&row));
        row
    }

    pub(crate) fn children(&self, chain: i64) -> Option<CollectionList> {
        self.children.get(&chain).map(Arc::clone)
    }

    pub(crate) fn keep_children(
        &mut self,
        chain: i64,
        children: CollectionList,
    ) -> CollectionList {
        self.children.insert(chain, Arc::clone(&children));
        children
    }

    pub(crate) fn search(&self, key: &(i64, String)) -> Option<CollectionList> {
        self.searches.get(key).map(Arc::clone)
    }

    pub(crate) fn keep_search(
        &mut self,
        key: (i64, String),
        list: CollectionList,
    ) -> CollectionList {
        self.searches.insert(key, Arc::clone(&list));
        list
    }

    /// Forgets chains and what was flattened from them.
    pub(crate) fn forget_children(&mut self) {
        self.children.clear();
        self.searches.clear();
    }

    /// Forgets search lists, which depend on summaries too.
    pub(crate) fn forget_searches(&mut self) {
        self.searches.clear();
    }
}

/// Dataset types by name and key.
#[derive(Debug, Default)]
pub(crate) struct Types {
    names: HashMap<Arc<str>, Arc<TypeRow>>,
    ids: HashMap<i64, Arc<TypeRow>>,
}

impl Types {
    pub(crate) fn by_name(&self, name: &str) -> Option<Arc<TypeRow>> {
        self.names.get(name).map(Arc::clone)
    }

    pub(crate) fn by_id(&self, id: i64) -> Option<Arc<TypeRow>> {
        self.ids.get(&id).map(Arc::clone)
    }

    pub(crate) fn keep(&mut self, row: TypeRow) -> Arc<TypeRow> {
        let row = Arc::new(row);
        self.names.insert(Arc::from(row.dataset_type.name()), Arc::clone(&row));
        self.ids.insert(row.id, Arc::clone(&row));
        row
    }
}

/// Records of cached elements (§6.2: small tables), by element and key.
#[derive(Debug, Default)]
pub(crate) struct RecordCache {
    elements: HashMap<usize, HashMap<Vec<DataValue>, Arc<Record>>>,
}

impl RecordCache {
    pub(crate) fn get(
        &self,
        plan: &ElementPlan,
        key: &[DataValue],
    ) -> Option<Arc<Record>> {
        self.elements.get(&plan.element.position())?.get(key).map(Arc::clone)
    }

    /// Keeps the record if its element is a cached one.
    pub(crate) fn keep(
        &mut self,
        plan: &ElementPlan,
        key: &[DataValue],
        record: Record,
    ) -> Arc<Record> {
        let record = Arc::new(record);
        if plan.element.is_cached() {
            let records = self.elements.entry(plan.element.position()).or_default();
            records.insert(key.to_vec(), Arc::clone(&record));
        }
        record
    }

    /// Forgets the records of an element, and of those that are made of them (`band`).
    pub(crate) fn forget(&mut self, plan: &ElementPlan) {
        if plan.element.is_cached() {
            self.elements.clear();
        }
    }
}
