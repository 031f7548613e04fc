//! One virtual router: receive, decide, apply.
//!
//! [`receive`] judges a frame, [`decide`] is the table, [`apply`](self) carries the decision out.
pub(crate) mod again;
pub(crate) mod apply;
pub mod decide;
pub(crate) mod instance;
pub(crate) mod pace;
pub mod receive;
pub mod skew;

pub use again::says_the_same;
