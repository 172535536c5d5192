//! Nodes that HDF5 has no word for, out of what the marks say.

use salver_core::{ErrorKind, Result, ResultExt as _};
use salver_tree::{PartKind, TablePart, Tree};

use super::group::Member;
use super::{OP, Walker};
use crate::Json;
use crate::hdf5::marks::{Marks, VALID};
use crate::hdf5::node::{How, Node};
use crate::hdf5::table::{Block, Column, Columns, Field, column_links, schema_from};

/// A scalar with its kind.
///
/// # Errors
/// `Corrupt` for a reference that is none.
pub(super) fn scalar(tree: Tree, marks: &Marks) -> Result<Tree> {
    Ok(match (marks.kind.as_deref(), tree) {
        (Some("time"), Tree::Int(ns)) => Tree::Time(i64::try_from(ns).op(
            ErrorKind::Corrupt,
            OP,
            "a time out of range",
        )?),
        (Some("ref"), Tree::Str(text)) => Json::parse(&text).op(
            ErrorKind::Corrupt,
            OP,
            "a reference that is no JSON",
        )?,
        (_, tree) => tree,
    })
}

/// Units of columns that `PyTables` and others keep in attributes of the table: `FIELD_n_UNITS`.
pub(super) fn column_units(
    attributes: &mut Vec<(String, Tree)>,
    fields: &[Field],
) -> Vec<(String, String)> {
    let mut units = Vec::new();
    attributes.retain(|(name, value)| {
        let number = name.strip_prefix("FIELD_").and_then(|n| n.strip_suffix("_UNITS"));
        let field =
            number.and_then(|n| n.parse::<usize>().ok()).and_then(|n| fields.get(n));
        match (field, value.as_str()) {
            (Some(field), Some(unit)) => {
                units.push((field.name.clone(), unit.to_owned()));
                false
            }
            _ => true,
        }
    });
    units
}

impl Walker<'_> {
    /// Puts tags around a node, the innermost first.
    pub(super) fn restored_tags(&mut self, mut node: usize, marks: &Marks) -> usize {
        for (name, version) in marks.tags.iter().rev() {
            node =
                self.push(Node::Tagged { name: name.clone(), version: *version, node });
        }
        node
    }

    /// What the members of a group are together.
    pub(super) fn restored_group(
        &mut self,
        members: Vec<Member>,
        marks: &Marks,
        path: &str,
    ) -> Result<usize> {
        match marks.kind.as_deref() {
            Some("root") if members.len() == 1 => {
                Ok(members.first().map_or(0, |member| member.node))
            }
            Some("list") => {
                let numbered = members.iter().enumerate();
                let mut numbered = numbered.map(|(i, m)| m.key == i.to_string());
                if numbered.all(|right| right) {
                    let items = members.iter().map(|m| m.node).collect();
                    return Ok(self.push(Node::List(items)));
                }
                Ok(self.map_node(members))
            }
            Some("table") => match self.columns(&members, marks, path)? {
                Some(columns) => Ok(self.push(Node::Table(Box::new(columns)))),
                None => Ok(self.map_node(members)),
            },
            _ => Ok(self.map_node(members)),
        }
    }

    /// A table out of a group of columns; `None` where somebody has changed them.
    fn columns(
        &mut self,
        members: &[Member],
        marks: &Marks,
        path: &str,
    ) -> Result<Option<Columns>> {
        let (Some(text), Some(rows)) = (&marks.schema, marks.rows) else {
            return Ok(None);
        };
        let schema = schema_from(text)?;
        let links = column_links(schema.fields().iter().map(|f| f.name().as_str()));
        let valid = members.iter().find(|m| m.link == VALID);
        let flags: Vec<(String, usize)> = match valid.and_then(|m| self.nodes.get(m.node))
        {
            Some(Node::Map(items)) => items.clone(),
            _ => Vec::new(),
        };
        let mut columns = Vec::new();
        for link in &links {
            let Some(member) = members.iter().find(|m| m.link == *link) else {
                return Ok(None);
            };
            let at = format!("{path}{}", super::super::name::step(&member.key));
            let flag = flags.iter().find(|(key, _)| *key == member.key);
            let valid = match flag {
                Some((key, node)) => {
                    let below = super::super::name::step(key);
                    let at = format!("{path}{}{below}", super::super::name::step(VALID));
                    self.block(*node, &at, rows).map(Box::new)
                }
                None => None,
            };
            let column = match self.nodes.get(member.node) {
                Some(Node::Piece(piece)) if piece.how == How::Bytes => {
                    let (part, stored) = (piece.part.clone(), piece.stored.clone());
                    Some(Column::Arrow(Block { part, stored }))
                }
                _ => {
                    let values = self.block(member.node, &at, rows);
                    values.map(|values| Column::Items { values, valid })
                }
            };
            let Some(column) = column else { return Ok(None) };
            columns.push(column);
        }
        let below = format!("{path}/");
        self.parts.retain(|p, _| !p.starts_with(&below));
        let names = schema.fields().iter().map(|f| f.name().clone()).collect();
        let places = vec![columns.iter().map(Column::span).collect()];
        let table = TablePart { columns: names, group_rows: vec![rows as u64], places };
        self.parts.insert(path.to_owned(), PartKind::Table(table));
        Ok(Some(Columns::Group { schema: text.clone(), rows, columns }))
    }

    /// The dataset of an array of so many rows.
    fn block(&self, node: usize, path: &str, rows: usize) -> Option<Block> {
        let Some(Node::Array { stored, .. }) = self.nodes.get(node) else { return None };
        let Some(PartKind::Array(part)) = self.parts.get(path) else { return None };
        let fits = part.shape.first() == Some(&(rows as u64));
        fits.then(|| Block { part: part.clone(), stored: (**stored).clone() })
    }
}
