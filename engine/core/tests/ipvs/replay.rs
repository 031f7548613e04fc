//! One case, step by step: what is asked of the network, and what comes out.
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use serde_json::{Value, json};
use vrrplab_engine::lvs::conn::ConnProtocol;
use vrrplab_engine::lvs::{Arrival, Director, Hook, IpvsCommand, LvsError, Paths, ServiceConfig, Verdict, Virtual};
use vrrplab_engine::{Instant, Span};
use vrrplab_wire::flow::Flow;

use super::case::{self, Server, address, number, text};
use super::packets::{ACK, FIN, PSH, RST, SYN, icmp_error, sums_are_right, tcp, udp};

/// The director's routes: everything is near, and nothing is local.
pub struct Wide;

impl Paths for Wide {
    fn is_local(&self, _: IpAddr) -> bool {
        false
    }
    fn mtu(&self, _: IpAddr) -> u16 {
        1500
    }
    fn source(&self, to: IpAddr) -> IpAddr {
        if to.is_ipv4() { "10.0.0.254".parse().unwrap() } else { "fdc0::fe".parse().unwrap() }
    }
}

/// Who answered a segment of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reached {
    /// Port 0 when the packet was not rewritten, so that answers do not pass the director.
    Server(SocketAddr),
    Refused,
    Nobody,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    client: SocketAddr,
    called: SocketAddr,
}

pub struct Replay {
    pub(super) now: Instant,
    pub(super) director: Director,
    pub(super) key: Virtual,
    pub(super) config: ServiceConfig,
    pub(super) case: Value,
    pub(super) servers: BTreeMap<String, Server>,
    vip: Option<SocketAddr>,
    mark: u32,
    open: BTreeMap<String, Open>,
    /// Sockets that servers hold.
    sockets: BTreeSet<(SocketAddr, SocketAddr)>,
}

impl Replay {
    pub fn new(value: &Value) -> Replay {
        let (key, config) = case::service(value);
        let (names, servers) = case::servers(value, &key);
        let (vip, mark) = match key {
            Virtual::Address(_, endpoint) => (Some(SocketAddr::new(endpoint.ip, endpoint.port)), 0),
            Virtual::Mark(_, mark) => (None, mark),
        };
        let mut replay = Replay {
            now: Instant(1_000_000_000),
            director: Director::new(1, 0),
            key,
            config,
            case: value.clone(),
            servers,
            vip,
            mark,
            open: BTreeMap::new(),
            sockets: BTreeSet::new(),
        };
        for (name, value) in value.get("sysctl").and_then(Value::as_object).into_iter().flatten() {
            replay.sysctl(name, value.as_str().unwrap());
        }
        replay.apply(IpvsCommand::AddService(key, config)).unwrap();
        for name in names {
            let server = replay.servers[&name].clone();
            replay.apply(IpvsCommand::AddDest(key, server.endpoint, server.config)).unwrap();
        }
        replay
    }

    pub(super) fn apply(&mut self, command: IpvsCommand) -> Result<(), LvsError> {
        self.director.apply(self.now, &command)
    }

