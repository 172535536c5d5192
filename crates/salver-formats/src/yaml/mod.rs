//! YAML 1.1 as `PyYAML`'s `safe_load` reads it and `safe_dump(sort_keys=False)` writes it.
//!
//! Plain scalars resolve by `PyYAML`'s rules: `yes` and `off` are booleans, `010` is octal, `1_000` a
//! number, `12:30:45` base 60, `1e5` text (there is no point in it). `<<` merges, anchors are
//! followed, the last of equal keys wins. Keys that are not text become the text that Python's
//! `json` makes of them. Source: Gen3 format §10.3, YAML 1.1.
//!
//! | YAML | tree |
//! | --- | --- |
//! | null, bool, int, float, str, seq, map | the same |
//! | `!!binary` | bytes |
//! | `!!set`, `!!omap`, `!!pairs` | list of keys, or of pairs |
//! | `!butler_time/tai/iso`, Gen3's tag | time |
//! | a date or timestamp | tagged `tag:yaml.org,2002:timestamp`, version 0: its text, untouched (a YAML timestamp has no leap seconds, so it is no instant) |
//! | any other tag | tagged with its full name, version 0 |
//!
//! Other nodes are maps of one `$` key, as in JSON. Writing is byte for byte `PyYAML`'s for maps,
//! lists and scalars. What is lost: the payload of a NaN, and what keys were that are not text.
//!
//! [`parse`] gives the [`Node`]s with tag, style and place, for those who need more than the tree.
//!
//! ```
//! use salver_formats::yaml;
//!
//! let tree = yaml::to_tree("root: <butlerRoot>\nyes: [010, 1_000, .inf]\n")?;
//! assert_eq!(tree.at("/true/0")?.as_int(), Some(8));
//! assert_eq!(yaml::from_tree(tree.at("/root")?)?, "<butlerRoot>\n...\n");
//! # Ok::<(), salver_core::Error>(())
//! ```

mod analyze;
mod emit;
mod format;
mod node;
mod resolve;
mod scalar;
mod time;
mod tree;

#[cfg(test)]
mod tests;

pub(crate) use format::with_handle;
pub use format::{Yaml, from_tree, to_tree};
pub use node::{Content, Node, Style, parse};
pub use resolve::{Resolved, resolve};
pub use tree::build;
