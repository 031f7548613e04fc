//! The programs of the start and of the end: nothing else happens while they run.
use std::future::poll_fn;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ExitStatus};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use tokio::signal::unix::{self, SignalKind};
use vrrplab_engine::Span;
use vrrplab_engine::model::globals::{Globals, Hook};

use super::{command, exit, security, signal};
use crate::clock;

/// How long a program may take where nothing is said.
const DEFAULT_TIMEOUT: Span = Span::from_secs(10);
/// So long after SIGTERM comes SIGKILL.
const GRACE: Span = Span::from_secs(2);
/// How often the program is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// What the daemon was asked for while the program of the start ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing: the program has ended, or was ended for taking too long.
    Nothing,
    /// SIGTERM or SIGINT.
    Stop,
    /// SIGHUP.
    Reload,
}

/// Runs a program and waits for its end. What becomes of it is said, and changes nothing.
pub fn run(what: &str, hook: &Hook, globals: &Globals) {
    if let Some(mut child) = start(what, hook, globals) {
        let ended = wait(&mut child, hook.timeout.unwrap_or(DEFAULT_TIMEOUT));
        say(what, hook, ended);
    }
}

/// Runs the program of the start. Who asks the daemon to stop or to read its configuration again does not wait for it: it is told to
/// end, and left alone. It must be called inside of a runtime.
pub async fn run_first(hook: &Hook, globals: &Globals) -> io::Result<Asked> {
    const WHAT: &str = "startup script";
    let mut asked = Signals::new()?;
    let Some(mut child) = start(WHAT, hook, globals) else { return Ok(Asked::Nothing) };
    let end = clock::now() + hook.timeout.unwrap_or(DEFAULT_TIMEOUT);
    while clock::now() < end {
        if let Some(status) = child.try_wait()? {
            say(WHAT, hook, Some(status));
            return Ok(Asked::Nothing);
        }
        tokio::select! {
            asked = asked.next() => {
                if let Ok(group) = i32::try_from(child.id()) {
                    signal(Pid::from_raw(group), Signal::SIGTERM);
                }
                return Ok(asked);
            }
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    let ended = wait(&mut child, Span::ZERO);
    say(WHAT, hook, ended);
    Ok(Asked::Nothing)
}

/// What may be asked meanwhile; SIGUSR1 is heard and means nothing yet.
struct Signals([(unix::Signal, Option<Asked>); 4]);

impl Signals {
    fn new() -> io::Result<Signals> {
        let on = |kind, asked| unix::signal(kind).map(|signal| (signal, asked));
        Ok(Signals([
            on(SignalKind::terminate(), Some(Asked::Stop))?,
            on(SignalKind::interrupt(), Some(Asked::Stop))?,
            on(SignalKind::hangup(), Some(Asked::Reload))?,
            on(SignalKind::user_defined1(), None)?,
        ]))
    }

    async fn next(&mut self) -> Asked {
        poll_fn(|cx| {
            for (signal, asked) in &mut self.0 {
                if let (Poll::Ready(Some(())), Some(asked)) = (signal.poll_recv(cx), asked) {
                    return Poll::Ready(*asked);
                }
            }
            Poll::Pending
        })
        .await
    }
}

fn start(what: &str, hook: &Hook, globals: &Globals) -> Option<Child> {
    let words = hook.program.words.join(" ");
    let started = security::judge(&hook.program, globals).and_then(|account| {
        command(&hook.program.words, &account)
            .and_then(|mut c| c.process_group(0).spawn())
            .map_err(|why| why.to_string())
    });
    match started {
        Ok(child) => {
            tracing::info!(program = words, "Running the {what}");
            Some(child)
        }
        Err(why) => {
            tracing::warn!(program = words, why, "the {what} is not started");
            None
        }
    }
}

fn say(what: &str, hook: &Hook, ended: Option<ExitStatus>) {
    let words = hook.program.words.join(" ");
    match ended {
        Some(status) if status.success() => tracing::info!(program = words, "the {what} succeeded"),
        Some(status) => tracing::warn!(program = words, end = ?exit(status), "the {what} failed"),
        None => tracing::warn!(program = words, "the {what} timed out"),
    }
}

/// How the program ended; none where it had to be ended.
fn wait(child: &mut Child, timeout: Span) -> Option<ExitStatus> {
    if let Some(status) = ended_within(child, timeout) {
        return Some(status);
    }
    let group = i32::try_from(child.id()).ok().map(Pid::from_raw)?;
    signal(group, Signal::SIGTERM);
    if ended_within(child, GRACE).is_none() {
        signal(group, Signal::SIGKILL);
        if let Err(why) = child.wait() {
            tracing::debug!(%why, "its end is not known");
        }
    }
    None
}

fn ended_within(child: &mut Child, time: Span) -> Option<ExitStatus> {
    let end = clock::now() + time;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if clock::now() < end => thread::sleep(LOOK),
            Ok(None) => return None,
            Err(why) => {
                tracing::debug!(%why, "its end is not known");
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Account;

    fn started(script: &str) -> Child {
        let words = ["/bin/sh", "-c", script].map(str::to_owned);
        command(&words, &Account::own()).unwrap().process_group(0).spawn().unwrap()
    }

    #[test]
    fn a_program_is_waited_for() {
        let begun = clock::now();
        let status = wait(&mut started("sleep 0.2; exit 3"), DEFAULT_TIMEOUT);
        assert_eq!(status.and_then(|status| status.code()), Some(3));
        assert!(clock::now().since(begun) >= Span::from_millis(200));
    }

    #[test]
    fn one_that_runs_too_long_is_ended_with_all_that_it_has_started() {
        let begun = clock::now();
        assert_eq!(wait(&mut started("sleep 60 & wait"), Span::from_millis(100)), None);
        assert!(clock::now().since(begun) < GRACE, "SIGTERM was enough");
    }

    #[test]
    fn one_that_ignores_that_is_killed_two_seconds_later() {
        let begun = clock::now();
        assert_eq!(wait(&mut started("trap '' TERM; sleep 60"), Span::from_millis(100)), None);
        let lasted = clock::now().since(begun);
        assert!(lasted >= GRACE && lasted < GRACE.times(3));
    }
}
