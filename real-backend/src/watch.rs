//! What is tracked outside of the network: files, told by inotify, and processes, counted.
pub mod files;
pub mod processes;
