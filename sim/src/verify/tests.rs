//! Each kind of disagreement is found.
