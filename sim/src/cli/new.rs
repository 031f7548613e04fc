//! `vrrplab new`: a scenario to start from, an example or one around keepalived.conf files.
use std::io;
use std::path::{Component, Path, PathBuf};

use clap::Args;
use vrrplab_formats::diagnostics::{Report, Severity};
use vrrplab_formats::files::{Disk, Files};

use super::output::{Exit, say, tell, tell_report, write_whole};
use crate::library::starter::{self, Conf, EXAMPLE};

/// `vrrplab new`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vrrplab new > first.yaml
    An example with a fault and promises, to be changed.
  vrrplab new lb1.conf lb2.conf --out pair.yaml
    A scenario around your configurations: the best router loses its power.")]
pub(super) struct NewArgs {
    /// keepalived.conf files, one for each router; without any, an example is written
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write it there, with paths relative to it, instead of to standard output
    #[arg(long, value_name = "SCENARIO")]
    out: Option<PathBuf>,
}

pub(super) fn new(args: &NewArgs) -> io::Result<Exit> {
    if let Some(out) = args.out.as_ref().filter(|out| out.exists()) {
        tell(&format!("error: {} is there already; it is not written over\n", out.display()));
        return Ok(Exit::BadInput);
    }
    let mut report = Report::default();
    let text = match args.files.as_slice() {
        [] => Some(EXAMPLE.to_owned()),
        files => around(files, args.out.as_deref(), &mut report)?,
    };
    tell_report(&report);
    let Some(text) = text else { return Ok(Exit::BadInput) };
    match &args.out {
        Some(out) => write_whole(out, text.as_bytes())?,
        None => say(&text)?,
    }
    let worth_telling = report.count(Severity::Warning) + report.count(Severity::Error) > 0;
    Ok(if worth_telling { Exit::Warnings } else { Exit::Held })
}

/// The scenario around these files; none when one of them cannot be used.
pub(super) fn around(files: &[PathBuf], out: Option<&Path>, report: &mut Report) -> io::Result<Option<String>> {
    let mut confs = Vec::new();
    for path in files {
        let unreadable = |why| io::Error::other(format!("cannot read {}: {why}", path.display()));
        let text = Disk.read(path).map_err(unreadable)?;
        confs.push(Conf { path: path.clone(), text, called: conf_path(path, out)? });
    }
    let path = out.unwrap_or(Path::new("new.yaml"));
    starter::around(&confs, path, &Disk, report).or_else(|why| {
        tell(&why);
        Ok(None)
    })
}

/// How the scenario names a configuration: as given, or from where the scenario will be.
fn conf_path(conf: &Path, out: Option<&Path>) -> io::Result<String> {
    let folder = out.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    let Some(folder) = folder.filter(|_| conf.is_relative()) else { return Ok(conf.display().to_string()) };
    let (folder, conf) = (plain(&std::path::absolute(folder)?), plain(&std::path::absolute(conf)?));
    let common = folder.components().zip(conf.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(conf.components().skip(common)).collect();
    Ok(path.display().to_string())
}

/// A path without `..`, as far as names tell.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_are_named_from_where_the_scenario_is() {
        let from = |conf: &str, out: Option<&str>| conf_path(Path::new(conf), out.map(Path::new)).unwrap();
        assert_eq!(from("conf/lb1.conf", None), "conf/lb1.conf");
        assert_eq!(from("conf/lb1.conf", Some("my.yaml")), "conf/lb1.conf");
        assert_eq!(from("conf/lb1.conf", Some("conf/my.yaml")), "lb1.conf");
        assert_eq!(from("conf/lb1.conf", Some("lab/north/my.yaml")), "../../conf/lb1.conf");
        assert_eq!(from("/etc/keepalived/keepalived.conf", Some("lab/my.yaml")), "/etc/keepalived/keepalived.conf");
    }
}
