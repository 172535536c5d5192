//! JSON Pointers (RFC 6901): the paths of nodes.

use std::borrow::Cow;

use salver_core::{Error, ErrorKind, Op, Result};

/// One step as a path spells it: `~` is `~0`, `/` is `~1`.
#[must_use]
pub fn escape(step: &str) -> Cow<'_, str> {
    if step.contains(['~', '/']) {
        return Cow::Owned(step.replace('~', "~0").replace('/', "~1"));
    }
    Cow::Borrowed(step)
}

/// The path of these steps; no step is the root, the empty path.
pub fn join<S: AsRef<str>>(steps: impl IntoIterator<Item = S>) -> String {
    let mut path = String::new();
    for step in steps {
        path.push('/');
        path.push_str(&escape(step.as_ref()));
    }
    path
}

/// The steps of a path.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for a path that does not begin with `/`, or a `~` that is followed
/// by neither `0` nor `1`.
pub fn split(path: &str) -> Result<Vec<Cow<'_, str>>> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let wrong = |message: &str| {
        Error::new(ErrorKind::InvalidInput, Op("tree.path"), message)
            .with("path", path)
            .hint("a JSON Pointer such as `/psf/inputs/3`; `~0` is `~`, `~1` is `/`")
    };
    let steps = path.strip_prefix('/').ok_or_else(|| wrong("a path begins with `/`"))?;
    let unescape =
        |step| unescape(step).ok_or_else(|| wrong("a `~` that escapes nothing"));
    steps.split('/').map(unescape).collect()
}

fn unescape(step: &str) -> Option<Cow<'_, str>> {
    if !step.contains('~') {
        return Some(Cow::Borrowed(step));
    }
    let sound = step.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    sound.then(|| Cow::Owned(step.replace("~1", "/").replace("~0", "~")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_back_from_their_path() {
        for steps in [&["a"][..], &["~1", "/", ""], &["", "~0~", "x/y"], &[]] {
            let path = join(steps);
            assert_eq!(split(&path).unwrap(), steps, "{path}");
        }
        // RFC 6901 §4: `~01` is `~1`, not `/`
        assert_eq!(split("/~01").unwrap(), ["~1"]);
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        for path in ["a", "/~", "/~2", "/a~"] {
            assert_eq!(split(path).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
}
