//! Clients: hosts that ask for something, and what they hear.
use std::net::{Ipv4Addr, Ipv6Addr};

use vrrplab_engine::Instant;
use vrrplab_engine::model::{IfAddr, IfIndex};
use vrrplab_formats::world::{Client, ClientId, Member, Route};

use super::queue::Due;
use super::{Lab, Watchers};
use crate::fabric::{PortId, PortSetup};
use crate::host::{Asker, Event};
use crate::kernel::{IfaceSetup, Kernel, KernelOut, is_icmp_error};
use crate::moment::Moment;

/// The one interface of a client.
const CLIENT_IFACE: IfIndex = IfIndex(2);

/// A client at its port.
#[derive(Clone)]
pub(super) struct Seat {
    pub(super) kernel: Kernel,
    pub(super) asker: Asker,
    /// When the client itself has something to do.
    pub(super) asker_due: Option<Instant>,
    pub(super) port: PortId,
    pub(super) scheduled: Option<Instant>,
}

impl Seat {
    pub fn new(client: &Client, port: PortId, seed: u64) -> Seat {
        let iface =
            IfaceSetup { index: CLIENT_IFACE, name: "eth0".to_owned(), mac: client.mac, addresses: vec![client.addr] };
        let asker = Asker::new(client, seed);
        let mut kernel = Kernel::new(vec![iface]);
        if let Some(via) = client.gateway {
            let everywhere = if via.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
            kernel.set_route(Route { to: IfAddr { ip: everywhere, prefix: 0 }, via: Some(via), iface: None });
        }
        Seat { kernel, asker, asker_due: None, port, scheduled: None }
    }
}

impl Lab<'_> {
    pub(super) fn client_hears(&mut self, c: usize, frame: &[u8], watchers: Watchers<'_, '_>) {
        if !passes(frame) {
            return;
        }
        let mut out = Vec::new();
        self.clients[c].kernel.receive(self.now, CLIENT_IFACE, frame, &mut out);
        self.client_out(c, out, watchers);
    }

    pub(super) fn client_out(&mut self, c: usize, out: Vec<KernelOut>, watchers: Watchers<'_, '_>) {
        let mut asked = false;
        for out in out {
            match out {
                KernelOut::Transmit { frame, .. } => self.transmit(self.clients[c].port, frame, None, watchers),
                // Clients have no IPVS.
                KernelOut::Ended(_) => {}
                KernelOut::Local { packet } => {
                    self.clients[c].asker.receive(self.now, &packet);
                    // An error wakes nobody: the client finds it when it next looks.
                    asked |= !is_icmp_error(&packet);
                }
            }
        }
        if asked {
            self.ask(c, watchers);
        } else {
            self.reschedule_client(c);
        }
    }

    /// Lets a client go on: new requests, answers, time-outs.
    pub(super) fn ask(&mut self, c: usize, watchers: Watchers<'_, '_>) {
        let (mut packets, mut events) = (Vec::new(), Vec::new());
        self.clients[c].asker.wake(self.now, &mut packets, &mut events);
        let client = ClientId(c);
        for event in events {
            let moment = match event {
                Event::Asked { request } => Moment::Asked { client, request },
                Event::Answered { request, asked } => Moment::Answered { client, request, asked },
                Event::Lost { request, asked } => Moment::Lost { client, request, asked },
                Event::Trouble(trouble) => Moment::Trouble { client, trouble },
            };
            self.show(watchers, &moment);
        }
        for packet in packets {
            let mut out = Vec::new();
            self.clients[c].kernel.send_ip(self.now, packet, &mut out);
            self.client_out(c, out, watchers);
        }
        self.reschedule_client(c);
    }

    pub(super) fn wake_client(&mut self, c: usize, watchers: Watchers<'_, '_>) {
        if self.clients[c].scheduled != Some(self.now) {
            return;
        }
        self.clients[c].scheduled = None;
        if self.clients[c].kernel.next_wake().is_some_and(|at| at <= self.now) {
            let mut out = Vec::new();
            self.clients[c].kernel.wake(self.now, &mut out);
            self.client_out(c, out, watchers);
        }
        if self.clients[c].asker_due.is_some_and(|at| at <= self.now) {
            self.ask(c, watchers);
        }
        self.reschedule_client(c);
    }

    pub(super) fn reschedule_client(&mut self, c: usize) {
        let seat = &mut self.clients[c];
        seat.asker_due = seat.asker.next_wake(self.now);
        let wishes = [seat.kernel.next_wake(), seat.asker_due];
        let Some(at) = wishes.into_iter().flatten().min().map(|at| at.max(self.now)) else { return };
        if seat.scheduled.is_none_or(|scheduled| scheduled != at) {
            seat.scheduled = Some(at);
            self.queue.push(at, Due::Wake(Member::Client(ClientId(c))));
        }
    }
}

/// What the network interface of a client lets through: of multicast, only the groups that every host is in.
fn passes(frame: &[u8]) -> bool {
    match frame {
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ..] | [0x01, 0, 0x5e, 0, 0, 1, ..] => true,
        // all nodes, and the groups in which neighbours are asked for
        [0x33, 0x33, 0, 0, 0, 1, ..] | [0x33, 0x33, 0xff, ..] => true,
        [first, ..] => first & 1 == 0,
        [] => false,
    }
}

/// The port of a client.
pub(super) fn port(client: &Client, owner: Member) -> PortSetup {
    let attachment = client.attachment;
    PortSetup { attachment, ..PortSetup::new(client.network, owner, client.mac, vec![client.addr]) }
}
