//! Universes, data IDs, dataset types and refs of Salver.
