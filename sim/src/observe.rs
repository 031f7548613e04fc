//! The observers: what people and machines get to see of a run. None of them can change the world.
pub mod blocks;
pub mod capture;
pub mod checkers;
pub mod classify;
pub mod digest;
pub mod json;
pub mod outage;
pub mod promises;
pub mod states;
pub mod tables;
pub mod timeline;
pub mod why;
pub mod words;

#[cfg(test)]
pub(crate) mod stage;

pub use blocks::Blocks;
pub use capture::Capture;
pub use digest::{Difference, Digest, Event, first_difference};
pub use outage::{ClientView, Gap, Outages};
pub use promises::{Judgement, Promises};
pub use states::{Held, Interval, States};
pub use timeline::{Level, Line, Timeline};
pub use why::Why;
