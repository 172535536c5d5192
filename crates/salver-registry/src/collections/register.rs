//! Registering, documenting and removing collections.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{Collection, CollectionType};

use super::rows::CollectionRow;
use crate::core::{Registry, Work};
use crate::database::RowExt;

impl Registry {
    /// Registers a collection; says whether it is new. `doc` counts for a new one only.
    ///
    /// Statements: 1 look (none when cached), 1 insert, 1 more for a RUN; one commit.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`], code `conflicting_definition`, where the name has another type
    /// (Gen3 says nothing, §12.1); [`ErrorKind::InvalidInput`] for an empty name.
    pub fn register_collection(
        &self,
        name: &str,
        kind: CollectionType,
        doc: Option<&str>,
    ) -> Result<bool> {
        let known = self.read(|work| work.find_collection(name))?;
        if let Some(row) = known {
            return same_type(&row, kind).map(|()| false);
        }
        self.write(|work| work.register_collection(name, kind, doc))
    }

    /// What is registered under a name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], code `missing_collection`.
    pub fn collection_info(&self, name: &str) -> Result<Collection> {
        self.read(|work| work.collection_info(Op("registry.collection_info"), name))
    }

    /// Sets or removes the documentation of a collection.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], code `missing_collection`.
    pub fn set_doc(&self, name: &str, doc: Option<&str>) -> Result<()> {
        self.write(|work| {
            let row = work.collection(Op("registry.set_doc"), name)?;
            work.execute(
                "UPDATE collection SET doc = ?2 WHERE collection_id = ?1",
                &[row.id.into(), doc.into()],
            )?;
            Ok(())
        })
    }

    /// Removes a collection, with the memberships and, for a RUN, the datasets in it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], code `missing_collection`; [`ErrorKind::InUse`], code
    /// `collection_in_use`, where a chain holds it, or where a datastore still has files of
    /// its datasets (trash them first).
    pub fn remove_collection(&self, name: &str) -> Result<()> {
        self.write(|work| work.remove_collection(name))
    }
}

fn same_type(row: &CollectionRow, kind: CollectionType) -> Result<()> {
    if row.kind == kind {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Conflict,
        Op("registry.register_collection"),
        "a collection of this name has another type",
    )
    .code_of("conflicting_definition")
    .with("collection", &row.name)
    .with("registered", row.kind)
    .with("asked", kind))
}

impl Work<'_> {
    fn register_collection(
        &mut self,
        name: &str,
        kind: CollectionType,
        doc: Option<&str>,
    ) -> Result<bool> {
        let op = Op("registry.register_collection");
        if name.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                op,
                "a collection needs a name",
            ));
        }
        if let Some(row) = self.find_collection(name)? {
            return same_type(&row, kind).map(|()| false);
        }
        let id = self.first(
            "INSERT INTO collection (name, type, doc) VALUES (?1, ?2, ?3) \
             RETURNING collection_id",
            &[name.into(), kind.code().into(), doc.into()],
            &mut |row| row.int(0),
        )?;
        let id =
            id.ok_or_else(|| Error::new(ErrorKind::Internal, op, "no key was given"))?;
        if kind == CollectionType::Run {
            self.execute("INSERT INTO run (collection_id) VALUES (?1)", &[id.into()])?;
        }
        self.caches.collections.keep(CollectionRow { id, name: name.into(), kind });
        Ok(true)
    }

    /// What is registered under a name.
    pub(super) fn collection_info(&mut self, op: Op, name: &str) -> Result<Collection> {
        let row = self.collection(op, name)?;
        let doc = self.first(
            "SELECT doc FROM collection WHERE collection_id = ?1",
            &[row.id.into()],
            &mut |row| Ok(row.text_or_null(0)?.map(str::to_owned)),
        )?;
        let children = if row.kind == CollectionType::Chained {
            self.children(row.id)?.iter().map(|child| child.name.to_string()).collect()
        } else {
            Vec::new()
        };
        Ok(Collection {
            name: row.name.to_string(),
            kind: row.kind,
            doc: doc.flatten(),
            children,
        })
    }

    fn remove_collection(&mut self, name: &str) -> Result<()> {
        let op = Op("registry.remove_collection");
        let row = self.collection(op, name)?;
        let parents = self.rows(
            "SELECT DISTINCT c.name FROM collection_chain AS h \
             JOIN collection AS c ON c.collection_id = h.parent WHERE h.child = ?1 \
             ORDER BY c.name",
            &[row.id.into()],
            &mut |row| Ok(row.text(0)?.to_owned()),
        )?;
        if !parents.is_empty() {
            return Err(Error::new(ErrorKind::InUse, op, "chains hold this collection")
                .code_of("collection_in_use")
                .with("collection", name)
                .with("chains", parents.join(", "))
                .hint("take it out of these chains first"));
        }
        let removed = self
            .execute("DELETE FROM collection WHERE collection_id = ?1", &[row.id.into()]);
        self.caches.clear();
        removed.map(|_| ()).map_err(|e| {
            if e.code() == "foreign_key_violation" {
                Error::new(ErrorKind::InUse, op, "a datastore holds datasets of this run")
                    .code_of("collection_in_use")
                    .with("collection", name)
                    .hint("move its datasets to the trash first")
                    .caused_by(e)
            } else {
                e
            }
        })
    }
}
