//! The system that the loop stands on here: frames over turmoil's UDP, time from tokio's clock, links from the machine.
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep_until};
use turmoil::net::UdpSocket;
use vrrplab_engine::lvs::{IpvsCommand, ServiceView};
use vrrplab_engine::model::globals::LvsTimeouts;
use vrrplab_engine::model::{IfAddr, IfIndex, Mac, NodeModel};
use vrrplab_engine::{Exit, Finished, Instant, KernelEvent, Notice, Rule};
use vrrplab_real::door::Knock;
use vrrplab_real::netlink::Table;
use vrrplab_real::netlink::ipvs::{SyncDaemon, SyncRole};
use vrrplab_real::plan::Act;
use vrrplab_real::script::Ended;
use vrrplab_real::socket::header;
use vrrplab_real::system::{Servers, System, Word};

use crate::machine::{ETH0, Shared, instant};
use crate::net::OfTurmoil;

/// Frames go from this port to this port.
const PORT: u16 = 112;
/// The first byte of a datagram: an IP packet, as raw sockets send it, or a whole frame, which only neighbours would read.
const PACKET: u8 = 0;
const FRAME: u8 = 1;

/// A simulated host, as its daemon has it.
pub struct Ground {
    machine: Shared,
    mirror: Table,
    unread: VecDeque<KernelEvent>,
    ended: VecDeque<Finished>,
    socket: Arc<UdpSocket>,
    waiting: Option<Pin<Box<dyn Future<Output = ()>>>>,
    heard: VecDeque<Vec<u8>>,
    /// The simulation's time when this daemon began, and tokio's.
    began: (Duration, tokio::time::Instant),
    deadline: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Ground {
    /// The daemon begins on this host.
    pub async fn open(machine: &Shared) -> io::Result<Ground> {
        let socket = Arc::new(UdpSocket::bind(("0.0.0.0", PORT)).await?);
        let at = machine.borrow().log.borrow().at;
        Ok(Ground {
            mirror: machine.borrow().links.clone(),
            machine: machine.clone(),
            unread: VecDeque::new(),
            ended: VecDeque::new(),
            socket,
            waiting: None,
            heard: VecDeque::new(),
            began: (at, tokio::time::Instant::now()),
            deadline: None,
            alarm: None,
        })
    }

    fn send(&self, kind: u8, bytes: &[u8]) {
        let machine = self.machine.borrow();
        if !machine.is_up() {
            return;
        }
        let datagram = [&[kind], bytes].concat();
        for peer in &machine.peers {
            // a cut wire tells nobody
            let _ = self.socket.try_send_to(&datagram, SocketAddr::new(*peer, PORT));
        }
    }

    fn change_address(&mut self, rule: Rule, iface: IfIndex, addr: IfAddr, add: bool) {
        let mut machine = self.machine.borrow_mut();
        machine.links.note(iface, addr, add);
        self.mirror.note(iface, addr, add);
        machine.say(&format!("{}{} ({})", if add { "+" } else { "-" }, addr.ip, rule.id()));
    }

    fn tell(&self, notice: &Notice) {
        let what = match notice {
            Notice::Script { program, arguments } => [&program.words[..], arguments].concat().join(" "),
            Notice::Line { line, .. } => line.clone(),
            Notice::Mail(letter) => letter.subject.clone(),
        };
        self.machine.borrow().say(&format!("tells: {what}"));
    }

    /// Reads all that has come. Only adverts are for the daemon: announcements are read by kernels.
    fn read(&mut self) {
        self.waiting = None; // it holds the socket
        let mut room = [0; 2048];
        while let Ok((length, _)) = self.socket.try_recv_from(&mut room) {
            if self.machine.borrow().is_up() && room[0] == PACKET {
                self.heard.push_back(room[1..length].to_vec());
            }
        }
    }
}

impl System for Ground {
    type Servers = VirtualServers;
    type Sockets = OfTurmoil;

    fn now(&self) -> Instant {
        instant(self.began.0 + self.began.1.elapsed())
    }

    fn unix_ms(&self) -> u64 {
        self.now().0 / 1_000_000
    }

    fn arm(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        if deadline != self.deadline || self.alarm.is_none() {
            self.deadline = deadline;
            let left = |at: Instant| Duration::from_nanos(at.0.saturating_sub(self.now().0));
            self.alarm = deadline.map(|at| Box::pin(sleep_until(tokio::time::Instant::now() + left(at))));
        }
        Ok(())
    }

