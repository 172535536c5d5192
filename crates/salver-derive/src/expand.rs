//! The implementations.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Data, DeriveInput, Error, Fields, Ident, LitStr, Path, Result, Variant, parse_quote,
};

use crate::attributes::{OfType, of_field, of_type};

pub(crate) fn assemble(input: &DeriveInput) -> Result<TokenStream> {
    if !input.generics.params.is_empty() {
        let message =
            "types with parameters are not derived: implement the traits by hand";
        return Err(Error::new_spanned(&input.generics, message));
    }
    let attributes = of_type(&input.attrs)?;
    let home = attributes.home.clone().unwrap_or_else(|| parse_quote!(::salver_tree));
    let name = &input.ident;
    let (into, from) = match &input.data {
        Data::Struct(data) => {
            let (pattern, made) = into_fields(&data.fields, &home)?;
            let taken = from_fields(&data.fields, &quote!(#name), &home)?;
            (quote!(match self { Self #pattern => #made }), taken)
        }
        Data::Enum(data) => of_enum(name, data.variants.iter(), &home)?,
        Data::Union(_) => {
            return Err(Error::new_spanned(name, "a union has no tree"));
        }
    };
    if let Some(tag) = &attributes.tag {
        return versioned(name, tag, &attributes, (&into, &from), &home);
    }
    check_untagged(&attributes)?;
    Ok(plain(name, (&into, &from), &home))
}

/// Without a tag.
fn plain(
    name: &Ident,
    (into, from): (&TokenStream, &TokenStream),
    home: &Path,
) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl #home::assemble::IntoTree for #name {
            fn into_tree(self) -> #home::assemble::Result<#home::Tree> { Ok(#into) }
        }
        #[automatically_derived]
        impl #home::assemble::FromTree for #name {
            fn from_tree(
                node: &#home::assemble::Node<'_>,
            ) -> #home::assemble::Result<Self> { #from }
        }
    }
}

/// With a tag.
fn versioned(
    name: &Ident,
    tag: &LitStr,
    attributes: &OfType,
    (into, from): (&TokenStream, &TokenStream),
    home: &Path,
) -> Result<TokenStream> {
    let version = match &attributes.version {
        None => 1,
        Some(text) => text.base10_parse::<u32>()?,
    };
    let upgrades = attributes.upgrades.iter().map(|(from, path)| quote!((#from, #path)));
    Ok(quote! {
        #[automatically_derived]
        impl #home::assemble::IntoTree for #name {
            fn into_tree(self) -> #home::assemble::Result<#home::Tree> {
                let tree = #into;
                Ok(#home::assemble::tagged::<Self>(tree))
            }
        }
        #[automatically_derived]
        impl #home::assemble::FromTree for #name {
            fn from_tree(
                node: &#home::assemble::Node<'_>,
            ) -> #home::assemble::Result<Self> {
                #home::assemble::versioned::<Self>(node)
            }
        }
        #[automatically_derived]
        impl #home::assemble::Assembler for #name {
            const TAG: &'static str = #tag;
            const VERSION: u32 = #version;
            const UPGRADES: &'static [(u32, #home::assemble::Upgrade)] = &[#(#upgrades),*];
            fn from_current(
                node: &#home::assemble::Node<'_>,
            ) -> #home::assemble::Result<Self> { #from }
        }
    })
}

fn check_untagged(attributes: &OfType) -> Result<()> {
    if let Some(version) = &attributes.version {
        return Err(Error::new_spanned(version, "a version needs a `tag`"));
    }
    match attributes.upgrades.first() {
        Some((from, _)) => Err(Error::new_spanned(from, "an upgrade needs a `tag`")),
        None => Ok(()),
    }
}

/// The key of a field or a variant.
fn key(ident: &Ident, attributes: &[syn::Attribute]) -> Result<(String, bool)> {
    let given = of_field(attributes)?;
    let plain = ident.to_string();
    let plain = plain.trim_start_matches("r#").to_owned();
    Ok((given.rename.map_or(plain, |text| text.value()), given.default))
}

