"""Writes vectors.json: what astropy's WCS gives for pixels of real and made-up headers.

Usage: python make_vectors.py FOLDER_WITH_FITS_FILES > vectors.json (needs astropy and NumPy).
"""

import json
import sys
import warnings

import numpy as np
from astropy.coordinates import FK4, FK5, SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

warnings.simplefilter("ignore")
FILES = [
    ("hst_acs_hrc_j8bt06nyq_flt.fits", 1),
    ("m13.fits", 0),
    ("ngc1316_rice.fits", 1),
    ("jwst_nircam_jw01075001001_03105_00009_nrca2_hdr.fits", 1),
    ("jwst_nircam_jw01075001001_03105_00009_nrca3_hdr.fits", 1),
    ("jwst_nircam_jw01075001001_03105_00009_nrca4_hdr.fits", 1),
    ("jwst_fgs_acq1.fits", 1),
    ("vlt_isaac_20060413.fits", 0),
    ("sdo_aia_171.fits", 0),
    ("stereo_secchi_a.fits", 0),
    ("stereo_secchi_b.fits", 0),
]
PREFIXES = (
    "CTYPE", "CRVAL", "CRPIX", "CDELT", "CUNIT", "CROTA", "CD1_", "CD2_", "PC1_", "PC2_", "PV",
    "LONPOLE", "LATPOLE", "RADESYS", "EQUINOX", "EPOCH", "WCSAXES", "NAXIS", "A_", "B_", "AP_", "BP_",
)


def made_up():
    """Headers for what the real ones do not have."""
    base = {"CRPIX1": 512.25, "CRPIX2": 480.75, "CDELT1": -0.01, "CDELT2": 0.012}
    for name in ("TAN", "SIN", "ARC", "STG", "ZEA"):
        for ra, dec in ((10.0, 20.0), (359.99, -89.5), (200.0, 90.0), (0.0, -90.0), (123.4, 0.0)):
            yield f"{name} {ra} {dec}", base | {
                "CTYPE1": f"RA---{name}", "CTYPE2": f"DEC--{name}", "CRVAL1": ra, "CRVAL2": dec,
                "CROTA2": 33.0,
            }
    tan = base | {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 83.6, "CRVAL2": 22.0}
    yield "lonpole", tan | {"LONPOLE": 150.0}
    yield "galactic", tan | {"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN"}
    yield "latitude first", tan | {
        "CTYPE1": "DEC--TAN", "CTYPE2": "RA---TAN", "CRVAL1": 22.0, "CRVAL2": 83.6,
        "CD1_1": 1e-4, "CD1_2": 2e-3, "CD2_1": -3e-3, "CD2_2": 4e-4,
    }
    yield "some of cd", tan | {"CD1_1": -1e-3, "CD2_2": 1e-3}
    yield "some of pc", tan | {"PC1_2": 0.1}
    yield "arcsec", tan | {
        "CUNIT1": "arcsec", "CUNIT2": "arcsec", "CRVAL1": 83.6 * 3600, "CRVAL2": 22.0 * 3600,
        "CDELT1": -0.2, "CDELT2": 0.2,
    }
    yield "sip", tan | {
        "CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "CDELT1": -2e-4, "CDELT2": 2e-4,
        "A_ORDER": 3, "A_2_0": 2.1e-6, "A_1_1": -3.3e-6, "A_0_2": 1.2e-6, "A_3_0": 4e-10, "A_1_2": -5e-10,
        "B_ORDER": 2, "B_2_0": -1.7e-6, "B_1_1": 2.9e-6, "B_0_2": 3.1e-6,
    }


def case(name, header, shape):
    wcs = WCS(header, naxis=2)
    nx, ny = shape
    rng = np.random.default_rng(len(name))
    xy = [[0, 0], [nx - 1, 0], [nx - 1, ny - 1], [-0.5, ny - 0.5]]
    xy += (rng.uniform(0, 1, (8, 2)) * [nx, ny]).tolist()
    sky = wcs.all_pix2world(np.array(xy, float), 0)
    if wcs.wcs.lng == 1:
        sky = sky[:, ::-1]
    keep = []
    for card in header.cards:
        if card.keyword.startswith(PREFIXES) and isinstance(card.value, (str, int, float)):
            keep.append([card.keyword, card.value])
    return {"name": name, "cards": keep, "shape": [nx, ny], "xy": xy, "sky_deg": sky.tolist()}


cases = []
for file, hdu in FILES:
    with fits.open(f"{sys.argv[1]}/{file}") as hdus:
        header = hdus[hdu].header
        shape = (header["NAXIS1"], header["NAXIS2"])
        if file.startswith("jwst_nircam"):
            shape = (2048, 2048)
        cases.append(case(file, header, shape))
for name, cards in made_up():
    header = fits.Header()
    header["NAXIS"] = 2
    for key, value in cards.items():
        header[key] = value
    cases.append(case(name, header, (1000, 900)))


def frames():
    """Positions in other frames: longitude, latitude, and both in ICRS."""
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(0, 360, 20), np.degrees(np.arcsin(rng.uniform(-1, 1, 20)))
    for name, frame in {
        "ICRS": "icrs",
        "FK5 2000": FK5(equinox="J2000"),
        "FK5 1975": FK5(equinox="J1975"),
        "FK4 1950": FK4(equinox="B1950", obstime="B1950"),
        "galactic": "galactic",
    }.items():
        icrs = SkyCoord(lon, lat, unit="deg", frame=frame).icrs
        yield name, np.transpose([lon, lat, icrs.ra.deg, icrs.dec.deg]).tolist()


json.dump(
    {"about": "made by make_vectors.py with astropy", "cases": cases, "frames": dict(frames())},
    sys.stdout, indent=0,
)
