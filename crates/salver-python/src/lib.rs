//! The Python package of Salver.
