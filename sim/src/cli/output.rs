//! Where words go: standard output that may close early, standard error for what is wrong, and the exit code.
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use vrrplab_formats::diagnostics::Report;

/// How a command ends; the worst of several wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All held.
    Held = 0,
    /// An expectation failed, or a recording disagreed.
    Failed = 1,
    /// Bad input, or nothing to run.
    BadInput = 2,
    /// Warnings only.
    Warnings = 3,
    /// The run was not deterministic.
    NotDeterministic = 4,
    /// Ended by Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// How bad it is, for choosing among several.
    const fn weight(self) -> u8 {
        match self {
            Exit::Held => 0,
            Exit::Warnings => 1,
            Exit::Failed => 2,
            Exit::NotDeterministic => 3,
            Exit::BadInput => 4,
            Exit::Interrupted => 5,
        }
    }

    /// The worse of two.
    pub fn worse(self, other: Exit) -> Exit {
        if other.weight() > self.weight() { other } else { self }
    }
}

/// Prints to standard output. A reader that closed the pipe (`| head`) has seen enough; the verdict is still reached.
pub(super) fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    match write!(out, "{text}{end}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// What went wrong outside the run itself is told.
pub(super) fn exit_of(error: io::Error) -> Exit {
    tell(&format!("error: {error}\n"));
    Exit::BadInput
}

/// Prints to standard error; nobody is left to be told when that fails.
pub(super) fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Prints diagnostics to standard error.
pub(super) fn tell_report(report: &Report) {
    let text = report.render(anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never);
    if !text.is_empty() {
        tell(&text);
        if !text.ends_with('\n') {
            tell("\n");
        }
    }
}

/// Colour on a terminal only, and not where `NO_COLOR` is set.
pub(super) fn colour() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// Writes a file whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    fs::write(&partial, bytes).map_err(|e| named(&partial, &e))?;
    fs::rename(&partial, path).map_err(|e| named(path, &e))
}

/// An error that tells which file it is about.
pub(super) fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_verdict_wins() {
        assert_eq!(Exit::Held.worse(Exit::Warnings), Exit::Warnings);
        assert_eq!(Exit::Failed.worse(Exit::Warnings), Exit::Failed);
        assert_eq!(Exit::Failed.worse(Exit::BadInput), Exit::BadInput);
    }
}
