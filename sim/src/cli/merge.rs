//! `vrrplab merge`: the summaries of shards become the summary that one machine would have written.
use std::fs;
use std::io;
use std::path::PathBuf;

use clap::Args;

use super::explore::{ranges, report};
use super::output::{Exit, named, say, tell, write_whole};
use crate::explore::{Summary, merge as union};

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
    say(&report::overview(&merged.summary))?;
    say(&report::failures(&merged.summary, |_| String::new()))?;
    let clean = if merged.repeated.is_empty() { Exit::Held } else { Exit::Warnings };
    Ok(if merged.summary.totals.failed > 0 { Exit::Failed } else { clean })
}
