//! The words of every report: names of hosts and ports, times, faults and drop reasons.
mod kernel;
mod trouble;

use std::net::IpAddr;

use vrrplab_engine::{Exit, Instant, News, Span};
use vrrplab_formats::world::{
    Behaviour, ClientId, CloudFault, Direction, Fault, FrameClass, FrameKind, Member, NetworkId, Nic, NodeId,
    PortSecurity, RogueId, ServiceChange, ServiceFault, Subject, World,
};

use crate::fabric::cloud::NotCarried;
use crate::fabric::port_security::{Refusal, Why};
use crate::fabric::{DropReason, PortId};
use crate::host::Trouble;
use crate::moment::{Move, PortInfo};

mod fabric;

pub(super) use fabric::is_chance;

/// A time of the run, always with microseconds: `3.609375`.
pub fn time(at: Instant) -> String {
    let micros = at.0 / 1_000;
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// A length of time, with no more decimals than it needs: `3.2 s`.
pub fn span(length: Span) -> String {
    let micros = length.as_micros();
    let decimals = format!("{:06}", micros % 1_000_000);
    match decimals.trim_end_matches('0') {
        "" => format!("{} s", micros / 1_000_000),
        some => format!("{}.{some} s", micros / 1_000_000),
    }
}

/// `1 frame`, `5 frames`.
pub fn count(n: u64, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// Why a frame did not arrive, in plain words, with the rule of port security that dropped it.
pub fn drop_reason(reason: DropReason) -> String {
    match reason {
        DropReason::Down => "port down".into(),
        DropReason::Cut => "cut".into(),
        DropReason::Partition => "partition".into(),
        DropReason::Loss => "lost by chance".into(),
        DropReason::Cloud(why) => not_carried(why).into(),
        DropReason::Stunned => "the machine stands still".into(),
        DropReason::Refused(Refusal { why, rule }) => format!("{} ({rule})", refused(why)),
        DropReason::Fabric(why) => fabric::dropped(why).into(),
    }
}

const fn not_carried(why: NotCarried) -> &'static str {
    match why {
        NotCarried::Group => "the cloud carries no broadcast or multicast",
        NotCarried::Announcement => "the cloud ignores announcements: addresses are moved by its API",
        NotCarried::Unmapped => "the cloud has nobody else at this address",
        NotCarried::Source => "the cloud: the source is not an address of this interface",
        NotCarried::SourceMac => "the cloud: the source MAC is not that of this interface",
        NotCarried::Protocol => "the cloud does not carry this IP protocol",
        NotCarried::Kind => "the cloud carries IPv4 only",
    }
}

const fn refused(why: Why) -> &'static str {
    match why {
        Why::SpoofedMac => "port security: source MAC not allowed",
        Why::SpoofedIp => "port security: source address not allowed",
        Why::SpoofedArp => "port security: ARP sender not allowed",
        Why::SpoofedNeighbour => "port security: neighbour discovery for an address not allowed",
        Why::Kind => "port security: neither IP nor ARP",
        Why::Role => "port security: only a router or DHCP server may send it",
        Why::Untracked => "security group: not tracked",
        Why::GroupOut => "security group: no rule lets it out",
        Why::GroupIn => "security group: no rule lets it in",
        Why::NotAddressee => "port security: not an address of the receiver",
        Why::Answered => "the switch answers for this address itself",
    }
}

/// What was found out about something that is tracked, in plain words.
pub fn news(name: &str, news: News) -> String {
    match news {
        News::Succeeded => format!("script {name} succeeded"),
        News::Failed(Exit::Status(status)) => format!("script {name} failed (exited with status {status})"),
        News::Failed(Exit::Signal(signal)) => format!("script {name} failed (due to signal {signal})"),
        News::TimedOut => format!("script {name} failed (ran too long)"),
        News::NowReturning(status) => format!("script {name} now returns {status}"),
        News::StillRunning => format!("script {name} is still running"),
        News::Considered { good } => {
            format!("script {name} still counts as {}", if good { "successful" } else { "failed" })
        }
        News::Says(value) => format!("file {name} says {value}"),
        News::Quorum(true) => format!("enough processes {name} run"),
        News::Quorum(false) => format!("too few or too many processes {name} run"),
        News::Link(true) => format!("{name} counts as up"),
        News::Link(false) => format!("{name} counts as down"),
        News::Session(true) => format!("BFD session {name} is up"),
        News::Session(false) => format!("BFD session {name} is down"),
    }
}

