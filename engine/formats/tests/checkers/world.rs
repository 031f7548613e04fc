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

/// What a server offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Offer {
    Web,
    Tls,
    Mail,
    Names,
    Datagrams,
}

impl Offer {
    /// What a probe asks for; none for echoes and programs.
    fn of(probe: &Probe) -> Option<Offer> {
        let port = probe.connection.as_ref()?.to.port;
        match &probe.ask {
            Ask::Connect | Ask::Page { tls: None, .. } => Some(Offer::Web),
            Ask::Page { tls: Some(_), .. } => Some(Offer::Tls),
            Ask::Dialogue(_) => Some(Offer::Mail),
            Ask::Datagram(_) if port == 53 => Some(Offer::Names),
            Ask::Datagram(_) => Some(Offer::Datagrams),
            Ask::Echo | Ask::Run(_) => None,
        }
    }
}

/// All servers. Those of which nothing was said do what they do at the start of every recording.
#[derive(Clone, Debug)]
pub struct World {
    ports: BTreeMap<(u8, Offer), Port>,
    /// The status of pages, 200 where nothing was said; 0 accepts and then says nothing.
    status: BTreeMap<u8, u16>,
    /// The exit status of the program; none hangs.
    exit: Option<i32>,
    /// The code of the name server.
    code: u8,
    deaf: Vec<u8>,
}

impl World {
    pub fn new() -> World {
        let (ports, status) = (BTreeMap::new(), BTreeMap::new());
        World { ports, status, exit: Some(0), code: 0, deaf: Vec::new() }
    }

    fn port(&self, host: u8, offer: Offer) -> Port {
        let usual = if offer == Offer::Web { Port::Well } else { Port::Refused };
        self.ports.get(&(host, offer)).copied().unwrap_or(usual)
    }

    /// What was done to the servers, in the words of the recording.
    pub fn event(&mut self, text: &str) {
        let number = |text: &str| text.split(|c: char| !c.is_ascii_digit()).find_map(|word| word.parse::<u16>().ok());
        let ports: &[(&str, Offer, Port)] = &[
            ("SMTP server started", Offer::Mail, Port::Well),
            ("DNS server started", Offer::Names, Port::Well),
            ("drops UDP silently", Offer::Datagrams, Port::Silent),
            ("sends ICMP port unreachable", Offer::Datagrams, Port::Refused),
            ("all TCP dropped", Offer::Web, Port::Silent),
            ("reachable again", Offer::Web, Port::Well),
            ("started again", Offer::Web, Port::Well),
            (" back", Offer::Web, Port::Well),
            ("killed", Offer::Web, Port::Refused),
        ];
        if let Some((_, offer, state)) = ports.iter().find(|(words, _, _)| text.contains(words)) {
            self.ports.extend(hosts(text).into_iter().map(|host| ((host, *offer), *state)));
        } else if text.contains("stops answering ping") {
            self.deaf.extend(hosts(text));
        } else if text.contains("answers ping again") {
            self.deaf.retain(|host| !hosts(text).contains(host));
        } else if let Some((_, exit)) = text.split_once("misc exit") {
            self.exit = number(exit).map(i32::from);
        } else if text.contains("misc script hangs") {
            self.exit = None;
        } else if let Some((_, code)) = text.split_once("DNS answers rcode ") {
            self.code = number(code).unwrap_or(0) as u8;
        } else if text.contains("hang") {
            self.status.extend(hosts(text).into_iter().map(|host| (host, 0)));
        } else if let Some((_, status)) = text.split_once(" answer") {
            self.status.extend(hosts(text).into_iter().map(|host| (host, number(status).unwrap_or(200))));
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
        match self.port(host, Offer::of(probe)?) {
            Port::Silent => None,
            Port::Refused => Some(Answer::Refused(111)),
            Port::Well => self.well(host, probe),
        }
    }

    /// A connection to this port is not even begun.
    pub fn loses_syns(&self, probe: &Probe) -> bool {
        let to = probe.connection.as_ref().map(|connection| connection.to.ip);
        let (Some(IpAddr::V4(ip)), Some(offer)) = (to, Offer::of(probe)) else { return false };
        matches!(offer, Offer::Web | Offer::Tls | Offer::Mail) && self.port(ip.octets()[3] - 10, offer) == Port::Silent
    }

    fn well(&self, host: u8, probe: &Probe) -> Option<Answer> {
        let status = self.status.get(&host).copied().unwrap_or(200);
        match &probe.ask {
            Ask::Page { .. } if status == 0 => None,
            Ask::Page { .. } => Some(Answer::Page(format!("HTTP/1.0 {status} Said\r\n\r\nhello").into_bytes())),
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
