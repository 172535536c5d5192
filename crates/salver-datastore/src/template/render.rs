//! Values into a template.

use std::borrow::Cow;
use std::collections::BTreeSet;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_store::Key;

use super::parse::{Field, Name, Template};

const OP: Op = Op("datastore.template");

/// One value for a field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue<'a> {
    /// No value in the record: Gen3 prints `None`.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A binary64 number.
    Float(f64),
    /// Text.
    Str(Cow<'a, str>),
}

/// Where a template's values come from.
pub trait Values {
    /// The value of a dimension of the full data ID, or of `datasetType`, `component`, `run`, `id`
    /// or `skypix`; `None` where it is not defined.
    fn value(&self, name: &str) -> Option<FieldValue<'_>>;

    /// The value of a field of a dimension's record; `None` where the record has no such field.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where the record is not at hand, `Unsupported` for a region or a
    /// timespan.
    fn field(&self, dimension: &str, field: &str) -> Result<Option<FieldValue<'_>>>;
}

impl Field {
    /// The first alternate that has a value, else the first.
    fn choose(&self, has: impl Fn(&str) -> bool) -> Option<&Name> {
        let found = self.alternates.iter().find(|n| has(&n.primary));
        found.or_else(|| self.alternates.first())
    }
}

impl Template {
    /// The dimensions whose records the template reads, given which names have values.
    pub fn records_needed(&self, has: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let chosen = self.pieces.iter().filter_map(|p| p.field.choose(&has));
        let with_field = chosen.filter(|n| n.secondary.is_some() && has(&n.primary));
        with_field.map(|n| n.primary.clone()).collect()
    }

    /// The path of these values and an extension (with its dot, or empty), relative to the root.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where a field has no value and is not optional, where its format
    /// does not fit its value, and where the path would leave the root; the error names the
    /// template and the value.
    pub fn path(&self, values: &dyn Values, extension: &str) -> Result<Key<'static>> {
        let raw = self.render(values)?;
        let (folder, name) = raw.rsplit_once('/').map_or(("", &*raw), |(f, n)| (f, n));
        let name = name.replace('.', "_").replace('#', "HASH");
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        let path = without_escapes(path.trim_start_matches('/').trim_end_matches('/'));
        Key::from_string(format!("{path}{extension}")).map_err(|e| {
            let message = "this data ID's path would leave the datastore's root";
            let error = Error::new(ErrorKind::InvalidInput, OP, message);
            let run = values.value("run").map(|v| text(&v).into_owned());
            error
                .with("template", &self.text)
                .with("path", &raw)
                .with("run", run.unwrap_or_default())
                .hint("a name or value with `..` as a part of its path cannot be stored")
                .caused_by(e)
        })
    }

    /// All fields filled in, before the rules for the whole path.
    fn render(&self, values: &dyn Values) -> Result<String> {
        let mut out = String::with_capacity(self.text.len() + 32);
        for piece in &self.pieces {
            let field = &piece.field;
            out.push_str(&piece.fixed);
            let name = field.choose(|n| values.value(n).is_some());
            let value = match name {
                Some(name) => lookup(name, values)?,
                None => None,
            };
            let Some(value) = value else {
                if !field.optional {
                    return Err(self.no_value(field));
                }
                if piece.literal.contains('/') {
                    out.push_str(&piece.literal);
                }
                continue;
            };
            out.push_str(&piece.literal);
            let value = sanitised(value, field.keep_slashes);
            let formatted = field.spec.format(&value);
            out.push_str(&formatted.map_err(|m| self.misfit(field, m, &value))?);
        }
        out.push_str(&self.tail);
        Ok(out)
    }

    fn no_value(&self, field: &Field) -> Error {
        let names = field.alternates.iter().map(|n| match &n.secondary {
            Some(secondary) => format!("{}.{secondary}", n.primary),
            None => n.primary.clone(),
        });
        let message = "the template asks for a value that the data ID does not have";
        Error::new(ErrorKind::InvalidInput, OP, message)
            .with("field", names.collect::<Vec<_>>().join("|"))
            .with("template", &self.text)
            .hint(
                "make the field optional with `?`, or use another template for this type",
            )
    }

    fn misfit(&self, field: &Field, message: &str, value: &FieldValue<'_>) -> Error {
        let name = field.alternates.first().map_or("", |n| n.primary.as_str());
        Error::new(ErrorKind::InvalidInput, OP, message)
            .with("field", name)
            .with("value", text(value))
            .with("template", &self.text)
    }
}

fn lookup<'v>(name: &Name, values: &'v dyn Values) -> Result<Option<FieldValue<'v>>> {
    match (&name.secondary, values.value(&name.primary)) {
        (None, value) => Ok(value),
        (Some(_), None) => Ok(None),
        (Some(field), Some(_)) => values.field(&name.primary, field),
    }
}

/// Characters that are trouble in file names become `_`; slashes too, unless they are kept.
fn sanitised(value: FieldValue<'_>, keep_slashes: bool) -> FieldValue<'_> {
    let FieldValue::Str(text) = value else { return value };
    let bad = |c: char| {
        matches!(c, ' ' | '<' | '>' | ':' | '"' | '\\' | '|' | '?' | '*')
            || (c == '/' && !keep_slashes)
    };
    if text.contains(bad) {
        return FieldValue::Str(Cow::Owned(text.replace(bad, "_")));
    }
    FieldValue::Str(text)
}

/// `%XX` in a path would be decoded by Gen3 (§9.3), so its `%` becomes `_`.
fn without_escapes(path: &str) -> String {
    let bytes = path.as_bytes();
    let hex = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_hexdigit);
    let fix = |(i, c): (usize, char)| {
        if c == '%' && hex(i + 1) && hex(i + 2) { '_' } else { c }
    };
    path.char_indices().map(fix).collect()
}

/// A value for messages.
fn text<'a>(value: &'a FieldValue<'_>) -> Cow<'a, str> {
    match value {
        FieldValue::Null => Cow::Borrowed("None"),
        FieldValue::Bool(b) => Cow::Borrowed(if *b { "True" } else { "False" }),
        FieldValue::Int(i) => Cow::Owned(i.to_string()),
        FieldValue::Float(x) => Cow::Owned(x.to_string()),
        FieldValue::Str(s) => Cow::Borrowed(s),
    }
}
