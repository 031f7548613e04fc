//! `vrrplab run SCENARIO --tui`: a run as a film in the terminal.
//!
//! `show.rs` is what one sees and what each key makes of it, without a terminal; `keys.rs` names the keys; `draw.rs` and
//! `panel.rs` make a screen of it; here stands the loop that reads keys, lets time pass and leaves the terminal as it was.
mod draw;
mod keys;
mod panel;
mod show;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal};
use std::sync::atomic::Ordering;
use std::time::Duration;

use ratatui::crossterm::event;

use super::explore::clock::Clock;
use super::output::Exit;
use super::test::interrupt;
use crate::lanes::Pen;
use crate::report::Story;
use show::{Leave, Show};

/// A picture lasts so long while time passes, and while nothing moves.
const MOVING: Duration = Duration::from_millis(40);
const STILL: Duration = Duration::from_millis(200);

/// Says at once when nothing could be shown.
pub(super) fn possible(files: usize) -> io::Result<()> {
    if files > 1 {
        return Err(io::Error::other("--tui shows one scenario; name only one"));
    }
    if !io::stdout().is_terminal() {
        let words = "--tui needs a terminal, and standard output is none; --lanes prints the same picture as text";
        return Err(io::Error::other(words));
    }
    Ok(())
}

/// Shows a story until the reader has seen enough.
pub(super) fn show(story: &Story, pen: &Pen) -> io::Result<Exit> {
    let stop = interrupt()?;
    let mut show = Show::new(story);
    let _restored = Restored; // dropped after the terminal, which shows its cursor again
    let mut terminal = ratatui::try_init()?;
    let (clock, mut before) = (Clock::start(), Duration::ZERO);
    let mut fresh = true;
    loop {
        let drawn = if fresh { terminal.draw(|frame| draw::draw(frame, &show, pen)).map(drop) } else { Ok(()) };
        let time = if show.playing() { MOVING } else { STILL };
        if !wait(if drawn.is_ok() { time } else { Duration::ZERO })? {
            // neither is there anything to restore, nor anybody to be told that it failed
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
        drawn?;
        let happened = event::poll(Duration::ZERO)?;
        if happened && let Some(key) = keys::read(&event::read()?) {
            show.press(key);
        }
        fresh = happened || show.playing();
        let now = clock.passed();
        show.pass(now.saturating_sub(before));
        before = now;
        match show.leave() {
            _ if stop.load(Ordering::Relaxed) => return Ok(Exit::Interrupted),
            Some(Leave::Interrupted) => return Ok(Exit::Interrupted),
            Some(Leave::Seen) => return Ok(Exit::Held),
            None => {}
        }
    }
}

/// Waits for a key, a signal, or until so much time has passed. `false`: the terminal is gone. That must be seen before keys
/// are read, for whoever reads them would try for ever.
#[cfg(target_os = "linux")]
fn wait(time: Duration) -> io::Result<bool> {
    use std::os::fd::AsFd;

    use nix::errno::Errno;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    let (keys, screen) = (io::stdin(), io::stdout());
    let mut looked_at = vec![PollFd::new(screen.as_fd(), PollFlags::empty())];
    if keys.is_terminal() {
        looked_at.push(PollFd::new(keys.as_fd(), PollFlags::POLLIN));
    }
    let time = PollTimeout::try_from(time).map_err(io::Error::other)?;
    match poll(&mut looked_at, time) {
        Ok(_) => {}
        Err(Errno::EINTR) => return Ok(true),
        Err(why) => return Err(why.into()),
    }
    let gone = PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL;
    Ok(!looked_at.iter().any(|it| it.revents().is_some_and(|seen| seen.intersects(gone))))
}

#[cfg(not(target_os = "linux"))]
fn wait(time: Duration) -> io::Result<bool> {
    event::poll(time).map(|_| true)
}

/// Leaves the terminal as it was, however the film ends; a panic has its own hook, which comes before its message.
struct Restored;

impl Drop for Restored {
    fn drop(&mut self) {
        let _ = ratatui::try_restore(); // nobody is left to be told
    }
}
