//! The butler: one get and put path over registry and datastore.
