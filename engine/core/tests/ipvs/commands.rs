//! What an administrator does during a case: servers, services, sysctls, lines for a shell.
use std::net::SocketAddr;

use serde_json::{Value, json};
use vrrplab_engine::Span;
use vrrplab_engine::lvs::{IpvsCommand, LvsError};
use vrrplab_engine::model::lvs::Endpoint;

use super::case::{self, text};
use super::replay::Replay;

impl Replay {
    pub(super) fn sysctl(&mut self, name: &str, value: &str) {
        let n: u64 = value.parse().unwrap();
        let on = n != 0;
        let sysctl = &mut self.director.sysctl;
        match name.trim_start_matches("net.ipv4.vs.") {
            "conn_reuse_mode" => sysctl.conn_reuse_mode = n as u8,
            "expire_nodest_conn" => sysctl.expire_nodest_conn = on,
            "expire_quiescent_template" => sysctl.expire_quiescent_template = on,
            "secure_tcp" => sysctl.secure_tcp = n as u8,
            "sloppy_tcp" => sysctl.sloppy_tcp = on,
            "drop_packet" => sysctl.drop_packet = n as u8,
            "am_droprate" => sysctl.am_droprate = n as u32,
            "pmtu_disc" => sysctl.pmtu_disc = on,
            "nat_icmp_send" => sysctl.nat_icmp_send = on,
            "lblc_expiration" => sysctl.lblc_expiration = Span::from_secs(n),
            "lblcr_expiration" => sysctl.lblcr_expiration = Span::from_secs(n),
            other => panic!("sysctl {other}"),
        }
    }

    pub(super) fn edit(&mut self, step: &Value, op: &str) -> Value {
        let name = text(step, "name").to_string();
        let server = match op {
            "del" => self.servers[&name].clone(),
            _ => case::server(step, self.servers.get(&name), &self.key),
        };
        let command = match op {
            "add" => IpvsCommand::AddDest(self.key, server.endpoint, server.config),
            "edit" => IpvsCommand::EditDest(self.key, server.endpoint, server.config),
            _ => IpvsCommand::DeleteDest(self.key, server.endpoint),
        };
        self.servers.entry(name).or_insert_with(|| server.clone()).config = server.config;
        match self.apply(command) {
            Ok(()) => json!({}),
            Err(LvsError::Range) => json!({"ipvsadm": "Numerical result out of range"}),
            Err(error) => json!({"ipvsadm": format!("{error:?}")}),
        }
    }

    /// Sysctls within a step: `name` and `value`, or their names as keys.
    pub(super) fn sysctls(&mut self, step: &Value) {
        let show = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
        for key in ["name", "key"] {
            if let (Some(name), Some(value)) = (step.get(key).and_then(Value::as_str), step.get("value")) {
                self.sysctl(name, &show(value));
            }
        }
        for (name, value) in step.as_object().into_iter().flatten() {
            match value {
                Value::Object(_) => self.sysctls(value),
                value if name.contains('.') => self.sysctl(name, &show(value)),
                _ => {}
            }
        }
    }

    pub(super) fn edit_service(&mut self, step: &Value) {
        for (name, value) in step.as_object().unwrap().iter().filter(|(name, _)| *name != "op") {
            self.case["service"][name] = value.clone();
        }
        self.config = case::service(&self.case).1;
        self.apply(IpvsCommand::EditService(self.key, self.config)).unwrap();
    }

    /// A line of commands that a case gave to a shell.
    pub(super) fn shell(&mut self, line: &str) -> Value {
        let mut out = String::new();
        for command in line.split(';').map(str::trim) {
            let words: Vec<&str> = command.split_whitespace().collect();
            let endpoint = || {
                let at = words.iter().position(|w| *w == "-r").unwrap();
                let socket: SocketAddr = words[at + 1].parse().unwrap();
                Endpoint { ip: socket.ip(), port: socket.port() }
            };
            match words[..] {
                ["ipvsadm", "--set", tcp, fin, udp] => {
                    let set = |to: &mut Span, text: &str| match text.parse().unwrap() {
                        0 => {}
                        n => *to = Span::from_secs(n),
                    };
                    set(&mut self.director.timeouts.tcp, tcp);
                    set(&mut self.director.timeouts.tcp_fin, fin);
                    set(&mut self.director.timeouts.udp, udp);
                }
                ["ipvsadm", "-L", "--timeout"] => {
                    let seconds = |span: Span| span.0 / 1_000_000_000;
                    let t = self.director.timeouts;
                    let (tcp, fin, udp) = (seconds(t.tcp), seconds(t.tcp_fin), seconds(t.udp));
                    out = format!("Timeout (tcp tcpfin udp): {tcp} {fin} {udp}");
                }
                ["ipvsadm", "-E", ..] => self.apply(IpvsCommand::EditService(self.key, self.config)).unwrap(),
                ["ipvsadm", "-a", ..] => {
                    self.apply(IpvsCommand::AddDest(self.key, endpoint(), Default::default())).unwrap();
                }
                ["ipvsadm", "-d", ..] => self.apply(IpvsCommand::DeleteDest(self.key, endpoint())).unwrap(),
                ["sysctl", "-qw", setting] => {
                    let (name, value) = setting.split_once('=').unwrap();
                    self.sysctl(name, value);
                }
                ["sleep", seconds] => self.pass(Span::from_secs(seconds.parse().unwrap())),
                _ => panic!("{command}"),
            }
        }
        json!({"out": out})
    }
}