/// Whether it is good or bad news, or neither.
pub const fn is_good(news: News) -> Option<bool> {
    match news {
        News::Succeeded | News::Quorum(true) | News::Session(true) | News::Link(true) => Some(true),
        News::Failed(_) | News::TimedOut | News::Quorum(false) | News::Session(false) | News::Link(false) => {
            Some(false)
        }
        News::NowReturning(_) | News::StillRunning | News::Considered { .. } | News::Says(_) => None,
    }
}

/// A kind of frame, in the plural.
pub const fn frame_kinds(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Advert => "adverts",
        FrameKind::Release => "releases",
        FrameKind::GratuitousArp => "gratuitous ARPs",
        FrameKind::NeighbourAdvert => "neighbour advertisements",
    }
}

/// The names of a world, kept by observers that outlive their sight of it.
#[derive(Clone, Debug)]
pub struct Names {
    networks: Vec<String>,
    trunks: Vec<String>,
    nodes: Vec<(String, Vec<String>)>,
    clients: Vec<(String, IpAddr)>,
    rogues: Vec<String>,
    ports: Vec<PortInfo>,
}

impl Names {
    /// Takes the names from a world and its ports.
    pub fn new(world: &World, ports: &[PortInfo]) -> Names {
        let nics = |model: &vrrplab_engine::model::NodeModel| model.interfaces.iter().map(|i| i.name.clone()).collect();
        Names {
            networks: world.networks.iter().map(|n| n.name.clone()).collect(),
            trunks: world.trunks.iter().map(|t| t.name.clone()).collect(),
            nodes: world.nodes.iter().map(|n| (n.model.name.clone(), nics(&n.model))).collect(),
            clients: world.clients.iter().map(|c| (c.name.clone(), c.ask.target())).collect(),
            rogues: world.rogues.iter().map(|r| r.name.clone()).collect(),
            ports: ports.to_vec(),
        }
    }

    /// Name of a node.
    pub fn node(&self, id: NodeId) -> &str {
        self.nodes.get(id.0).map_or("?", |n| &n.0)
    }

    /// Name of a client.
    pub fn client(&self, id: ClientId) -> &str {
        self.clients.get(id.0).map_or("?", |c| &c.0)
    }

    /// Whom a client asks.
    pub fn target(&self, id: ClientId) -> Option<IpAddr> {
        self.clients.get(id.0).map(|c| c.1)
    }

    /// Name of a segment.
    pub fn network(&self, id: NetworkId) -> &str {
        self.networks.get(id.0).map_or("?", String::as_str)
    }

    /// Name of a rogue.
    pub fn rogue(&self, id: RogueId) -> &str {
        self.rogues.get(id.0).map_or("?", String::as_str)
    }

    /// Name of a host.
    pub fn member(&self, member: Member) -> &str {
        match member {
            Member::Node(id) => self.node(id),
            Member::Client(id) => self.client(id),
            Member::Rogue(id) => self.rogue(id),
        }
    }

    /// Name of a host or of a network.
    pub fn subject(&self, of: Subject) -> &str {
        match of {
            Subject::Host(host) => self.member(host),
            Subject::Switch(network) => self.network(network),
        }
    }

    /// `r1:eth0`.
    pub fn nic(&self, nic: Nic) -> String {
        let iface = self.nodes.get(nic.node.0).and_then(|n| n.1.get(nic.nic));
        format!("{}:{}", self.node(nic.node), iface.map_or("?", String::as_str))
    }

    /// `r1:eth0`.
    pub fn port(&self, port: PortId) -> &str {
        self.ports.get(port.0).map_or("?", |p| &p.label)
    }

    /// Whose port it is.
    pub fn owner(&self, port: PortId) -> Option<Member> {
        self.ports.get(port.0).map(|p| p.owner)
    }

    /// Name of the host of a port.
    pub fn host(&self, port: PortId) -> &str {
        self.owner(port).map_or("?", |owner| self.member(owner))
    }

