//! One start of a daemon on one node: prepared in its own namespaces, let go at its time, then signalled.
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::clock::Epoch;
use super::program::Program;
use super::tools::{Tools, urgent};

/// Gives the process its host name, its own /dev with our log socket, /etc/keepalived and /run; then waits for the word
/// to go. `$1` is the host name, `$2` the node's folder, the rest the daemon.
const SCRIPT: &str = r#"set -e
echo "$1" > /proc/sys/kernel/hostname
mkdir -p "$2/dev"
mount -t tmpfs none "$2/dev"
for device in null zero full random urandom tty; do
    [ -e "/dev/$device" ] || continue
    : > "$2/dev/$device"
    mount --bind "/dev/$device" "$2/dev/$device"
done
ln -s /run/log "$2/dev/log"
mount --rbind "$2/dev" /dev
mount --bind "$2/etc" /etc/keepalived
mount --bind "$2/run" /run
echo ready
read -r word || exit 0
shift 2
exec "$@" </dev/null >/dev/null 2>>/run/daemon.err
"#;

/// The same mounts, and only the question what the daemon thinks of the file. `$1` is the node's folder.
const TEST: &str = r#"mount --bind "$1/etc" /etc/keepalived && mount --bind "$1/run" /run || exit
shift
exec "$@" </dev/null 2>&1
"#;

/// What a daemon's check says of a node's file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opinion {
    /// Exit code, or the negative number of a signal.
    pub code: Option<i32>,
    /// The lines that it prints.
    pub lines: Vec<String>,
}

/// Asks the daemon.
pub fn test(ns: &str, folder: &Path, program: &Program) -> Result<Opinion, String> {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", ns, "unshare", "-m", "-u", "--", "sh", "-c", TEST, "sh"]).arg(folder);
    command.args(program.check());
    let done = command.stdin(Stdio::null()).output().map_err(|why| format!("{}: {why}", program.name()))?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let lines = said.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned);
    Ok(Opinion { code: status(done.status), lines: lines.collect() })
}

/// The exit code, or the negative number of a signal.
fn status(status: ExitStatus) -> Option<i32> {
    use std::os::unix::process::ExitStatusExt;
    status.code().or_else(|| status.signal().map(|s| -s))
}

/// One start of the daemon.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    folder: PathBuf,
    /// When it was let go.
    pub exec: Option<Epoch>,
}

impl Daemon {
    /// Everything up to the last moment before the daemon runs.
    pub fn prepare(ns: &str, host: &str, folder: &Path, tools: &Tools) -> Result<Daemon, String> {
        let mut command = urgent(tools, "50", "ip");
        command.args(["netns", "exec", ns, "unshare", "-m", "-u", "--", "sh", "-c", SCRIPT, "sh", host]);
        command
            .arg(folder)
            .args(tools.program.run())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // A Ctrl-C at the terminal is for us: we end our daemons ourselves.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|why| format!("{host}: {why}"))?;
        let mut said = String::new();
        if let Some(out) = child.stdout.as_mut() {
            BufReader::new(out).read_line(&mut said).map_err(|why| format!("{host}: {why}"))?;
        }
        if said.trim() == "ready" {
            return Ok(Daemon { child, folder: folder.to_path_buf(), exec: None });
        }
        let mut why = String::new();
        if let Some(err) = child.stderr.as_mut() {
            err.read_to_string(&mut why).map_err(|why| format!("{host}: {why}"))?;
        }
        Err(format!("{host}: its namespaces cannot be set up: {}", why.trim()))
    }

    /// Lets it start.
    pub fn go(&mut self) -> Result<Epoch, String> {
        let now = Epoch::now();
        let done = self.child.stdin.take().map(|mut stdin| stdin.write_all(b"go\n"));
        match done {
            Some(Ok(())) => {
                self.exec = Some(now);
                Ok(now)
            }
            Some(Err(why)) => Err(format!("a daemon cannot be started: {why}")),
            None => Err("a daemon was started twice".to_owned()),
        }
    }

    /// Signals the parent process; one that has ended hears nothing.
    pub fn signal_parent(&mut self, signal: Signal) {
        if self.exit_code().is_none() {
            let _ = i32::try_from(self.child.id()).map(|pid| kill(Pid::from_raw(pid), signal));
        }
    }

    /// Signals all of its processes: keepalived has two.
    pub fn signal_both(&mut self, signal: Signal) {
        let vrrp = self.vrrp_pid();
        self.signal_parent(signal);
        if let Some(pid) = vrrp {
            let _ = kill(pid, signal);
        }
    }

    /// SIGKILL of all, so that neither sees the other end.
    pub fn kill_both(&mut self) {
        self.signal_parent(Signal::SIGSTOP);
        if let Some(pid) = self.vrrp_pid() {
            let _ = kill(pid, Signal::SIGKILL);
        }
        self.signal_parent(Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// How it ended: its exit code, or the negative number of a signal; `None` while it runs.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.child.try_wait().ok().flatten().and_then(status)
    }

    /// keepalived's process that speaks VRRP, while it and its parent run.
    fn vrrp_pid(&mut self) -> Option<Pid> {
        if self.exec.is_none() || self.exit_code().is_some() {
            return None;
        }
        let text = fs::read_to_string(self.folder.join("run/vrrp.pid")).ok()?;
        text.trim().parse().ok().map(Pid::from_raw)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.exit_code().is_none() {
            self.kill_both();
        }
    }
}
