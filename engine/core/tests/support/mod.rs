//! A stage for one engine: a model with defaults, adverts of others, and what the engine does in words.
#![allow(dead_code)] // each test file uses its part of the stage
use std::net::{IpAddr, Ipv4Addr};

use vrrplab_engine::model::*;
use vrrplab_engine::{
    Command, EffectKind, Engine, Exit, Finished, Input, Instant, Job, KernelEvent, Notice, Output, Policy, State,
    TraceKind,
};
use vrrplab_wire::{Advert, AdvertFrame, GROUP_V4, VrrpView, multicast_mac, parse_announcement};

pub const ETH0: IfIndex = IfIndex(2);
pub const ETH1: IfIndex = IfIndex(3);
pub const VIP: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 100));

pub fn ip(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

pub fn interface(index: IfIndex, name: &str, addr: IpAddr) -> InterfaceModel {
    let mac = Mac([2, 0, 0, 0, 9, u8::try_from(index.0).unwrap()]);
    InterfaceModel { index, name: name.into(), mac, addresses: vec![IfAddr { ip: addr, prefix: 24 }], up: true }
}

pub fn instance(name: &str, vrid: u8, priority: u8) -> InstanceModel {
    InstanceModel {
        priority: priority.try_into().unwrap(),
        vips: vec![Vip::new(IfAddr { ip: VIP, prefix: 24 }, ETH0)],
        garp: Garp { repeat: 1, ..Garp::default() },
        ..InstanceModel::new(name, ETH0, vrid.try_into().unwrap())
    }
}

/// A node with address 10.0.0.9 on eth0 and 10.1.0.9 on eth1.
pub fn node(instances: Vec<InstanceModel>) -> NodeModel {
    let interfaces =
        vec![interface(ETH0, "eth0", ip(9)), interface(ETH1, "eth1", IpAddr::V4(Ipv4Addr::new(10, 1, 0, 9)))];
    NodeModel { instances, ..NodeModel::new("r9", Policy::KEEPALIVED_2_2_7, interfaces) }
}

/// An advert from 10.0.0.`last`.
pub fn advert(model: &InstanceModel, last: u8, priority: u8) -> Vec<u8> {
    let advert = Advert {
        version: model.version,
        vrid: model.vrid.get(),
        priority,
        interval: match model.version {
            Version::V2 => u16::try_from(model.advert_int.as_micros() / 1_000_000).unwrap(),
            Version::V3 => u16::try_from(model.advert_int.as_micros() / 10_000).unwrap(),
        },
        addresses: model.vips.iter().map(|v| v.addr.ip).collect(),
        auth: match model.auth {
            Auth::None | Auth::Ah(_) => None,
            Auth::Pass(p) => Some(p),
        },
    };
    let dst = IpAddr::V4(GROUP_V4);
    AdvertFrame {
        advert: &advert,
        family: AddressFamily::V4,
        src_mac: Mac([2, 0, 0, 0, 8, last]),
        dst_mac: multicast_mac(dst).unwrap(),
        src: ip(last),
        dst,
        ttl: 255,
        id: 1,
    }
    .emit()
}

/// An engine and its clock. Every step returns what happened, one word group for each output.
pub struct Stage {
    pub engine: Engine,
    pub now: Instant,
}

impl Stage {
    pub fn start(model: NodeModel) -> (Stage, Vec<String>) {
        let mut stage = Stage { engine: Engine::new(model), now: Instant::ZERO };
        stage.engine.handle(stage.now, Input::Operator(Command::Start));
        let said = stage.drain();
        (stage, said)
    }

    /// Time passes up to `seconds`; every timer fires at its own time.
    pub fn until(&mut self, seconds: &str) -> Vec<String> {
        let end = at(seconds);
        let mut said = Vec::new();
        while let Some(wake) = self.engine.next_wake().filter(|wake| wake.at <= end) {
            self.now = wake.at;
            self.engine.handle(self.now, Input::Wake);
            said.extend(self.drain());
        }
        self.now = end;
        said
    }

    pub fn hear(&mut self, bytes: &[u8]) -> Vec<String> {
        self.engine.handle(self.now, Input::Frame { iface: ETH0, bytes });
        self.drain()
    }

    pub fn link(&mut self, iface: IfIndex, up: bool) -> Vec<String> {
        self.engine.handle(self.now, Input::Kernel(KernelEvent::Link { iface, up }));
        self.drain()
    }

    pub fn kernel(&mut self, event: KernelEvent) -> Vec<String> {
        self.engine.handle(self.now, Input::Kernel(event));
        self.drain()
    }

    /// The content of a file, as it is found or written.
    pub fn write(&mut self, path: &str, content: &str) -> Vec<String> {
        self.kernel(KernelEvent::FileContent { path: path.into(), bytes: content.into() })
    }

    /// A program ends by itself.
    pub fn exits(&mut self, job: u64, status: i32) -> Vec<String> {
        self.ends(job, Exit::Status(status))
    }

    pub fn ends(&mut self, job: u64, outcome: Exit) -> Vec<String> {
        self.engine.handle(self.now, Input::Finished(Finished { job: Job(job), outcome }));
        self.drain()
    }

    pub fn ask(&mut self, command: Command) -> Vec<String> {
        self.engine.handle(self.now, Input::Operator(command));
        self.drain()
    }

    pub fn state(&self) -> State {
        self.engine.status().next().unwrap().state
    }

    pub fn drain(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(output) = self.engine.poll() {
            said.extend(self.words(&output));
        }
        said
    }

    fn words(&self, output: &Output) -> Option<String> {
        let now = self.now;
        match output {
            Output::Trace(trace) => match &trace.kind {
                TraceKind::Transition { from, to } => {
                    let name = self.engine.instance_name(trace.instance.unwrap());
                    Some(format!("{now} {name} {} -> {} ({})", from.name(), to.name(), trace.rule))
                }
                TraceKind::Refused { .. } => Some(format!("{now} refused ({})", trace.rule)),
                TraceKind::Priority { from, to } => Some(format!("{now} priority {from} -> {to}")),
                TraceKind::Tracked { name, news } => Some(format!("{now} {name} {news:?} ({})", trace.rule)),
                _ => None,
            },
            Output::Effect(effect) => Some(match &effect.kind {
                EffectKind::SendFrame { bytes, .. } => match parse_announcement(bytes) {
                    Some(_) => format!("{now} announce"),
                    None => format!("{now} advert {}", VrrpView::new(&bytes[34..]).unwrap().priority()),
                },
                EffectKind::SendPacket { bytes, .. } => {
                    format!("{now} advert {} to a peer", VrrpView::new(&bytes[20..]).unwrap().priority())
                }
                EffectKind::ChangeAddress { addr, add, .. } => {
                    format!("{now} {}{}", if *add { '+' } else { '-' }, addr.ip)
                }
                EffectKind::ChangeLink(link) => {
                    let verb = if link.add { "make" } else { "remove" };
                    format!("{now} {verb} {} {} above {} ({})", link.name, link.mac, link.base.0, effect.rule)
                }
                EffectKind::FilterAddress { ip, drop } => {
                    format!("{now} {} {ip} ({})", if *drop { "drop" } else { "pass" }, effect.rule)
                }
                EffectKind::PromoteSecondaries { iface } => format!("{now} promote on {} ({})", iface.0, effect.rule),
                EffectKind::RunScript { job, program } => {
                    format!("{now} run {} as job {} ({})", program.words.join(" "), job.0, effect.rule)
                }
                EffectKind::Cancel { job, force } => {
                    format!("{now} {} job {} ({})", if *force { "kill" } else { "end" }, job.0, effect.rule)
                }
                EffectKind::Notify(notice) => match notice.as_ref() {
                    Notice::Script { program, arguments } => {
                        let words: Vec<&str> = program.words.iter().chain(arguments).map(String::as_str).collect();
                        format!("{now} notify {} ({})", words.join(" "), effect.rule)
                    }
                    Notice::Line { fifo, line } => format!("{now} {fifo}: {line}"),
                    Notice::Mail(letter) => format!("{now} mail {}", letter.subject),
                },
                EffectKind::WriteFile { path, value } => format!("{now} write {value} into {path} ({})", effect.rule),
                EffectKind::ChangeRoute { route, add } => {
                    format!("{now} {} route {} ({})", if *add { '+' } else { '-' }, route.line(), effect.rule)
                }
                EffectKind::ChangeRule { policy, add } => {
                    format!("{now} {} rule {} ({})", if *add { '+' } else { '-' }, policy.line(), effect.rule)
                }
            }),
        }
    }
}

/// `"3.609375"` seconds as an instant.
pub fn at(seconds: &str) -> Instant {
    let (whole, rest) = seconds.split_once('.').unwrap_or((seconds, ""));
    let nanos: u64 = format!("{rest:0<9}").parse().unwrap();
    Instant(whole.parse::<u64>().unwrap() * 1_000_000_000 + nanos)
}
