//! Writes FITS files of every compression and item type into a folder, for other readers to check:
//! `fits_samples FOLDER`.
//!
//! Each `NAME.fits` has a `NAME.raw`, the pixels that we read back from it, little-endian and in C
//! order; `samples.json` lists them. Files of astropy given after the folder are read and written
//! again, without compression, under the same name.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a tool of the tests reports by panicking and writes files"
)]

use std::path::Path;
use std::sync::Arc;

use salver_formats::Fits;
use salver_formats::fits::{HduName, Header, read_image, write_image};
use salver_tree::{
    Array, DType, EncodeOptions, Format as _, MemorySource, Select, Source, filled,
};

const SHAPE: [usize; 2] = [37, 53];

/// Noise on a slope, the same each time.
fn pixels() -> Vec<f64> {
    let mut state = 1_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        f64::from(u32::try_from(state >> 33).unwrap()) / f64::from(u32::MAX >> 1)
    };
    let n = u32::try_from(SHAPE.iter().product::<usize>()).unwrap();
    (0..n)
        .map(|i| {
            50.0 + f64::from(i) / 40.0
                + 4.0 * (0..6).map(|_| uniform() - 0.5).sum::<f64>()
        })
        .collect()
}

/// The pixels as items of a type; `holes` puts NaN and zeros between real ones.
fn image(dtype: DType, holes: bool) -> Array {
    let hole = |(i, v)| match i {
        _ if !holes => v,
        i if i % 17 == 0 => f64::NAN,
        i if i % 23 == 5 => 0.0,
        _ => v,
    };
    let values = pixels().into_iter().enumerate().map(hole);
    let size = dtype.size();
    let bytes = SHAPE.iter().product::<usize>() * size;
    let buffer = filled(dtype, bytes, |out| {
        for (to, v) in out.chunks_exact_mut(size).zip(values) {
            let item = item(dtype, v);
            to.copy_from_slice(&item[..size]);
        }
        Ok(())
    });
    Array::new(dtype, SHAPE.to_vec(), buffer.unwrap()).unwrap()
}

/// The bytes of one item in native order, at the start of eight.
fn item(dtype: DType, v: f64) -> [u8; 8] {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a few hundred, or single precision"
    )]
    let (whole, single) = (v.round() as i64, v as f32);
    let mut out = [0; 8];
    let mut put = |bytes: &[u8]| out[..bytes.len()].copy_from_slice(bytes);
    match dtype {
        DType::F32 => put(&single.to_ne_bytes()),
        DType::F64 => put(&v.to_ne_bytes()),
        DType::I8 => put(&i8::try_from(whole - 80).unwrap().to_ne_bytes()),
        DType::U8 => put(&u8::try_from(whole).unwrap().to_ne_bytes()),
        DType::I16 => put(&i16::try_from(whole - 80).unwrap().to_ne_bytes()),
        DType::U16 => put(&u16::try_from(whole + 32700).unwrap().to_ne_bytes()),
        DType::I32 => put(&i32::try_from(whole - 80).unwrap().to_ne_bytes()),
        DType::U32 => put(&u32::try_from(whole + 2147483600).unwrap().to_ne_bytes()),
        DType::I64 => put(&((whole - 80) << 33).to_ne_bytes()),
        _ => put(&(u64::MAX - u64::try_from(whole).unwrap()).to_ne_bytes()),
    }
    out
}

struct Sample {
    name: String,
    array: Array,
    options: EncodeOptions,
    lossless: bool,
}

fn sample(
    compression: &str,
    tile: &[u64],
    name: &str,
    array: Array,
    extra: &[(&str, &str)],
) -> Sample {
    let extra = [("checksum", "true")].iter().chain(extra);
    let options = EncodeOptions {
        compression: Some(compression.to_owned()),
        tile: Some(tile.to_vec()),
        extra: extra.map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
    };
    let [rows, columns] = [tile[0], tile[1]];
    let name = format!("{compression}_{rows}x{columns}_{name}");
    let lossless = compression == "none" || !options.extra.contains_key("dither");
    Sample { name, array, options, lossless }
}

fn samples() -> Vec<Sample> {
    const WHOLE: [DType; 8] = [
        DType::U8,
        DType::I8,
        DType::I16,
        DType::U16,
        DType::I32,
        DType::U32,
        DType::I64,
        DType::U64,
    ];
    let mut out = Vec::new();
    for compression in ["none", "rice", "gzip", "gzip2"] {
        for tile in [[16, 16], [1, 53], [7, 53]] {
            for dtype in WHOLE {
                let name = dtype.to_string();
                out.push(sample(compression, &tile, &name, image(dtype, false), &[]));
            }
            for dtype in [DType::F32, DType::F64] {
                let (name, extra) = (format!("{dtype}_plain"), [("quantize_level", "0")]);
                out.push(sample(compression, &tile, &name, image(dtype, true), &extra));
                for dither in ["none", "1", "2"] {
                    let name = format!("{dtype}_dither_{dither}");
                    let extra = [
                        ("quantize_level", "8"),
                        ("dither", dither),
                        ("dither_seed", "9995"),
                    ];
                    out.push(sample(
                        compression,
                        &tile,
                        &name,
                        image(dtype, true),
                        &extra,
                    ));
                }
            }
        }
    }
    out
}

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().unwrap();
    let folder = Path::new(&folder);
    let mut rows = Vec::new();
    for sample in samples() {
        let mut bytes = Vec::new();
        write_image(&mut bytes, &sample.array, &Header::default(), &sample.options)
            .unwrap();
        std::fs::write(folder.join(format!("{}.fits", sample.name)), &bytes).unwrap();
        let hdu = usize::from(sample.options.compression.as_deref() != Some("none"));
        let back =
            read_image(&MemorySource::new(bytes), HduName::Number(hdu), None).unwrap();
        let pixels = back.buffer().unwrap();
        if sample.lossless {
            assert_eq!(pixels, sample.array.buffer().unwrap(), "{}", sample.name);
        }
        std::fs::write(folder.join(format!("{}.raw", sample.name)), pixels.as_slice())
            .unwrap();
        rows.push(serde_json::json!({
            "name": sample.name, "hdu": hdu, "dtype": back.dtype().to_string(), "shape": SHAPE,
        }));
    }
    let rows = serde_json::to_vec_pretty(&rows).unwrap();
    std::fs::write(folder.join("samples.json"), rows).unwrap();
    for file in args {
        let file = Path::new(&file);
        let source: Arc<dyn Source> =
            Arc::new(MemorySource::new(std::fs::read(file).unwrap()));
        let index = Arc::new(Fits.index(&source).unwrap());
        let tree = Fits.decode(&index, &Select::all(), &source).unwrap();
        let mut bytes = Vec::new();
        Fits.encode(&tree, &EncodeOptions::default(), &mut bytes).unwrap();
        std::fs::write(folder.join(file.file_name().unwrap()), bytes).unwrap();
    }
}
