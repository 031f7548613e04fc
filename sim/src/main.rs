//! `vrrplab`: the command line.
fn main() {}
