//! The salver command.
fn main() {}
