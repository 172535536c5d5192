//! Regions, pixelisations and sky maps of Salver.
