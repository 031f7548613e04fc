//! `vrrplab-playground`: makes the page, and what its tests compare.
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use vrrplab_playground::answer;
use vrrplab_playground::shelf::{Shelf, html};

const USAGE: &str =
    "usage: vrrplab-playground page SCENARIOS SIMULATOR OUT   SIMULATOR: the module, packed by gzip, in base64
       vrrplab-playground questions SCENARIOS           what the page asks, a line of path and JSON each
       vrrplab-playground answers SCENARIOS             what is answered, a line of path and JSON each\n";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["page", scenarios, simulator, out] => page(Path::new(scenarios), simulator, out),
        ["questions", scenarios] => lines(Path::new(scenarios), str::to_owned),
        ["answers", scenarios] => lines(Path::new(scenarios), answer),
        _ => Err(io::Error::other(USAGE)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "{why}");
            ExitCode::from(2)
        }
    }
}

fn page(scenarios: &Path, simulator: &str, out: &str) -> io::Result<()> {
    let shelf = Shelf::of(scenarios)?;
    let simulator = fs::read_to_string(simulator)?;
    fs::write(out, html(&shelf, &simulator).map_err(io::Error::other)?)
}

fn lines(scenarios: &Path, of: impl Fn(&str) -> String) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (path, question) in Shelf::of(scenarios)?.questions() {
        writeln!(out, "{path} {}", of(&question))?;
    }
    out.flush()
}
