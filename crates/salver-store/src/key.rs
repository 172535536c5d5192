//! Names of objects below a root.

use std::borrow::Cow;
use std::fmt;

use salver_core::{Error, ErrorKind, Op, Result};

/// The name of an object below a store's root: `/`-separated segments, none of them empty, `.` or
/// `..`, so that no key can leave its root.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key<'a>(Cow<'a, str>);

impl<'a> Key<'a> {
    /// Checks a relative path; `//` and `./` are taken out, nothing else is changed.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an absolute or empty path, one with a `..` segment, or one
    /// with a NUL.
    pub fn parse(path: &'a str) -> Result<Self> {
        let wrong = |message: &str| {
            let error = Error::new(ErrorKind::InvalidInput, Op("store.key"), message);
            Err(error
                .with("path", path.escape_debug())
                .hint("a relative path that stays below the root, such as `run/a.json`"))
        };
        if path.starts_with('/') {
            return wrong("an absolute path");
        }
        if path.contains('\0') {
            return wrong("a path with a NUL");
        }
        let mut clean = true;
        let mut any = false;
        for segment in path.split('/') {
            match segment {
                ".." => return wrong("a path that leaves the root"),
                "" | "." => clean = false,
                _ => any = true,
            }
        }
        if !any {
            return wrong("an empty path");
        }
        if clean {
            return Ok(Self(Cow::Borrowed(path)));
        }
        let segments: Vec<_> =
            path.split('/').filter(|s| !s.is_empty() && *s != ".").collect();
        Ok(Self(Cow::Owned(segments.join("/"))))
    }

    /// As [`Key::parse`], of text that the key then owns.
    ///
    /// # Errors
    /// As [`Key::parse`].
    pub fn from_string(path: String) -> Result<Key<'static>> {
        if let Key(Cow::Owned(clean)) = Key::parse(&path)? {
            return Ok(Key(Cow::Owned(clean)));
        }
        Ok(Key(Cow::Owned(path)))
    }

    /// The same key, owning its text.
    #[must_use]
    pub fn into_owned(self) -> Key<'static> {
        Key(Cow::Owned(self.0.into_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// What is before the last segment, without the `/`; `None` for a key of one segment.
    #[must_use]
    pub fn parent(&self) -> Option<&str> {
        self.0.rsplit_once('/').map(|(parent, _)| parent)
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_normalised() {
        assert_eq!(Key::parse("a//./b.json").unwrap().as_str(), "a/b.json");
        assert_eq!(Key::parse("a/..b/...").unwrap().as_str(), "a/..b/...");
    }

    #[test]
    fn a_key_cannot_leave_its_root() {
        for path in ["", "/", ".", "/a", "..", "a/../..", "a/..", "a\0b", "./.."] {
            let error = Key::parse(path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_key_stays_below_its_root(path in "[a/.\\\\ \0é]{0,20}") {
            if let Ok(key) = Key::parse(&path) {
                prop_assert!(!key.as_str().starts_with('/'));
                let plain = |s: &str| !matches!(s, "" | "." | "..");
                prop_assert!(key.as_str().split('/').all(plain));
                let again = Key::parse(key.as_str()).unwrap();
                prop_assert_eq!(&again, &key);
            }
        }
    }
}
