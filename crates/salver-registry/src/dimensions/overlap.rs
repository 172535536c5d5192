//! Overlaps of records with the common skypix (§7.2): readers of Gen3 find spatial matches by them.

use std::fmt::Write as _;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DataValue, Record};

use crate::core::Work;
use crate::database::Value;
use crate::datasets::bind_value;
use crate::schema::ElementPlan;
use crate::sql::{list, quoted};

impl Work<'_> {
    /// Prepares the overlap tables of all elements that belong to a new governor value.
    pub(super) fn seed_governor(&mut self, governor: &str, value: &str) -> Result<()> {
        let shared = self.shared;
        let (system, level) = &shared.common_name;
        for plan in shared.plans.all() {
            let has_table = plan.element.has_table() && plan.element.has_region();
            if !has_table || !plan.governors.iter().any(|g| g == governor) {
                continue;
            }
            let sql = format!(
                "INSERT INTO {} (skypix_system, skypix_level, {}) VALUES (?1, ?2, ?3) \
                 ON CONFLICT DO NOTHING",
                quoted(&format!("{}_skypix_overlap_summary", plan.name())),
                quoted(governor)
            );
            let values = [system.as_str().into(), (*level).into(), value.into()];
            self.execute(&sql, &values)?;
        }
        Ok(())
    }

    /// Refuses to write where overlaps with another pixelisation would go stale.
    pub(super) fn check_overlaps(&self, op: Op, plan: &ElementPlan) -> Result<()> {
        let (system, level) = &self.shared.common_name;
        let sql = format!(
            "SELECT skypix_system, skypix_level FROM {} \
             WHERE NOT (skypix_system = ?1 AND skypix_level = ?2) LIMIT 1",
            quoted(&format!("{}_skypix_overlap_summary", plan.name()))
        );
        let values = [system.as_str().into(), (*level).into()];
        match self.first(&sql, &values, &mut |_| Ok(()))? {
            None => Ok(()),
            Some(()) => Err(Error::new(
                ErrorKind::Unsupported,
                op,
                "the repository keeps overlaps with another pixelisation too",
            )
            .with("element", plan.name())
            .with("supported", format_args!("{system}{level}"))),
        }
    }

    /// Removes a record's overlaps.
    pub(super) fn clear_overlaps(
        &self,
        plan: &ElementPlan,
        record: &Record,
    ) -> Result<()> {
        let (system, level) = &self.shared.common_name;
        let mut sql = format!(
            "DELETE FROM {} WHERE skypix_system = ?1 AND skypix_level = ?2",
            quoted(&format!("{}_skypix_overlap", plan.name()))
        );
        let key = record.key();
        let mut values: Vec<Value<'_>> = vec![system.as_str().into(), (*level).into()];
        for (column, value) in plan.keys().zip(&key) {
            values.push(bind_value(value));
            let _written =
                write!(sql, " AND {} = ?{}", quoted(&column.dimension), values.len());
        }
        self.execute(&sql, &values).map(|_| ())
    }

    /// Adds one row for each pixel in the envelope of a record's region: one statement a pixel,
    /// prepared once.
    pub(super) fn add_overlaps(&self, plan: &ElementPlan, record: &Record) -> Result<()> {
        let Some(region) = record.region() else { return Ok(()) };
        let (system, level) = &self.shared.common_name;
        let envelope = self.shared.envelope(region);
        let dimensions = plan.key_dimensions();
        let places: Vec<String> =
            (1..=dimensions.len() + 3).map(|i| format!("?{i}")).collect();
        let sql = format!(
            "INSERT INTO {} (skypix_system, skypix_level, {}, skypix_index) VALUES ({})",
            quoted(&format!("{}_skypix_overlap", plan.name())),
            list("", &dimensions),
            places.join(", ")
        );
        let key: Vec<DataValue> = record.key();
        let mut pixels = envelope.iter();
        self.session.execute_many(&sql, &mut |values| {
            let Some(pixel) = pixels.next() else { return Ok(false) };
            values.extend([system.as_str().into(), (*level).into()]);
            values.extend(key.iter().map(bind_value));
            values.push(Value::Int(i64::try_from(pixel).unwrap_or(i64::MAX)));
            Ok(true)
        })?;
        Ok(())
    }
}
