//! The real servers of a recording: what was done to them, and how they answer.
use std::collections::BTreeMap;
use std::net::IpAddr;

use vrrplab_engine::Exit;
use vrrplab_engine::health::{Answer, Ask, Probe};

/// How a port answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    Well,
    Refused,
    Silent,
}

/// All servers. Those of which nothing was said do what they do at the start of every recording.
#[derive(Clone, Debug)]
pub struct World {
    ports: BTreeMap<(u8, u16), Port>,
    /// The status of pages; 0 accepts and then says nothing.
    status: u16,
    /// The exit status of the program; none hangs.
    pub exit: Option<i32>,
    /// The code of the name server.
    code: u8,
    deaf: Vec<u8>,
}

/// Ports by which the checkers of the recordings connect.
const UDP: u16 = 9999;
const DNS: u16 = 53;
const SMTP: u16 = 25;
const WEB: u16 = 80;

impl World {
    pub fn new() -> World {
        World { ports: BTreeMap::new(), status: 200, exit: Some(0), code: 0, deaf: Vec::new() }
    }

    fn port(&self, host: u8, port: u16) -> Port {
        let usual = if port == WEB { Port::Well } else { Port::Refused };
        self.ports.get(&(host, port)).copied().unwrap_or(usual)
    }

    /// What was done to the servers, in the words of the recording.
    pub fn event(&mut self, text: &str) {
        let last = text.rsplit(' ').find_map(|word| word.parse::<i32>().ok());
        let ports: &[(&str, u16, Port)] = &[
            ("SMTP server started", SMTP, Port::Well),
            ("DNS server started", DNS, Port::Well),
            ("drops UDP silently", UDP, Port::Silent),
            ("sends ICMP port unreachable", UDP, Port::Refused),
            ("all TCP dropped", WEB, Port::Silent),
            ("reachable again", WEB, Port::Well),
            ("started again", WEB, Port::Well),
            (" back", WEB, Port::Well),
            ("killed", WEB, Port::Refused),
        ];
        if let Some((_, port, state)) = ports.iter().find(|(words, _, _)| text.contains(words)) {
            for host in hosts(text) {
                self.ports.insert((host, *port), *state);
            }
        } else if text.contains("stops answering ping") {
            self.deaf = hosts(text);
        } else if text.contains("answers ping again") {
            self.deaf.clear();
        } else if text.contains("accept and then hang") {
            self.status = 0;
        } else if text.contains("both answer") {
            let number = text.split(' ').find_map(|word| word.parse().ok());
            self.status = number.unwrap_or(200);
        } else if text.contains("misc exit") {
            self.exit = last;
        } else if text.contains("misc script hangs") {
            self.exit = None;
        } else if let Some((_, code)) = text.split_once("DNS answers rcode ") {
            self.code = code.chars().next().and_then(|c| c.to_digit(10)).unwrap_or(0) as u8;
        }
    }

    /// The answer at this moment; none while nothing comes.
    pub fn answer(&self, probe: &Probe) -> Option<Answer> {
        let Some(connection) = &probe.connection else {
            return self.exit.map(|exit| Answer::Exited(Exit::Status(exit)));
        };
        let IpAddr::V4(ip) = connection.to.ip else { return None };
        let host = ip.octets()[3] - 10;
        if probe.ask == Ask::Echo {
            return (!self.deaf.contains(&host)).then_some(Answer::Reached);
        }
        match self.port(host, connection.to.port) {
            Port::Silent => None,
            Port::Refused => Some(Answer::Refused(111)),
            Port::Well => self.well(probe),
        }
    }

    /// A connection to this port is not even begun.
    pub fn loses_syns(&self, probe: &Probe) -> bool {
        let tcp = matches!(probe.ask, Ask::Connect | Ask::Page { .. } | Ask::Dialogue(_));
        let port = probe.connection.as_ref().and_then(|connection| match connection.to.ip {
            IpAddr::V4(ip) => Some(self.port(ip.octets()[3] - 10, connection.to.port)),
            IpAddr::V6(_) => None,
        });
        tcp && port == Some(Port::Silent)
    }

    fn well(&self, probe: &Probe) -> Option<Answer> {
        match &probe.ask {
            Ask::Page { .. } if self.status == 0 => None,
            Ask::Page { .. } => Some(Answer::Page(format!("HTTP/1.0 {} Said\r\n\r\nhello", self.status).into_bytes())),
            Ask::Dialogue(_) => {
                Some(Answer::Lines(vec![b"220 mail".to_vec(), b"250 hello".to_vec(), b"221 bye".to_vec()]))
            }
            Ask::Datagram(question) => {
                let mut reply = question.clone();
                reply[2] |= 0x80;
                reply[3] |= self.code;
                Some(Answer::Datagram(reply))
            }
            _ => Some(Answer::Reached),
        }
    }
}

/// `RS1`, `RS3`: those; `both`: the first two.
fn hosts(text: &str) -> Vec<u8> {
    if text.contains("both") {
        return vec![1, 2];
    }
    text.split("RS").skip(1).filter_map(|rest| rest.chars().next()?.to_digit(10)).map(|digit| digit as u8).collect()
}
