//! `cutout`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{ArgGroup, Args};
use salver::datastore::{Moved, SkyBox, SkySize};
use salver::tree::{Array, BoxSelect, Tree};
use salver::{Error, ErrorKind, GetOptions, Op, Result, files};
use serde_json::json;

use super::common::{Which, open};
use super::show::first_image;
use crate::input::numbers;
use crate::output::Out;
use crate::picture;

const OP: Op = Op("cli.cutout");

/// Read a part of an image, moving only the bytes that it needs.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("place").required(true).args(["position", "region"])))]
pub(crate) struct Cutout {
    #[command(flatten)]
    which: Which,
    /// `RA DEC` of the middle, ICRS, degrees.
    #[arg(short, long, value_name = "RA DEC", allow_hyphen_values = true)]
    position: Option<String>,
    /// Pixels along x and y around --position: `N` or `NX,NY`.
    #[arg(
        short,
        long,
        default_value = "100",
        value_name = "PIXELS",
        conflicts_with = "region"
    )]
    size: String,
    /// Radius around --position in degrees, in place of --size.
    #[arg(long, value_name = "DEGREES", conflicts_with_all = ["size", "region"])]
    radius: Option<f64>,
    /// Box of pixels, 0-based, ends outside: `X0:X1,Y0:Y1`.
    #[arg(long = "box", value_name = "X0:X1,Y0:Y1", allow_hyphen_values = true)]
    region: Option<String>,
    /// File to write: `.fits`, `.npy`, or `.png` for a picture.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Cutout {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open(&self.which.repo)?;
        let (dataset, component) = self.which.find(&butler)?;
        let moved = Arc::new(Moved::default());
        let options = GetOptions {
            region: self.region.as_deref().map(pixel_box).transpose()?,
            sky: self.sky()?,
            moved: Some(Arc::clone(&moved)),
            ..GetOptions::default()
        };
        let tree = butler.get_ref(&dataset, component.as_deref(), &options)?;
        let image = first_image(&tree)
            .ok_or_else(|| Error::new(ErrorKind::InvalidInput, OP, "no image there"))?;
        let mut text = format!(
            "{} {} at {}\nmoved {} of {} bytes in {} reads\n",
            sizes(image),
            image.dtype(),
            places(image),
            moved.bytes(),
            moved.total(),
            moved.reads(),
        );
        if let Some(path) = &self.output {
            let bytes = write(path, &tree, image)?;
            text.push_str(
                &format_args!("{} ({bytes} bytes)\n", path.display()).to_string(),
            );
        }
        let json = json!({
            "dataset": dataset.to_json(), "shape": image.shape(), "origin": image.origin(),
            "dtype": image.dtype().to_string(), "moved_bytes": moved.bytes(),
            "total_bytes": moved.total(), "reads": moved.reads(), "output": self.output,
        });
        Ok(Out::text(text, json))
    }

    fn sky(&self) -> Result<Option<SkyBox>> {
        let Some(position) = &self.position else { return Ok(None) };
        let [ra_deg, dec_deg] = *numbers(position)?.as_slice() else {
            return Err(wrong("a position is `RA DEC` in degrees", position));
        };
        let size = match self.radius {
            Some(radius) => SkySize::Radius(radius),
            None => pixels(&self.size)?,
        };
        Ok(Some(SkyBox { ra_deg, dec_deg, size }))
    }
}

/// `N` or `NX,NY` pixels.
fn pixels(text: &str) -> Result<SkySize> {
    let parts = text.split(',').map(|n| n.trim().parse::<u32>().ok());
    match parts.collect::<Option<Vec<_>>>().as_deref() {
        Some([n]) => Ok(SkySize::Pixels { x: *n, y: *n }),
        Some([x, y]) => Ok(SkySize::Pixels { x: *x, y: *y }),
        _ => Err(wrong("a size is `N` or `NX,NY` pixels", text)),
    }
}

fn wrong(message: &str, given: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, OP, message).with("given", given)
}

/// `X0:X1,Y0:Y1` as a box, slowest axis first.
fn pixel_box(text: &str) -> Result<BoxSelect> {
    let range = |part: &str| {
        let (first, end) = part.split_once(':')?;
        Some(first.trim().parse().ok()?..end.trim().parse().ok()?)
    };
    let ranges: Option<Vec<_>> = text.split(',').rev().map(range).collect();
    ranges.map(BoxSelect).ok_or_else(|| wrong("a box is `X0:X1,Y0:Y1`", text))
}

/// `NX × NY`, fastest axis first.
fn sizes(image: &Array) -> String {
    let axes: Vec<_> = image.shape().iter().rev().map(ToString::to_string).collect();
    axes.join(" × ")
}

/// Pixel of the first item, fastest axis first.
fn places(image: &Array) -> String {
    let axes: Vec<_> = image.origin().iter().rev().map(ToString::to_string).collect();
    format!("({})", axes.join(", "))
}

/// Writes a cutout; gives the number of bytes.
fn write(path: &std::path::Path, tree: &Tree, image: &Array) -> Result<u64> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("png") => {
            let bytes = picture::png(image)?;
            files::write_bytes(path, &bytes)?;
            Ok(bytes.len() as u64)
        }
        Some("npy") => files::write_tree(path, &Tree::Array(image.clone())),
        _ => files::write_tree(path, tree),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_turned_to_the_slowest_axis_first() {
        assert_eq!(pixel_box("1:5,-2:8").unwrap(), BoxSelect(vec![-2..8, 1..5]));
        assert!(pixel_box("1-5").is_err());
    }
}
