//! The real host: the kernel's door, its links, sockets and programs, and the signals of this process.
use std::task::{Context, Poll};
use std::{fs, io, process};

use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::signal::unix::{Signal, SignalKind, signal};
use vrrplab_engine::lvs::{IpvsCommand, ServiceView};
use vrrplab_engine::model::globals::LvsTimeouts;
use vrrplab_engine::model::{IfIndex, NodeModel};
use vrrplab_engine::{Instant, KernelEvent, Rule};

use super::{Servers, System, Word};
use crate::clock;
use crate::door::{Door, Knock};
use crate::host::Host;
use crate::netlink::ipvs::{Ipvs, SyncDaemon, SyncRole};
use crate::netlink::{Netlink, Table};
use crate::plan::Act;
use crate::probe::OfKernel;
use crate::script::Ended;

/// This host.
pub struct Linux {
    host: Host,
    door: Door,
    bell: UdpSocket,
    signals: Signals,
}

impl Linux {
    /// Opens everything that the configuration needs. It must be called inside of a runtime.
    pub fn open(netlink: Netlink, model: NodeModel) -> io::Result<Linux> {
        let door = Door::new()?;
        let host = Host::open(netlink, &door, model)?;
        Ok(Linux { host, bell: door.bell()?, door, signals: Signals::new()? })
    }
}

impl System for Linux {
    type Servers = Ipvs;
    type Sockets = OfKernel;

    fn now(&self) -> Instant {
        clock::now()
    }

    fn unix_ms(&self) -> u64 {
        clock::unix_ms()
    }

    fn arm(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        self.door.arm(deadline)
    }

    fn poll_knock(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let rung = self.bell.poll_recv_ready(cx);
        if rung.is_ready() {
            // forgotten before the door is looked at: who knocks meanwhile rings again
            let _ = self.bell.try_io(Interest::READABLE, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        }
        rung
    }

    fn knocks(&mut self) -> io::Result<Vec<Knock>> {
        self.door.knocks()
    }

    fn poll_word(&mut self, cx: &mut Context<'_>) -> Poll<Word> {
        self.signals.poll(cx)
    }

    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        if self.host.mails.poll_sent(cx).is_ready() {
            return Poll::Ready(Ended::Other);
        }
        self.host.scripts.poll_ended(cx)
    }

    fn is_idle(&self) -> bool {
        self.host.scripts.is_idle() && self.host.mails.is_idle()
    }

    fn hear(&mut self, socket: u32) -> io::Result<Option<(IfIndex, Vec<u8>)>> {
        self.host.adverts.hear(socket)
    }

    fn look_at_links(&mut self) -> io::Result<()> {
        let news = self.host.netlink.news()?;
        self.host.unread.extend(news);
        Ok(())
    }

    fn next_event(&mut self) -> Option<KernelEvent> {
        self.host.unread.pop_front()
    }

    fn prepare(&mut self, event: &KernelEvent) {
        self.host.prepare(&self.door, event);
    }

    fn table(&self) -> &Table {
        self.host.netlink.table()
    }

    fn changed_files(&mut self) -> io::Result<Vec<(String, Vec<u8>)>> {
        self.host.files.changed()
    }

    fn file_contents(&self) -> Vec<KernelEvent> {
        self.host.file_contents()
    }

    fn perform(&mut self, rule: Rule, act: Act) {
        self.host.perform(&self.door, rule, act);
    }

    fn reload(&mut self, model: NodeModel) -> io::Result<()> {
        self.host.reload(&self.door, model)
    }

    fn close(&mut self) {
        self.host.close();
    }

    fn servers(&mut self) -> io::Result<Ipvs> {
        Ipvs::open().or_else(|_| load_and_open())
    }

    fn sockets(&self) -> OfKernel {
        OfKernel
    }
}

impl Servers for Ipvs {
    fn apply(&mut self, command: &IpvsCommand) -> io::Result<()> {
        Ipvs::apply(self, command)
    }

    fn services(&mut self) -> io::Result<Vec<ServiceView>> {
        Ipvs::services(self)
    }

    fn set_timeouts(&mut self, timeouts: LvsTimeouts) -> io::Result<()> {
        Ipvs::set_timeouts(self, timeouts)
    }

    fn timeouts(&mut self) -> io::Result<LvsTimeouts> {
        Ipvs::timeouts(self)
    }

    fn start_sync(&mut self, role: SyncRole, daemon: &SyncDaemon) -> io::Result<()> {
        Ipvs::start_sync(self, role, daemon)
    }

    fn stop_sync(&mut self, role: SyncRole, daemon: &SyncDaemon) -> io::Result<()> {
        Ipvs::stop_sync(self, role, daemon)
    }
}

/// Loads the kernel's module by the program that it uses itself, and tries again.
fn load_and_open() -> io::Result<Ipvs> {
    let program = fs::read_to_string("/proc/sys/kernel/modprobe")?;
    let done = process::Command::new(program.trim()).args(["-q", "ip_vs"]).status();
    tracing::debug!(?done, "modprobe ip_vs");
    Ipvs::open()
}

/// The signals that are listened to.
struct Signals {
    all: [(Signal, Word); 4],
}

impl Signals {
    fn new() -> io::Result<Signals> {
        let on = |kind, word| signal(kind).map(|signal| (signal, word));
        Ok(Signals {
            all: [
                on(SignalKind::terminate(), Word::Stop)?,
                on(SignalKind::interrupt(), Word::Stop)?,
                on(SignalKind::hangup(), Word::Reload)?,
                on(SignalKind::user_defined1(), Word::Status)?,
            ],
        })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Word> {
        for (signal, word) in &mut self.all {
            if let Poll::Ready(Some(())) = signal.poll_recv(cx) {
                return Poll::Ready(*word);
            }
        }
        Poll::Pending
    }
}
