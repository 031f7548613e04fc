//! Routes and rules of the kernel: set, removed, and watched where there are any. What was set is remembered, so that one
//! that another removes is news and an own removal is not.
use std::io;

use netlink_packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::route::RouteMessage;
use netlink_packet_route::rule::RuleMessage;
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;
use vrrplab_engine::KernelEvent;
use vrrplab_engine::model::route::{RouteModel, RuleModel};

use super::route::{self, RouteKey};
use super::{Changed, Netlink, rule};

/// What was set and not removed, by the line of the configuration.
#[derive(Debug, Default)]
pub(super) struct Set {
    routes: Vec<(String, RouteKey)>,
    rules: Vec<(String, RuleMessage)>,
    watched: bool,
}

impl Set {
    /// What the kernel's message says of routes and rules that were set.
    pub fn news(&mut self, message: &RouteNetlinkMessage) -> Option<KernelEvent> {
        match message {
            RouteNetlinkMessage::DelRoute(gone) if !self.routes.is_empty() => {
                let key = route::key(gone);
                let at = self.routes.iter().position(|(_, set)| *set == key)?;
                Some(KernelEvent::RouteRemoved { line: self.routes.remove(at).0 })
            }
            RouteNetlinkMessage::DelRule(gone) => {
                let at = self.rules.iter().position(|(_, set)| rule::is_same(set, gone))?;
                Some(KernelEvent::RuleRemoved { line: self.rules.remove(at).0 })
            }
            _ => None,
        }
    }

    /// Everything has been looked at: what was set and is not there is gone.
    fn missing(&mut self, routes: &[RouteKey], rules: &[RuleMessage]) -> Vec<KernelEvent> {
        let (there, gone): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.routes).into_iter().partition(|(_, key)| routes.contains(key));
        self.routes = there;
        let is_there = |set: &RuleMessage| rules.iter().any(|told| rule::is_same(set, told));
        let (there, lost): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.rules).into_iter().partition(|(_, set)| is_there(set));
        self.rules = there;
        let routes = gone.into_iter().map(|(line, _)| KernelEvent::RouteRemoved { line });
        routes.chain(lost.into_iter().map(|(line, _)| KernelEvent::RuleRemoved { line })).collect()
    }
}

impl Netlink {
    /// Has the kernel tell of routes and rules too. On a host with many it tells much: only where some are configured.
    pub fn watch_routes(&mut self) -> io::Result<()> {
        if !self.set.watched {
            self.monitor.watch_routes()?;
            self.set.watched = true;
        }
        Ok(())
    }

    /// Whether this route was set, and nobody has removed it.
    pub fn has_set_route(&self, line: &str) -> bool {
        self.set.routes.iter().any(|(known, _)| known == line)
    }

    /// Whether this rule was set, and nobody has removed it.
    pub fn has_set_rule(&self, line: &str) -> bool {
        self.set.rules.iter().any(|(known, _)| known == line)
    }

    /// Sets or removes a route. What has changed besides is the second part of the answer.
    pub fn change_route(&mut self, model: &RouteModel, add: bool) -> io::Result<(Changed, Vec<KernelEvent>)> {
        let index = |name: &str| match self.table.named(name) {
            Some(link) => Ok(self.kernel_index(link.index)),
            None => Err(io::Error::from(Errno::ENODEV)),
        };
        let (told, line) = (route::message(&model.spec, index)?, model.line());
        self.set.routes.retain(|(known, _)| *known != line);
        let changed = if add {
            let key = route::key(&told);
            let append = if model.spec.append { NLM_F_APPEND } else { 0 };
            let changed = self.set_if_missing(RouteNetlinkMessage::NewRoute(told), NLM_F_CREATE | append)?;
            self.set.routes.push((line, key));
            changed
        } else {
            self.remove_if_there(RouteNetlinkMessage::DelRoute(told))?
        };
        Ok((changed, self.news()?))
    }

