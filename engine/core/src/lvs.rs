//! Virtual servers as the Linux kernel balances them (IPVS): packets in, decisions and rewritten packets out, no IO.
//!
//! Facts: Linux 6.1.192 as recorded in `captures/ipvs`. `Director` is the whole; below it every module has one job.
pub mod config;
pub mod conn;
pub mod diff;
mod director;
pub mod dump;
mod expiry;
mod forward;
mod icmp;
mod persist;
mod replicate;
pub mod sched;
pub mod sync;
pub mod sysctl;
pub mod table;
pub mod tcp;

pub use config::{DestConfig, IpvsCommand, LvsError, ServiceConfig, Virtual};
pub use director::{Arrival, Director, DropReason, Hook, Paths, Verdict};
pub use dump::{ConnView, DestView, ServiceView};
pub use sysctl::{Sysctl, Timeouts};
