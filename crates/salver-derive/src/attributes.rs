//! What `#[salver(…)]` says.

use syn::parse::ParseStream;
use syn::{Attribute, LitInt, LitStr, Path, Result, Token, parenthesized};

/// On a type.
#[derive(Default)]
pub(crate) struct OfType {
    pub(crate) tag: Option<LitStr>,
    pub(crate) version: Option<LitInt>,
    pub(crate) upgrades: Vec<(LitInt, Path)>,
    pub(crate) home: Option<Path>,
}

/// On a field or a variant.
#[derive(Default)]
pub(crate) struct OfField {
    pub(crate) rename: Option<LitStr>,
    pub(crate) default: bool,
}

pub(crate) fn of_type(attributes: &[Attribute]) -> Result<OfType> {
    let mut out = OfType::default();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("salver")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("tag") {
                out.tag = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("version") {
                out.version = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("crate") {
                let text: LitStr = meta.value()?.parse()?;
                out.home = Some(text.parse()?);
            } else if meta.path.is_ident("upgrade") {
                let content;
                parenthesized!(content in meta.input);
                let steps = content.parse_terminated(step, Token![,])?;
                out.upgrades.extend(steps);
            } else {
                return Err(meta.error("`tag`, `version`, `upgrade` or `crate`"));
            }
            Ok(())
        })?;
    }
    Ok(out)
}

/// `1 = path`.
fn step(input: ParseStream<'_>) -> Result<(LitInt, Path)> {
    let from = input.parse()?;
    input.parse::<Token![=]>()?;
    Ok((from, input.parse()?))
}

pub(crate) fn of_field(attributes: &[Attribute]) -> Result<OfField> {
    let mut out = OfField::default();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("salver")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                out.rename = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("default") {
                out.default = true;
            } else {
                return Err(meta.error("`rename` or `default`"));
            }
            Ok(())
        })?;
    }
    Ok(out)
}
