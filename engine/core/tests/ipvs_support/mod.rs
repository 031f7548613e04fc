//! A client, its servers and a director, to replay what was done to a real kernel.
pub mod case;
pub mod frames;
pub mod packets;
pub mod replay;
