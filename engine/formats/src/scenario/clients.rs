//! The clients of a scenario, and what is promised about them.
use std::net::IpAddr;

use vrrplab_engine::model::Mac;
use vrrplab_engine::{Instant, Span};

use super::hosts::InUse;
use super::leaf::Yaml;
use super::reader::Reader;
use super::shape::{ClientSawText, ClientText};
use super::units::Text;
use crate::diagnostics::Spanned;
use crate::world::{Ask, Client, ClientId, ClientPromise, Promise};

impl Reader<'_> {
    /// Reads one client; `entry`: the name of the entry that it comes from.
    pub(super) fn read_client(
        &mut self,
        name: &Yaml<String>,
        text: &ClientText,
        entry: &Yaml<String>,
        used: &mut InUse,
    ) -> Option<Client> {
        self.claim_client_name(name);
        let network = self.network(&text.network);
        let [high, low] = self.two_bytes(self.client_names.len() - 1, name, "clients");
        let mac = self.or(&text.mac, Mac([2, 0, 0, 1, high, low]));
        let at = text.mac.as_ref().map_or(name, |m| &m.text);
        self.claim_mac(at, network, mac, &name.value, used);
        let addr = self.host_address(&text.address);
        if let Some(addr) = &addr {
            let alone = !self.or(&text.duplicate, false);
            self.claim_ip(&text.address.text, network.filter(|_| alone), addr.ip, &name.value, used);
        }
        let gateway = self.gateway(&text.gateway, addr);
        let ask = self.ask(name, text, addr.map(|addr| addr.ip));
        let every = self.or(&text.every, Span::from_secs(1));
        if let (Span::ZERO, Some(leaf)) = (every, &text.every) {
            self.refuse_at(&leaf.text, "a client needs time between requests", "", "for instance 200ms");
        }
        let timeout = self.or(&text.timeout, Span::from_secs(1));
        let late_after = self.or(&text.late_after, timeout);
        let from = text.from.as_ref().and_then(|from| self.moment(from)).unwrap_or(Instant::ZERO);
        let from = from + self.share(text, every);
        let block = self.turn.map(|_| entry.value.clone());
        let attachment = self.attachment(network, &text.vlan, &text.portfast, text.link.as_ref());
        let (network, addr, ask) = (network?, addr?, ask?);
        let name = name.value.clone();
        Some(Client { name, network, mac, addr, ask, every, timeout, from, late_after, block, gateway, attachment })
    }

    /// One client of this name, by itself or of a block.
    pub(super) fn one_client(&mut self, leaf: &Text) -> Option<ClientId> {
        let found = self.client_named(&leaf.text.value);
        if found.is_none() {
            let known = self.client_names.clone();
            self.unknown(&leaf.text, "client", &known);
        }
        found
    }

    /// The position of the client of this name, if there is one.
    pub(super) fn client_named(&self, name: &str) -> Option<ClientId> {
        self.client_names.iter().position(|known| known == name).map(ClientId)
    }

    fn claim_client_name(&mut self, name: &Yaml<String>) {
        let node = self.nodes.iter().any(|n| n.name == name.value);
        if node || self.client_names.contains(&name.value) {
            let what = if node { "a node and a client" } else { "two clients" };
            let title = format!("`{}` is {what}", name.value);
            self.refuse_at(name, title, "this name is taken", "hosts need names of their own");
        }
        self.client_names.push(name.value.clone());
    }

    /// How much later than the first of its block a client begins, so that they do not all ask at once.
    fn share(&mut self, text: &ClientText, every: Span) -> Span {
        let (Some(n), Some(count)) = (self.turn, &text.count) else { return Span::ZERO };
        let count = self.read(count).and_then(|count| u128::try_from(count.value).ok()).unwrap_or(1).max(1);
        let n = u128::try_from(n).unwrap_or(0);
        Span(u64::try_from(u128::from(every.0) * n / count).unwrap_or(u64::MAX))
    }

    fn ask(&mut self, name: &Yaml<String>, text: &ClientText, own: Option<IpAddr>) -> Option<Ask> {
        let at = |to: Spanned<(IpAddr, u16)>, ask: fn(IpAddr, u16) -> Ask| to.with(ask(to.value.0, to.value.1));
        let ping = self.maybe(&text.ping).map(|ip| ip.with(Ask::Ping(ip.value)));
        let http = self.maybe(&text.http).map(|to| at(to, Ask::Http));
        let udp = self.maybe(&text.udp).map(|to| at(to, Ask::Udp));
        let hold = self.maybe(&text.hold).map(|to| at(to, Ask::Hold));
        let written = [text.ping.is_some(), text.http.is_some(), text.udp.is_some(), text.hold.is_some()];
        if written.iter().filter(|w| **w).count() != 1 {
            let title = format!("client `{}` must have exactly one of `ping`, `http`, `udp` and `hold`", name.value);
            self.refuse_at(name, title, "", "a client asks for one thing; a second client may ask for another");
        }
        let ask = ping.or(http).or(udp).or(hold)?;
        if let Some(own) = own.filter(|own| own.is_ipv4() != ask.value.target().is_ipv4()) {
            let help = format!("the client's own address is {own}");
            self.refuse(ask.span.clone(), "a client asks in the family of its address", "other family", &help);
        }
        Some(ask.value)
    }

    /// The client of this name, or all clients of the block of this name.
    fn clients_of(&mut self, leaf: &Text) -> Option<(ClientId, usize)> {
        let name = &leaf.text.value;
        if let Some(found) = self.client_named(name) {
            return Some((found, 1));
        }
        if let Some((_, first, count)) = self.blocks.iter().find(|(block, ..)| block == name) {
            return Some((ClientId(*first), *count));
        }
        let blocks = self.blocks.iter().map(|(block, ..)| block.clone());
        let known: Vec<String> = if self.client_names.len() > 50 {
            blocks.collect()
        } else {
            self.client_names.iter().cloned().chain(blocks).collect()
        };
        self.unknown(&leaf.text, "client", &known);
        None
    }

    /// What a client saw.
    pub(super) fn client_saw(&mut self, p: &ClientSawText) -> Option<Promise> {
        let clients = self.clients_of(&p.name);
        let lost = (self.count(&p.lost_at_least), self.count(&p.lost_at_most));
        let outage = (self.maybe(&p.longest_outage_at_least), self.maybe(&p.longest_outage_at_most));
        let outage = (outage.0.map(|s| s.value), outage.1.map(|s| s.value));
        let resets = (self.count(&p.resets_at_least), self.count(&p.resets_at_most));
        let late = self.count(&p.late_at_most);
        let back_by = p.back_by.as_ref().map(|back| self.moment(back));
        let written = [
            p.lost_at_least.is_some() || p.lost_at_most.is_some(),
            p.longest_outage_at_least.is_some() || p.longest_outage_at_most.is_some(),
            p.resets_at_least.is_some() || p.resets_at_most.is_some(),
            p.late_at_most.is_some() || p.back_by.is_some(),
        ];
        self.check_bounds(&p.name, lost.0.as_ref(), lost.1.as_ref(), written.contains(&true));
        self.check_bounds(&p.name, outage.0.as_ref(), outage.1.as_ref(), true);
        self.check_bounds(&p.name, resets.0.as_ref(), resets.1.as_ref(), true);
        let (first, count) = clients?;
        if p.late_at_most.is_some() && self.clients.get(first.0).is_some_and(|c| c.late_after >= c.timeout) {
            let help = "give the client a `late_after`, such as 100ms";
            self.refuse_at(&p.name.text, "no answer in time is late for this client", "promises nothing", help);
        }
        Some(Promise::Client(ClientPromise {
            first,
            count,
            name: p.name.text.value.clone(),
            lost: (lost.0.unwrap_or(0), lost.1.unwrap_or(u64::MAX)),
            longest: (outage.0.unwrap_or(Span::ZERO), outage.1.unwrap_or(Span(u64::MAX))),
            resets: (resets.0.unwrap_or(0), resets.1.unwrap_or(u64::MAX)),
            late_at_most: late.unwrap_or(u64::MAX),
            back_by: back_by.map_or(Some(None), |back| back.map(Some))?,
        }))
    }
}
