//! The simulator for a browser: [`answer`] takes a question and gives an answer, both JSON, and knows no files, clock or threads.
//!
//! `door.rs` is how JavaScript reaches it, `shelf.rs` makes the page around it (on the machine that builds, with the feature `page`).
#![deny(clippy::float_arithmetic)]

mod answer;
#[expect(
    unsafe_code,
    reason = "an export keeps its name by an attribute that counts as unsafe; no unsafe operation is here"
)]
mod door;
mod moved;
mod question;
mod reading;
#[cfg(feature = "page")]
pub mod shelf;
mod told;

pub use answer::answer;
