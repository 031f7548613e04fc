//! Programs that the daemon starts: track scripts, notify scripts, readers of pipes; and the pipes themselves.
pub mod fifo;
pub mod hook;
pub mod security;

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{self, ExitStatus, Stdio};
use std::task::{Context, Poll};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use vrrplab_engine::{Exit, Finished, Job};

pub use security::Account;

/// What the service manager says to us is for us alone, and it listens to nobody else.
const MANAGERS: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];
/// What a shell reports of a program that cannot be started.
const CANNOT_START: i32 = 127;

/// A child whose end is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A run that the engine asked for.
    Job(Finished),
    /// Something that nobody waits for, a mail for example.
    Other,
}

/// The children.
#[derive(Default)]
pub struct Scripts {
    jobs: BTreeMap<Job, Pid>,
    readers: Vec<Pid>,
    running: JoinSet<Ended>,
    /// Runs that ended before they began.
    stillborn: Vec<Finished>,
}

impl Scripts {
    /// Starts a run; its end comes from [`Scripts::poll_ended`], also when it cannot be started.
    pub fn start(&mut self, job: Job, words: &[String], account: &Account) {
        match spawn(words, account) {
            Ok(child) => {
                if let Some(pid) = pid(&child) {
                    self.jobs.insert(job, pid);
                }
                self.running.spawn(async move { Ended::Job(Finished { job, outcome: end(child).await }) });
            }
            Err(why) => self.refuse(job, words, &why.to_string()),
        }
    }

    /// A run that cannot be has failed.
    pub fn refuse(&mut self, job: Job, words: &[String], why: &str) {
        tracing::warn!(program = words.join(" "), why, "this script cannot be started");
        self.stillborn.push(Finished { job, outcome: Exit::Status(CANNOT_START) });
    }

    /// Ends a run and all that it has started.
    pub fn cancel(&mut self, job: Job, force: bool) {
        if let Some(pid) = self.jobs.get(&job) {
            signal(*pid, if force { Signal::SIGKILL } else { Signal::SIGTERM });
        }
    }

    /// Starts a program whose end nobody waits for.
    pub fn tell(&mut self, words: &[String], account: &Account) -> io::Result<()> {
        let child = spawn(words, account)?;
        self.running.spawn(async move {
            end(child).await;
            Ended::Other
        });
        Ok(())
    }

    /// Starts the reader of a pipe; it is ended with the daemon.
    pub fn read_pipe(&mut self, words: &[String], account: &Account) -> io::Result<()> {
        let child = spawn(words, account)?;
        self.readers.extend(pid(&child));
        self.running.spawn(async move {
            end(child).await;
            Ended::Other
        });
        Ok(())
    }

    /// The next child that has ended.
    pub fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        if let Some(finished) = self.stillborn.pop() {
            return Poll::Ready(Ended::Job(finished));
        }
        match self.running.poll_join_next(cx) {
            Poll::Ready(Some(Ok(ended))) => {
                if let Ended::Job(finished) = ended {
                    self.jobs.remove(&finished.job);
                }
                Poll::Ready(ended)
            }
            Poll::Ready(Some(Err(_))) => Poll::Ready(Ended::Other),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Whether any child runs.
    pub fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Ends what is still running for the daemon's own sake.
    pub fn close(&mut self) {
        for pid in self.jobs.values().chain(&self.readers) {
            signal(*pid, Signal::SIGTERM);
        }
        self.readers.clear();
    }
}

/// A child leads a process group of its own, so that all that it starts can be ended with it.
fn spawn(words: &[String], account: &Account) -> io::Result<Child> {
    Command::from(command(words, account)?).process_group(0).spawn()
}

/// A program as a child of the daemon: it hears nothing and its words go nowhere.
fn command(words: &[String], account: &Account) -> io::Result<process::Command> {
    let (program, arguments) =
        words.split_first().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no program is named"))?;
    let found = security::find(program).unwrap_or_else(|| PathBuf::from(program)); // it is what was judged
    let mut command = process::Command::new(found);
    command.args(arguments);
    for name in MANAGERS {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if !account.is_own() {
        command.uid(account.uid).gid(account.gid);
    }
    Ok(command)
}

fn pid(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw)
}

fn signal(group: Pid, signal: Signal) {
    if let Err(why) = killpg(group, signal) {
        tracing::debug!(%group, %signal, %why, "this program cannot be signalled");
    }
}

async fn end(mut child: Child) -> Exit {
    child.wait().await.map_or(Exit::Status(CANNOT_START), exit)
}

fn exit(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Status(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Status(CANNOT_START),
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    fn words(script: &str) -> Vec<String> {
        ["/bin/sh", "-c", script].map(str::to_owned).to_vec()
    }

    fn end_of(act: impl FnOnce(&mut Scripts)) -> Ended {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let mut scripts = Scripts::default();
            act(&mut scripts);
            poll_fn(|cx| scripts.poll_ended(cx)).await
        })
    }

    fn finished(outcome: Exit) -> Ended {
        Ended::Job(Finished { job: Job(7), outcome })
    }

    #[test]
    fn the_status_of_a_script_is_reported_with_its_number() {
        let ended = end_of(|scripts| scripts.start(Job(7), &words("exit 3"), &Account::own()));
        assert_eq!(ended, finished(Exit::Status(3)));
    }

    #[test]
    fn a_script_that_cannot_be_started_has_failed() {
        let ended = end_of(|scripts| scripts.start(Job(7), &["/nonexistent/script".into()], &Account::own()));
        assert_eq!(ended, finished(Exit::Status(127)));
    }

    #[test]
    fn a_cancelled_script_ends_with_all_that_it_has_started() {
        let ended = end_of(|scripts| {
            scripts.start(Job(7), &words("sleep 60 & wait"), &Account::own());
            scripts.cancel(Job(7), true);
        });
        assert_eq!(ended, finished(Exit::Signal(9)));
    }
}
