//! Walks over the HDUs of a source: headers read, data units skipped. Source: FITS 4.0 §3.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{Place, Source};

use super::card::CARD;
use super::header::{BLOCK, Header};

const OP: Op = Op("fits.scan");
/// Bytes asked for at once while a header is read.
const READ: u64 = 8 * BLOCK as u64;

/// One HDU: header, and where its bytes are.
#[derive(Debug, Clone)]
pub(crate) struct Hdu {
    /// The header as it is stored.
    pub(crate) header: Header,
    /// The header's blocks.
    pub(crate) header_place: Place,
    /// The data unit without its padding.
    pub(crate) data: Place,
}

/// Goes from one HDU to the next.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    source: &'a dyn Source,
    at: u64,
    number: usize,
}

impl<'a> Scanner<'a> {
    /// Begins at the primary HDU.
    #[must_use]
    pub(crate) fn new(source: &'a dyn Source) -> Self {
        Self { source, at: 0, number: 0 }
    }

    /// The next HDU; `None` at the end, or where what follows is no extension.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for a source that is not FITS, a header without `END`, a data unit
    /// longer than the source; as the source's.
    pub(crate) fn next_hdu(&mut self) -> Result<Option<Hdu>> {
        let Some(header) = self.header()? else { return Ok(None) };
        let len = (header.cards().len() as u64 + 1) * CARD as u64;
        let len = len.next_multiple_of(BLOCK as u64);
        let offset = self.at + len;
        let len = len.min(self.source.len() - self.at);
        let header_place = Place { offset: self.at, len };
        let data = Place { offset, len: data_len(&header)? };
        if data.len > 0 && data.range().end > self.source.len() {
            return Err(Error::new(
                ErrorKind::Corrupt,
                OP,
                "the file ends in a data unit",
            )
            .with("source", self.source.name())
            .with("hdu", self.number)
            .with("needs", data.range().end)
            .with("length", self.source.len()));
        }
        let padded = data.len.checked_next_multiple_of(BLOCK as u64);
        self.at = offset.saturating_add(padded.unwrap_or(u64::MAX));
        self.number += 1;
        Ok(Some(Hdu { header, header_place, data }))
    }

    fn header(&self) -> Result<Option<Header>> {
        let start: &[u8] = if self.number == 0 { b"SIMPLE  =" } else { b"XTENSION=" };
        let mut header = Header::default();
        let mut at = self.at;
        loop {
            let len = READ.min(self.source.len().saturating_sub(at));
            let whole = len - len % CARD as u64;
            let mut bytes = vec![0; usize::try_from(whole).unwrap_or(0)];
            self.source.read_into(at, &mut bytes)?;
            if at == self.at && !bytes.starts_with(start) {
                if self.number > 0 {
                    return Ok(None);
                }
                return Err(Error::new(ErrorKind::Corrupt, OP, "not a FITS file")
                    .with("source", self.source.name())
                    .hint("a FITS file begins with the card `SIMPLE  = T`"));
            }
            if header.extend_from(&bytes) {
                return Ok(Some(header));
            }
            if whole < READ {
                return Err(Error::new(ErrorKind::Corrupt, OP, "a header without END")
                    .with("source", self.source.name())
                    .with("hdu", self.number));
            }
            at += whole;
        }
    }
}

/// Bytes of the data unit without padding: `|BITPIX|/8 · GCOUNT · (PCOUNT + Π NAXISn)`, FITS 4.0
/// §4.4.1, §6 (random groups leave out NAXIS1 = 0).
fn data_len(header: &Header) -> Result<u64> {
    let bitpix = header.need_int("BITPIX")?;
    let axes = axes(header, "")?;
    if axes.is_empty() {
        return Ok(0);
    }
    let groups = axes[0] == 0 && header.is_true("GROUPS");
    let used = &axes[usize::from(groups)..];
    let count = |key, default| -> Result<u64> {
        let n = header.int(key)?.unwrap_or(default);
        u64::try_from(n).map_err(|_source| wrong(header, "a negative PCOUNT or GCOUNT"))
    };
    let (pcount, gcount) = (count("PCOUNT", 0)?, count("GCOUNT", 1)?);
    let items = used.iter().try_fold(1_u64, |n, &axis| n.checked_mul(axis));
    items
        .and_then(|n| n.checked_add(pcount)?.checked_mul(gcount))
        .and_then(|n| n.checked_mul(bitpix.unsigned_abs() / 8))
        .filter(|&n| n <= u64::MAX / 4)
        .ok_or_else(|| wrong(header, "a data unit longer than any file"))
}

/// `NAXISn` (or `ZNAXISn` with the prefix `Z`) in FITS order, fastest first.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where one is missing, negative, or `NAXIS` is not 0–999.
pub(crate) fn axes(header: &Header, prefix: &str) -> Result<Vec<u64>> {
    let naxis = header.need_int(&format!("{prefix}NAXIS"))?;
    if !(0..=999).contains(&naxis) {
        return Err(wrong(header, "NAXIS is not 0–999"));
    }
    let axis = |k: i64| {
        let n = header.need_int(&format!("{prefix}NAXIS{k}"))?;
        u64::try_from(n).map_err(|_source| wrong(header, "a negative axis"))
    };
    (1..=naxis).map(axis).collect()
}

fn wrong(header: &Header, message: &str) -> Error {
    let name = header.text("EXTNAME").unwrap_or_default();
    Error::new(ErrorKind::Corrupt, OP, message).with("extname", name)
}
