//! [`Frame`]: what the longitudes and latitudes of a sky map are.

use super::cards::Cards;
use salver_core::Result;
use std::fmt;

/// The frame of a sky map's longitudes and latitudes. Source: FITS 4.0 §8.3.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Frame {
    /// Right ascension and declination.
    Equatorial {
        /// `ICRS`, `FK5`, `FK4`, … as the header says or as the standard infers.
        system: String,
        /// The equinox in years; none for ICRS.
        equinox: Option<f64>,
    },
    /// Galactic longitude and latitude.
    Galactic,
    /// Ecliptic longitude and latitude.
    Ecliptic,
    /// Helioprojective longitude and latitude: positions as seen from the observer relative to
    /// the centre of the Sun, not to the stars.
    Helioprojective,
    /// Any other pair of spherical axes, by the letters of the longitude axis.
    Other(String),
}

impl Frame {
    /// The frame of the axis type's letters, `RA`, `GLON`, …
    pub(super) fn new(axis: &str, cards: &Cards<'_>) -> Result<Self> {
        Ok(match axis {
            "RA" => {
                let equinox = match cards.number("EQUINOX")? {
                    Some(years) => Some(years),
                    None => cards.number("EPOCH")?,
                };
                let named = match cards.text("RADESYS")? {
                    Some(name) => Some(name),
                    None => cards.text("RADECSYS")?,
                };
                let system = match (named.filter(|name| !name.is_empty()), equinox) {
                    (Some(name), _) => name.to_owned(),
                    (None, None) => "ICRS".to_owned(),
                    (None, Some(years)) if years < 1984.0 => "FK4".to_owned(),
                    (None, Some(_)) => "FK5".to_owned(),
                };
                let equinox = equinox.filter(|_| system != "ICRS");
                Self::Equatorial { system, equinox }
            }
            "GLON" => Self::Galactic,
            "ELON" => Self::Ecliptic,
            "HPLN" => Self::Helioprojective,
            other => Self::Other(other.to_owned()),
        })
    }

    /// Whether positions are right ascension and declination.
    pub fn is_equatorial(&self) -> bool {
        matches!(self, Self::Equatorial { .. })
    }

    /// Whether positions are in ICRS, or in FK5 at J2000, which differs from it by less than
    /// 0.1".
    pub fn is_icrs(&self) -> bool {
        let Self::Equatorial { system, equinox } = self else { return false };
        let j2000 = equinox.is_none_or(|years| (years - 2000.0).abs() < 1e-9);
        system == "ICRS" || (system == "FK5" && j2000)
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equatorial { system, equinox: Some(years) } => {
                write!(f, "{system} {years}")
            }
            Self::Equatorial { system, equinox: None } => f.write_str(system),
            Self::Galactic => f.write_str("galactic"),
            Self::Ecliptic => f.write_str("ecliptic"),
            Self::Helioprojective => f.write_str("helioprojective"),
            Self::Other(axis) => f.write_str(axis),
        }
    }
}
