//! Graphviz.

use std::fmt::Write as _;

use super::edges::Standing;
use super::graph::Graph;

impl Graph {
    /// The graph in the DOT language: an arrow from each dataset to what it was made from; what is
    /// not present is dashed.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut out =
            String::from("digraph lineage {\n  rankdir=RL;\n  node [shape=box];\n");
        for node in self.nodes() {
            let style =
                if node.standing == Standing::Present { "" } else { ", style=dashed" };
            let label = quoted(&node.label());
            // writing to text cannot fail
            let _written =
                writeln!(out, "  \"{}\" [label={label}{style}];", node.id.simple());
        }
        for line in self.lines() {
            let (Some(source), Some(target)) =
                (self.nodes().get(line.source), self.nodes().get(line.target))
            else {
                continue;
            };
            let mut label = format!("{} {}", line.kind, line.node);
            if let Some(component) = &line.component {
                label = format!("{label} → {component}");
            }
            let _written = writeln!(
                out,
                "  \"{}\" -> \"{}\" [label={}];",
                source.id.simple(),
                target.id.simple(),
                quoted(label.trim_end())
            );
        }
        out.push_str("}\n");
        out
    }
}

fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
    )
}
