//! Which deeds an engine's outputs mean, in their order. Pure: [`crate::host`] does them.
use std::net::IpAddr;

use vrrplab_engine::model::command::Program;
use vrrplab_engine::model::route::{RouteModel, RuleModel};
use vrrplab_engine::model::{IfAddr, IfIndex};
use vrrplab_engine::{EffectKind, Job, LinkChange, Notice, Output, Rule, Trace};
use vrrplab_wire::is_vrrp;

use crate::socket::header::ETHERNET;

/// One thing to do or to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To do, and the rule that asks for it.
    Do(Rule, Act),
    /// To say.
    Say(Trace),
}

/// One deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Send an IP packet by the raw socket of an interface: every advert.
    Packet {
        /// The interface.
        iface: IfIndex,
        /// From the IP header on.
        bytes: Vec<u8>,
    },
    /// Send a whole frame by the packet socket of an interface: every announcement.
    Frame {
        /// The interface.
        iface: IfIndex,
        /// From the Ethernet header on.
        bytes: Vec<u8>,
    },
    /// Add or remove an address.
    Address {
        /// The interface.
        iface: IfIndex,
        /// The address.
        addr: IfAddr,
        /// Add it.
        add: bool,
    },
    /// Make or remove a macvlan.
    Link(Box<LinkChange>),
    /// Drop what comes to these addresses, or let it pass again.
    Filter {
        /// The addresses.
        ips: Vec<IpAddr>,
        /// Drop.
        drop: bool,
    },
    /// Have secondary addresses promoted.
    PromoteSecondaries(IfIndex),
    /// Start a program whose end is reported.
    Run(Job, Box<Program>),
    /// End a program.
    Cancel {
        /// Which run.
        job: Job,
        /// By SIGKILL.
        force: bool,
    },
    /// Tell the outside.
    Tell(Box<Notice>),
    /// Write a number into a file.
    Write {
        /// Its path.
        path: String,
        /// The number.
        value: i32,
    },
    /// Set or remove a route.
    Route {
        /// The route.
        route: Box<RouteModel>,
        /// Set it.
        add: bool,
    },
    /// Set or remove a policy rule.
    Policy {
        /// The rule.
        policy: Box<RuleModel>,
        /// Set it.
        add: bool,
    },
}

/// The deeds in order. Neighbouring filters of one direction become one, for each costs a program's run.
pub fn plan(outputs: impl IntoIterator<Item = Output>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for output in outputs {
        match output {
            Output::Trace(trace) => steps.push(Step::Say(trace)),
            Output::Effect(effect) => match (act(effect.kind), steps.last_mut()) {
                (Act::Filter { ips: more, drop }, Some(Step::Do(_, Act::Filter { ips, drop: before })))
                    if drop == *before =>
                {
                    ips.extend(more)
                }
                (act, _) => steps.push(Step::Do(effect.rule, act)),
            },
        }
    }
    steps
}

fn act(kind: EffectKind) -> Act {
    match kind {
        EffectKind::SendFrame { iface, mut bytes } if is_vrrp(&bytes) => {
            Act::Packet { iface, bytes: bytes.split_off(ETHERNET) }
        }
        EffectKind::SendFrame { iface, bytes } => Act::Frame { iface, bytes },
        EffectKind::SendPacket { iface, bytes } => Act::Packet { iface, bytes },
        EffectKind::ChangeAddress { iface, addr, add } => Act::Address { iface, addr, add },
        EffectKind::ChangeLink(change) => Act::Link(change),
        EffectKind::FilterAddress { ip, drop } => Act::Filter { ips: vec![ip], drop },
        EffectKind::PromoteSecondaries { iface } => Act::PromoteSecondaries(iface),
        EffectKind::RunScript { job, program } => Act::Run(job, program),
        EffectKind::Cancel { job, force } => Act::Cancel { job, force },
        EffectKind::Notify(notice) => Act::Tell(notice),
        EffectKind::WriteFile { path, value } => Act::Write { path, value },
        EffectKind::ChangeRoute { route, add } => Act::Route { route, add },
        EffectKind::ChangeRule { policy, add } => Act::Policy { policy, add },
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU8;

    use vrrplab_engine::model::Vip;
    use vrrplab_engine::{Command, Engine, Input, Instant};

    use super::*;
    use crate::example::{ETH0, addr, router};

    fn owner(accept: bool) -> Engine {
        let model = router(|instance| {
            instance.priority = NonZeroU8::new(255).unwrap();
            instance.wants_master = true;
            instance.accept = accept;
            instance.vips.push(Vip::new(addr("10.0.0.101"), ETH0));
        });
        Engine::new(model)
    }

    /// What an engine that has just been spoken to wants done, one word each.
    fn words(engine: &mut Engine) -> String {
        let word = |step: Step| match step {
            Step::Say(_) => None,
            Step::Do(_, act) => Some(match act {
                Act::Packet { bytes, .. } => format!("packet:{:x}", bytes[0]),
                Act::Frame { bytes, .. } => format!("frame:{:02x}{:02x}", bytes[12], bytes[13]),
                Act::Address { addr, add, .. } => format!("{}{}", if add { "+" } else { "-" }, addr.ip),
                Act::Filter { ips, drop } => format!("filter:{}:{drop}", ips.len()),
                other => format!("{other:?}"),
            }),
        };
        let outputs = std::iter::from_fn(|| engine.poll()).collect::<Vec<_>>();
        plan(outputs).into_iter().filter_map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_new_master_advertises_then_sets_its_addresses_then_announces_them() {
        let mut engine = owner(true);
        engine.handle(Instant(0), Input::Operator(Command::Start));
        engine.handle(Instant(1_000), Input::Wake);
        let frames = ["frame:0806"; 10].join(" ");
        assert_eq!(words(&mut engine), format!("packet:45 +10.0.0.100 +10.0.0.101 {frames}"));
    }

    #[test]
    fn a_master_that_stops_says_so_before_its_addresses_go() {
        let mut engine = owner(true);
        engine.handle(Instant(0), Input::Operator(Command::Start));
        engine.handle(Instant(1_000), Input::Wake);
        words(&mut engine);
        engine.handle(Instant(2_000), Input::Operator(Command::Stop));
        assert_eq!(words(&mut engine), "packet:45 -10.0.0.100 -10.0.0.101");
    }

    #[test]
    fn addresses_are_filtered_together_before_they_are_set() {
        let mut engine = owner(false);
        engine.handle(Instant(0), Input::Operator(Command::Start));
        engine.handle(Instant(1_000), Input::Wake);
        assert!(words(&mut engine).starts_with("packet:45 filter:2:true +10.0.0.100 +10.0.0.101 frame:0806"));
    }
}
