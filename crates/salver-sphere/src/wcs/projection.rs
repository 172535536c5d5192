//! Zenithal projections about a point of the sky.

use super::cards::OP;
use salver_core::{Error, ErrorKind, Op, Result};

/// How the distance from the point of projection becomes a radius on the plane.
///
/// Source: paper II §5.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zenithal {
    /// Gnomonic; great circles are straight.
    Tan,
    /// Orthographic.
    Sin,
    /// Equidistant.
    Arc,
    /// Stereographic.
    Stg,
    /// Equal area.
    Zea,
}

impl Zenithal {
    /// The projection of its three letters.
    pub(super) fn parse(code: &str) -> Result<Self> {
        Ok(match code {
            "TAN" => Self::Tan,
            "SIN" => Self::Sin,
            "ARC" => Self::Arc,
            "STG" => Self::Stg,
            "ZEA" => Self::Zea,
            _ => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    OP,
                    "no such projection here",
                )
                .with("projection", code)
                .hint("supported are TAN, SIN, ARC, STG and ZEA, each also with SIP"));
            }
        })
    }

    /// The angle from the point of projection, radians, for a radius on the plane in radians.
    fn angle_of(self, radius: f64) -> Option<f64> {
        match self {
            Self::Tan => Some(radius.atan()),
            Self::Sin => (radius <= 1.0).then(|| radius.asin()),
            Self::Arc => (radius <= std::f64::consts::PI).then_some(radius),
            Self::Stg => Some(2.0 * (0.5 * radius).atan()),
            Self::Zea => (radius <= 2.0).then(|| 2.0 * (0.5 * radius).asin()),
        }
    }

    /// The radius for an angle given by its sine, at least 0, and its cosine.
    fn radius_of(self, sine: f64, cosine: f64) -> Option<f64> {
        match self {
            Self::Tan => (cosine > 0.0).then(|| sine / cosine),
            Self::Sin => (cosine >= 0.0).then_some(sine),
            Self::Arc => Some(sine.atan2(cosine)),
            Self::Stg => (cosine > -1.0).then(|| 2.0 * sine / (1.0 + cosine)),
            Self::Zea => Some(2.0 * (0.5 * sine.atan2(cosine)).sin()),
        }
    }
}

/// A projection about a point: that point, and the longitude of the celestial pole as seen from
/// it (`LONPOLE`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Projection {
    pub(super) kind: Zenithal,
    pub(super) center_lon: f64,
    pub(super) center_lat: f64,
    pub(super) pole_lon: f64,
}

impl Projection {
    /// Longitude in `[0, 360)` and latitude, degrees, of a place on the plane in degrees.
    ///
    /// Source: paper II §2.4, equation 2, and §5.1.
    pub(super) fn to_sky(self, [x, y]: [f64; 2]) -> Result<(f64, f64)> {
        let (x, y) = (x.to_radians(), y.to_radians());
        let angle = self.kind.angle_of(x.hypot(y)).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                Op("sky_map.pixel_to_sky"),
                "the pixel is beyond the edge of the projected sky",
            )
            .with("plane_x_deg", x.to_degrees())
            .with("plane_y_deg", y.to_degrees())
        })?;
        let turn = x.atan2(-y) - self.pole_lon;
        let (sin_turn, cos_turn) = turn.sin_cos();
        let (sine, cosine) = angle.sin_cos();
        let (sin_lat, cos_lat) = self.center_lat.sin_cos();
        let east = -sine * sin_turn;
        let out = cosine * cos_lat - sine * sin_lat * cos_turn;
        let up = cosine * sin_lat + sine * cos_lat * cos_turn;
        let lon = (self.center_lon + east.atan2(out)).to_degrees().rem_euclid(360.0);
        let lon = if lon < 360.0 { lon } else { 0.0 };
        Ok((lon, up.atan2(east.hypot(out)).to_degrees()))
    }

    /// The place on the plane, degrees.
    pub(super) fn to_plane(self, lon_deg: f64, lat_deg: f64) -> Result<[f64; 2]> {
        let (sin_lon, cos_lon) = (lon_deg.to_radians() - self.center_lon).sin_cos();
        let (sin, cos) = lat_deg.to_radians().sin_cos();
        let (sin_lat, cos_lat) = self.center_lat.sin_cos();
        let a = -cos * sin_lon;
        let b = sin * cos_lat - cos * sin_lat * cos_lon;
        let cosine = sin * sin_lat + cos * cos_lat * cos_lon;
        let radius = self.kind.radius_of(a.hypot(b), cosine).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                Op("sky_map.sky_to_pixel"),
                "the position is on the other side of the sky",
            )
            .with("lon_deg", lon_deg)
            .with("lat_deg", lat_deg)
        })?;
        let (sin_phi, cos_phi) = (self.pole_lon + a.atan2(b)).sin_cos();
        Ok([(radius * sin_phi).to_degrees(), (-radius * cos_phi).to_degrees()])
    }
}
