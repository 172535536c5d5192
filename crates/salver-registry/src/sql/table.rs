//! A table as data.

/// The logical type of a column (Gen3 format §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text; up to 32 characters the length is checked.
    Text(Option<u32>),
    /// A 64-bit integer.
    Int,
    /// A 16-bit integer.
    SmallInt,
    /// A float.
    Float,
    /// Truth.
    Bool,
    /// A UUID.
    Uuid,
    /// A primary key that the database counts up.
    AutoId,
    /// Date and time as text, of datasets manager 1.0.0; defaults to now.
    Timestamp,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    pub(crate) default: Option<i64>,
}

impl Column {
    /// A column that may not be NULL.
    pub(crate) fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), kind, nullable: false, default: None }
    }

    /// A column that may be NULL.
    pub(crate) fn nullable(name: impl Into<String>, kind: Kind) -> Self {
        Self { nullable: true, ..Self::new(name, kind) }
    }

    /// Sets the default.
    pub(crate) fn with_default(mut self, default: i64) -> Self {
        self.default = Some(default);
        self
    }
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Foreign {
    pub(crate) columns: Vec<String>,
    pub(crate) target: String,
    pub(crate) target_columns: Vec<String>,
    pub(crate) cascade: bool,
}

impl Foreign {
    /// A key over one column.
    pub(crate) fn one(column: &str, target: &str, target_column: &str) -> Self {
        Self::many(&[column], target, &[target_column])
    }

    /// A key over several columns.
    pub(crate) fn many<S: AsRef<str>, T: AsRef<str>>(
        columns: &[S],
        target: &str,
        target_columns: &[T],
    ) -> Self {
        Self {
            columns: columns.iter().map(|c| c.as_ref().to_owned()).collect(),
            target: target.to_owned(),
            target_columns: target_columns
                .iter()
                .map(|c| c.as_ref().to_owned())
                .collect(),
            cascade: false,
        }
    }

    /// Deletes this table's rows with the target's.
    pub(crate) fn cascade(mut self) -> Self {
        self.cascade = true;
        self
    }
}

/// A table: columns in order, keys, explicit indexes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) primary_key: Vec<String>,
    pub(crate) unique: Vec<Vec<String>>,
    pub(crate) foreign: Vec<Foreign>,
    pub(crate) indexes: Vec<Vec<String>>,
    /// Rows are kept in the order of the primary key, where the database can.
    pub(crate) clustered: bool,
}

impl Table {
    /// An empty table with a primary key.
    pub(crate) fn new<S: AsRef<str>>(name: impl Into<String>, primary_key: &[S]) -> Self {
        Self {
            name: name.into(),
            primary_key: primary_key.iter().map(|c| c.as_ref().to_owned()).collect(),
            ..Self::default()
        }
    }

    /// Adds a column.
    pub(crate) fn column(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    /// Adds a unique constraint.
    pub(crate) fn unique<S: AsRef<str>>(mut self, columns: &[S]) -> Self {
        self.unique.push(columns.iter().map(|c| c.as_ref().to_owned()).collect());
        self
    }

    /// Adds a foreign key.
    pub(crate) fn foreign(mut self, key: Foreign) -> Self {
        self.foreign.push(key);
        self
    }

    /// Adds an index.
    pub(crate) fn index<S: AsRef<str>>(mut self, columns: &[S]) -> Self {
        self.indexes.push(columns.iter().map(|c| c.as_ref().to_owned()).collect());
        self
    }

    /// Keeps rows in the order of the primary key.
    pub(crate) fn clustered(mut self) -> Self {
        self.clustered = true;
        self
    }

    /// Adds the two columns of a timespan; `required` ones default to all time.
    pub(crate) fn timespan(self, required: bool) -> Self {
        if required {
            self.column(Column::new("timespan_begin", Kind::Int).with_default(0)).column(
                Column::new("timespan_end", Kind::Int)
                    .with_default(4_102_444_800_000_000_000),
            )
        } else {
            self.column(Column::nullable("timespan_begin", Kind::Int))
                .column(Column::nullable("timespan_end", Kind::Int))
        }
    }

    /// The columns of the indexes that foreign keys bring: those of no other key or index (§2.3).
    pub(crate) fn foreign_indexes(&self) -> Vec<&[String]> {
        let mut found: Vec<&[String]> = Vec::new();
        for key in &self.foreign {
            let columns = key.columns.as_slice();
            let taken = columns == self.primary_key.as_slice()
                || self.unique.iter().any(|u| u.as_slice() == columns)
                || self.indexes.iter().any(|i| i.as_slice() == columns)
                || found.contains(&columns);
            if !taken {
                found.push(columns);
            }
        }
        found
    }
}