    pub(super) fn pass(&mut self, span: Span) {
        let until = self.now + span;
        while let Some(at) = self.director.next_wake().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.director.handle(self.now);
        }
        self.now = until;
        self.director.handle(self.now);
    }

    /// A packet of the client; the server that has it then.
    fn request(&mut self, mut packet: Vec<u8>) -> Reached {
        let arrival = Arrival { hook: Hook::LocalIn, mark: self.mark };
        let verdict = self.director.packet(self.now, arrival, &Wide, &mut packet);
        self.director.handle(self.now);
        match verdict {
            Verdict::Forward(server) => {
                let flow = Flow::read(&packet).unwrap();
                let plain = matches!(flow.protocol, 6 | 17);
                assert!(!plain || sums_are_right(&packet));
                let port = if plain && flow.dest == server { flow.dest_port } else { 0 };
                Reached::Server(SocketAddr::new(server, port))
            }
            Verdict::Accept | Verdict::Refuse(_) => Reached::Refused,
            Verdict::Drop(_) | Verdict::Answer | Verdict::Deliver => Reached::Nobody,
        }
    }

    /// A packet of the server to the client; whether the client takes it for its own. Only NAT answers pass the director.
    fn answer(&mut self, server: SocketAddr, open: Open, packet: impl Fn(SocketAddr, SocketAddr) -> Vec<u8>) -> bool {
        if server.port() == 0 {
            return true;
        }
        let mut packet = packet(server, open.client);
        let arrival = Arrival { hook: Hook::Forward, mark: 0 };
        let verdict = self.director.packet(self.now, arrival, &Wide, &mut packet);
        self.director.handle(self.now);
        let flow = Flow::read(&packet).unwrap();
        let from_virtual = (flow.source, flow.source_port) == (open.called.ip(), open.called.port());
        assert_eq!(verdict == Verdict::Answer, from_virtual);
        from_virtual && sums_are_right(&packet)
    }

    fn segment(&mut self, open: Open, flags: u8) -> Reached {
        self.request(tcp(open.client, open.called, flags, &[]))
    }

    fn say(&mut self, server: SocketAddr, open: Open, flags: u8) -> bool {
        self.answer(server, open, |from, to| tcp(from, to, flags, &[]))
    }

    /// A handshake. A server that still holds a socket of this client provokes a reset first, and the SYN comes again.
    fn connect(&mut self, open: Open) -> Result<SocketAddr, &'static str> {
        let mut reached = self.segment(open, SYN);
        if let Reached::Server(server) = reached
            && self.sockets.contains(&(server, open.client))
        {
            self.say(server, open, ACK);
            if self.segment(open, RST) == Reached::Server(server) {
                self.sockets.remove(&(server, open.client));
            }
            self.pass(Span::from_secs(1));
            reached = self.segment(open, SYN);
        }
        match reached {
            Reached::Refused => Err("refused"),
            Reached::Nobody => Err("timeout"),
            Reached::Server(server) => {
                self.sockets.insert((server, open.client));
                if !self.say(server, open, SYN | ACK) {
                    return Err("timeout");
                }
                self.segment(open, ACK);
                self.say(server, open, PSH | ACK);
                self.segment(open, ACK);
                Ok(server)
            }
        }
    }

    fn finish(&mut self, open: Open, how: &str) {
        let first = match how {
            "rst" => self.segment(open, RST | ACK),
            "srvclose" => self.segment(open, ACK),
            _ => self.segment(open, FIN | ACK),
        };
        let Reached::Server(server) = first else { return };
        self.sockets.remove(&(server, open.client));
        match how {
            "rst" => {}
            "srvclose" => {
                self.say(server, open, FIN | ACK);
                self.segment(open, ACK);
                self.segment(open, FIN | ACK);
                self.say(server, open, ACK);
            }
            _ => {
                self.say(server, open, FIN | ACK);
                self.segment(open, ACK);
            }
        }
    }

    fn name_of(&self, server: SocketAddr) -> Value {
        let same_port = |port: u16| server.port() == 0 || port == 0 || port == server.port();
        let is_it = |s: &Server| s.endpoint.ip == server.ip() && same_port(s.endpoint.port);
        let named = self.servers.iter().find(|(_, s)| is_it(s));
        named.map_or_else(|| json!(server.to_string()), |(name, _)| json!(name))
    }

    fn called(&self, step: &Value) -> SocketAddr {
        let ip = address(step, "dst").or(self.vip.map(|vip| vip.ip())).unwrap();
        let port = number(step, "dport").map(|p| p as u16).or(self.vip.map(|vip| vip.port())).unwrap();
        SocketAddr::new(ip, port)
    }

    fn conn(&mut self, step: &Value) -> (Value, Option<&'static str>) {
        let count = number(step, "count").unwrap_or(1);
        let mut chosen = Vec::new();
        let mut error = None;
        for n in 0..count {
            let sport = number(step, "sport").unwrap() + n;
            let client = SocketAddr::new(address(step, "src").unwrap(), sport as u16);
            let open = Open { client, called: self.called(step) };
            match self.connect(open) {
                Ok(server) => {
                    chosen.push(self.name_of(server));
                    match text(step, "mode") {
                        "keep" => {
                            self.open.insert(text(step, "name").to_string(), open);
                        }
                        how => self.finish(open, how),
                    }
                }
                Err(why) => {
                    chosen.push(Value::Null);
                    error = Some(why);
                }
            }
        }
        if step.get("count").is_some() { (Value::Array(chosen), error) } else { (chosen.remove(0), error) }
    }

    fn datagram(&mut self, step: &Value) -> (Value, Option<&'static str>) {
        let client = SocketAddr::new(address(step, "src").unwrap(), number(step, "sport").unwrap() as u16);
        let open = Open { client, called: self.called(step) };
        match self.request(udp(open.client, open.called, b"hello")) {
            Reached::Refused => (Value::Null, Some("refused")),
            Reached::Nobody => (Value::Null, Some("timeout")),
            Reached::Server(server) if self.answer(server, open, |from, to| udp(from, to, b"hi")) => {
                (self.name_of(server), None)
            }
            Reached::Server(_) => (Value::Null, Some("timeout")),
        }
    }

    fn ping(&mut self, step: &Value) -> Value {
        let open = self.open[text(step, "name")];
        match self.segment(open, PSH | ACK) {
            Reached::Server(server) if self.say(server, open, PSH | ACK) => json!({"pong": self.name_of(server)}),
            Reached::Refused => json!({"error": "reset"}),
            _ => json!({"error": "timeout"}),
        }
    }

    fn raw(&mut self, step: &Value) {
        let flags = text(step, "flags").chars().fold(0, |sum, c| {
            sum | match c {
                'S' => SYN,
                'F' => FIN,
                'R' => RST,
                'P' => PSH,
                'A' => ACK,
                _ => 0,
            }
        });
        let hook = if text(step, "dir") == "in" { Hook::LocalIn } else { Hook::Forward };
        let mut packet = tcp(case::socket(step, "src"), case::socket(step, "dst"), flags, &[]);
        self.director.packet(self.now, Arrival { hook, mark: self.mark }, &Wide, &mut packet);
        self.director.handle(self.now);
    }

    fn icmp(&mut self, step: &Value) {
        let inner = (case::socket(step, "inner_src"), case::socket(step, "inner_dst"));
        let (from, to) = (address(step, "src").unwrap(), address(step, "dst").unwrap());
        let (kind, code) = (number(step, "type").unwrap() as u8, number(step, "code").unwrap() as u8);
        let mut packet = icmp_error(from, to, kind, code, inner);
        let hook = if self.vip.is_some_and(|vip| vip.ip() == to) { Hook::LocalIn } else { Hook::Forward };
        self.director.packet(self.now, Arrival { hook, mark: 0 }, &Wide, &mut packet);
        self.director.handle(self.now);
    }

    /// Does one step; what came out, without the table.
    pub fn step(&mut self, step: &Value) -> Value {
        self.pass(Span::from_millis(10));
        let with_error = |(chosen, error): (Value, Option<&str>)| match error {
            Some(error) => json!({"chosen": chosen, "error": error}),
            None => json!({"chosen": chosen}),
        };
        match text(step, "op") {
            "conn" => with_error(self.conn(step)),
            "udp" => with_error(self.datagram(step)),
            "ping" => self.ping(step),
            "end" => {
                let open = self.open.remove(text(step, "name")).unwrap();
                self.finish(open, text(step, "how"));
                json!({})
            }
            op @ ("add" | "edit" | "del") => {
                let out = self.edit(step, op);
                self.pass(Span::from_millis(5));
                out
            }
            "edit_service" => {
                self.edit_service(step);
                json!({})
            }
            "sysctl" => {
                self.sysctls(step);
                json!({})
            }
            "sleep" => {
                self.pass(Span::from_millis(number(step, "ms").unwrap()));
                json!({})
            }
            "sh" => self.shell(text(step, "line")),
            "tcp" => {
                self.raw(step);
                json!({})
            }
            "icmp" => {
                self.icmp(step);
                json!({})
            }
            "snap" => json!({}),
            other => panic!("step {other}"),
        }
    }

    /// Name, weight, active and inactive connections of the servers, in the kernel's order.
    pub fn table(&self) -> Value {
        let services = self.director.services();
        let row = |dest: &vrrplab_engine::lvs::DestView| {
            let endpoint = |s: &Server| (s.endpoint.ip, s.given_port) == (dest.key.ip, dest.key.port);
            let name = self.servers.iter().find(|(_, s)| endpoint(s)).map(|(name, _)| name.clone());
            let name = name.unwrap_or_else(|| SocketAddr::new(dest.key.ip, dest.key.port).to_string());
            json!([name, dest.config.weight, dest.active, dest.inactive])
        };
        services.iter().find(|s| s.key == self.key).map(|s| s.dests.iter().map(row).collect()).unwrap_or_default()
    }

    /// The connections, without those that another client port hides.
    pub fn connections(&self, watch: Option<u64>) -> Vec<(String, u64)> {
        let mut all: Vec<(String, u64)> = self
            .director
            .connections(self.now)
            .iter()
            .filter(|c| watch.is_none_or(|port| u64::from(c.client.1) == port))
            .map(|c| {
                let protocol = match c.protocol {
                    ConnProtocol::Ip => "IP",
                    ConnProtocol::Tcp => "TCP",
                    ConnProtocol::Udp => "UDP",
                };
                let (client, virt, server) =
                    (SocketAddr::from(c.client), SocketAddr::from(c.virt), SocketAddr::from(c.server));
                (format!("{protocol} {client} {virt} {server} {}", c.state), c.expires.0 / 1_000_000_000)
            })
            .collect();
        all.sort();
        all
    }
}
