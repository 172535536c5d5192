//! A page with the graph drawn.

use std::fmt::Write as _;

use super::edges::Standing;
use super::graph::Graph;

/// Width of a box and distance of layers, in pixels.
const BOX: (usize, usize) = (250, 340);
/// Height of a box and distance of boxes, in pixels.
const ROW: (usize, usize) = (34, 46);
/// Datasets that a picture shows; the page tells how many there are.
const MOST: usize = 400;

impl Graph {
    /// Where each of the first datasets is drawn, and how many there are in each layer.
    fn places(&self) -> (Vec<(usize, usize)>, Vec<usize>) {
        let layers = self.layers();
        let mut heights: Vec<usize> = Vec::new();
        let places = layers
            .iter()
            .take(MOST)
            .map(|&layer| {
                if heights.len() <= layer {
                    heights.resize(layer + 1, 0);
                }
                let row = heights.get_mut(layer).map_or(0, |height| {
                    *height += 1;
                    *height - 1
                });
                (10 + layer * BOX.1, 10 + row * ROW.1)
            })
            .collect();
        (places, heights)
    }

    /// The graph as SVG: inputs on the left, what was made of them to their right.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let (places, heights) = self.places();
        let width = heights.len() * BOX.1;
        let height = heights.iter().max().copied().unwrap_or_default() * ROW.1 + 20;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n"
        );
        for line in self.lines() {
            let (Some(from), Some(to)) =
                (places.get(line.source), places.get(line.target))
            else {
                continue;
            };
            let (x1, y1) = (to.0 + BOX.0, to.1 + ROW.0 / 2);
            let (x2, y2) = (from.0, from.1 + ROW.0 / 2);
            let middle = usize::midpoint(x1, x2);
            // writing to text cannot fail
            let _written = writeln!(
                out,
                "<path d=\"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}\" fill=\"none\" \
                 stroke=\"#8899aa\"><title>{} {}</title></path>",
                line.kind,
                escaped(&line.node)
            );
        }
        for (node, (x, y)) in self.nodes().iter().zip(&places) {
            let (dash, fill) = match node.standing {
                Standing::Present => ("", "#eef4fb"),
                _ => (" stroke-dasharray=\"4 3\"", "#fbeeee"),
            };
            let label: String = node.label().chars().take(40).collect();
            let _written = writeln!(
                out,
                "<g><title>{} ({})</title><rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" \
                 rx=\"5\" fill=\"{fill}\" stroke=\"#445566\"{dash}/><text x=\"{}\" y=\"{}\">{}\
                 </text></g>",
                escaped(&node.leaf.to_string()),
                node.standing,
                BOX.0,
                ROW.0,
                x + 8,
                y + 21,
                escaped(&label)
            );
        }
        out.push_str("</svg>\n");
        out
    }

    /// A page that holds the picture; it needs nothing from elsewhere.
    #[must_use]
    pub fn to_html(&self, title: &str) -> String {
        let shown = self.nodes().len().min(MOST);
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <title>{0}</title></head>\n<body style=\"font-family:sans-serif\"><h1>{0}</h1>\n\
             <p>{shown} of {1} datasets, {2} references; inputs on the left.</p>\n{3}</body></html>\n",
            escaped(title),
            self.nodes().len(),
            self.lines().len(),
            self.to_svg()
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