    /// Sets or removes a rule.
    pub fn change_rule(&mut self, model: &RuleModel, add: bool) -> io::Result<(Changed, Vec<KernelEvent>)> {
        let (told, line) = (rule::message(&model.spec), model.line());
        self.set.rules.retain(|(known, _)| *known != line);
        let changed = if add {
            let message = RouteNetlinkMessage::NewRule(told.clone());
            let changed = self.set_if_missing(message, NLM_F_CREATE | NLM_F_EXCL)?;
            self.set.rules.push((line, told));
            changed
        } else {
            self.remove_if_there(RouteNetlinkMessage::DelRule(told))?
        };
        Ok((changed, self.news()?))
    }

    fn set_if_missing(&mut self, message: RouteNetlinkMessage, flags: u16) -> io::Result<Changed> {
        match self.requests.ask(message, flags) {
            Ok(()) => Ok(Changed::Done),
            Err(Errno::EEXIST) => Ok(Changed::Already),
            Err(error) => Err(error.into()),
        }
    }

    fn remove_if_there(&mut self, message: RouteNetlinkMessage) -> io::Result<Changed> {
        match self.requests.ask(message, 0) {
            Ok(()) => Ok(Changed::Done),
            Err(Errno::ESRCH | Errno::ENOENT | Errno::ENODEV) => Ok(Changed::Already),
            Err(error) => Err(error.into()),
        }
    }

    /// Messages were lost: which routes and rules are gone?
    pub(super) fn look_at_routes(&mut self) -> io::Result<Vec<KernelEvent>> {
        let (mut routes, mut rules) = (Vec::new(), Vec::new());
        if self.set.routes.is_empty() && self.set.rules.is_empty() {
            return Ok(Vec::new());
        }
        for family in [AddressFamily::Inet, AddressFamily::Inet6] {
            let (mut route, mut rule) = (RouteMessage::default(), RuleMessage::default());
            (route.header.address_family, rule.header.family) = (family, family);
            for answer in self.requests.dump(RouteNetlinkMessage::GetRoute(route))? {
                if let RouteNetlinkMessage::NewRoute(found) = answer {
                    routes.push(route::key(&found));
                }
            }
            for answer in self.requests.dump(RouteNetlinkMessage::GetRule(rule))? {
                if let RouteNetlinkMessage::NewRule(found) = answer {
                    rules.push(found);
                }
            }
        }
        Ok(self.set.missing(&routes, &rules))
    }
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::model::route::{RouteSpec, RuleDeed, RuleSpec};
    use vrrplab_engine::model::{AddressFamily, IfAddr};

    use super::*;

    fn route_to(ip: &str) -> RouteMessage {
        let to = IfAddr { ip: ip.parse().unwrap(), prefix: 24 };
        let spec = RouteSpec { to, ..RouteSpec::new(AddressFamily::V4) };
        route::message(&spec, |_| Ok(2)).unwrap()
    }

    fn rule_of(priority: u32) -> RuleMessage {
        rule::message(&RuleSpec::new(AddressFamily::V4, RuleDeed::Table(100), priority))
    }

    fn set() -> Set {
        Set {
            routes: ["192.168.1.0", "192.168.2.0"].map(|ip| (ip.to_owned(), route::key(&route_to(ip)))).into(),
            rules: [1000, 1001].map(|priority| (priority.to_string(), rule_of(priority))).into(),
            watched: true,
        }
    }

    #[test]
    fn what_another_removes_is_news_once() {
        let mut set = set();
        let gone = RouteNetlinkMessage::DelRoute(route_to("192.168.2.0"));
        assert_eq!(set.news(&gone), Some(KernelEvent::RouteRemoved { line: "192.168.2.0".into() }));
        assert_eq!(set.news(&gone), None);
        let gone = RouteNetlinkMessage::DelRule(rule_of(1000));
        assert_eq!(set.news(&gone), Some(KernelEvent::RuleRemoved { line: "1000".into() }));
        assert_eq!(set.news(&RouteNetlinkMessage::DelRoute(route_to("192.168.3.0"))), None);
    }

    #[test]
    fn after_lost_messages_what_is_not_there_is_gone() {
        let mut set = set();
        let events = set.missing(&[route::key(&route_to("192.168.1.0"))], &[rule_of(1001)]);
        let expected = [
            KernelEvent::RouteRemoved { line: "192.168.2.0".into() },
            KernelEvent::RuleRemoved { line: "1000".into() },
        ];
        assert_eq!(events, expected);
    }
}
