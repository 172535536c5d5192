//! `#[derive(Assemble)]`: a Rust type as a tree and back.
//!
//! A struct with names becomes a map, a tuple struct a list (of one field: that field alone), a unit
//! struct null. An enum's variant without fields becomes its name as text, one with fields a map of
//! the one key that is its name. Types with parameters are not derived.
//!
//! | attribute | on | means |
//! | --- | --- | --- |
//! | `#[salver(tag = "my.Psf", version = 2)]` | type | the tree is tagged; the version is 1 where it is not given |
//! | `#[salver(upgrade(1 = path))]` | type | `path`, a `fn(Tree) -> Result<Tree>`, makes version 2 of version 1; repeatable |
//! | `#[salver(crate = "salver::tree")]` | type | where the traits are; `salver_tree` otherwise |
//! | `#[salver(rename = "x")]` | field, variant | its key in the tree |
//! | `#[salver(default)]` | field | an absent key is the type's `Default` |
//!
//! The traits and an example are in `salver_tree::assemble`. This crate knows nothing but syntax.

mod attributes;
mod expand;

use proc_macro::TokenStream;

/// Implements `IntoTree` and `FromTree`, and `Assembler` where there is a tag. See the crate's docs.
#[proc_macro_derive(Assemble, attributes(salver))]
pub fn assemble(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    expand::assemble(&input).unwrap_or_else(|e| e.to_compile_error()).into()
}
