//! `--report FILE`: a page is written whole, or what is in the way is told before anything is played.
use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use super::output::{named, write_whole};
use crate::report::{self, Page};

/// Says at once when a page could not be written there later.
pub(super) fn writable(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(named(path, &io::Error::other("it is a folder; a page is one file")));
    }
    let probe = path.with_file_name(format!("{}.partial", path.file_name().unwrap_or_default().to_string_lossy()));
    OpenOptions::new().write(true).create(true).truncate(true).open(&probe).map_err(|why| named(path, &why))?;
    std::fs::remove_file(&probe).map_err(|why| named(path, &why))
}

/// Writes a page.
pub(super) fn write(path: &Path, page: &Page) -> io::Result<()> {
    let html = report::html(page).map_err(io::Error::other)?;
    write_whole(path, html.as_bytes())
}

/// A file as a page names it.
pub(super) fn file(path: &Path) -> String {
    report::file(&path.to_string_lossy()).to_owned()
}
