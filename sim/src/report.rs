//! Pages to look at: what a command found out becomes data (`data.rs`), and the data becomes one HTML file (`shell.rs`).
//!
//! The two halves know nothing of each other: everything here but `shell.rs` makes a [`Page`], and the files below `page/`,
//! which are the page's own program, know a page's JSON only. Whoever makes the same JSON elsewhere can show it with them.
pub mod book;
pub mod capture;
pub mod certified;
pub mod data;
mod lanes;
mod packets;
mod sheets;
#[cfg(feature = "command")]
mod shell;
mod site;
mod story;
mod strings;
pub mod tables;
#[cfg(test)]
mod tests;

pub use book::Book;
pub use data::{Heat, Page, Sheet, Story, Verdict};
#[cfg(feature = "command")]
pub use shell::{harmless, html, program, style};
pub use story::{of_run, of_runs};

/// A file as it is named in reports: as the user named it, or without its folders where these are those of one machine.
pub fn file(path: &str) -> &str {
    let path = path.strip_prefix("./").unwrap_or(path);
    let own = path.starts_with('/') || path.contains('\\') || path.split('/').any(|part| part == "..");
    if own { path.rsplit(['/', '\\']).next().unwrap_or(path) } else { path }
}
