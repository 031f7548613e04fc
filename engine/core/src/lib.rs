//! The sans-IO engine: one input in, a list of effects out. It knows no socket, no clock and no thread.
#![no_std]
#![deny(clippy::float_arithmetic)]
extern crate alloc;

mod engine;
pub mod health;
pub mod io;
pub mod lvs;
pub mod model;
mod node;
mod notify;
#[cfg(feature = "planted")]
pub mod planted;
pub mod policy;
mod reload;
pub mod rules;
pub mod time;
pub mod track;
pub mod vrrp;

pub use engine::{Echo, Engine, look};
pub use io::{
    Command, Effect, EffectKind, Exit, Finished, Input, InstanceStatus, Job, KernelEvent, LinkChange, News, Notice,
    Output, State, TimerKind, Trace, TraceKind, Wake,
};
pub use policy::Policy;
pub use rules::Rule;
pub use time::{Instant, Span};
