//! The sky map of an image: from its pixels to the sky and back.
//!
//! Reads the cards of the FITS world coordinate system: the zenithal projections TAN, SIN, ARC,
//! STG and ZEA, with SIP distortion, and any of the ways to write the linear part. Source:
//! FITS 4.0 §8; Greisen & Calabretta 2002, A&A 395, 1061 (paper I); Calabretta & Greisen 2002,
//! A&A 395, 1077 (paper II); Shupe et al. 2005, ADASS XIV, 491 (SIP).
//!
//! Positions are in the frame of the header ([`SkyMap::frame`]), unless a name says ICRS.

mod cards;
mod frame;
mod icrs;
mod linear;
mod projection;
mod sip;
mod sky_map;
#[cfg(test)]
mod tests;

pub use cards::CardValue;
pub use frame::Frame;
pub use sky_map::SkyMap;
