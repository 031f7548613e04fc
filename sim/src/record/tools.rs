//! The programs that a recording needs, and how they are run.
use std::process::{Command, Stdio};

use super::plan::Plan;
use super::program::Program;
use super::steps::Action;

/// What was found on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tools {
    /// The daemon that plays.
    pub program: Program,
    /// First line of what it says of its version.
    pub version: String,
    /// The kernel's release.
    pub kernel: String,
    /// `chrt` may give real-time priority.
    pub real_time: bool,
}

/// Runs a program to its end; its standard output, or what went wrong in one line.
pub fn run(program: &str, args: &[&str]) -> Result<String, String> {
    let shown = || format!("{program} {}", args.join(" "));
    let done = Command::new(program).args(args).stdin(Stdio::null()).output();
    let done = done.map_err(|why| format!("`{}`: {why}", shown()))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(format!("`{}`: {}", shown(), said.lines().next().unwrap_or("failed without a word")))
}

/// Whether cuts or partitions are made.
pub(super) fn uses_nft(plan: &Plan) -> bool {
    let mut actions = plan.before.iter().chain(plan.steps.iter().map(|s| &s.action));
    actions.any(|a| matches!(a, Action::Cut(..) | Action::Partition(..)))
}

/// Looks for everything that this plan needs; all that is missing at once.
pub fn find(plan: &Plan, program: Program) -> Result<Tools, Vec<String>> {
    if !nix::unistd::geteuid().is_root() {
        return Err(vec![format!(
            "recording needs root: it makes network namespaces and starts {} in them",
            program.name()
        )]);
    }
    let mut missing = Vec::new();
    let mut need = |program: &str, args: &[&str], package: &str| match Command::new(program).args(args).output() {
        Ok(out) => String::from_utf8_lossy(if out.stdout.is_empty() { &out.stderr } else { &out.stdout }).into_owned(),
        Err(why) => {
            missing.push(format!("{program} cannot be run ({why}); {package}"));
            String::new()
        }
    };
    let version = need(&program.file(), &["--version"], program.whence());
    need("ip", &["-V"], "on Debian it is in the package iproute2");
    need("tcpdump", &["--version"], "on Debian it is in the package tcpdump");
    need("unshare", &["--version"], "on Debian it is in the package util-linux");
    need("mount", &["--version"], "on Debian it is in the package mount");
    if uses_nft(plan) {
        need("nft", &["--version"], "on Debian it is in the package nftables");
    }
    if !plan.clients.is_empty() {
        need("ping", &["-V"], "on Debian it is in the package iputils-ping");
    }
    if !std::path::Path::new("/etc/keepalived").is_dir() {
        missing.push("/etc/keepalived is not there: make that folder, it may be empty".to_owned());
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Ok(Tools {
        program,
        version: version.lines().next().unwrap_or_default().trim().to_owned(),
        kernel: kernel.trim().to_owned(),
        real_time: run("chrt", &["-f", "50", "true"]).is_ok(),
    })
}

/// A program with this real-time priority where the machine allows it.
pub(super) fn urgent(tools: &Tools, priority: &str, program: &str) -> Command {
    if !tools.real_time {
        return Command::new(program);
    }
    let mut command = Command::new("chrt");
    command.args(["-f", priority, program]);
    command
}
