//! What is in an artifact, node by node.

use salver_core::Result;
use salver_tree::{
    Array, Chunks, Kind, PartIndex, PartKind, Place, Table, Tree, coalesce,
};
use serde_json::{Value as Json, json};

use crate::values;

/// So many items of a list of nodes are shown.
const ITEMS: usize = 20;

/// So many characters of a plain value are shown.
const TEXT: usize = 60;

/// A tree as lines, with what is known of the bytes of each node.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    /// The nodes, each after the one it is in.
    pub nodes: Vec<NodeLine>,
}

/// One node.
#[derive(Debug, Clone)]
pub struct NodeLine {
    /// JSON Pointer; the root is empty.
    pub path: String,
    /// Steps from the root.
    pub depth: usize,
    /// Last step of the path, as it is.
    pub name: String,
    /// What the node is, without its tags.
    pub kind: Kind,
    /// Names and versions of its tags, outermost first.
    pub tags: Vec<(String, u32)>,
    /// A plain value, cut to a line.
    pub value: Option<String>,
    /// Item type of an array.
    pub dtype: Option<String>,
    /// Lengths of the axes of an array, the rows of a table, the number of entries.
    pub shape: Vec<u64>,
    /// Unit of an array.
    pub unit: Option<String>,
    /// Grid of an array.
    pub grid: Option<String>,
    /// Origin of an array, where it is not zero.
    pub origin: Vec<i64>,
    /// Columns of a table.
    pub columns: Vec<Column>,
    /// Bytes in memory of an array.
    pub bytes: Option<u64>,
    /// Where the artifact has it; `None` for what is inside of a larger piece.
    pub stored: Option<Stored>,
    /// Items of a list that are left out.
    pub left_out: usize,
}

/// One column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Type of the items, in Arrow's words.
    pub dtype: String,
    /// Unit.
    pub unit: Option<String>,
    /// Bytes in the artifact, where they are known.
    pub bytes: Option<u64>,
}

/// The bytes of a node in its artifact.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// Their number.
    pub bytes: u64,
    /// Where they are, touching places as one; at most 32 of them.
    pub places: Vec<Place>,
    /// How many places there are in all.
    pub n_places: usize,
    /// Shape of a chunk, and their number; a table has one number: of its row groups.
    pub chunks: Option<(Vec<u64>, usize)>,
    /// Compression, `None` where there is none.
    pub compression: Option<String>,
    /// Type of the stored items where it differs, with its byte order.
    pub dtype: Option<String>,
}

/// The outline of a tree; `index` tells where its nodes are.
///
/// No byte of a lazy node is read.
#[must_use]
pub fn outline(tree: &Tree, index: Option<&PartIndex>) -> Outline {
    let mut walk = Walk { index, out: Outline::default() };
    walk.node(tree, &mut String::new(), "", 0);
    walk.out
}

struct Walk<'a> {
    index: Option<&'a PartIndex>,
    out: Outline,
}

impl Walk<'_> {
    fn node(&mut self, tree: &Tree, path: &mut String, name: &str, depth: usize) {
        let mut tags = Vec::new();
        let mut node = tree;
        while let Tree::Tagged(tagged) = node {
            tags.push((tagged.name.clone(), tagged.version));
            node = &tagged.tree;
        }
        let mut line = NodeLine::new(path, name, depth, node.kind());
        line.tags = tags;
        let part = self.index.and_then(|index| index.parts.get(path.as_str()));
        line.stored = part.map(stored);
        match node {
            Tree::Array(array) => line.array(array),
            Tree::Table(table) => line.table(table, part),
            Tree::Map(map) => line.shape = vec![map.len() as u64],
            Tree::List(items) => line.list(items),
            Tree::Bytes(bytes) => line.bytes = Some(bytes.len() as u64),
            plain => line.value = values::to_json(plain).ok().map(|v| short(&v)),
        }
        let shown = match node {
            Tree::List(items) if line.value.is_none() => items.len() - line.left_out,
            _ => 0,
        };
        self.out.nodes.push(line);
        match node {
            Tree::Map(map) => {
                map.iter().for_each(|(key, node)| self.step(node, path, key, depth));
            }
            Tree::List(items) => {
                let shown = items.iter().enumerate().take(shown);
                shown.for_each(|(i, node)| self.step(node, path, &i.to_string(), depth));
            }
            _ => {}
        }
    }

    fn step(&mut self, node: &Tree, path: &mut String, key: &str, depth: usize) {
        let length = path.len();
        path.push('/');
        path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        self.node(node, path, key, depth + 1);
        path.truncate(length);
    }
}

