//! The attributes by which a file says more of a node than HDF5 can.

use salver_tree::Tree;

pub(crate) const VERSION: &str = "SALVER_VERSION";
pub(crate) const KIND: &str = "SALVER_KIND";
pub(crate) const TAGS: &str = "SALVER_TAGS";
pub(crate) const DTYPE: &str = "SALVER_DTYPE";
pub(crate) const ORIGIN: &str = "SALVER_ORIGIN";
pub(crate) const GRID: &str = "SALVER_GRID";
pub(crate) const SCHEMA: &str = "SALVER_SCHEMA";
pub(crate) const ROWS: &str = "SALVER_ROWS";
/// The unit of an array, as everybody writes it.
pub(crate) const UNITS: &str = "units";
/// The name of the group of a table that says which rows have a value.
pub(crate) const VALID: &str = "%valid";

/// What the attributes of an object say to us.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks {
    pub kind: Option<String>,
    /// Tags and versions, the outermost first.
    pub tags: Vec<(String, u32)>,
    pub dtype: Option<String>,
    pub origin: Vec<i64>,
    pub grid: Option<String>,
    pub schema: Option<String>,
    pub rows: Option<usize>,
}

impl Marks {
    /// Takes our attributes out of those of an object.
    pub(crate) fn take(attributes: &mut Vec<(String, Tree)>) -> Self {
        let mut marks = Self::default();
        attributes.retain(|(name, value)| !marks.note(name, value));
        marks
    }

    fn note(&mut self, name: &str, value: &Tree) -> bool {
        let text = || value.as_str().map(str::to_owned);
        match name {
            VERSION => {}
            KIND => self.kind = text(),
            DTYPE => self.dtype = text(),
            GRID => self.grid = text(),
            SCHEMA => self.schema = text(),
            ROWS => self.rows = value.as_int().and_then(|n| usize::try_from(n).ok()),
            ORIGIN => self.origin = numbers(value),
            TAGS => {
                let tags = text().and_then(|t| serde_json::from_str(&t).ok());
                self.tags = tags.unwrap_or_default();
            }
            _ => return false,
        }
        true
    }

    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind.as_deref() == Some(kind)
    }
}

fn numbers(value: &Tree) -> Vec<i64> {
    let Some(Ok(bytes)) = value.as_array().map(salver_tree::Array::buffer) else {
        return Vec::new();
    };
    let each = bytes.as_slice().chunks_exact(8);
    each.filter_map(|b| b.first_chunk().map(|b| i64::from_ne_bytes(*b))).collect()
}
