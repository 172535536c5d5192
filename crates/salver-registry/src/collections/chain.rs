//! Chains: redefinition and changes at the ends (§12.4).

use std::collections::HashSet;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::CollectionType;

use super::rows::{CollectionRow, wrong_type};
use crate::core::{Registry, Work};
use crate::database::RowExt;

impl Registry {
    /// Makes `children` the children of a chain, in this order; later duplicates are dropped.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], code `missing_collection`, for an unknown name;
    /// [`ErrorKind::InvalidInput`], code `collection_type`, where `chain` is not CHAINED, and
    /// code `collection_cycle` where it would hold itself.
    pub fn set_chain(&self, chain: &str, children: &[impl AsRef<str>]) -> Result<()> {
        self.write(|work| {
            let op = Op("registry.set_chain");
            let (parent, children) = work.chain_and_children(op, chain, children)?;
            work.execute(
                "DELETE FROM collection_chain WHERE parent = ?1",
                &[parent.into()],
            )?;
            work.put_children(parent, &children, 0)
        })
    }

    /// Puts collections before a chain's other children, moving those it has already.
    ///
    /// # Errors
    /// As [`Registry::set_chain`].
    pub fn prepend_chain(&self, chain: &str, children: &[impl AsRef<str>]) -> Result<()> {
        self.write(|work| {
            let op = Op("registry.prepend_chain");
            let (parent, children) = work.chain_and_children(op, chain, children)?;
            work.take_children(parent, &children)?;
            let first = work.position(parent, "min(position)")?.unwrap_or(0);
            let n = i64::try_from(children.len()).unwrap_or(i64::MAX);
            work.put_children(parent, &children, first - n)
        })
    }

    /// Puts collections after a chain's other children, moving those it has already.
    ///
    /// # Errors
    /// As [`Registry::set_chain`].
    pub fn extend_chain(&self, chain: &str, children: &[impl AsRef<str>]) -> Result<()> {
        self.write(|work| {
            let op = Op("registry.extend_chain");
            let (parent, children) = work.chain_and_children(op, chain, children)?;
            work.take_children(parent, &children)?;
            let last = work.position(parent, "max(position)")?.unwrap_or(-1);
            work.put_children(parent, &children, last + 1)
        })
    }

    /// Takes collections out of a chain; those it does not have are passed over.
    ///
    /// # Errors
    /// As [`Registry::set_chain`].
    pub fn remove_from_chain(
        &self,
        chain: &str,
        children: &[impl AsRef<str>],
    ) -> Result<()> {
        self.write(|work| {
            let op = Op("registry.remove_from_chain");
            let parent = work.chain(op, chain)?.id;
            let mut rows = Vec::new();
            for name in children {
                rows.push(work.collection(op, name.as_ref())?);
            }
            work.take_children(parent, &rows)
        })
    }
}

impl Work<'_> {
    fn chain(&mut self, op: Op, name: &str) -> Result<Arc<CollectionRow>> {
        let row = self.collection(op, name)?;
        if row.kind == CollectionType::Chained {
            Ok(row)
        } else {
            Err(wrong_type(op, &row, "CHAINED"))
        }
    }

    fn chain_and_children(
        &mut self,
        op: Op,
        chain: &str,
        names: &[impl AsRef<str>],
    ) -> Result<(i64, Vec<Arc<CollectionRow>>)> {
        let parent = self.chain(op, chain)?;
        let mut children: Vec<Arc<CollectionRow>> = Vec::new();
        let mut seen = HashSet::new();
        for name in names {
            let child = self.collection(op, name.as_ref())?;
            if seen.insert(child.id) {
                self.check_cycle(op, &parent, &child)?;
                children.push(child);
            }
        }
        Ok((parent.id, children))
    }

    fn check_cycle(
        &mut self,
        op: Op,
        parent: &CollectionRow,
        child: &Arc<CollectionRow>,
    ) -> Result<()> {
        let mut next = vec![Arc::clone(child)];
        let mut seen = HashSet::new();
        while let Some(row) = next.pop() {
            if row.id == parent.id {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    op,
                    "a chain cannot hold itself, directly or through other chains",
                )
                .code_of("collection_cycle")
                .with("chain", &parent.name)
                .with("child", &child.name));
            }
            if row.kind == CollectionType::Chained && seen.insert(row.id) {
                next.extend(self.children(row.id)?.iter().map(Arc::clone));
            }
        }
        Ok(())
    }

    fn position(&self, parent: i64, what: &str) -> Result<Option<i64>> {
        let sql = format!("SELECT {what} FROM collection_chain WHERE parent = ?1");
        Ok(self.first(&sql, &[parent.into()], &mut |row| row.int_or_null(0))?.flatten())
    }

    fn take_children(
        &mut self,
        parent: i64,
        children: &[Arc<CollectionRow>],
    ) -> Result<()> {
        for child in children {
            self.execute(
                "DELETE FROM collection_chain WHERE parent = ?1 AND child = ?2",
                &[parent.into(), child.id.into()],
            )?;
        }
        self.caches.collections.forget_children();
        Ok(())
    }

    fn put_children(
        &mut self,
        parent: i64,
        children: &[Arc<CollectionRow>],
        first: i64,
    ) -> Result<()> {
        for (child, position) in children.iter().zip(first..) {
            self.execute(
                "INSERT INTO collection_chain (parent, position, child) VALUES (?1, ?2, ?3)",
                &[parent.into(), position.into(), child.id.into()],
            )?;
        }
        self.caches.collections.forget_children();
        Ok(())
    }
}
