//! The Linux driver of the engine: it carries the engine's effects out with sockets, netlink and programs.
//!
//! [`daemon`] is the loop, over a [`system`]. [`plan`] says which system calls an effect means; [`host`] makes them. [`netlink`], [`socket`],
//! [`script`], [`mail`] and [`probe`] do not know each other.
#![cfg(target_os = "linux")]

pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod counters;
pub mod daemon;
pub mod door;
#[cfg(test)]
mod example;
pub mod filter;
pub mod host;
pub mod log;
pub mod mail;
pub mod metrics;
pub mod netlink;
pub mod operators;
pub mod plan;
pub mod privilege;
pub mod probe;
pub mod recorder;
pub mod report;
pub mod script;
pub mod socket;
pub mod sysctl;
pub mod system;
pub mod usage;
pub mod watch;
