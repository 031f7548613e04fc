//! The short way of a frame to a group over one plain switch: nothing is lost, late, refused or drawn by chance on it, so
//! that it is worked out once and kept until anything about the switches changes.
use std::rc::Rc;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::LinkQuality;

use super::{Fabric, Place, Port, PortId, Switch, class};

/// Where frames to a group go from one port, and what they take.
#[derive(Clone, Debug)]
pub(super) struct Flood {
    to: Rc<[PortId]>,
    takes: Span,
}

/// What is kept for a port.
#[derive(Clone, Debug, Default)]
pub(super) enum Kept {
    /// Nobody has looked yet.
    #[default]
    Unknown,
    /// The way is a long one.
    Long,
    /// This is the way.
    Short(Flood),
}

impl Fabric {
    /// The short way of a frame, if it is one to a group and there is one: all that it reaches, at one moment. The switch
    /// has then learnt where its sender is.
    pub fn flood(&mut self, now: Instant, from: PortId, frame: &[u8]) -> Option<(Instant, Rc<[PortId]>)> {
        let (dst, src) = (class::destination(frame)?, class::source(frame)?);
        if !dst.is_multicast() || src.is_multicast() {
            return None;
        }
        if matches!(self.floods.get(from.0), None | Some(Kept::Unknown)) {
            let found = self.look_for_flood(from).map_or(Kept::Long, Kept::Short);
            self.floods.resize(self.ports.len(), Kept::Unknown);
            self.floods[from.0] = found;
        }
        let Kept::Short(flood) = &self.floods[from.0] else { return None };
        let way = (now + flood.takes, flood.to.clone());
        let port = &self.ports[from.0];
        self.switches[port.network].table.insert((port.vlan, src.0), (Place::Port(from), now));
        Some(way)
    }

    /// Something about the switches is other than it was.
    pub(super) fn changed(&mut self) {
        self.floods.clear();
    }

    fn look_for_flood(&self, from: PortId) -> Option<Flood> {
        let sender = &self.ports[from.0];
        let switch = &self.switches[sender.network];
        let plain = |port: &Port| self.is_plain(port, switch);
        if !(self.trunks.is_empty() && switch.is_plain() && plain(sender)) {
            return None;
        }
        let others = switch.ports.iter().copied().filter(|to| *to != from && self.ports[to.0].vlan == sender.vlan);
        let to: Rc<[PortId]> = others.collect();
        let delay = |port: PortId| link_of(&self.ports[port.0], switch).delay;
        let last = to.first().map(|first| delay(*first))?;
        let even = to.iter().all(|to| plain(&self.ports[to.0]) && delay(*to) == last);
        even.then(|| Flood { takes: delay(from) + last, to })
    }

    fn is_plain(&self, port: &Port, switch: &Switch) -> bool {
        let link = link_of(port, switch);
        let exact = link.loss_ppm == 0 && link.jitter == Span::ZERO && !link.is_special();
        exact
            && port.carrier
            && port.waits.is_none()
            && port.guard.is_none()
            && port.cuts.is_empty()
            && port.up.is_plain()
            && port.down.is_plain()
    }
}

impl Switch {
    fn is_plain(&self) -> bool {
        self.cloud.is_none()
            && self.snooper.is_none()
            && self.storm.is_none()
            && self.partitions.is_empty()
            && self.proxied.is_empty()
    }
}

fn link_of<'a>(port: &'a Port, switch: &'a Switch) -> &'a LinkQuality {
    port.link.as_deref().unwrap_or(&switch.link)
}
