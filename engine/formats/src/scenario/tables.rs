//! Promises about tables of virtual servers.
use vrrplab_engine::lvs::Virtual;
use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::lvs::{Endpoint, Protocol};

use super::leaf::{Leaf, Placed, Short, Unreadable, Yaml};
use super::reader::Reader;
use super::shape::{ServerText, TableText};
use super::units::{Number, NumberKind, TargetKind};
use crate::world::{Promise, ServerPromise, TablePromise};

/// Reads `tcp 10.0.0.100:80`, `udp [fd00::1]:53`, `fwmark 3` or `fwmark 3 inet6`.
pub(super) fn service(text: &str) -> Result<Virtual, Unreadable> {
    let bad = || {
        let help = "such as \"tcp 10.0.0.100:80\", \"udp [fd00::1]:53\" or \"fwmark 3\"";
        Unreadable::new(format!("`{text}` is no virtual server"), help)
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let protocol = match words.first().copied() {
        Some("tcp") => Protocol::Tcp,
        Some("udp") => Protocol::Udp,
        Some("sctp") => Protocol::Sctp,
        Some("fwmark") => {
            let family = match words.get(2).copied() {
                None | Some("inet") => AddressFamily::V4,
                Some("inet6") => AddressFamily::V6,
                Some(_) => return Err(bad()),
            };
            let mark = words.get(1).and_then(|mark| mark.parse().ok()).filter(|_| words.len() < 4);
            return mark.map(|mark| Virtual::Mark(family, mark)).ok_or_else(bad);
        }
        _ => return Err(bad()),
    };
    let at = words.get(1).and_then(|at| at.parse::<std::net::SocketAddr>().ok()).filter(|_| words.len() == 2);
    at.map(|at| Virtual::Address(protocol, Endpoint { ip: at.ip(), port: at.port() })).ok_or_else(bad)
}

impl Reader<'_> {
    pub(super) fn table(&mut self, text: &TableText) -> Option<Promise> {
        let (node, at, service) = (self.node(&text.node), self.moment(&text.at), self.read(&text.service));
        let absent = self.or(&text.absent, false);
        if absent == text.servers.is_some() {
            let help = "give either `servers` (`{}` for none) or `absent: true`";
            self.refuse_at(&text.node.text, "it is not clear what the table holds", "", help);
            return None;
        }
        let servers = text.servers.as_ref().map(|servers| {
            let all: Vec<Option<_>> = servers.0.iter().map(|(name, server)| self.server(name, server)).collect();
            all.into_iter().collect::<Option<Vec<_>>>()
        });
        let servers = match servers {
            None => None,
            Some(read) => Some(read?),
        };
        Some(Promise::Table(TablePromise { node: node?, at: at?, service: service?.value, servers }))
    }

    fn server(
        &mut self,
        name: &Yaml<String>,
        text: &Placed<NumberKind, ServerText>,
    ) -> Option<(Endpoint, ServerPromise)> {
        let at = self.read(&Leaf::<TargetKind>::new(name.clone()));
        let promise = match &text.0.value {
            Short::Word(word, _) => {
                let weight = self.placed_word::<NumberKind, _>(word, &text.0)?.value;
                u32::try_from(weight).ok().map(|weight| ServerPromise { weight: Some(weight), ..Default::default() })
            }
            Short::Long(long) => self.server_details(long),
        };
        if promise.is_none() {
            self.refuse_at(
                &text.0,
                "a number of this server is out of range",
                "",
                "0 or more, the least not above the most",
            );
        }
        let ((ip, port), promise) = (at?.value, promise?);
        Some((Endpoint { ip, port }, promise))
    }

    fn server_details(&mut self, text: &ServerText) -> Option<ServerPromise> {
        let weight = self.small(&text.weight, None)?;
        let active = self.bounds([&text.active, &text.active_at_least, &text.active_at_most])?;
        let inactive = self.bounds([&text.inactive, &text.inactive_at_least, &text.inactive_at_most])?;
        Some(ServerPromise { weight, active, inactive })
    }

    fn bounds(&mut self, [exact, least, most]: [&Option<Number>; 3]) -> Option<(u32, u32)> {
        let (least, most) = (self.small(least, Some(0))??, self.small(most, Some(u32::MAX))??);
        let bounds = self.small(exact, None)?.map_or((least, most), |exact| (exact, exact));
        (bounds.0 <= bounds.1).then_some(bounds)
    }

    /// A number, or what it is when it is not given; none when it is out of range.
    fn small(&mut self, leaf: &Option<Number>, other: Option<u32>) -> Option<Option<u32>> {
        match self.maybe(leaf) {
            None => leaf.is_none().then_some(other),
            Some(read) => u32::try_from(read.value).ok().map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_named_as_administrators_name_them() {
        let at = |ip: &str, port| Endpoint { ip: ip.parse().unwrap(), port };
        for (text, wanted) in [
            ("tcp 10.0.0.100:80", Virtual::Address(Protocol::Tcp, at("10.0.0.100", 80))),
            ("udp [fd00::1]:53", Virtual::Address(Protocol::Udp, at("fd00::1", 53))),
            ("fwmark 3", Virtual::Mark(AddressFamily::V4, 3)),
            ("fwmark 3 inet6", Virtual::Mark(AddressFamily::V6, 3)),
        ] {
            assert_eq!(service(text), Ok(wanted), "{text}");
        }
        for bad in
            ["", "tcp", "tcp 10.0.0.100", "10.0.0.100:80", "fwmark", "fwmark x", "fwmark 3 inet7", "tcp 1.1.1.1:1 2"]
        {
            assert!(service(bad).is_err(), "{bad}");
        }
    }
}
