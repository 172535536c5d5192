//! Times the reading of an image from a FITS file: `fits_read FILE HDU [Y0 Y1 X0 X1]`.
//!
//! Prints the best and the median of twenty reads, each with a newly opened file, in milliseconds.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a measuring tool opens files, reads the clock and prints"
)]

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use bytes::Bytes;
use salver_core::{ErrorKind, Op, Result, ResultExt};
use salver_formats::fits::{HduName, read_image};
use salver_tree::{BoxSelect, Source};

#[derive(Debug)]
struct Local(File, u64);

impl Source for Local {
    fn len(&self) -> u64 {
        self.1
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        ranges
            .iter()
            .map(|r| {
                let len = usize::try_from(r.end - r.start).expect("a range in memory");
                let mut bytes = vec![0; len];
                self.read_into(r.start, &mut bytes)?;
                Ok(bytes.into())
            })
            .collect()
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.0.read_exact_at(buffer, offset).op(
            ErrorKind::Io,
            Op("example.read"),
            "read failed",
        )
    }
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |k: usize| args.get(k).and_then(|a| a.parse::<i64>().ok());
    let path = args.first().expect("usage: fits_read FILE HDU [Y0 Y1 X0 X1]");
    let hdu = usize::try_from(number(1).unwrap_or(0)).unwrap_or(0);
    let section = match (number(2), number(3), number(4), number(5)) {
        (Some(a), Some(b), Some(c), Some(d)) => Some(BoxSelect(vec![a..b, c..d])),
        _ => None,
    };
    let mut times = Vec::new();
    let mut pixels = 0;
    for _ in 0..20 {
        let start = Instant::now();
        let file =
            File::open(path).op(ErrorKind::Io, Op("example.open"), "open failed")?;
        let len =
            file.metadata().op(ErrorKind::Io, Op("example.open"), "no length")?.len();
        let image =
            read_image(&Local(file, len), HduName::Number(hdu), section.as_ref())?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        pixels = image.len();
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{pixels} pixels: best {:.3} ms, median {:.3} ms",
        times[0],
        times[times.len() / 2]
    );
    Ok(())
}