    /// The names of all hosts.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        let nodes = self.nodes.iter().map(|n| n.0.as_str());
        nodes.chain(self.clients.iter().map(|c| c.0.as_str())).chain(self.rogues.iter().map(String::as_str))
    }

    /// The host or segment that a fault strikes.
    pub fn struck(&self, fault: &Fault) -> &str {
        match fault {
            Fault::Cut { nic, .. }
            | Fault::Uncut(nic)
            | Fault::PortDown(nic)
            | Fault::PortUp(nic)
            | Fault::NicDown(nic)
            | Fault::NicUp(nic)
            | Fault::SetPortSecurity(nic, _) => self.node(nic.node),
            Fault::Partition { network, .. }
            | Fault::Heal(network)
            | Fault::Cloud(CloudFault::MovesTake { network, .. } | CloudFault::Refuses { network, .. }) => {
                self.network(*network)
            }
            Fault::Cloud(CloudFault::Assign { nic, .. }) => self.node(nic.node),
            Fault::Crash(node)
            | Fault::Kill(node)
            | Fault::Stop(node)
            | Fault::Pause(node)
            | Fault::Resume(node)
            | Fault::Start(node)
            | Fault::Reload(node, _)
            | Fault::WriteFile { node, .. }
            | Fault::Script { node, .. }
            | Fault::Processes { node, .. }
            | Fault::Session { node, .. } => self.node(*node),
            Fault::Kernel(fault) => self.node(fault.node()),
            Fault::Service(fault) => self.node(fault.node),
            Fault::Fabric(fault) => self.struck_of_fabric(fault),
            Fault::Node(fault) => self.node(fault.node()),
            Fault::Rogue(fault) => self.rogue(fault.rogue),
        }
    }

    /// How far a cloud has come with an address, in plain words.
    pub fn cloud_move(&self, nic: Nic, address: IpAddr, step: Move) -> String {
        let nic = self.nic(nic);
        match step {
            Move::Asked => format!("asks the cloud to move {address} to {nic}"),
            Move::Refused => format!("asks the cloud to move {address} to {nic}: refused"),
            Move::Done => format!("the cloud leads {address} to {nic} from now on"),
        }
    }

    /// A fault in plain words.
    pub fn fault(&self, fault: &Fault) -> String {
        match fault {
            Fault::Cut { nic, direction, frames } => {
                let which = match frames {
                    FrameClass::All => "all frames",
                    FrameClass::Multicast => "multicast",
                    FrameClass::Vrrp => "VRRP",
                    FrameClass::Arp => "ARP",
                };
                let way = match direction {
                    Direction::Both => "both ways",
                    Direction::FromNode => "from the node",
                    Direction::ToNode => "to the node",
                };
                format!("cut of {}: {which}, {way}", self.nic(*nic))
            }
            Fault::Uncut(nic) => format!("cuts of {} mended", self.nic(*nic)),
            Fault::PortDown(nic) => format!("switch port of {} goes down", self.nic(*nic)),
            Fault::PortUp(nic) => format!("switch port of {} comes up", self.nic(*nic)),
            Fault::NicDown(nic) => format!("ip link set {} down", self.nic(*nic)),
            Fault::NicUp(nic) => format!("ip link set {} up", self.nic(*nic)),
            Fault::Partition { network, groups } => {
                let islands: Vec<String> = groups
                    .iter()
                    .map(|group| group.iter().map(|m| self.member(*m)).collect::<Vec<_>>().join(", "))
                    .collect();
                format!("partition of {}: {}", self.network(*network), islands.join(" | "))
            }
            Fault::Heal(network) => format!("partition of {} healed", self.network(*network)),
            Fault::Crash(node) => format!("power loss of {}", self.node(*node)),
            Fault::Kill(node) => format!("daemon of {} killed (SIGKILL)", self.node(*node)),
            Fault::Stop(node) => format!("daemon of {} told to stop (SIGTERM)", self.node(*node)),
            Fault::Pause(node) => format!("daemon of {} paused (SIGSTOP)", self.node(*node)),
            Fault::Resume(node) => format!("daemon of {} resumed (SIGCONT)", self.node(*node)),
            Fault::Start(node) => format!("daemon of {} started", self.node(*node)),
            Fault::Reload(node, _) => format!("daemon of {} reloaded (SIGHUP)", self.node(*node)),
            Fault::WriteFile { node, path, content: Some(content) } => {
                format!("{path} of {} written: {}", self.node(*node), content.trim_end().escape_debug())
            }
            Fault::WriteFile { node, path, content: None } => format!("{path} of {} deleted", self.node(*node)),
            Fault::Script { node, name, does: Behaviour::Exits(status) } => {
                format!("script {name} of {} exits with {status} from now on", self.node(*node))
            }
            Fault::Script { node, name, does: Behaviour::Hangs } => {
                format!("script {name} of {} hangs from now on", self.node(*node))
            }
            Fault::Script { node, name, does: Behaviour::ExitsAfter(status, after) } => {
                format!(
                    "script {name} of {} takes {} and exits with {status} from now on",
                    self.node(*node),
                    span(*after)
                )
            }
            Fault::Processes { node, name, count } => {
                format!("{count} processes {name} on {}", self.node(*node))
            }
            Fault::Session { node, name, up } => {
                format!("BFD session {name} of {} {}", self.node(*node), if *up { "comes up" } else { "goes down" })
            }
            Fault::Cloud(CloudFault::Assign { nic, address }) => {
                format!("{address} moved to {} by hand", self.nic(*nic))
            }
            Fault::Cloud(CloudFault::MovesTake { takes, .. }) => format!("API calls take {} from now on", span(*takes)),
            Fault::Cloud(CloudFault::Refuses { refuses: true, .. }) => "API calls are refused from now on".into(),
            Fault::Cloud(CloudFault::Refuses { refuses: false, .. }) => "API calls are accepted again".into(),
            Fault::Kernel(fault) => self.kernel_fault(fault),
            Fault::Service(fault) => self.service(fault),
            Fault::Node(fault) => self.node_fault(fault),
            Fault::Rogue(fault) => self.rogue_fault(fault),
            Fault::SetPortSecurity(nic, None) => format!("port security of {} off", self.nic(*nic)),
            Fault::SetPortSecurity(nic, Some(security)) => {
                let pairs: Vec<String> = security
                    .allowed_address_pairs
                    .iter()
                    .map(|pair| {
                        let mac = pair.mac.map(|mac| format!(" at {mac}")).unwrap_or_default();
                        format!("{}/{}{mac}", pair.ip.ip, pair.ip.prefix)
                    })
                    .collect();
                let allowed = if pairs.is_empty() { "own addresses only".into() } else { pairs.join(", ") };
                format!("port security of {} on, allowed pairs: {allowed}{}", self.nic(*nic), groups(security))
            }
            Fault::Fabric(fault) => self.fabric_fault(fault),
        }
    }
}

