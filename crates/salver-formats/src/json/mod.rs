//! JSON as Python's `json` module writes it.
//!
//! Text is UTF-8 and not escaped to ASCII, separators are `", "` and `": "`, there is no newline at
//! the end; `NaN`, `Infinity` and `-Infinity` are spelled so. Floats have the digits of Python's
//! `repr`. Source: Gen3 format §10.3. The option `separators=compact` writes `,` and `:`, as
//! pydantic does.
//!
//! Reading takes what Python's `json.loads` takes (the last of equal keys wins, at the place of the
//! first), with two limits: nesting to 512 levels, whole numbers to −2⁶³ … 2⁶⁴−1; text with a lone
//! surrogate is refused. Nodes that JSON lacks are maps of one `$` key. What is lost: the payload
//! of a NaN. A selection of a part still reads the whole document.
//!
//! ```
//! use salver_formats::Json;
//!
//! let tree = Json::parse(r#"{"visit": 101, "mean": 1e16}"#)?;
//! assert_eq!(Json::render(&tree)?, r#"{"visit": 101, "mean": 1e+16}"#);
//! # Ok::<(), salver_core::Error>(())
//! ```

#[cfg(test)]
mod digests;
mod format;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub use format::Json;
