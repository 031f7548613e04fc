//! What is done with the sockets of a host, in order: whoever does the same again has the same sockets.
use std::net::IpAddr;
use std::rc::Rc;

use smoltcp::iface::SocketHandle;
use smoltcp::time::Duration;
use vrrplab_engine::Instant;

/// One thing that is done. What only looks is none.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// A packet came.
    Heard(Rc<[u8]>),
    /// The sockets worked.
    Polled(Instant),
    /// A connection was begun.
    Connected {
        from: (IpAddr, u16),
        to: (IpAddr, u16),
    },
    /// One was waited for.
    Listened {
        port: u16,
        patience: Duration,
    },
    /// Words were handed over.
    Said(SocketHandle, Rc<[u8]>),
    /// What had come was taken.
    Read(SocketHandle),
    Closed(SocketHandle),
    Aborted(SocketHandle),
    Removed(SocketHandle),
}

/// All that was done, where somebody wants to know.
#[derive(Clone, Debug, Default)]
pub(super) struct Diary(Option<Vec<Deed>>);

impl Diary {
    /// An empty one, in which everything will be written.
    pub fn open() -> Diary {
        Diary(Some(Vec::new()))
    }

    /// Something is about to be done.
    #[inline]
    pub fn note(&mut self, deed: impl FnOnce() -> Deed) {
        if let Some(deeds) = &mut self.0 {
            deeds.push(deed());
        }
    }

    /// Everything. `None`: nobody has written.
    pub fn deeds(&self) -> Option<&[Deed]> {
        self.0.as_deref()
    }
}
