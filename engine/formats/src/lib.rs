//! Every text and file format that is read or written, turned into the one model, with diagnostics that carry spans.
#![deny(clippy::float_arithmetic)]

pub mod builder;
pub mod control;
pub mod diagnostics;
pub mod files;
pub mod flight;
pub mod ipvsadm;
pub mod keepalived;
pub mod lint;
pub mod outline;
pub mod recording;
pub mod scenario;
pub mod standby;
pub mod world;
