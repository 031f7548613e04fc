//! Client and server processes above a simulated kernel: IP packets in, IP packets out.
//!
//! Their TCP is real: smoltcp sockets. Call `wake` at the same moment after one or more `receive`.
//!
//! Where smoltcp's TCP departs from Linux: a retransmission waits at least 1 s, not 200 ms (both double the wait each
//! time), and nothing but the patience of its user ends a connection.

mod asker;
mod datagram;
mod diary;
mod echo;
mod hold;
mod mail;
mod names;
mod prober;
mod programs;
mod responder;
mod sockets;
#[cfg(test)]
mod tests;
mod trouble;
mod writes;

pub use asker::{Asker, Event};
pub use prober::Prober;
pub use programs::{Act, End, Programs};
pub use responder::Responder;
pub use sockets::Sockets;
pub use trouble::Trouble;
