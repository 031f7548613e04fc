//! A daemon without a host: an engine that is driven by a story and recorded as vrrplabd records it.
use std::net::IpAddr;

use vrrplab_engine::model::{AddressFamily, IfIndex, Mac, Version};
use vrrplab_engine::{Command, Engine, Input, Instant, KernelEvent, Span};
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::flight::{Configuration, End, Entry, Header, Interface, Line, VERSION, text_of};
use vrrplab_wire::{Advert, AdvertFrame};

/// The engine's clock at the start: that of a host that has been up for a while.
const BOOTED: u64 = 86_400_000_000_000;
pub const ETH0: IfIndex = IfIndex(4);

pub struct Daemon {
    engine: Engine,
    text: String,
}

pub fn configuration(text: &str) -> Configuration {
    let path = "/etc/keepalived/keepalived.conf".to_owned();
    let eth0 = Interface {
        index: ETH0.0,
        name: "eth0".into(),
        mac: [2, 0, 0, 0, 0, 1],
        addresses: vec![("10.0.0.1".parse().unwrap(), 24)],
        up: true,
    };
    Configuration {
        host: "lb1".into(),
        config_id: "lb1".into(),
        files: [(path.clone(), text.to_owned())].into(),
        path,
        interfaces: vec![eth0],
        ..Configuration::default()
    }
}

impl Daemon {
    /// Reads its configuration and starts at 0.
    pub fn start(text: &str) -> Daemon {
        let configuration = configuration(text);
        let mut report = Report::default();
        let model = configuration.model(&mut report).unwrap_or_else(|| panic!("{}", report.render(false)));
        let program = "vrrplabd 0.1.0".to_owned();
        let header = Header { version: VERSION, program, at: BOOTED, wall: 1_700_000_000_000_000_000, configuration };
        let mut daemon = Daemon { engine: Engine::new(model), text: text_of(&Line::Flight(Box::new(header))) };
        daemon.tell(Instant(BOOTED), &Input::Operator(Command::Start), None);
        daemon
    }

    fn tell(&mut self, now: Instant, input: &Input<'_>, configuration: Option<&Configuration>) {
        let mut entry = Entry::new(now, input, configuration);
        self.engine.handle(now, input.clone());
        while let Some(output) = self.engine.poll() {
            entry.add(&output);
        }
        self.text += &text_of(&Line::Input(entry));
    }

    /// Wakes up whenever it wants to, until this many milliseconds after the start.
    pub fn until(&mut self, millis: u64) -> Instant {
        let end = Instant(BOOTED) + Span::from_millis(millis);
        while let Some(wake) = self.engine.next_wake().filter(|wake| wake.at <= end) {
            self.tell(wake.at, &Input::Wake, None);
        }
        end
    }

    /// An advert of the other router.
    pub fn hears(&mut self, millis: u64, priority: u8) {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let advert = Advert {
            version: Version::V2,
            vrid: 51,
            priority,
            interval: 1,
            addresses: vec![ip("10.0.0.100")],
            auth: Some(*b"secret12"),
        };
        let frame = AdvertFrame {
            advert: &advert,
            family: AddressFamily::V4,
            src_mac: Mac([2, 0, 0, 0, 0, 2]),
            dst_mac: Mac([1, 0, 0x5e, 0, 0, 18]),
            src: ip("10.0.0.2"),
            dst: ip("224.0.0.18"),
            ttl: 255,
            id: 1,
        };
        let (now, bytes) = (self.until(millis), frame.emit());
        self.tell(now, &Input::Frame { iface: ETH0, bytes: &bytes }, None);
    }

    pub fn link(&mut self, millis: u64, up: bool) {
        let now = self.until(millis);
        self.tell(now, &Input::Kernel(KernelEvent::Link { iface: ETH0, up }), None);
    }

    pub fn reload(&mut self, millis: u64, text: &str) {
        let now = self.until(millis);
        let configuration = configuration(text);
        let model = configuration.model(&mut Report::default()).unwrap();
        self.tell(now, &Input::Operator(Command::Reload(Box::new(model))), Some(&configuration));
    }

    /// Stops, and gives the recording.
    pub fn stop(mut self, millis: u64) -> String {
        let now = self.until(millis);
        self.tell(now, &Input::Operator(Command::Stop), None);
        self.text + &text_of(&Line::End(End::Stopped))
    }

    /// Is killed.
    pub fn kill(mut self, millis: u64) -> String {
        self.until(millis);
        self.text
    }
}
