//! Tables as SQLite statements, letter for letter as Gen3 writes them (§2.3, §3).

use super::{Column, Foreign, Kind, Table, ddl_name, quoted};

/// The statements that make a table and its indexes.
pub(crate) fn create(table: &Table) -> Vec<String> {
    let mut statements = vec![create_table(table)];
    for columns in table.foreign_indexes() {
        statements.push(create_index(&table.name, "fkidx", columns));
    }
    for columns in &table.indexes {
        statements.push(create_index(&table.name, "idx", columns));
    }
    statements
}

fn create_table(table: &Table) -> String {
    let mut lines: Vec<String> = table.columns.iter().map(column).collect();
    lines.push(format!("PRIMARY KEY ({})", names(&table.primary_key)));
    lines.extend(table.columns.iter().filter_map(|c| length_check(&table.name, c)));
    for columns in &table.unique {
        let name = ddl_name(&format!("{}_unq_{}", table.name, columns.join("_")));
        lines.push(format!("CONSTRAINT {name} UNIQUE ({})", names(columns)));
    }
    lines.extend(table.foreign.iter().map(|key| foreign(&table.name, key)));
    let kept = if table.clustered { " WITHOUT ROWID" } else { "" };
    format!(
        "CREATE TABLE {} (\n\t{}\n){kept}",
        ddl_name(&table.name),
        lines.join(", \n\t")
    )
}

fn create_index(table: &str, mark: &str, columns: &[String]) -> String {
    let name = ddl_name(&format!("{table}_{mark}_{}", columns.join("_")));
    format!("CREATE INDEX {name} ON {} ({})", ddl_name(table), names(columns))
}

fn names(columns: &[String]) -> String {
    columns.iter().map(|c| ddl_name(c)).collect::<Vec<_>>().join(", ")
}

fn column(column: &Column) -> String {
    let mut text = format!("{} {}", ddl_name(&column.name), type_name(column.kind));
    if let Some(default) = column.default {
        text.push_str(" DEFAULT ");
        text.push_str(&default.to_string());
    }
    if !column.nullable {
        text.push_str(" NOT NULL");
    }
    text
}

fn type_name(kind: Kind) -> String {
    match kind {
        Kind::Text(Some(limit)) if limit <= 32 => format!("VARCHAR({limit})"),
        Kind::Text(_) => "TEXT".to_owned(),
        Kind::Int => "BIGINT".to_owned(),
        Kind::SmallInt => "SMALLINT".to_owned(),
        Kind::Float => "FLOAT".to_owned(),
        Kind::Bool => "BOOLEAN".to_owned(),
        Kind::Uuid => "CHAR(32)".to_owned(),
        Kind::AutoId => "INTEGER".to_owned(),
        Kind::Timestamp => "TIMESTAMP DEFAULT CURRENT_TIMESTAMP".to_owned(),
    }
}

fn length_check(table: &str, column: &Column) -> Option<String> {
    match column.kind {
        Kind::Text(Some(limit)) if limit <= 32 => {
            let name = ddl_name(&format!("{table}_len_{}", column.name));
            let column = quoted(&column.name);
            Some(format!(
                "CONSTRAINT {name} CHECK (length({column})<={limit} AND length({column})>=1)"
            ))
        }
        _ => None,
    }
}

fn foreign(table: &str, key: &Foreign) -> String {
    let name = format!(
        "fkey_{table}_{}_{}_{}",
        key.target,
        key.target_columns.join("_"),
        key.columns.join("_")
    );
    let cascade = if key.cascade { " ON DELETE CASCADE" } else { "" };
    format!(
        "CONSTRAINT {} FOREIGN KEY({}) REFERENCES {} ({}){cascade}",
        ddl_name(&name),
        names(&key.columns),
        ddl_name(&key.target),
        names(&key.target_columns)
    )
}

/// A statement of [`create`] that does nothing where the table or index is there. SQLite keeps
/// its text without these words.
pub(crate) fn if_absent(statement: &str) -> String {
    statement.replacen("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", 1).replacen(
        "CREATE INDEX ",
        "CREATE INDEX IF NOT EXISTS ",
        1,
    )
}
