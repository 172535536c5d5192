//! A header's keywords and values.

use std::collections::BTreeMap;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_sphere::CardValue;
use salver_tree::Tree;

/// Keywords and values of the headers that describe one image, later headers over earlier ones.
#[derive(Debug, Clone, Default)]
pub struct Cards(BTreeMap<String, Tree>);

impl Cards {
    /// No keyword yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds keywords, such as an extension's over the primary header's.
    pub fn extend(&mut self, cards: impl IntoIterator<Item = (String, Tree)>) {
        self.0.extend(cards);
    }

    /// The value of a keyword, undefined values left out.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.0.get(key).filter(|v| !matches!(v, Tree::Null))
    }

    /// Text without the blanks around it, where there is any left.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str().map(str::trim).filter(|s| !s.is_empty())
    }

    /// A number.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.get(key)? {
            Tree::Float(f) => Some(*f),
            #[expect(clippy::cast_precision_loss, reason = "header numbers are small")]
            Tree::Int(i) => Some(*i as f64),
            _ => None,
        }
    }

    /// A whole number.
    #[must_use]
    pub fn whole(&self, key: &str) -> Option<i64> {
        self.get(key)?.as_int()
    }

    /// Text that must be there.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] naming the keyword.
    pub fn need_text(&self, key: &'static str) -> Result<&str> {
        self.text(key).ok_or_else(|| missing(key))
    }

    /// A number that must be there.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] naming the keyword.
    pub fn need_number(&self, key: &'static str) -> Result<f64> {
        self.number(key).ok_or_else(|| missing(key))
    }

    /// The cards as a sky map reads them: texts and numbers.
    pub fn for_sky_map(&self) -> impl Iterator<Item = (&str, CardValue<'_>)> {
        self.iter().filter_map(|(key, value)| {
            let value = match value {
                Tree::Str(text) => CardValue::Text(text),
                _ => CardValue::Number(self.number(key)?),
            };
            Some((key, value))
        })
    }

    /// Keywords and values in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tree)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }
}

fn missing(key: &str) -> Error {
    let message = "the header lacks a keyword that its instrument always has";
    Error::new(ErrorKind::InvalidInput, Op("headers.observe"), message)
        .with("keyword", key)
}
