//! Routers that are not keepalived, and keepalived as it is measured: how FRR's vrrpd lives beside it, and how adverts drift.
mod support;

use support::*;
use vrrplab_engine::model::*;
use vrrplab_engine::{EffectKind, Engine, Input, Output, Policy, Span};
use vrrplab_wire::{Announcement, parse_announcement};

fn frr(priority: u8) -> NodeModel {
    let model = InstanceModel { version: Version::V3, garp: Garp::default(), ..instance("VI", 51, priority) };
    NodeModel { policy: Policy::FRR, ..node(vec![model]) }
}

#[test]
fn frr_takes_over_after_whole_centiseconds_and_announces_once() {
    let (mut stage, said) = Stage::start(frr(100));
    assert_eq!(said, ["0.000 VI INIT -> BACKUP (start-backup)"]);
    assert_eq!(
        stage.until("9"),
        [
            "3.600 advert 100",
            "3.600 VI BACKUP -> MASTER (backup-timer-expired)",
            "3.600 +10.0.0.100",
            "3.600 announce",
            "4.600 advert 100",
            "5.600 advert 100",
            "6.600 advert 100",
            "7.600 advert 100",
            "8.600 advert 100",
        ]
    );
}

#[test]
fn frr_leaves_a_worse_advert_unanswered_and_keeps_its_rhythm() {
    let (mut stage, _) = Stage::start(frr(150));
    stage.until("4");
    let worse = InstanceModel { version: Version::V3, ..instance("VI", 51, 100) };
    assert_eq!(stage.hear(&advert(&worse, 1, 100)), [""; 0]);
    let old = InstanceModel { version: Version::V2, ..worse.clone() };
    assert_eq!(stage.hear(&advert(&old, 1, 100)), ["4.000 refused (receive-version)"]);
    assert_eq!(stage.until("5"), ["4.410 advert 150"]);
    let other_addresses = InstanceModel { vips: vec![], ..worse };
    assert_eq!(stage.hear(&advert(&other_addresses, 1, 200)).len(), 2, "any list of addresses is believed");
}

#[test]
fn frr_speaks_from_the_virtual_mac() {
    let mut engine = Engine::new(frr(255));
    engine.handle(at("0"), Input::Operator(vrrplab_engine::Command::Start));
    engine.handle(at("1"), Input::Wake);
    let mut frames = Vec::new();
    while let Some(output) = engine.poll() {
        if let Output::Effect(effect) = output
            && let EffectKind::SendFrame { bytes, .. } = effect.kind
        {
            frames.push(bytes);
        }
    }
    let virtual_mac = Mac([0, 0, 0x5e, 0, 1, 51]);
    assert_eq!(frames.len(), 2);
    assert!(frames.iter().all(|frame| frame[6..12] == virtual_mac.0), "{frames:02x?}");
    assert!(matches!(parse_announcement(&frames[1]), Some(Announcement::Arp { mac, .. }) if mac == virtual_mac));
}

#[test]
fn measured_adverts_drift_and_takeovers_do_not() {
    let model = NodeModel { policy: Policy::KEEPALIVED_2_2_7.as_measured(), ..node(vec![instance("VI", 51, 100)]) };
    let (mut stage, _) = Stage::start(model);
    // One announcement at the takeover: 0.140 + 0.015 ms late; then 0.140 ms each time.
    let adverts: Vec<String> = stage.until("6").into_iter().filter(|said| said.contains("advert")).collect();
    assert_eq!(adverts, ["3.609375 advert 100", "4.609530 advert 100", "5.609670 advert 100"]);
    assert_eq!(Policy::KEEPALIVED_2_2_7.rearm_lateness, Span::ZERO, "a simulated run has round numbers");
}

#[test]
fn every_policy_has_a_name() {
    assert_eq!(Policy::named("frr"), Some(Policy::FRR));
    assert_eq!(Policy::named("keepalived"), Some(Policy::default()));
    assert_eq!(Policy::named("cisco"), None);
}
