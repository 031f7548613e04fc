//! `vrrplab merge`: the summaries of shards become the summary that one machine would have written.
mod sink;
#[cfg(feature = "parquet")]
mod table;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::explore::{ranges, report, rows};
use super::output::{Exit, named, say, tell, write_whole};
use crate::explore::{Merged, Summary, merge as union};
use sink::Sink;

/// `vrrplab merge`.
#[derive(Debug, Args)]
#[command(after_help = "Example: vrrplab merge explored/split-brain/shard-*.jsonl --out all.jsonl")]
pub(super) struct MergeArgs {
    /// Summaries that `explore --shard` has written
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the union into this file: the same bytes as of one run without shards
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write all rows of `explore --runs`, which are beside the summaries, into this file: JSON, a line each, or Parquet, if
    /// its name ends with .parquet
    #[arg(long, value_name = "FILE")]
    runs: Option<PathBuf>,
}

pub(super) fn merge(args: &MergeArgs) -> io::Result<Exit> {
    let mut all = Vec::new();
    for file in &args.files {
        let text = fs::read_to_string(file).map_err(|why| named(file, &why))?;
        let name = file.display().to_string();
        let summary = Summary::read(&text).map_err(|why| io::Error::other(format!("{name}: {why}")))?;
        all.push((name, summary));
    }
    let merged = union(all).map_err(io::Error::other)?;
    for name in &merged.repeated {
        tell(&format!("warning: {name} repeats seeds of another file; they count once\n"));
    }
    if !merged.lost.is_empty() {
        tell(&format!("error: nobody has played seeds {}\n", ranges(&merged.lost)));
        return Ok(Exit::BadInput);
    }
    if let Some(out) = &args.out {
        write_whole(out, merged.summary.print().map_err(io::Error::other)?.as_bytes())?;
    }
    if let Some(file) = &args.runs {
        write_rows(file, &merged)?;
    }
    say(&report::overview(&merged.summary))?;
    say(&report::failures(&merged.summary, |_| String::new()))?;
    let clean = if merged.repeated.is_empty() { Exit::Held } else { Exit::Warnings };
    Ok(if merged.summary.totals.failed > 0 { Exit::Failed } else { clean })
}

/// The rows of all shards, in the order of seeds, if they are those of the summaries.
fn write_rows(file: &Path, merged: &Merged) -> io::Result<()> {
    let files: io::Result<Vec<PathBuf>> = merged.kept.iter().map(|name| beside(name)).collect();
    let (from, to) = merged.summary.head.seeds;
    let mut sink = Sink::new(file)?;
    rows::read(&files?, &merged.summary, from..to, |row| sink.push(row))?;
    sink.end()
}

fn beside(summary: &str) -> io::Result<PathBuf> {
    let unknown = || io::Error::other(format!("{summary}: summaries with rows are named shard-... or summary..."));
    rows::beside(Path::new(summary)).ok_or_else(unknown)
}
