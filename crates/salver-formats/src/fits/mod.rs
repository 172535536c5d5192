//! FITS 4.0: images, tile-compressed images, binary tables and headers.
