//! Template text into pieces.

use salver_core::{Error, ErrorKind, Op, Result};

use super::spec::Spec;

/// Names that are no dimension.
const SPECIAL: [&str; 5] = ["datasetType", "component", "run", "id", "calib"];

/// A path template.
#[derive(Debug, Clone)]
pub struct Template {
    pub(super) text: String,
    pub(super) pieces: Vec<Piece>,
    /// Text after the last field.
    pub(super) tail: String,
}

/// Literal text and the field after it.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Text that stays whatever the field is: up to the last doubled brace.
    pub(super) fixed: String,
    /// Text that goes with the field.
    pub(super) literal: String,
    pub(super) field: Field,
}

#[derive(Debug, Clone)]
pub(super) struct Field {
    /// Never empty.
    pub(super) alternates: Vec<Name>,
    pub(super) spec: Spec,
    pub(super) optional: bool,
    pub(super) keep_slashes: bool,
}

/// `detector` or `detector.full_name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) primary: String,
    pub(super) secondary: Option<String>,
}

impl Name {
    fn parse(text: &str) -> Self {
        match text.split_once('.') {
            Some((primary, secondary)) => Self {
                primary: primary.to_owned(),
                secondary: Some(secondary.to_owned()),
            },
            None => Self { primary: text.to_owned(), secondary: None },
        }
    }
}

/// What is found at the next brace.
enum Token {
    Fixed(String),
    Literal(String),
    Field(String),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for unbalanced braces, a wrong format, and a template that names
    /// neither `run` nor `id`, has `id` in a folder, has no dimension, or has `../`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut pieces = Vec::new();
        let (mut fixed, mut literal) = (String::new(), String::new());
        for token in tokens(text)? {
            match token {
                Token::Fixed(more) => fixed.push_str(&more),
                Token::Literal(more) => literal = more,
                Token::Field(field) => {
                    let field = parse_field(text, &field)?;
                    let fixed = std::mem::take(&mut fixed);
                    let literal = std::mem::take(&mut literal);
                    pieces.push(Piece { fixed, literal, field });
                }
            }
        }
        let tail = format!("{fixed}{literal}");
        let template = Self { text: text.to_owned(), pieces, tail };
        template.check()?;
        Ok(template)
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn check(&self) -> Result<()> {
        let names = || self.pieces.iter().flat_map(|p| &p.field.alternates);
        let has =
            |name: &str| names().any(|n| n.primary == name && n.secondary.is_none());
        if self.text.contains("../") || self.text.ends_with("/..") || self.text == ".." {
            return Err(wrong(&self.text, "a template that goes to a parent folder"));
        }
        if !has("run") && !has("id") {
            return Err(wrong(&self.text, "a template needs `{run}` or `{id}`"));
        }
        let file_name = self.text.rsplit('/').next().unwrap_or_default();
        let in_name = file_name.contains("{id}") || file_name.contains("{id:");
        if has("id") && !in_name {
            return Err(wrong(&self.text, "`{id}` must be in the file name"));
        }
        let dimension = |n: &str| !SPECIAL.contains(&n);
        if !has("id") && !names().any(|n| dimension(&n.primary)) {
            return Err(wrong(&self.text, "a template needs a dimension, or `{id}`"));
        }
        Ok(())
    }
}

/// The error of a template that is wrong.
fn wrong(template: &str, message: &str) -> Error {
    Error::new(ErrorKind::Config, Op("datastore.template"), message)
        .with("template", template)
        .hint("for example `{run:/}/{datasetType}/{visit:08d}_{detector.full_name:?}`")
}

/// Splits at braces; `{{` and `}}` are literal ones.
fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut out = Vec::new();
    let mut literal = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' | '}' if rest.peek() == Some(&c) => {
                rest.next();
                literal.push(c);
                out.push(Token::Fixed(std::mem::take(&mut literal)));
            }
            '}' => return Err(wrong(text, "a `}` without its `{`")),
            '{' => {
                let mut field = String::new();
                loop {
                    match rest.next() {
                        Some('}') => break,
                        Some('{') => {
                            return Err(wrong(text, "a field inside of a field"));
                        }
                        Some(c) => field.push(c),
                        None => return Err(wrong(text, "a `{` without its `}`")),
                    }
                }
                out.push(Token::Literal(std::mem::take(&mut literal)));
                out.push(Token::Field(field));
            }
            c => literal.push(c),
        }
    }
    out.push(Token::Literal(literal));
    Ok(out)
}

/// `name|alternative.field:spec`; `?` and `/` in the specification are flags.
fn parse_field(template: &str, text: &str) -> Result<Field> {
    let (names, spec) = text.split_once(':').unwrap_or((text, ""));
    // Python's `!r` and the like are read and have no effect, as in Gen3
    let names = names.split('!').next().unwrap_or(names);
    if names.is_empty() {
        return Err(wrong(template, "a field without a name"));
    }
    let optional = spec.contains('?');
    let keep_slashes = spec.contains('/');
    let spec: String = spec.chars().filter(|c| !matches!(c, '?' | '/')).collect();
    let spec = Spec::parse(&spec).ok_or_else(|| {
        wrong(template, "a wrong format of a field").with("field", text)
    })?;
    let alternates = names.split('|').map(Name::parse).collect();
    Ok(Field { alternates, spec, optional, keep_slashes })
}
