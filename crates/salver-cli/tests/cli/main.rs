//! The command line, run as a program.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod verbs;
