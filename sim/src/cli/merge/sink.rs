//! Where the rows of all shards go: JSON, a line each, or a Parquet table, as the ending of the file says.
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::super::output::named;
#[cfg(feature = "parquet")]
use super::table::Table;
use crate::explore::Row;

/// A file that appears when it is whole.
pub(super) struct Sink {
    path: PathBuf,
    partial: PathBuf,
    kind: Kind,
}

enum Kind {
    Lines(BufWriter<File>),
    #[cfg(feature = "parquet")]
    Table(Box<Table>),
}

impl Sink {
    /// Begins the file.
    pub(super) fn new(path: &Path) -> io::Result<Sink> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let as_table = path.extension().is_some_and(|ending| ending == "parquet");
        #[cfg(not(feature = "parquet"))]
        if as_table {
            let why = "this vrrplab was built without Parquet (cargo build --features parquet); write .jsonl";
            return Err(named(path, &io::Error::other(why)));
        }
        let file = File::create(&partial).map_err(|why| named(&partial, &why))?;
        let kind = if as_table { table(file)? } else { Kind::Lines(BufWriter::new(file)) };
        Ok(Sink { path: path.to_owned(), partial, kind })
    }

    /// The next row.
    pub(super) fn push(&mut self, row: Row) -> io::Result<()> {
        match &mut self.kind {
            Kind::Lines(lines) => lines.write_all(row.line().map_err(io::Error::other)?.as_bytes()),
            #[cfg(feature = "parquet")]
            Kind::Table(table) => table.push(row),
        }
    }

    /// All rows are there.
    pub(super) fn end(self) -> io::Result<()> {
        match self.kind {
            Kind::Lines(mut lines) => lines.flush()?,
            #[cfg(feature = "parquet")]
            Kind::Table(table) => table.end()?,
        }
        fs::rename(&self.partial, &self.path).map_err(|why| named(&self.path, &why))
    }
}

#[cfg(feature = "parquet")]
fn table(file: File) -> io::Result<Kind> {
    Ok(Kind::Table(Box::new(Table::new(file)?)))
}

/// Refused before.
#[cfg(not(feature = "parquet"))]
fn table(file: File) -> io::Result<Kind> {
    Ok(Kind::Lines(BufWriter::new(file)))
}
