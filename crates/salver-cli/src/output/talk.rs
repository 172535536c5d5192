//! Standard output, standard error, and questions.

use std::error::Error as StdError;
use std::io::{self, BufRead as _, Write as _};

use salver::{Error, ErrorKind, Op, Result, ResultExt as _};
use serde_json::Value;

/// What a command answers: text for people, a value for programs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Out {
    /// For people, ended with a newline where not empty.
    pub(crate) text: String,
    /// For programs.
    pub(crate) json: Value,
    /// Bytes that go to standard output as they are, in place of both.
    pub(crate) bytes: Option<Vec<u8>>,
}

impl Out {
    /// One line of text, and a value.
    pub(crate) fn line(text: impl AsRef<str>, json: Value) -> Self {
        Self { text: format!("{}\n", text.as_ref()), json, bytes: None }
    }

    /// Text as it is, and a value.
    pub(crate) fn text(text: String, json: Value) -> Self {
        Self { text, json, bytes: None }
    }

    /// Nothing for people.
    pub(crate) fn quiet(json: Value) -> Self {
        Self { json, ..Self::default() }
    }

    /// Writes it to standard output.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where standard output takes no more; a closed pipe is no error.
    pub(crate) fn print(&self, as_json: bool) -> Result<()> {
        let rendered;
        let bytes = match (&self.bytes, as_json) {
            (Some(bytes), false) => bytes.as_slice(),
            (_, true) => {
                rendered = format!("{:#}\n", self.json);
                rendered.as_bytes()
            }
            (None, false) => self.text.as_bytes(),
        };
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => done.op(ErrorKind::Io, Op("cli.print"), "standard output failed"),
        }
    }
}

/// Each text on a line of its own.
pub(crate) fn lines(texts: impl IntoIterator<Item = String>) -> String {
    let mut out = String::new();
    for text in texts {
        out.push_str(&text);
        out.push('\n');
    }
    out
}

/// Talk: one line to standard error.
pub(crate) fn say(text: impl AsRef<str>) {
    // there is nobody to tell when standard error is gone
    let _gone = writeln!(io::stderr().lock(), "{}", text.as_ref());
}

/// Writes an error with its chain and its hint to standard error.
pub(crate) fn report(error: &Error) {
    say(format!("error: {error}"));
    let mut next = error.source();
    while let Some(cause) = next {
        say(format!("  caused by: {cause}"));
        next = cause.source();
    }
    if let Some(hint) = hint_of(error) {
        say(format!("hint: {hint}"));
    }
}

/// The hint of an error, or of the nearest of its causes that has one.
fn hint_of(error: &Error) -> Option<&str> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(this) = next {
        let hint = this.downcast_ref::<Error>().and_then(Error::hint_text);
        if hint.is_some() {
            return hint;
        }
        next = this.source();
    }
    None
}

/// Asks on standard error; anything but `y` or `yes` is no.
///
/// # Errors
/// [`ErrorKind::Io`] where standard input cannot be read.
pub(crate) fn confirm(question: &str) -> Result<bool> {
    let mut err = io::stderr().lock();
    let asked = write!(err, "{question} [y/N]: ").and_then(|()| err.flush());
    asked.op(ErrorKind::Io, Op("cli.confirm"), "standard error failed")?;
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.op(ErrorKind::Io, Op("cli.confirm"), "no answer from standard input")?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
