//! `vrrplab ctl`: asks a running vrrplabd over its control socket.
#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod text;

use std::io;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use vrrplab_formats::control::{Request, SOCKET};

use super::output::Exit;

/// `vrrplab ctl`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vrrplab ctl status
    Which instances are MASTER here, since when, with which priority.
  vrrplab ctl ipvs --drift
    Whether the kernel's table is what the checkers want; otherwise the commands that would make it so.
  vrrplab ctl trace --json
    Every decision as it falls, one object a line, until Ctrl-C.

Exit codes: 0 done, 1 the daemon says no, 2 nobody listens or the command line is wrong.")]
pub(super) struct CtlArgs {
    /// What to ask
    #[arg(value_enum, value_name = "WHAT")]
    what: What,
    /// Where the daemon listens (its --control)
    #[arg(long, value_name = "PATH", default_value = SOCKET)]
    socket: PathBuf,
    /// With `ipvs`: print the ipvsadm commands that would make the kernel's table what the checkers want, and nothing when it is
    #[arg(long)]
    drift: bool,
    /// Print what the daemon answers, one object a line
    #[arg(long)]
    json: bool,
}

/// What may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Virtual routers: state, priority, master, addresses, timers, what they track, counters
    Status,
    /// Virtual servers as ipvsadm -Ln shows them, and real servers as the checkers see them
    Ipvs,
    /// Counters, named as in RFC 8347
    Stats,
    /// Read the configuration again
    Reload,
    /// Follow every change of state and priority, with its rule, until Ctrl-C
    Trace,
}

impl CtlArgs {
    /// What is asked; nothing when the options do not fit together.
    fn request(&self) -> Option<Request> {
        match (self.what, self.drift) {
            (What::Ipvs, true) => Some(Request::Drift),
            (_, true) => None,
            (what, false) => Some(what.into()),
        }
    }
}

impl From<What> for Request {
    fn from(what: What) -> Request {
        match what {
            What::Status => Request::Status,
            What::Ipvs => Request::Ipvs,
            What::Stats => Request::Stats,
            What::Reload => Request::Reload,
            What::Trace => Request::Trace,
        }
    }
}

pub(super) fn ctl(args: &CtlArgs) -> io::Result<Exit> {
    match args.request() {
        Some(request) => ask(request, args),
        None => {
            super::output::tell("error: --drift goes with `ctl ipvs` only\n");
            Ok(Exit::BadInput)
        }
    }
}

#[cfg(target_os = "linux")]
fn ask(request: Request, args: &CtlArgs) -> io::Result<Exit> {
    client::ask(request, &args.socket, args.json)
}

/// The daemon is Linux's.
#[cfg(not(target_os = "linux"))]
fn ask(request: Request, args: &CtlArgs) -> io::Result<Exit> {
    let word = request.word();
    let _ = (&args.socket, args.json);
    super::output::tell(&format!("error: `ctl {word}` needs a vrrplabd on this host, and that needs Linux\n"));
    Ok(Exit::BadInput)
}
