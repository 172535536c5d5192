//! The cards of a header that a sky map needs, by keyword.

use salver_core::{Error, ErrorKind, Op, Result};
use std::collections::BTreeMap;

pub(super) const OP: Op = Op("sky_map.from_cards");

/// The value of a header card, as far as a sky map cares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CardValue<'a> {
    /// A string, without quotes and padding.
    Text(&'a str),
    /// An integer or a real number.
    Number(f64),
}

impl<'a> From<&'a str> for CardValue<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for CardValue<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// The cards by keyword; of several with one keyword, the last.
pub(super) struct Cards<'a>(BTreeMap<&'a str, CardValue<'a>>);

impl<'a> Cards<'a> {
    pub(super) fn new(cards: impl IntoIterator<Item = (&'a str, CardValue<'a>)>) -> Self {
        Self(cards.into_iter().collect())
    }

    pub(super) fn has(&self, keyword: &str) -> bool {
        self.0.contains_key(keyword)
    }

    /// The keywords that begin like this.
    pub(super) fn starting(&self, prefix: &str) -> impl Iterator<Item = &'a str> + '_ {
        let prefix = prefix.to_owned();
        self.0.keys().copied().filter(move |keyword| keyword.starts_with(&prefix))
    }

    /// The number of a card, where there is one.
    pub(super) fn number(&self, keyword: &str) -> Result<Option<f64>> {
        match self.0.get(keyword) {
            None => Ok(None),
            Some(CardValue::Number(number)) if number.is_finite() => Ok(Some(*number)),
            Some(_) => {
                Err(Error::new(ErrorKind::Corrupt, OP, "card is not a finite number")
                    .with("keyword", keyword))
            }
        }
    }

    /// The number of a card, or what the standard assumes without it.
    pub(super) fn number_or(&self, keyword: &str, default: f64) -> Result<f64> {
        Ok(self.number(keyword)?.unwrap_or(default))
    }

    /// The text of a card without the blanks around it, where there is one.
    pub(super) fn text(&self, keyword: &str) -> Result<Option<&'a str>> {
        match self.0.get(keyword) {
            None => Ok(None),
            Some(CardValue::Text(text)) => Ok(Some(text.trim())),
            Some(CardValue::Number(_)) => {
                Err(Error::new(ErrorKind::Corrupt, OP, "card is not a text")
                    .with("keyword", keyword))
            }
        }
    }
}
