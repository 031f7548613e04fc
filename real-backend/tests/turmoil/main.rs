//! The loop of the daemon on simulated hosts: its frames go over turmoil's UDP, its probes and operators over turmoil's TCP, and
//! its clock is the simulation's. Hosts crash, are killed and parted; what the simulator's invariants ask holds here too.
//!
//! [`machine`] is a host: what outlives its daemon. [`ground`] is the system that the loop stands on. [`lab`] runs some of
//! them, breaks things and watches, by the rules of [`watch`].
mod control;
mod election;
mod faults;
mod flights;
mod ground;
mod lab;
mod machine;
mod net;
mod parity;
mod probes;
mod sweep;
mod watch;
