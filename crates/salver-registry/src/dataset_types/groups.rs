//! Dimension groups that have tables (§4.1): found by what they expand to, else saved.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::DimensionGroup;

use crate::core::Work;
use crate::database::RowExt;
use crate::schema::GroupPlan;
use crate::sql::{group, render};

impl Work<'_> {
    /// The plan of a group, saved where it is new, with its tables.
    pub(super) fn save_group(
        &mut self,
        group: &DimensionGroup,
        calibs: bool,
    ) -> Result<Arc<GroupPlan>> {
        let key = match self.group_key(group)? {
            Some(key) => key,
            None => self.insert_group(group)?,
        };
        let plan = self.shared.group_plan(key, group);
        self.make_table(&group::tags(&self.shared.plans, key, &plan.columns))?;
        if calibs {
            self.make_table(&group::calibs(&self.shared.plans, key, &plan.columns))?;
        }
        Ok(plan)
    }

    /// Makes a table with its indexes, where it is not there.
    pub(crate) fn make_table(&mut self, table: &crate::sql::Table) -> Result<()> {
        for statement in render::create(table) {
            self.execute(&render::if_absent(&statement), &[])?;
        }
        Ok(())
    }

    fn group_key(&self, group: &DimensionGroup) -> Result<Option<i64>> {
        if group.is_empty() {
            return Ok(Some(0));
        }
        let mut saved: Vec<(i64, Vec<String>)> = Vec::new();
        self.session.query(
            "SELECT dimension_graph_id, dimension_name FROM dimension_graph_definition \
             ORDER BY dimension_graph_id",
            &[],
            &mut |row| {
                let key = row.int(0)?;
                if saved.last().is_none_or(|(last, _)| *last != key) {
                    saved.push((key, Vec::new()));
                }
                if let Some((_, names)) = saved.last_mut() {
                    names.push(row.text(1)?.to_owned());
                }
                Ok(true)
            },
        )?;
        for (key, names) in saved {
            if self.shared.universe.group(&names)? == *group {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    fn insert_group(&mut self, group: &DimensionGroup) -> Result<i64> {
        let key = self.first(
            "INSERT INTO dimension_graph_key DEFAULT VALUES RETURNING id",
            &[],
            &mut |row| row.int(0),
        )?;
        let key = key.ok_or_else(|| {
            Error::new(ErrorKind::Internal, Op("registry.save_group"), "no key was given")
        })?;
        for name in group.required() {
            self.execute(
                "INSERT INTO dimension_graph_definition (dimension_graph_id, dimension_name) \
                 VALUES (?1, ?2)",
                &[key.into(), (&**name).into()],
            )?;
        }
        Ok(key)
    }
}
