//! Client and server processes above a simulated kernel: IP packets in, IP packets out.
//!
//! Their TCP is real: smoltcp sockets. Call `wake` at the same moment after one or more `receive`.

mod asker;
mod echo;
mod prober;
mod programs;
mod responder;
mod sockets;
#[cfg(test)]
mod tests;

pub use asker::{Asker, Event};
pub use prober::Prober;
pub use programs::{Act, End, Programs};
pub use responder::Responder;
pub use sockets::Sockets;
