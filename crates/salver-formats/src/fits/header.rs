//! A header: its cards in order, exactly as in the file. Source: FITS 4.0 §4.

use salver_core::{Error, ErrorKind, Op, Result};

use super::card::{Body, CARD, Card, Value, value_cards};

/// Bytes of a FITS block.
pub(crate) const BLOCK: usize = 2880;

/// The cards of a header, without `END` and what follows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    cards: Vec<Card>,
}

/// One keyword of a header: the cards it takes, and what they say.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Position of its first card.
    pub first: usize,
    /// The number of its cards: more than one for a continued string.
    pub count: usize,
    /// The keyword; for `HIERARCH` the words after it.
    pub keyword: String,
    /// Value and comment, or commentary.
    pub body: Body,
}

impl Header {
    /// A header of these cards.
    #[must_use]
    pub fn from_cards(cards: Vec<Card>) -> Self {
        Self { cards }
    }

    /// Takes cards from whole 80-byte records until `END`; `true` when it was met.
    pub(crate) fn extend_from(&mut self, bytes: &[u8]) -> bool {
        for record in bytes.as_chunks::<CARD>().0 {
            let card = Card(*record);
            if card.is("END") {
                return true;
            }
            self.cards.push(card);
        }
        false
    }

    /// The cards in order.
    #[must_use]
    pub fn cards(&self) -> &[Card] {
        &self.cards
    }

    /// The header's bytes: cards, `END`, and spaces up to a whole block.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let len = ((self.cards.len() + 1) * CARD).next_multiple_of(BLOCK);
        let mut out = Vec::with_capacity(len);
        for card in &self.cards {
            out.extend_from_slice(&card.0);
        }
        out.extend_from_slice(b"END");
        out.resize(len, b' ');
        out
    }

    /// The position of the first card with this keyword in columns 1–8.
    #[must_use]
    pub fn position(&self, keyword: &str) -> Option<usize> {
        let mut wanted = [b' '; 8];
        for (w, k) in wanted.iter_mut().zip(keyword.bytes()) {
            *w = k;
        }
        self.cards.iter().position(|c| c.0[..8] == wanted)
    }

    /// The value of a keyword of the standard's form; `None` where it is absent.
    #[must_use]
    pub fn value(&self, keyword: &str) -> Option<Value> {
        match self.entry_at(self.position(keyword)?).body {
            Body::Value(value, _) => Some(value),
            Body::Commentary(_) => None,
        }
    }

    /// A whole number; `None` where the keyword is absent or blank.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the value is not a whole number of 64 bits.
    pub fn int(&self, keyword: &str) -> Result<Option<i64>> {
        let found = match self.value(keyword) {
            None | Some(Value::Undefined) => return Ok(None),
            Some(Value::Int(v)) => i64::try_from(v).ok(),
            Some(Value::Float(v)) => whole(v),
            Some(_) => None,
        };
        found.map(Some).ok_or_else(|| self.wrong(keyword, "a whole number"))
    }

    /// A whole number that must be there.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where it is absent or not a whole number.
    pub fn need_int(&self, keyword: &str) -> Result<i64> {
        self.int(keyword)?.ok_or_else(|| self.wrong(keyword, "a whole number"))
    }

    /// A number; `None` where the keyword is absent or blank.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the value is not a number.
    pub fn float(&self, keyword: &str) -> Result<Option<f64>> {
        match self.value(keyword) {
            None | Some(Value::Undefined) => Ok(None),
            Some(Value::Float(v)) => Ok(Some(v)),
            #[expect(clippy::cast_precision_loss, reason = "a real number was asked for")]
            Some(Value::Int(v)) => Ok(Some(v as f64)),
            Some(_) => Err(self.wrong(keyword, "a number")),
        }
    }

    /// The string of a keyword; `None` where it is absent or not a string.
    #[must_use]
    pub fn text(&self, keyword: &str) -> Option<String> {
        match self.value(keyword) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether a keyword is `T`.
    #[must_use]
    pub fn is_true(&self, keyword: &str) -> bool {
        self.value(keyword) == Some(Value::Bool(true))
    }

    fn wrong(&self, keyword: &str, wanted: &str) -> Error {
        let card = self.position(keyword).and_then(|i| self.cards.get(i));
        let error = Error::new(
            ErrorKind::Corrupt,
            Op("fits.header"),
            format!("a keyword without {wanted}"),
        );
        error
            .with("keyword", keyword)
            .with("card", card.map_or_else(|| "absent".to_owned(), Card::text))
    }

    /// The entry that begins at a card, with the `CONTINUE` cards that belong to it.
    fn entry_at(&self, first: usize) -> Entry {
        let Some(card) = self.cards.get(first) else {
            let body = Body::Commentary(String::new());
            return Entry { first, count: 1, keyword: String::new(), body };
        };
        let (keyword, mut body) = card.parse();
        let mut count = 1;
        if let Body::Value(Value::Text(text), comment) = &mut body {
            while text.ends_with('&')
                && let Some((more, note)) =
                    self.cards.get(first + count).and_then(Card::continuation)
            {
                text.pop();
                text.push_str(&more);
                comment.push_str(&note);
                count += 1;
            }
        }
        Entry { first, count, keyword, body }
    }

    /// The entries in order.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        let mut next = 0;
        std::iter::from_fn(move || {
            let entry = (next < self.cards.len()).then(|| self.entry_at(next))?;
            next += entry.count;
            Some(entry)
        })
    }

    /// The entry of a keyword, or of the words of a `HIERARCH` card.
    #[must_use]
    pub fn entry(&self, keyword: &str) -> Option<Entry> {
        match self.position(keyword) {
            Some(at) => Some(self.entry_at(at)),
            None => self.entries().find(|e| e.keyword == keyword),
        }
    }

    /// Sets a keyword: in place and with its comment where it is there, else at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for what a header cannot hold.
    pub fn set(&mut self, keyword: &str, value: &Value, comment: &str) -> Result<()> {
        let Some(old) = self.entry(keyword) else {
            self.cards.extend(value_cards(keyword, value, comment)?);
            return Ok(());
        };
        let comment = match &old.body {
            Body::Value(was, _) if was == value => return Ok(()),
            Body::Value(_, note) => note,
            Body::Commentary(_) => comment,
        };
        let cards = value_cards(keyword, value, comment)?;
        self.cards.splice(old.first..old.first + old.count, cards);
        Ok(())
    }

    /// Removes every entry with this keyword.
    pub fn remove(&mut self, keyword: &str) {
        let gone: Vec<_> = self.entries().filter(|e| e.keyword == keyword).collect();
        for entry in gone.iter().rev() {
            self.cards.drain(entry.first..entry.first + entry.count);
        }
    }

    /// Appends cards.
    pub(crate) fn append(&mut self, cards: impl IntoIterator<Item = Card>) {
        self.cards.extend(cards);
    }
}

