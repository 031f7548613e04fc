//! The sans-IO engine: one input in, a list of effects out. It knows no socket, no clock and no thread.
#![no_std]
#![deny(clippy::float_arithmetic)]
#![cfg_attr(test, allow(clippy::disallowed_methods))]
extern crate alloc;

pub mod io;
pub mod model;
pub mod policy;
pub mod rules;
pub mod time;

pub use io::{Effect, EffectId, EffectKind, Input, InstanceStatus, KernelEvent, State, TimerKind, Trace, TraceKind, Wake};
pub use policy::Policy;
pub use rules::Rule;
pub use time::{Instant, Span};