/// A plain value in one line.
fn short(value: &Json) -> String {
    let text = value.to_string();
    match text.char_indices().nth(TEXT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn is_plain(node: &Tree) -> bool {
    !matches!(
        node,
        Tree::List(_)
            | Tree::Map(_)
            | Tree::Array(_)
            | Tree::Table(_)
            | Tree::Tagged(_)
            | Tree::Bytes(_)
            | Tree::Ref(_)
    )
}

fn stored(part: &PartKind) -> Stored {
    match part {
        PartKind::Tree(place) => Stored::of(std::iter::once(*place)),
        PartKind::Table(table) => {
            let places = table.places.iter().flatten().copied();
            let chunks = Some((table.group_rows.clone(), table.group_rows.len()));
            Stored { chunks, ..Stored::of(places) }
        }
        PartKind::Array(array) => {
            let codec = array.codec.iter().map(|(key, value)| match key.as_str() {
                "name" | "filters" | "codecs" | "compression" => value.clone(),
                key => format!("{key}={value}"),
            });
            let codec: Vec<String> = codec.collect();
            let (mut out, packed) = match &array.chunks {
                Chunks::Contiguous(place) => (Stored::of(std::iter::once(*place)), false),
                Chunks::Whole(place) => (Stored::of(std::iter::once(*place)), true),
                Chunks::Grid { shape, places } => {
                    let chunks = Some((shape.clone(), places.len()));
                    (Stored { chunks, ..Stored::of(places.iter().copied()) }, false)
                }
            };
            let named = (!codec.is_empty()).then(|| codec.join(" "));
            out.compression = named.or_else(|| packed.then(|| "compressed".to_owned()));
            out.dtype.clone_from(&array.stored);
            out
        }
    }
}

impl Stored {
    const PLACES: usize = 32;

    fn of(places: impl Iterator<Item = Place>) -> Self {
        let merged = coalesce(places.map(Place::range).collect(), 0);
        let bytes = merged.iter().map(|r| r.end - r.start).sum();
        let n_places = merged.len();
        let few = merged.into_iter().take(Self::PLACES);
        let places = few.map(|r| Place { offset: r.start, len: r.end - r.start });
        Self { bytes, n_places, places: places.collect(), ..Self::default() }
    }

    fn to_json(&self) -> Json {
        let places: Vec<_> =
            self.places.iter().map(|p| json!([p.offset, p.offset + p.len])).collect();
        let mut out = json!({
            "bytes": self.bytes, "ranges": places, "n_ranges": self.n_places,
        });
        if let Some((shape, count)) = &self.chunks {
            out["chunk_shape"] = shape.clone().into();
            out["n_chunks"] = (*count).into();
        }
        if let Some(name) = &self.compression {
            out["compression"] = name.as_str().into();
        }
        if let Some(dtype) = &self.dtype {
            out["dtype"] = dtype.as_str().into();
        }
        out
    }
}

impl NodeLine {
    fn new(path: &str, name: &str, depth: usize, kind: Kind) -> Self {
        Self {
            path: path.to_owned(),
            depth,
            name: name.to_owned(),
            kind,
            tags: Vec::new(),
            value: None,
            dtype: None,
            shape: Vec::new(),
            unit: None,
            grid: None,
            origin: Vec::new(),
            columns: Vec::new(),
            bytes: None,
            stored: None,
            left_out: 0,
        }
    }

    fn array(&mut self, array: &Array) {
        self.dtype = Some(array.dtype().to_string());
        self.shape = array.shape().iter().map(|&n| n as u64).collect();
        self.unit = array.unit().map(str::to_owned);
        self.grid = array.grid().map(str::to_owned);
        if array.origin().iter().any(|&o| o != 0) {
            self.origin = array.origin().to_vec();
        }
        let items = array.shape().iter().try_fold(1_usize, |n, &a| n.checked_mul(a));
        self.bytes = items
            .and_then(|n| n.checked_mul(array.dtype().size()))
            .and_then(|n| u64::try_from(n).ok());
    }

    fn table(&mut self, table: &Table, part: Option<&PartKind>) {
        self.shape = vec![table.n_rows() as u64];
        let places = match part {
            Some(PartKind::Table(part)) => Some(part),
            _ => None,
        };
        // a row-wise table keeps its columns together: no column has bytes of its own
        let own = places.filter(|part| {
            part.places
                .iter()
                .all(|group| group.len() < 2 || group.first() != group.last())
        });
        let bytes = |name: &str| {
            let part = own?;
            let at = part.columns.iter().position(|c| c == name)?;
            Some(part.places.iter().filter_map(|g| g.get(at)).map(|p| p.len).sum())
        };
        let fields = table.schema().fields().iter();
        self.columns = fields
            .map(|field| Column {
                name: field.name().clone(),
                dtype: field.data_type().to_string(),
                unit: field.metadata().get("unit").cloned(),
                bytes: bytes(field.name()),
            })
            .collect();
    }

    /// A list of plain values is one line; of other nodes the first are shown.
    fn list(&mut self, items: &[Tree]) {
        self.shape = vec![items.len() as u64];
        if !items.is_empty() && items.iter().all(is_plain) {
            let head: Result<Vec<_>> =
                items.iter().take(TEXT).map(values::to_json).collect();
            self.value = head.ok().map(|v| short(&Json::Array(v)));
        } else {
            self.left_out = items.len().saturating_sub(ITEMS);
        }
    }

    fn to_json(&self) -> Json {
        let mut out = json!({"path": self.path, "kind": self.kind.to_string()});
        let mut set = |key: &str, value: Option<Json>| {
            if let Some(value) = value {
                out[key] = value;
            }
        };
        let tags: Vec<_> =
            self.tags.iter().map(|(n, v)| json!({"name": n, "version": v})).collect();
        set("tags", (!tags.is_empty()).then(|| tags.into()));
        set("value", self.value.as_deref().map(Json::from));
        set("dtype", self.dtype.as_deref().map(Json::from));
        let sized =
            matches!(self.kind, Kind::Array | Kind::Table | Kind::Map | Kind::List);
        set("shape", sized.then(|| self.shape.clone().into()));
        set("unit", self.unit.as_deref().map(Json::from));
        set("grid", self.grid.as_deref().map(Json::from));
        set("origin", (!self.origin.is_empty()).then(|| self.origin.clone().into()));
        let columns: Vec<_> = self.columns.iter().map(Column::to_json).collect();
        set("columns", (self.kind == Kind::Table).then(|| columns.into()));
        set("bytes", self.bytes.map(Json::from));
        set("stored", self.stored.as_ref().map(Stored::to_json));
        out
    }
}

impl Column {
    fn to_json(&self) -> Json {
        let mut out = json!({"name": self.name, "type": self.dtype});
        if let Some(unit) = &self.unit {
            out["unit"] = unit.as_str().into();
        }
        if let Some(bytes) = self.bytes {
            out["stored_bytes"] = bytes.into();
        }
        out
    }
}

impl Outline {
    /// For programs: a list of the nodes.
    #[must_use]
    pub fn to_json(&self) -> Json {
        self.nodes.iter().map(NodeLine::to_json).collect()
    }
}