impl Names {
    fn service(&self, fault: &ServiceFault) -> String {
        let how = match &fault.change {
            ServiceChange::Refuse => "refuses".into(),
            ServiceChange::Silent => "is silent".into(),
            ServiceChange::Slow(delay) => format!("answers after {}", span(*delay)),
            ServiceChange::Status(status) => format!("answers with status {status}"),
            ServiceChange::Body(body) => format!("answers: {}", body.trim_end().escape_debug()),
            ServiceChange::Ok => "answers as at the start".into(),
            ServiceChange::Greeting(line) => format!("greets with: {line}"),
            ServiceChange::Rcode(rcode) => format!("answers {}", rcode.name()),
        };
        format!("port {} of {} {how}", fault.port, self.node(fault.node))
    }
}

/// What went wrong for a client.
pub const fn trouble(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Refused => "refused",
        Trouble::Reset => "reset",
        Trouble::Closed => "closed",
        Trouble::Unreachable => "unreachable",
        Trouble::GivenUp => "given up",
        Trouble::Wrong => "wrong answer",
    }
}

/// The security groups of a port, when they are looked at.
fn groups(security: &PortSecurity) -> String {
    let Some(groups) = &security.groups else { return String::new() };
    let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    format!(", security groups: {}", if names.is_empty() { "none".into() } else { names.join(", ") })
}

#[cfg(test)]
mod tests {
    use vrrplab_formats::world::AddressPair;

    use super::*;
    use crate::observe::stage;

    #[test]
    fn times_have_six_decimals_and_lengths_as_many_as_they_need() {
        assert_eq!(time(Instant(3_609_375_999)), "3.609375");
        assert_eq!(time(Instant::ZERO), "0.000000");
        assert_eq!(span(Span::from_millis(3_200)), "3.2 s");
        assert_eq!(span(Span::from_secs(12)), "12 s");
        assert_eq!(span(Span::from_micros(50)), "0.00005 s");
        assert_eq!(count(1, "frame"), "1 frame");
        assert_eq!(count(0, "frame"), "0 frames");
    }

    #[test]
    fn what_is_tracked_has_plain_words() {
        let table = [
            (News::Succeeded, Some(true), "script x succeeded"),
            (News::Failed(Exit::Status(1)), Some(false), "script x failed (exited with status 1)"),
            (News::Failed(Exit::Signal(9)), Some(false), "script x failed (due to signal 9)"),
            (News::TimedOut, Some(false), "script x failed (ran too long)"),
            (News::NowReturning(2), None, "script x now returns 2"),
            (News::StillRunning, None, "script x is still running"),
            (News::Considered { good: true }, None, "script x still counts as successful"),
            (News::Says(-30), None, "file x says -30"),
            (News::Quorum(false), Some(false), "too few or too many processes x run"),
            (News::Session(true), Some(true), "BFD session x is up"),
            (News::Link(false), Some(false), "x counts as down"),
        ];
        for (found, good, words) in table {
            assert_eq!((is_good(found), news("x", found).as_str()), (good, words));
        }
    }