/// A real number that is whole and fits.
fn whole(v: f64) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and in range"
    )]
    (v.fract() == 0.0 && v.abs() < 9e18).then_some(v as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(lines: &[&str]) -> Header {
        Header::from_cards(lines.iter().map(|l| Card::from_text(l)).collect())
    }

    #[test]
    fn continued_strings_are_one_entry() {
        let h = header(&[
            "A       = 'one &' / first",
            "CONTINUE  'two&'",
            "CONTINUE  '' / last",
            "B       = 2",
        ]);
        assert_eq!(h.text("A").unwrap(), "one two");
        let entries: Vec<_> = h.entries().collect();
        assert_eq!((entries[0].count, entries[1].keyword.as_str()), (3, "B"));
    }

    #[test]
    fn an_unchanged_value_keeps_its_card() {
        let mut h = header(&["A       = 1.50 / note", "COMMENT x", "B       = 2"]);
        let before = h.clone();
        h.set("A", &Value::Float(1.5), "").unwrap();
        assert_eq!(h, before);
        h.set("A", &Value::Float(2.5), "").unwrap();
        assert_eq!(h.cards()[0].text(), "A       =                  2.5 / note");
    }

    #[test]
    fn bytes_are_whole_blocks() {
        let mut h = header(&[]);
        for i in 0..36 {
            h.set(&format!("K{i}"), &Value::Int(i), "").unwrap();
        }
        let bytes = h.to_bytes();
        assert_eq!(bytes.len(), 2 * BLOCK);
        let mut back = Header::default();
        assert!(back.extend_from(&bytes));
        assert_eq!(back, h);
    }

    #[test]
    fn a_value_of_the_wrong_type_is_corrupt() {
        let h = header(&["NAXIS   = 'two'"]);
        assert_eq!(h.need_int("NAXIS").unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(h.need_int("BITPIX").unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
