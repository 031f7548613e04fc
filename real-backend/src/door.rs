//! Where the kernel knocks: one epoll instance for advert sockets, the netlink monitor, inotify and the deadline.
use std::io;
use std::net;
use std::os::fd::AsFd;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::net::UdpSocket;
use vrrplab_engine::Instant;

/// Who knocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knock {
    /// The deadline has come.
    Deadline,
    /// Links or addresses have changed.
    Monitor,
    /// A watched file has changed.
    Files,
    /// Packets wait in the socket of this number.
    Adverts(u32),
}

const FIRST_SOCKET: u64 = 3;
/// So many are heard at once.
pub const MOST_KNOCKS: usize = 64;

impl Knock {
    fn number(self) -> u64 {
        match self {
            Knock::Deadline => 0,
            Knock::Monitor => 1,
            Knock::Files => 2,
            Knock::Adverts(socket) => FIRST_SOCKET + u64::from(socket),
        }
    }

    fn of(number: u64) -> Knock {
        match number {
            0 => Knock::Deadline,
            1 => Knock::Monitor,
            2 => Knock::Files,
            socket => Knock::Adverts(u32::try_from(socket - FIRST_SOCKET).unwrap_or(u32::MAX)),
        }
    }
}

/// The epoll instance, with the timer of the deadline. The runtime sleeps on its [`Door::bell`].
pub struct Door {
    epoll: Epoll,
    timer: TimerFd,
    armed: Option<Instant>,
    /// The deadline has knocked; it goes on until it is set anew.
    rings: bool,
}

impl Door {
    /// A door at which nobody but the deadline knocks yet.
    pub fn new() -> io::Result<Door> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        let door = Door { epoll, timer, armed: None, rings: false };
        door.listen(Knock::Deadline, &door.timer)?;
        Ok(door)
    }

    /// What rings in the runtime when somebody knocks. tokio takes a bare descriptor (`AsyncFd`) from unsafe code only, but
    /// any owned one as a socket: of this socket only the readiness is ever looked at. It must be called inside of a runtime.
    pub fn bell(&self) -> io::Result<UdpSocket> {
        let bell = net::UdpSocket::from(self.epoll.0.try_clone()?);
        bell.set_nonblocking(true)?;
        UdpSocket::from_std(bell)
    }

    /// From now on this descriptor knocks; it stops when it is closed.
    pub fn listen(&self, who: Knock, what: impl AsFd) -> io::Result<()> {
        Ok(self.epoll.add(what, EpollEvent::new(EpollFlags::EPOLLIN, who.number()))?)
    }

    /// Sets the deadline, to the nanosecond.
    pub fn arm(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        if deadline == self.armed && !self.rings {
            return Ok(());
        }
        (self.armed, self.rings) = (deadline, false);
        match deadline {
            // zero would mean never
            Some(at) => {
                let seconds = i64::try_from(at.0 / 1_000_000_000).unwrap_or(i64::MAX);
                let nanos = i64::try_from((at.0 % 1_000_000_000).max(u64::from(seconds == 0))).unwrap_or(0);
                let expiration = Expiration::OneShot(TimeSpec::new(seconds, nanos));
                Ok(self.timer.set(expiration, TimerSetTimeFlags::TFD_TIMER_ABSTIME)?)
            }
            None => Ok(self.timer.unset()?),
        }
    }

    /// Who knocks at this moment, the deadline last: what has arrived is read before a timer is believed. The deadline knocks
    /// until it is set anew.
    pub fn knocks(&mut self) -> io::Result<Vec<Knock>> {
        let mut events = [EpollEvent::empty(); MOST_KNOCKS];
        let count = self.epoll.wait(&mut events, EpollTimeout::ZERO)?;
        let mut knocks: Vec<Knock> = events[..count].iter().map(|event| Knock::of(event.data())).collect();
        knocks.sort_by_key(|knock| *knock == Knock::Deadline);
        self.rings |= knocks.last() == Some(&Knock::Deadline);
        Ok(knocks)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::clock::now;
    use std::io::Write;
    use vrrplab_engine::Span;

    #[test]
    fn what_has_arrived_comes_before_the_deadline() {
        let mut door = Door::new().unwrap();
        let (mut far, near) = UnixStream::pair().unwrap();
        door.listen(Knock::Adverts(7), &near).unwrap();
        door.arm(Some(now() + Span::from_millis(1))).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(3));
        far.write_all(b"x").unwrap();
        assert_eq!(door.knocks().unwrap(), [Knock::Adverts(7), Knock::Deadline]);
        door.arm(None).unwrap();
        assert_eq!(door.knocks().unwrap(), [Knock::Adverts(7)], "it has been set anew");
    }

    #[test]
    fn a_deadline_that_is_taken_back_does_not_come() {
        let mut door = Door::new().unwrap();
        door.arm(Some(now() + Span::from_millis(1))).unwrap();
        door.arm(None).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(3));
        assert_eq!(door.knocks().unwrap(), []);
    }
}