    #[test]
    fn every_fault_has_plain_words() {
        let names = Names::new(&stage::world(), &stage::ports());
        let (node, network) = (NodeId(0), NetworkId(0));
        let nic = Nic { node, nic: 0 };
        let (r1, r2) = (Member::Node(NodeId(0)), Member::Node(NodeId(1)));
        let cut = |direction, frames| Fault::Cut { nic, direction, frames };
        let pair = AddressPair { ip: stage::addr("10.0.0.100", 32), mac: None };
        let virtual_mac = Some(vrrplab_engine::model::Mac([0, 0, 0x5e, 0, 1, 51]));
        let pairs = PortSecurity {
            allowed_address_pairs: vec![pair, AddressPair { mac: virtual_mac, ..pair }],
            ..PortSecurity::default()
        };
        let model = Box::new(stage::world().nodes[0].model.clone());
        let table = [
            (cut(Direction::Both, FrameClass::All), "cut of r1:eth0: all frames, both ways"),
            (cut(Direction::FromNode, FrameClass::Multicast), "cut of r1:eth0: multicast, from the node"),
            (cut(Direction::ToNode, FrameClass::Vrrp), "cut of r1:eth0: VRRP, to the node"),
            (cut(Direction::Both, FrameClass::Arp), "cut of r1:eth0: ARP, both ways"),
            (Fault::Uncut(nic), "cuts of r1:eth0 mended"),
            (Fault::PortDown(nic), "switch port of r1:eth0 goes down"),
            (Fault::PortUp(nic), "switch port of r1:eth0 comes up"),
            (Fault::NicDown(nic), "ip link set r1:eth0 down"),
            (Fault::NicUp(nic), "ip link set r1:eth0 up"),
            (
                Fault::Partition { network, groups: vec![vec![r1], vec![r2, Member::Client(ClientId(0))]] },
                "partition of lan: r1 | r2, c1",
            ),
            (Fault::Heal(network), "partition of lan healed"),
            (Fault::Crash(node), "power loss of r1"),
            (Fault::Kill(node), "daemon of r1 killed (SIGKILL)"),
            (Fault::Stop(node), "daemon of r1 told to stop (SIGTERM)"),
            (Fault::Pause(node), "daemon of r1 paused (SIGSTOP)"),
            (Fault::Resume(node), "daemon of r1 resumed (SIGCONT)"),
            (Fault::Start(node), "daemon of r1 started"),
            (
                Fault::WriteFile { node, path: "/run/adj".into(), content: Some("-30\n".into()) },
                "/run/adj of r1 written: -30",
            ),
            (Fault::WriteFile { node, path: "/run/adj".into(), content: None }, "/run/adj of r1 deleted"),
            (
                Fault::Script { node, name: "chk".into(), does: Behaviour::Exits(1) },
                "script chk of r1 exits with 1 from now on",
            ),
            (Fault::Script { node, name: "chk".into(), does: Behaviour::Hangs }, "script chk of r1 hangs from now on"),
            (Fault::Processes { node, name: "web".into(), count: 0 }, "0 processes web on r1"),
            (Fault::Session { node, name: "gw".into(), up: false }, "BFD session gw of r1 goes down"),
            (
                Fault::Service(ServiceFault { node, port: 80, change: ServiceChange::Slow(Span::from_secs(2)) }),
                "port 80 of r1 answers after 2 s",
            ),
            (
                Fault::Service(ServiceFault { node, port: 80, change: ServiceChange::Body("busy\n".into()) }),
                "port 80 of r1 answers: busy",
            ),
            (Fault::Reload(node, model), "daemon of r1 reloaded (SIGHUP)"),
            (Fault::SetPortSecurity(nic, None), "port security of r1:eth0 off"),
            (
                Fault::SetPortSecurity(nic, Some(PortSecurity::default())),
                "port security of r1:eth0 on, allowed pairs: own addresses only",
            ),
            (
                Fault::SetPortSecurity(nic, Some(pairs)),
                "port security of r1:eth0 on, allowed pairs: 10.0.0.100/32, 10.0.0.100/32 at 00:00:5e:00:01:33",
            ),
        ];
        for (fault, words) in table {
            assert_eq!(names.fault(&fault), words);
        }
    }
}