/// The pattern that takes fields apart, and the tree of them.
fn into_fields(fields: &Fields, home: &Path) -> Result<(TokenStream, TokenStream)> {
    let tree = |ident: &Ident| quote!(#home::assemble::IntoTree::into_tree(#ident)?);
    Ok(match fields {
        Fields::Unit => (quote!(), quote!(#home::Tree::Null)),
        Fields::Unnamed(fields) => {
            let names: Vec<_> =
                (0..fields.unnamed.len()).map(|i| format_ident!("field_{i}")).collect();
            let trees: Vec<_> = names.iter().map(tree).collect();
            let made = match trees.as_slice() {
                [one] => quote!(#one),
                many => quote!(#home::Tree::List(vec![#(#many),*])),
            };
            (quote!((#(#names),*)), made)
        }
        Fields::Named(fields) => {
            let idents: Vec<_> =
                fields.named.iter().filter_map(|f| f.ident.clone()).collect();
            let mut pairs = Vec::new();
            for (field, ident) in fields.named.iter().zip(&idents) {
                let (key, _) = key(ident, &field.attrs)?;
                let tree = tree(ident);
                pairs.push(quote!(map.insert(#key, #tree);));
            }
            let made = quote!({
                let mut map = #home::Map::new();
                #(#pairs)*
                #home::Tree::Map(map)
            });
            (quote!({ #(#idents),* }), made)
        }
    })
}

/// The value made of `node`, as a `Result`.
fn from_fields(fields: &Fields, made: &TokenStream, home: &Path) -> Result<TokenStream> {
    Ok(match fields {
        Fields::Unit => quote!(node.null().map(|()| #made)),
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            quote!(#home::assemble::FromTree::from_tree(node).map(#made))
        }
        Fields::Unnamed(fields) => {
            let count = fields.unnamed.len();
            let parts = (0..count)
                .map(|i| quote!(#home::assemble::FromTree::from_tree(&node.item(#i)?)?));
            quote!({
                node.items_of(#count)?;
                Ok(#made(#(#parts),*))
            })
        }
        Fields::Named(fields) => {
            let mut parts = Vec::new();
            for field in &fields.named {
                let Some(ident) = &field.ident else { continue };
                let (key, default) = key(ident, &field.attrs)?;
                parts.push(if default {
                    quote!(#ident: node.field_or_default(#key)?)
                } else {
                    quote!(#ident: node.field(#key)?)
                });
            }
            quote!({
                node.map()?;
                Ok(#made { #(#parts),* })
            })
        }
    })
}

fn of_enum<'v>(
    name: &Ident,
    variants: impl Iterator<Item = &'v Variant>,
    home: &Path,
) -> Result<(TokenStream, TokenStream)> {
    let (mut into, mut from, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for variant in variants {
        let ident = &variant.ident;
        let (key, _) = key(ident, &variant.attrs)?;
        let (pattern, made) = into_fields(&variant.fields, home)?;
        let taken = from_fields(&variant.fields, &quote!(#name::#ident), home)?;
        if matches!(variant.fields, Fields::Unit) {
            into.push(quote!(Self::#ident => #home::Tree::from(#key)));
            from.push(quote!((#key, None) => Ok(Self::#ident)));
        } else {
            into.push(quote!(Self::#ident #pattern => {
                let tree = #made;
                let mut map = #home::Map::new();
                map.insert(#key, tree);
                #home::Tree::Map(map)
            }));
            from.push(quote!((#key, Some(node)) => { let node = &node; #taken }));
        }
        keys.push(key);
    }
    let into = if into.is_empty() {
        quote!(match self {})
    } else {
        quote!(match self { #(#into),* })
    };
    let from = quote!(match node.variant()? {
        #(#from,)*
        _ => Err(node.no_variant(&[#(#keys),*])),
    });
    Ok((into, from))
}
