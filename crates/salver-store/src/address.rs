//! What the `path` column of a datastore record says.

use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use salver_core::{Error, ErrorKind, Op, Result};

use crate::Key;

/// What `file:` URIs leave as it is: the unreserved characters of RFC 3986 §2.3 and `/`.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b'/');

/// Where an artifact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place<'a> {
    /// Below the datastore's root.
    Below(Key<'a>),
    /// A file outside of the root, by its absolute path.
    File(PathBuf),
    /// Any other absolute URI.
    Uri(&'a str),
}

/// A record's `path`: a place, and the member of a zip file there.
///
/// Source: Gen3 format §9.3 and §9.7 (docs/spec/gen3.md).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address<'a> {
    /// The artifact.
    pub place: Place<'a>,
    /// The fragment `#zip-path=MEMBER`.
    pub member: Option<String>,
}

impl<'a> Address<'a> {
    /// Reads a record's `path`. A path with a scheme is an absolute, percent-encoded URI; any other
    /// is relative to the root and not encoded, but `%XX` in it is decoded, as Gen3 does. In a
    /// relative path `#` begins a fragment in the last segment only.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for a relative path that leaves the root or a URI that names no file.
    pub fn parse(path: &'a str) -> Result<Self> {
        let corrupt = |error: Error| {
            let message = "a record's path that cannot be followed";
            Error::new(ErrorKind::Corrupt, Op("store.address"), message)
                .with("path", path)
                .caused_by(error)
        };
        if let Some(scheme) = scheme_of(path) {
            let (uri, fragment) =
                path.split_once('#').map_or((path, None), |(u, f)| (u, Some(f)));
            let member = fragment.and_then(|f| f.strip_prefix("zip-path="));
            let member = member.map(|m| percent_decode_str(m).decode_utf8_lossy());
            let place = if scheme.eq_ignore_ascii_case("file") {
                Place::File(path_of_uri(uri).map_err(corrupt)?)
            } else {
                Place::Uri(uri)
            };
            return Ok(Self { place, member: member.map(Cow::into_owned) });
        }
        let last = path.rfind('/').map_or(0, |i| i + 1);
        let hash = path.bytes().skip(last).position(|b| b == b'#').map(|i| last + i);
        let (key, fragment) = hash
            .map_or((path, None), |i| (path.get(..i).unwrap_or(path), path.get(i + 1..)));
        let member =
            fragment.and_then(|f| f.strip_prefix("zip-path=")).map(str::to_owned);
        let key = if has_escape(key) {
            let decoded = percent_decode_str(key).decode_utf8_lossy().into_owned();
            Key::from_string(decoded)
        } else {
            Key::parse(key)
        };
        Ok(Self { place: Place::Below(key.map_err(corrupt)?), member })
    }
}

/// Whether `%` and two hexadecimal digits occur: Gen3 decodes them.
fn has_escape(path: &str) -> bool {
    path.contains('%')
        && path
            .as_bytes()
            .windows(3)
            .any(|w| w[0] == b'%' && w[1].is_ascii_hexdigit() && w[2].is_ascii_hexdigit())
}

/// The scheme of an absolute URI: what is before `://`.
fn scheme_of(path: &str) -> Option<&str> {
    let (scheme, _) = path.split_once("://")?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    let letter = scheme.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    (letter && scheme.bytes().all(plain)).then_some(scheme)
}

/// The `file:` URI of an absolute path, percent-encoded as Gen3 does.
#[must_use]
pub fn file_uri(path: &Path) -> String {
    let encoded = percent_encode(path.as_os_str().as_bytes(), PATH);
    format!("file://{encoded}")
}

/// Text for a URI's path or fragment, percent-encoded as Gen3 does.
#[must_use]
pub fn encode(text: &str) -> String {
    percent_encode(text.as_bytes(), PATH).to_string()
}

/// The absolute path that a `file:` URI names.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for another scheme, another host than this one, or a relative path.
pub fn path_of_uri(uri: &str) -> Result<PathBuf> {
    let wrong = |message: &str| {
        let error = Error::new(ErrorKind::InvalidInput, Op("store.file_uri"), message);
        error.with("uri", uri).hint("an absolute one, such as `file:///data/a%20b.fits`")
    };
    let is_file = scheme_of(uri).is_some_and(|s| s.eq_ignore_ascii_case("file"));
    let rest = uri.split_once("://").filter(|_| is_file).map(|(_, rest)| rest);
    let rest = rest.ok_or_else(|| wrong("not a file URI"))?;
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return Err(wrong("a file URI of another machine, or a relative one"));
    }
    let bytes: Vec<u8> = percent_decode_str(path).collect();
    if bytes.contains(&0) {
        return Err(wrong("a path with a NUL"));
    }
    Ok(PathBuf::from(OsString::from_vec(bytes)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn below(path: &str) -> String {
        match Address::parse(path).unwrap().place {
            Place::Below(key) => key.as_str().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_relative_path_is_not_encoded() {
        assert_eq!(below("u/x_y_é#%/run.1/a b+c.json"), "u/x_y_é#%/run.1/a b+c.json");
        assert_eq!(below("u/a%20b.json"), "u/a b.json", "Gen3 decodes %XX");
    }

    #[test]
    fn a_hash_begins_a_fragment_in_the_last_segment_only() {
        let address =
            Address::parse("zips/4a#1/4a81.zip#zip-path=ab12-x y.json").unwrap();
        assert_eq!(address.member.as_deref(), Some("ab12-x y.json"));
        assert_eq!(
            address.place,
            Place::Below(Key::parse("zips/4a#1/4a81.zip").unwrap())
        );
    }

    #[test]
    fn an_absolute_path_is_an_encoded_uri() {
        let address = Address::parse("file:///data/dir%20x/f%201.yaml").unwrap();
        assert_eq!(address.place, Place::File(PathBuf::from("/data/dir x/f 1.yaml")));
        let address = Address::parse("s3://b/k.zip#zip-path=a%20b").unwrap();
        assert_eq!(address.place, Place::Uri("s3://b/k.zip"));
        assert_eq!(address.member.as_deref(), Some("a b"));
    }

    #[test]
    fn a_path_out_of_the_root_is_corrupt() {
        for path in ["../x", "/etc/passwd", "a/%2e%2e/%2e%2e/x", "file://host/x", ""] {
            assert_eq!(Address::parse(path).unwrap_err().kind(), ErrorKind::Corrupt);
        }
    }

    proptest! {
        #[test]
        fn a_file_uri_gives_its_path_back(name in "[^\0]{0,30}") {
            let path = Path::new("/").join(name.trim_start_matches('/'));
            let uri = file_uri(&path);
            prop_assert!(uri.is_ascii());
            prop_assert_eq!(path_of_uri(&uri).unwrap(), path);
        }
    }
}
