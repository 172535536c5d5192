//! What an image's header says it is: instrument, exposure, time, place on the sky.
//!
//! [`observe`] reads one header into an [`Observation`]; [`dimension_records`] turns several of
//! them into the dimension records that a repository needs before the images can be ingested.
//! Instruments it knows: HST's ACS and JWST's `NIRCam`; any other image with a celestial WCS becomes
//! a survey image under stand-in names (see [`Observation`]).

mod cards;
mod footprint;
mod image;
mod instruments;
mod observation;
mod records;

pub use cards::Cards;
pub use image::{ImageIngest, ingest_images, observe_file};
pub use instruments::observe;
pub use observation::{Detector, Observation};
pub use records::{RecordSet, dimension_records};
