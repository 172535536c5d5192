//! Groups: their members, and what of them the attributes make.

use salver_core::Result;
use salver_tree::{Map, Tree};

use super::{Object, Walker};
use crate::hdf5::low::group::{Link, Target, links};
use crate::hdf5::low::header::Header;
use crate::hdf5::marks::Marks;
use crate::hdf5::name::{step, unescape};
use crate::hdf5::node::Node;
use crate::hdf5::value::{tag, tagged};

/// A member of a group: link, key and node.
pub(super) struct Member {
    pub link: String,
    pub key: String,
    pub node: usize,
}

impl Walker<'_> {
    pub(super) fn group(
        &mut self,
        header: &Header,
        path: &str,
        depth: usize,
    ) -> Result<Object> {
        let mut attributes = self.attributes(header)?;
        let marks =
            if self.ours { Marks::take(&mut attributes) } else { Marks::default() };
        let links = links(self.file, header)?;
        let root = marks.is("root");
        let mut members: Vec<Member> = Vec::with_capacity(links.len());
        for link in &links {
            let key = if self.ours { unescape(&link.name) } else { link.name.clone() };
            // the root of a tree that is no map is the only member of the root group
            let below =
                if root { path.to_owned() } else { format!("{path}{}", step(&key)) };
            let object = self.member(link, &below, depth)?;
            members.push(Member {
                link: link.name.clone(),
                key: key.clone(),
                node: object.node,
            });
            if !object.attributes.is_empty() {
                let node = self.attribute_node(object.attributes)?;
                let mut key = format!("{key}@");
                while links.iter().any(|l| l.name == key) {
                    key.push('@');
                }
                members.push(Member { link: String::new(), key, node });
            }
        }
        if !attributes.is_empty() {
            let node = self.attribute_node(attributes)?;
            let mut key = "@".to_owned();
            while links.iter().any(|l| l.name == key) {
                key.push('@');
            }
            members.insert(0, Member { link: String::new(), key, node });
        }
        let node = self.restored_group(members, &marks, path)?;
        let node = self.restored_tags(node, &marks);
        Ok(Object { node, attributes: Vec::new() })
    }

    fn member(&mut self, link: &Link, path: &str, depth: usize) -> Result<Object> {
        let tree = match &link.target {
            Target::Hard(address) => return self.object(*address, path, depth + 1),
            Target::Soft(to) => tagged(tag::SOFT, Tree::from(to.as_str())),
            Target::External { file, path } => {
                let mut map = Map::new();
                map.insert("file", Tree::from(file.as_str()));
                map.insert("path", Tree::from(path.as_str()));
                tagged(tag::EXTERNAL, Tree::Map(map))
            }
            Target::Other(class) => {
                let mut map = Map::new();
                map.insert("reason", Tree::Str(format!("a link of kind {class}")));
                tagged(tag::UNREAD, Tree::Map(map))
            }
        };
        let node = self.push_tree(&tree)?;
        Ok(Object { node, attributes: Vec::new() })
    }

    pub(super) fn map_node(&mut self, members: Vec<Member>) -> usize {
        let mut taken = std::collections::BTreeSet::new();
        let mut items = Vec::with_capacity(members.len());
        for member in members {
            let mut key = member.key;
            while !taken.insert(key.clone()) {
                key.push('_');
            }
            items.push((key, member.node));
        }
        self.push(Node::Map(items))
    }
}