    fn poll_knock(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let rings = self.alarm.as_mut().is_some_and(|alarm| alarm.as_mut().poll(cx).is_ready());
        let socket = self.socket.clone();
        let waiting = self.waiting.get_or_insert_with(|| {
            Box::pin(async move {
                let _ = socket.readable().await; // it only fails where there is no host
            })
        });
        let readable = waiting.as_mut().poll(cx).is_ready();
        self.machine.borrow_mut().awaits(cx);
        if rings || readable || !self.heard.is_empty() || self.machine.borrow().changed {
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }

    fn knocks(&mut self) -> io::Result<Vec<Knock>> {
        self.read();
        let late = self.deadline.is_some_and(|at| at <= self.now());
        if late {
            self.alarm = None; // it has rung
        }
        let knocks = [
            (self.machine.borrow().changed, Knock::Monitor),
            (!self.heard.is_empty(), Knock::Adverts(0)),
            (late, Knock::Deadline),
        ];
        Ok(knocks.into_iter().filter(|(is, _)| *is).map(|(_, knock)| knock).collect())
    }

    fn poll_word(&mut self, cx: &mut Context<'_>) -> Poll<Word> {
        let mut machine = self.machine.borrow_mut();
        machine.awaits(cx);
        machine.words.pop_front().map_or(Poll::Pending, Poll::Ready)
    }

    fn poll_ended(&mut self, _: &mut Context<'_>) -> Poll<Ended> {
        self.ended.pop_front().map_or(Poll::Pending, |finished| Poll::Ready(Ended::Job(finished)))
    }

    fn is_idle(&self) -> bool {
        self.ended.is_empty()
    }

    fn hear(&mut self, _: u32) -> io::Result<Option<(IfIndex, Vec<u8>)>> {
        let Some(packet) = self.heard.pop_front() else { return Ok(None) };
        let own = self.mirror.get(ETH0).and_then(|link| link.mac).unwrap_or(Mac([0; 6]));
        Ok(Some((ETH0, header::frame_v4(own, &packet).unwrap_or_default())))
    }

    fn look_at_links(&mut self) -> io::Result<()> {
        let mut machine = self.machine.borrow_mut();
        machine.changed = false;
        self.unread.extend(self.mirror.replace(machine.links.clone()));
        Ok(())
    }

    fn next_event(&mut self) -> Option<KernelEvent> {
        self.unread.pop_front()
    }

    fn prepare(&mut self, _: &KernelEvent) {}

    fn table(&self) -> &Table {
        &self.mirror
    }

    fn changed_files(&mut self) -> io::Result<Vec<(String, Vec<u8>)>> {
        Ok(Vec::new())
    }

    fn file_contents(&self) -> Vec<KernelEvent> {
        Vec::new()
    }

    fn perform(&mut self, rule: Rule, act: Act) {
        match act {
            Act::Packet { bytes, .. } => self.send(PACKET, &bytes),
            Act::Frame { bytes, .. } => self.send(FRAME, &bytes),
            Act::Address { iface, addr, add } => self.change_address(rule, iface, addr, add),
            Act::Link(change) => self.unread.push_back(KernelEvent::LinkRefused { name: change.name.clone() }),
            Act::Run(job, program) => {
                let status = self.machine.borrow().programs.get(&program.words.join(" ")).copied().unwrap_or(0);
                self.ended.push_back(Finished { job, outcome: Exit::Status(status) });
            }
            Act::Tell(notice) => self.tell(&notice),
            Act::Filter { .. }
            | Act::PromoteSecondaries(_)
            | Act::Cancel { .. }
            | Act::Write { .. }
            | Act::Route { .. }
            | Act::Policy { .. } => {}
        }
    }

    fn reload(&mut self, model: NodeModel) -> io::Result<()> {
        let mut machine = self.machine.borrow_mut();
        machine.follow(&model);
        machine.say("reloads");
        Ok(())
    }

    fn close(&mut self) {}

    fn servers(&mut self) -> io::Result<VirtualServers> {
        Ok(VirtualServers { machine: self.machine.clone() })
    }

    fn sockets(&self) -> OfTurmoil {
        OfTurmoil
    }
}

/// The kernel's virtual servers of this host.
pub struct VirtualServers {
    machine: Shared,
}

impl Servers for VirtualServers {
    fn apply(&mut self, command: &IpvsCommand) -> io::Result<()> {
        let mut machine = self.machine.borrow_mut();
        let at = instant(machine.log.borrow().at);
        machine.director.apply(at, command).map_err(|why| io::Error::from_raw_os_error(why.errno()))?;
        machine.say(&format!("servers: {}", machine.servers().join(", ")));
        Ok(())
    }

    fn services(&mut self) -> io::Result<Vec<ServiceView>> {
        Ok(self.machine.borrow().director.services())
    }

    fn set_timeouts(&mut self, _: LvsTimeouts) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn timeouts(&mut self) -> io::Result<LvsTimeouts> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn start_sync(&mut self, role: SyncRole, _: &SyncDaemon) -> io::Result<()> {
        self.machine.borrow().say(&format!("sync: start {}", role.name()));
        Ok(())
    }

    fn stop_sync(&mut self, role: SyncRole, _: &SyncDaemon) -> io::Result<()> {
        self.machine.borrow().say(&format!("sync: stop {}", role.name()));
        Ok(())
    }
}
