//! Links and addresses of the kernel over rtnetlink: looked at, changed and watched.
//!
//! Requests go out one by one on a blocking socket, so that effects happen in their order. What the kernel says about
//! changes comes in on a second socket. A [`Table`] mirrors what the engine has been told; only differences to it are news.
//! The kernel queues its message about a change before it acknowledges the request, so after each own change that queue is
//! read: an echo of an own change is never mistaken for the doing of another.
mod address;
mod channel;
pub mod ipvs;
mod link;
mod news;
mod numbers;
mod route;
mod routes;
mod rule;
mod table;

use std::io;
use std::os::fd::BorrowedFd;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::LinkMessage;
use nix::errno::Errno;
use vrrplab_engine::KernelEvent;
use vrrplab_engine::model::{AddressOptions, IfAddr, IfIndex, InterfaceModel, Mac};

use channel::Channel;
use numbers::Numbers;
pub use table::{LinkEntry, Table};

/// The two sockets and the mirror.
pub struct Netlink {
    requests: Channel,
    monitor: Channel,
    table: Table,
    numbers: Numbers,
    set: routes::Set,
}

/// What became of a request to change an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The kernel did it.
    Done,
    /// It was so already.
    Already,
}

impl Netlink {
    /// Begins to watch, then looks at everything.
    pub fn open() -> io::Result<Netlink> {
        let monitor = Channel::monitor()?;
        let (table, numbers, set) = (Table::default(), Numbers::default(), routes::Set::default());
        let mut netlink = Netlink { requests: Channel::requests()?, monitor, table, numbers, set };
        netlink.look_again()?;
        Ok(netlink)
    }

    /// Looks at everything, in the kernel's order; the differences to what was known.
    fn look_again(&mut self) -> io::Result<Vec<KernelEvent>> {
        let mut now = Table::default();
        let links = RouteNetlinkMessage::GetLink(LinkMessage::default());
        let addresses = RouteNetlinkMessage::GetAddress(AddressMessage::default());
        for question in [links, addresses] {
            for news in self.requests.dump(question)?.iter().filter_map(news::of) {
                now.apply(self.numbers.translate(news, &self.table));
            }
        }
        self.numbers.settle(&self.table, &now);
        Ok(self.table.replace(now))
    }

    /// The kernel's own index of an interface. It is another one than the engine's for an interface that has come back.
    pub fn kernel_index(&self, iface: IfIndex) -> u32 {
        self.numbers.of_kernel(iface)
    }

    /// What is known of the kernel's interfaces.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The descriptor that becomes readable when there is news.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.monitor.descriptor()
    }

    /// What has changed since the last look. When the kernel could not tell everything, all is looked at again.
    pub fn news(&mut self) -> io::Result<Vec<KernelEvent>> {
        let (mut events, mut renamed) = (Vec::new(), false);
        loop {
            match self.monitor.receive() {
                Ok(Some(messages)) => {
                    for message in &messages {
                        if let Some(news) = news::of(message) {
                            renamed |= self.take_in(news, &mut events);
                        } else {
                            events.extend(self.set.news(message));
                        }
                    }
                }
                Ok(None) if renamed => {
                    renamed = false;
                    events.extend(self.look_again()?); // with a name no addresses are told
                }
                Ok(None) => return Ok(events),
                Err(Errno::ENOBUFS) => {
                    tracing::warn!("netlink lost messages, everything is looked at again");
                    events.extend(self.look_again()?);
                    events.extend(self.look_at_routes()?);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Takes one piece of news in; whether it is another name.
    fn take_in(&mut self, news: news::News, events: &mut Vec<KernelEvent>) -> bool {
        let renamed = self.numbers.renamed(&news, &self.table);
        if let Some(before) = renamed {
            self.numbers.depart(before, &self.table);
            // first that it is gone: macvlans above it go before anything leaves by them
            let mut farewell = self.table.apply(news::News::LinkGone(before));
            farewell.rotate_right(1);
            events.extend(farewell);
        }
        let news = self.numbers.translate(news, &self.table);
        events.extend(self.table.apply(news));
        renamed.is_some()
    }

    /// Adds or removes an address. What has changed besides is the second part of the answer.
    pub fn change_address(
        &mut self,
        iface: IfIndex,
        addr: IfAddr,
        options: &AddressOptions,
        add: bool,
    ) -> io::Result<(Changed, Vec<KernelEvent>)> {
        let index = self.kernel_index(iface);
        let (message, flags) = if add {
            let message = address::message(index, addr, options);
            (RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_EXCL)
        } else {
            (RouteNetlinkMessage::DelAddress(address::removal(index, addr, options)), 0)
        };
        let changed = match (self.requests.ask(message, flags), add) {
            (Ok(()), _) => Changed::Done,
            (Err(Errno::EEXIST), true) => Changed::Already,
            (Err(Errno::EADDRNOTAVAIL | Errno::ENODEV), false) => Changed::Already,
            (Err(error), _) => return Err(error.into()),
        };
        self.table.note(iface, addr, add);
        Ok((changed, self.news()?))
    }

    /// Makes a macvlan in private mode, down; or takes one that is there and is just so. One of the name that is different
    /// is removed first.
    pub fn make_macvlan(&mut self, name: &str, base: IfIndex, mac: Mac) -> io::Result<(IfIndex, Vec<KernelEvent>)> {
        let mut events = self.news()?;
        if let Some(entry) = self.table.named(name) {
            if entry.is_macvlan && entry.base == Some(base.0) && entry.mac == Some(mac) {
                return Ok((entry.index, events));
            }
            events.extend(self.remove_link(name)?);
        }
        let message = RouteNetlinkMessage::NewLink(link::macvlan(name, self.kernel_index(base), mac));
        self.requests.ask(message, NLM_F_CREATE | NLM_F_EXCL)?;
        events.extend(self.news()?);
        let entry = self.table.named(name).ok_or(Errno::ENODEV)?;
        Ok((entry.index, events))
    }

    /// Sets a link up and tells what it is then.
    pub fn set_up(&mut self, iface: IfIndex) -> io::Result<(InterfaceModel, Vec<KernelEvent>)> {
        self.requests.ask(RouteNetlinkMessage::SetLink(link::up(self.kernel_index(iface))), 0)?;
        let events = self.news()?;
        let model = self.table.interface(iface).ok_or(Errno::ENODEV)?;
        Ok((model, events))
    }

    /// Removes a link; that it is gone already is no error.
    pub fn remove_link(&mut self, name: &str) -> io::Result<Vec<KernelEvent>> {
        let Some(iface) = self.table.named(name).map(|entry| entry.index) else { return Ok(Vec::new()) };
        match self.requests.ask(RouteNetlinkMessage::DelLink(link::gone(self.kernel_index(iface))), 0) {
            Ok(()) | Err(Errno::ENODEV) => self.news(),
            Err(error) => Err(error.into()),
        }
    }
}
