//! A dimension element as columns of its table (Gen3 format §6.2).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use salver_model::{ColumnType, Element, Universe};

use crate::sql::{Column, Foreign, Kind, list, quoted};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The key of a dimension that the element requires, its own included.
    Required,
    /// The key of a dimension that the element implies.
    Implied,
    /// Another key of the element, or anything else, region and timespan included.
    Data,
}

/// A column of an element's table; a timespan is one column here and two in SQLite.
#[derive(Debug, Clone)]
pub(crate) struct ColumnPlan {
    /// The name in the element's own table.
    pub(crate) name: String,
    /// The name elsewhere: the dimension's, for keys.
    pub(crate) dimension: String,
    pub(crate) kind: ColumnType,
    pub(crate) part: Part,
}

/// An element with its columns and the statements that use them.
#[derive(Debug)]
pub(crate) struct ElementPlan {
    pub(crate) element: Arc<Element>,
    pub(crate) columns: Vec<ColumnPlan>,
    /// Governor dimensions among the required ones.
    pub(crate) governors: Vec<String>,
    /// The text of a statement without its `ON CONFLICT`: `INSERT INTO … VALUES (…)`.
    pub(crate) insert: String,
    /// `SELECT` of all columns, in order, `FROM` the table as `t`.
    pub(crate) select: String,
    /// The same of the record with a key.
    pub(crate) by_key: String,
}

impl ColumnPlan {
    /// The columns of the database that hold it.
    pub(crate) fn stored_names(&self) -> Vec<String> {
        if self.kind == ColumnType::Timespan {
            vec!["timespan_begin".to_owned(), "timespan_end".to_owned()]
        } else {
            vec![self.name.clone()]
        }
    }
}

impl ElementPlan {
    pub(crate) fn name(&self) -> &str {
        self.element.name()
    }

    /// Columns of the primary key.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &ColumnPlan> {
        self.columns.iter().filter(|c| c.part == Part::Required)
    }

    /// Names of the primary key's columns in the element's own table.
    pub(crate) fn key_names(&self) -> Vec<&str> {
        self.keys().map(|c| c.name.as_str()).collect()
    }

    /// Names of the primary key's columns in other tables.
    pub(crate) fn key_dimensions(&self) -> Vec<&str> {
        self.keys().map(|c| c.dimension.as_str()).collect()
    }

    /// The columns of the key as other tables have them.
    pub(crate) fn key_columns(&self) -> Vec<Column> {
        self.keys().map(|c| Column::new(&c.dimension, sql_kind(c.kind))).collect()
    }

    /// The foreign key of another table to this one, where this one is stored.
    pub(crate) fn foreign(&self) -> Option<Foreign> {
        self.element.has_table().then(|| {
            Foreign::many(&self.key_dimensions(), self.name(), &self.key_names())
        })
    }

    fn new(universe: &Universe, element: &Arc<Element>) -> Self {
        let columns = columns(element);
        let stored: Vec<String> =
            columns.iter().flat_map(ColumnPlan::stored_names).collect();
        let places: Vec<String> = (1..=stored.len()).map(|i| format!("?{i}")).collect();
        let table = quoted(element.name());
        let governors = element
            .required()
            .iter()
            .filter(|name| universe.element(name).is_some_and(|e| e.is_governor()))
            .map(ToString::to_string)
            .collect();
        let select = select(element, &stored);
        let mut by_key = format!("{select} WHERE 1");
        for (i, column) in columns.iter().filter(|c| c.part == Part::Required).enumerate()
        {
            let _written = write!(by_key, " AND t.{} = ?{}", quoted(&column.name), i + 1);
        }
        Self {
            insert: format!(
                "INSERT INTO {table} ({}) VALUES ({})",
                list("", &stored),
                places.join(", ")
            ),
            select,
            by_key,
            element: Arc::clone(element),
            columns,
            governors,
        }
    }
}

/// The text that reads an element's columns; a union (`band`) is read from its members.
fn select(element: &Element, stored: &[String]) -> String {
    match (element.union_of(), stored) {
        (Some(member), [own]) => format!(
            "SELECT t.{own} FROM (SELECT DISTINCT {name} AS {own} FROM {member}) AS t",
            own = quoted(own),
            name = quoted(element.name()),
            member = quoted(member)
        ),
        _ => {
            format!("SELECT {} FROM {} AS t", list("t.", stored), quoted(element.name()))
        }
    }
}

fn columns(element: &Element) -> Vec<ColumnPlan> {
    let n_required = element.required().len();
    let n_keys = n_required + element.implied().len();
    let plan = |(i, column): (usize, &salver_model::Column)| ColumnPlan {
        name: column.name.to_string(),
        dimension: column.dimension.as_ref().unwrap_or(&column.name).to_string(),
        kind: column.kind,
        part: if i < n_required {
            Part::Required
        } else if i < n_keys {
            Part::Implied
        } else {
            Part::Data
        },
    };
    element.table_columns().iter().enumerate().map(plan).collect()
}

/// The type of a column in the database.
pub(crate) fn sql_kind(kind: ColumnType) -> Kind {
    match kind {
        ColumnType::Str(limit) => Kind::Text(limit),
        ColumnType::Int | ColumnType::Timespan => Kind::Int,
        ColumnType::Float => Kind::Float,
        ColumnType::Bool => Kind::Bool,
        _ => Kind::Text(None),
    }
}

/// The plans of all elements that have columns, in universe order.
#[derive(Debug)]
pub(crate) struct Plans {
    all: Vec<Arc<ElementPlan>>,
    index: BTreeMap<String, usize>,
    governors: Vec<String>,
}

impl Plans {
    pub(crate) fn new(universe: &Universe) -> Self {
        let all: Vec<_> = universe
            .elements()
            .iter()
            .filter(|e| e.skypix().is_none())
            .map(|e| Arc::new(ElementPlan::new(universe, e)))
            .collect();
        Self {
            index: all
                .iter()
                .enumerate()
                .map(|(i, p)| (p.name().to_owned(), i))
                .collect(),
            governors: all
                .iter()
                .filter(|p| p.element.is_governor())
                .map(|p| p.name().to_owned())
                .collect(),
            all,
        }
    }

    pub(crate) fn all(&self) -> &[Arc<ElementPlan>] {
        &self.all
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<ElementPlan>> {
        self.index.get(name).and_then(|&i| self.all.get(i))
    }

    pub(crate) fn governors(&self) -> &[String] {
        &self.governors
    }
}
