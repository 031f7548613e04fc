//! The seeded world around the engine: clock, switches, simulated Linux nodes, clients, faults, observers.
#![deny(clippy::float_arithmetic)]

pub mod fabric;
pub mod moment;
pub mod observe;
