//! From the frames of old headers to ICRS and back.
//!
//! FK5 at J2000 is taken as ICRS (they differ by less than 0.03"), other equinoxes follow from the
//! precession of 1976 (0.3" a century off). FK4 positions are those of
//! objects without proper motion, of epoch 1950: good to about 0.3". Sources: Aoki et al. 1983,
//! A&A 128, 263 (FK4); Lieske et al. 1977, A&A 58, 1 (precession of FK5); ESA SP-1200, 1997,
//! §1.5.3 (galactic).

use super::frame::Frame;
use crate::vector::{UnitVector, Vec3, add, dot, scale, sub};
use salver_core::{Error, ErrorKind, Op, Result};

type Rotation = [Vec3; 3];

/// From ICRS to galactic.
const TO_GALACTIC: Rotation = [
    [-0.0548755604162154, -0.873437090234885, -0.4838350155487132],
    [0.4941094278755837, -0.4448296299600112, 0.746982244497219],
    [-0.8676661490190047, -0.1980763734312015, 0.4559837761750669],
];
/// From B1950 without the terms of aberration to J2000.
const FROM_B1950: Rotation = [
    [0.9999256795356672, -0.0111814828220464, -0.0048590039655699],
    [0.0111814828396440, 0.9999374848650924, -0.0000271557959450],
    [0.0048590038843768, -0.0000271771046587, 0.9999881946023742],
];
/// The part of yearly aberration that FK4 positions contain.
const ABERRATION: Vec3 = [-1.62557e-6, -0.31919e-6, -0.13843e-6];

impl Frame {
    /// The ICRS direction of a direction in this frame.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for frames that are not fixed to the stars or not known here.
    pub fn to_icrs(&self, v: UnitVector) -> Result<UnitVector> {
        let v = v.to_array();
        let turned = match self.kind()? {
            Kind::Icrs => v,
            Kind::Galactic => back(&TO_GALACTIC, v),
            Kind::B1950 => {
                let clean = add(sub(v, ABERRATION), scale(v, dot(v, ABERRATION)));
                turn(&FROM_B1950, clean)
            }
            Kind::Equinox(years) => back(&precession(years), v),
        };
        Ok(UnitVector::normalise(turned).unwrap_or(UnitVector::Z))
    }

    /// The direction in this frame of an ICRS direction.
    ///
    /// # Errors
    /// As [`Frame::to_icrs`].
    pub fn from_icrs(&self, v: UnitVector) -> Result<UnitVector> {
        let v = v.to_array();
        let turned = match self.kind()? {
            Kind::Icrs => v,
            Kind::Galactic => turn(&TO_GALACTIC, v),
            Kind::B1950 => {
                // undo the aberration by putting it on the result until it stands
                let clean = back(&FROM_B1950, v);
                (0..3).fold(clean, |w, _| {
                    sub(add(clean, ABERRATION), scale(w, dot(w, ABERRATION)))
                })
            }
            Kind::Equinox(years) => turn(&precession(years), v),
        };
        Ok(UnitVector::normalise(turned).unwrap_or(UnitVector::Z))
    }

    fn kind(&self) -> Result<Kind> {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        match self {
            _ if self.is_icrs() => return Ok(Kind::Icrs),
            Self::Galactic => return Ok(Kind::Galactic),
            Self::Equatorial { system, equinox } => match (system.as_str(), equinox) {
                ("FK5", Some(years)) => return Ok(Kind::Equinox(*years)),
                ("FK4", None) => return Ok(Kind::B1950),
                ("FK4", Some(years)) if near(*years, 1950.0) => return Ok(Kind::B1950),
                _ => {}
            },
            _ => {}
        }
        Err(Error::new(
            ErrorKind::Unsupported,
            Op("frame.to_icrs"),
            "no way from this frame to ICRS",
        )
        .with("frame", self)
        .hint("known are ICRS, FK5 of any equinox, FK4 of 1950 and galactic"))
    }
}

enum Kind {
    Icrs,
    Galactic,
    B1950,
    Equinox(f64),
}

/// From J2000 to the mean equator and equinox of a year.
fn precession(years: f64) -> Rotation {
    let t = (years - 2000.0) / 100.0;
    let angle =
        |a: f64, b: f64, c: f64| (t * (a + t * (b + t * c)) / 3600.0).to_radians();
    let (sin_zeta, cos_zeta) = angle(2306.2181, 0.30188, 0.017998).sin_cos();
    let (sin_z, cos_z) = angle(2306.2181, 1.09468, 0.018203).sin_cos();
    let (sin_theta, cos_theta) = angle(2004.3109, -0.42665, -0.041833).sin_cos();
    [
        [
            cos_z * cos_theta * cos_zeta - sin_z * sin_zeta,
            -cos_z * cos_theta * sin_zeta - sin_z * cos_zeta,
            -cos_z * sin_theta,
        ],
        [
            sin_z * cos_theta * cos_zeta + cos_z * sin_zeta,
            -sin_z * cos_theta * sin_zeta + cos_z * cos_zeta,
            -sin_z * sin_theta,
        ],
        [sin_theta * cos_zeta, -sin_theta * sin_zeta, cos_theta],
    ]
}

fn turn(rotation: &Rotation, v: Vec3) -> Vec3 {
    rotation.map(|row| dot(row, v))
}

/// The inverse of [`turn`]: by the columns.
fn back(rotation: &Rotation, v: Vec3) -> Vec3 {
    let [a, b, c] = *rotation;
    add(add(scale(a, v[0]), scale(b, v[1])), scale(c, v[2]))
}
