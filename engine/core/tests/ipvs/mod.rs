//! Virtual servers: a network to replay cases in, and the stories about them.
pub mod case;
mod commands;
mod frames;
pub mod packets;
mod properties;
mod recorded;
pub mod replay;
mod stories;
mod tunnels;
