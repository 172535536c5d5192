//! Cutouts of a real image: M13 as a tile-compressed FITS file (examples/data).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use salver_core::{ErrorKind, Result};
use salver_model::{DatasetRef, FileRecord};
use salver_store::ready;
use salver_tree::{Array, BoxSelect, Map, Tree};

use super::fixture::{Fixture, sample_config};
use crate::formatter::FITS_FORMATTER;
use crate::{IngestFile, IngestMode, Moved, ReadRequest, SkyBox, SkySize};

/// The middle of the image, ICRS, degrees.
const MIDDLE: (f64, f64) = (250.4226, 36.4602);

fn image() -> (Fixture, DatasetRef, Vec<FileRecord>) {
    let fixture = Fixture::new(Path::new("/nowhere"), &sample_config());
    let path: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/m13_rice.fits");
    let refs = [fixture.like("count", "image", "FitsFile")];
    let path = path.to_str().unwrap();
    let file = IngestFile { path, refs: &refs, formatter: Some(FITS_FORMATTER) };
    let staged =
        fixture.datastore.stage_ingest(std::slice::from_ref(&file), IngestMode::Direct);
    let mut staged = ready(staged).unwrap();
    let records = ready(staged.publish()).unwrap();
    staged.keep().unwrap();
    let [dataset] = refs;
    (fixture, dataset, records)
}

fn get(request: &ReadRequest) -> Result<Tree> {
    let (fixture, dataset, records) = image();
    ready(fixture.datastore.read(&dataset, &records, request))
}

/// The first image of a tree.
fn pixels(tree: &Tree) -> Option<&Array> {
    match tree.untagged() {
        Tree::Array(array) if array.shape().len() == 2 => Some(array),
        Tree::Map(map) => map.iter().find_map(|(_, node)| pixels(node)),
        Tree::List(items) => items.iter().find_map(pixels),
        _ => None,
    }
}

fn sky(size: SkySize) -> ReadRequest {
    let sky = Some(SkyBox { ra_deg: MIDDLE.0, dec_deg: MIDDLE.1, size });
    ReadRequest { sky, ..ReadRequest::default() }
}

#[test]
fn a_cutout_around_a_position_moves_less_than_the_whole() {
    let counted = |request: ReadRequest| {
        let moved = Arc::new(Moved::default());
        let request = ReadRequest { moved: Some(Arc::clone(&moved)), ..request };
        (get(&request).unwrap(), moved)
    };
    let (cut, moved) = counted(sky(SkySize::Pixels { x: 20, y: 10 }));
    let (whole, moved_whole) = counted(ReadRequest::default());
    let cut = pixels(&cut).unwrap();
    assert_eq!(cut.shape(), [10, 20]);
    assert_eq!(moved.total(), moved_whole.total());
    assert!(0 < moved.bytes() && moved.bytes() < moved_whole.bytes(), "{moved:?}");
    let region = cut.origin().iter().zip([10, 20]).map(|(&o, n)| o..o + n).collect();
    let same = pixels(&whole).unwrap().cut(&BoxSelect(region)).unwrap();
    assert_eq!(cut.buffer().unwrap().as_slice(), same.buffer().unwrap().as_slice());
}

#[test]
fn a_box_of_the_reference_is_the_same_cutout() {
    let cut = get(&sky(SkySize::Pixels { x: 20, y: 10 })).unwrap();
    let cut = pixels(&cut).unwrap().clone();
    let (y, x) = (cut.origin()[0], cut.origin()[1]);
    let bbox = [("x0", x), ("y0", y), ("x1", x + 19), ("y1", y + 9)];
    let bbox: Map =
        bbox.map(|(k, v)| (k.to_owned(), Tree::from(v))).into_iter().collect();
    let parameters = Map::from_iter([("bbox".to_owned(), Tree::Map(bbox))]);
    let same = get(&ReadRequest { parameters, ..ReadRequest::default() }).unwrap();
    assert_eq!(pixels(&same), Some(&cut));
}

#[test]
fn a_position_elsewhere_names_dataset_and_artifact() {
    let size = SkySize::Radius(0.001);
    let sky = Some(SkyBox { ra_deg: 10.0, dec_deg: -20.0, size });
    let error = get(&ReadRequest { sky, ..ReadRequest::default() }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = error.to_string();
    assert!(text.contains("m13_rice.fits") && text.contains("image@"), "{text}");
}
