//! The seeded world around the engine: clock, switches, simulated Linux nodes, clients, faults, observers.
//!
//! The feature `command` (the default) adds the command `vrrplab`: what a browser has no use for is named here and in `report.rs`.
#![deny(clippy::float_arithmetic)]

pub mod analyze;
pub mod certify;
pub mod chance;
pub mod change;
#[cfg(feature = "command")]
pub mod cli;
pub mod experiment;
pub mod explore;
pub mod fabric;
pub mod flight;
pub mod host;
pub mod invariant;
pub mod kernel;
pub mod lab;
#[cfg(feature = "command")]
pub mod lanes;
pub mod library;
pub mod moment;
pub mod observe;
pub mod orders;
#[cfg(all(feature = "command", target_os = "linux"))]
pub mod record;
pub mod recorder;
pub mod replay;
pub mod report;
pub mod sight;
pub mod sweep;
pub mod turning;
pub mod verify;
