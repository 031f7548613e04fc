//! The services of nodes, and the faults that change them.
use vrrplab_engine::Span;

use super::leaf::Yaml;
use super::reader::Reader;
use super::shape::{NodeText, PageText, ServiceFaultText, ServiceText};
use super::units::{Number, Text};
use crate::world::{Fault, NodeId, Page, Rcode, Serves, Service, ServiceChange, ServiceFault};

impl Reader<'_> {
    /// What answers on a node.
    pub(super) fn services(&mut self, node: &str, text: &NodeText) -> Vec<Service> {
        let mut services = Vec::new();
        if self.or(&text.http, false) {
            services.push(Service::web(node));
        }
        for text in text.services.iter().flatten() {
            let Some((service, at)) = self.service(node, text) else { continue };
            let taken = |s: &Service| s.port == service.port && s.is_udp() == service.is_udp();
            if services.iter().any(taken) {
                let title = format!("two services of `{node}` are at port {}", service.port);
                self.refuse_at(&at, title, "second one", "`http: true` is port 80");
            }
            services.push(service);
        }
        services
    }

    fn service(&mut self, node: &str, text: &ServiceText) -> Option<(Service, Yaml<String>)> {
        let given = [&text.http, &text.udp, &text.tcp, &text.smtp, &text.dns];
        let mut ports = given.into_iter().flatten();
        let (Some(leaf), None) = (ports.next(), ports.next()) else {
            let help = "such as `{ http: 80 }`, `{ udp: 5000 }`, `{ tcp: 7000 }`, `{ smtp: 25 }` or `{ dns: 53 }`";
            let title = format!("a service of `{node}` needs exactly one of `http`, `udp`, `tcp`, `smtp` and `dns`");
            match given.into_iter().flatten().next() {
                Some(leaf) => self.refuse_at(&leaf.text, title, "one of several", help),
                None => self.refuse(0..0, title, "", help),
            }
            return None;
        };
        let port = self.port(leaf);
        let page = self.page(node, &text.status, &text.body);
        let mut paths = Vec::new();
        for (path, page) in text.paths.iter().flat_map(|paths| &paths.0) {
            let PageText { status, body } = page;
            let page = self.page(node, status, body);
            paths.extend(page.map(|page| (path.value.clone(), page)));
        }
        let delay = self.or(&text.delay, Span::ZERO);
        if text.http.is_none() && (text.status.is_some() || text.body.is_some() || text.paths.is_some()) {
            let help = "only `http` has `status`, `body` and `paths`";
            self.refuse_at(&leaf.text, "this service has no pages", "not HTTP", help);
        }
        let greeting = self.greeting(node, &text.greeting, text.smtp.is_some());
        let rcode = self.or(&text.rcode, Rcode::NoError);
        if let Some(rcode) = text.rcode.as_ref().filter(|_| text.dns.is_none()) {
            self.refuse_at(&rcode.text, "this service answers no names", "not DNS", "only `dns` has `rcode`");
        }
        let serves = match text {
            ServiceText { http: Some(_), .. } => Serves::Http { page: page?, paths },
            ServiceText { udp: Some(_), .. } => Serves::Udp,
            ServiceText { smtp: Some(_), .. } => Serves::Smtp { greeting: greeting? },
            ServiceText { dns: Some(_), .. } => Serves::Dns { rcode },
            _ => Serves::Tcp,
        };
        let at = Yaml { value: String::new(), referenced: leaf.text.referenced, defined: leaf.text.defined };
        Some((Service { port: port?, serves, delay }, at))
    }

    fn port(&mut self, leaf: &Number) -> Option<u16> {
        let read = self.read(leaf)?;
        let port = u16::try_from(read.value).ok().filter(|port| *port > 0);
        if port.is_none() {
            self.refuse(read.span, "that is no port", "", "from 1 to 65535");
        }
        port
    }

    /// The first line of a mail server.
    fn greeting(&mut self, node: &str, text: &Option<Text>, smtp: bool) -> Option<String> {
        let Some(leaf) = text else { return Some(format!("220 {node} ESMTP")) };
        if !smtp {
            let help = "only `smtp` has a `greeting`";
            self.refuse_at(&leaf.text, "this service greets nobody", "not SMTP", help);
            return None;
        }
        self.greets(leaf)
    }

    /// A line that a mail server may say first: a code of three digits, and words.
    fn greets(&mut self, leaf: &Text) -> Option<String> {
        let line = self.read(leaf)?;
        let code = line.value.get(..3).is_some_and(|code| code.bytes().all(|b| b.is_ascii_digit()));
        let ends = matches!(line.value.as_bytes().get(3), None | Some(b' '));
        if !(code && ends) || line.value.contains(['\r', '\n']) || line.value.len() > 500 {
            self.refuse(line.span, "no mail server says that first", "", "a code and words, such as `421 too busy`");
            return None;
        }
        Some(line.value)
    }

    fn page(&mut self, node: &str, status: &Option<Number>, body: &Option<Text>) -> Option<Page> {
        let status = match status {
            Some(leaf) => self.status(leaf)?,
            None => 200,
        };
        Some(Page { status, body: self.or(body, format!("{node}\n")) })
    }

    fn status(&mut self, leaf: &Number) -> Option<u16> {
        let read = self.read(leaf)?;
        let status = u16::try_from(read.value).ok().filter(|status| (100..=599).contains(status));
        if status.is_none() {
            self.refuse(read.span, "that is no HTTP status", "", "from 100 to 599");
        }
        status
    }

    /// A change of the services at one port.
    pub(super) fn change_service(&mut self, text: &ServiceFaultText) -> Option<Fault> {
        let node = self.node(&text.node);
        let port = self.port(&text.port);
        let served =
            node.zip(port).is_none_or(|(NodeId(n), port)| self.nodes[n].services.iter().any(|s| s.port == port));
        if !served {
            let known: Vec<String> =
                node.iter().flat_map(|n| &self.nodes[n.0].services).map(|s| s.port.to_string()).collect();
            let help =
                if known.is_empty() { "it has no services".into() } else { format!("it serves {}", known.join(", ")) };
            self.refuse_at(&text.port.text, format!("`{}` serves nothing there", text.node.text.value), "", &help);
        }
        let refuse = self.or(&text.refuse, false).then_some(ServiceChange::Refuse);
        let silent = self.or(&text.silent, false).then_some(ServiceChange::Silent);
        let ok = self.or(&text.ok, false).then_some(ServiceChange::Ok);
        let slow = self.maybe(&text.slow).map(|slow| ServiceChange::Slow(slow.value));
        let status = text.status.as_ref().and_then(|status| self.status(status)).map(ServiceChange::Status);
        let body = self.maybe(&text.body).map(|body| ServiceChange::Body(body.value));
        let greeting = text.greeting.as_ref().and_then(|line| self.greets(line)).map(ServiceChange::Greeting);
        let rcode = self.maybe(&text.rcode).map(|rcode| ServiceChange::Rcode(rcode.value));
        let mut changes = [refuse, silent, ok, slow, status, body, greeting, rcode].into_iter().flatten();
        let (Some(change), None) = (changes.next(), changes.next()) else {
            let help = "give exactly one of `refuse: true`, `silent: true`, `slow`, `status`, `body`, `greeting`, \
                        `rcode` and `ok: true`";
            self.refuse_at(&text.node.text, "it is not clear how the service changes", "", help);
            return None;
        };
        let (node, port) = (node?, port?);
        if served && !self.can_change(node, port, &change) {
            let help = "`status` and `body` are of `http`, `greeting` of `smtp`, `rcode` of `dns`";
            self.refuse_at(&text.port.text, "no service at this port has that", "", help);
            return None;
        }
        Some(Fault::Service(ServiceFault { node, port, change })).filter(|_| served)
    }

    /// Whether one of the services at a port has what is to change.
    fn can_change(&self, NodeId(n): NodeId, port: u16, change: &ServiceChange) -> bool {
        let fits = |serves: &Serves| match change {
            ServiceChange::Status(_) | ServiceChange::Body(_) => matches!(serves, Serves::Http { .. }),
            ServiceChange::Greeting(_) => matches!(serves, Serves::Smtp { .. }),
            ServiceChange::Rcode(_) => matches!(serves, Serves::Dns { .. }),
            _ => true,
        };
        self.nodes[n].services.iter().any(|service| service.port == port && fits(&service.serves))
    }
}
