//! Tables that follow from the universe: elements, overlaps, governor summaries (§3, §6.2, §7.2).

use salver_model::ColumnType;

use super::{Column, Foreign, Kind, Table};
use crate::schema::{ElementPlan, Part, Plans, sql_kind};

/// All of them; an element's table comes after those it refers to.
pub(crate) fn tables(plans: &Plans) -> Vec<Table> {
    let stored: Vec<&ElementPlan> =
        plans.all().iter().map(|p| &**p).filter(|p| p.element.has_table()).collect();
    let mut tables: Vec<Table> = stored.iter().map(|plan| element(plans, plan)).collect();
    let spatial: Vec<&ElementPlan> =
        stored.into_iter().filter(|p| p.element.has_region()).collect();
    for plan in &spatial {
        tables.push(skypix_summary(plans, plan));
        tables.push(skypix_overlap(plans, plan));
    }
    for (i, first) in spatial.iter().enumerate() {
        for second in &spatial[i + 1..] {
            if first.element.spatial_family() != second.element.spatial_family() {
                tables.extend(legacy_overlap(plans, first, second));
            }
        }
    }
    tables.extend(
        plans.governors().iter().filter_map(|name| governor_summary(plans, name)),
    );
    tables
}

fn element(plans: &Plans, plan: &ElementPlan) -> Table {
    let mut table = Table::new(plan.name(), &plan.key_names());
    for column in &plan.columns {
        table = match column.kind {
            ColumnType::Timespan => table.timespan(false),
            kind if column.part == Part::Data => {
                table.column(Column::nullable(&column.name, sql_kind(kind)))
            }
            kind => table.column(Column::new(&column.name, sql_kind(kind))),
        };
    }
    let others: Vec<&str> = plan
        .keys()
        .filter(|c| c.dimension != plan.name())
        .map(|c| c.name.as_str())
        .collect();
    for alternate in plan.element.alternate_keys() {
        let mut columns = others.clone();
        columns.push(&alternate.name);
        table = table.unique(&columns);
    }
    for column in plan.columns.iter().filter(|c| c.part != Part::Data) {
        if column.dimension != plan.name() {
            table = foreign(plans, table, &column.dimension);
        }
    }
    table
}

/// Adds the foreign key to a dimension's table, where it has one.
pub(crate) fn foreign(plans: &Plans, table: Table, dimension: &str) -> Table {
    match plans.get(dimension).and_then(|plan| plan.foreign()) {
        Some(key) => table.foreign(key),
        None => table,
    }
}

/// The columns `skypix_system` and `skypix_level`, which begin the overlap tables.
const SKYPIX: [&str; 2] = ["skypix_system", "skypix_level"];

fn skypix_columns(table: Table) -> Table {
    table
        .column(Column::new(SKYPIX[0], Kind::Text(Some(16))))
        .column(Column::new(SKYPIX[1], Kind::SmallInt))
}

fn governor_columns(plans: &Plans, mut table: Table, plan: &ElementPlan) -> Table {
    for governor in &plan.governors {
        if let Some(plan) = plans.get(governor) {
            table.columns.extend(plan.key_columns());
        }
    }
    table
}

fn skypix_summary(plans: &Plans, plan: &ElementPlan) -> Table {
    let mut key = SKYPIX.to_vec();
    key.extend(plan.governors.iter().map(String::as_str));
    let table = Table::new(format!("{}_skypix_overlap_summary", plan.name()), &key);
    let mut table = governor_columns(plans, skypix_columns(table), plan);
    for governor in &plan.governors {
        table = foreign(plans, table, governor);
    }
    table
}

fn skypix_overlap(plans: &Plans, plan: &ElementPlan) -> Table {
    let dimensions = plan.key_dimensions();
    let mut key = SKYPIX.to_vec();
    key.extend(&dimensions);
    key.push("skypix_index");
    let mut index = SKYPIX.to_vec();
    index.push("skypix_index");
    index.extend(&dimensions);
    let mut summary = SKYPIX.to_vec();
    summary.extend(plan.governors.iter().map(String::as_str));

    let name = format!("{}_skypix_overlap", plan.name());
    let target = format!("{name}_summary");
    let mut table = skypix_columns(Table::new(name, &key));
    table.columns.extend(plan.key_columns());
    table = table
        .column(Column::new("skypix_index", Kind::Int))
        .foreign(Foreign::many(&summary, &target, &summary).cascade());
    for dimension in dimensions {
        table = foreign(plans, table, dimension);
    }
    table.index(&index)
}

/// Two tables that Gen3 makes and never uses; they must be there.
fn legacy_overlap(
    plans: &Plans,
    first: &ElementPlan,
    second: &ElementPlan,
) -> [Table; 2] {
    let mut governors: Vec<&str> = Vec::new();
    for name in first.governors.iter().chain(&second.governors) {
        if !governors.contains(&name.as_str()) {
            governors.push(name);
        }
    }
    let mut columns: Vec<Column> = governors
        .iter()
        .filter_map(|name| plans.get(name))
        .flat_map(|plan| plan.key_columns())
        .collect();
    let name = format!("{}_{}_overlap", first.name(), second.name());
    let mut summary = Table::new(format!("{name}_summary"), &governors);
    summary.columns.clone_from(&columns);
    for governor in &governors {
        summary = foreign(plans, summary, governor);
    }
    for column in first.key_columns().into_iter().chain(second.key_columns()) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    let names: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
    let mut table = Table::new(name, &names);
    table.columns = columns;
    for dimension in &names {
        table = foreign(plans, table, dimension);
    }
    [summary, table]
}

fn governor_summary(plans: &Plans, governor: &str) -> Option<Table> {
    let mut table = Table::new(
        format!("collection_summary_{governor}"),
        &["collection_id", governor],
    )
    .column(Column::new("collection_id", Kind::Int));
    table.columns.extend(plans.get(governor)?.key_columns());
    table = table
        .foreign(Foreign::one("collection_id", "collection", "collection_id").cascade());
    Some(foreign(plans, table, governor))
}
