//! Every wire vector against the receive path and the decision table: strictly by the standard, and as keepalived was seen.
use std::net::IpAddr;
use std::path::PathBuf;

use serde_json::Value;
use vrrplab_engine::model::*;
use vrrplab_engine::policy::V3Checksum;
use vrrplab_engine::{
    Command, EffectKind, Engine, Input, Instant, Output, Policy, Rule, Span, State, TimerKind, TraceKind,
};

/// Authentication that the engine does not speak yet; these groups are named, not skipped in silence.
const NOT_SUPPORTED_YET: &[&str] = &["hmac-ext"];

#[allow(clippy::disallowed_methods)] // the one knob of this test: another folder of vectors
fn folder() -> PathBuf {
    std::env::var_os("VRRPLAB_VECTORS")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../captures/vectors"))
}

fn vectors() -> Vec<Value> {
    let folder = folder();
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths.iter().filter(|p| p.extension().is_some_and(|e| e == "json")) {
        let value: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let is_advert =
            value.get("group").and_then(Value::as_str).is_some_and(|g| g.starts_with('v') || g == "hmac-ext");
        if is_advert && value.get("expected").is_some() {
            found.push(value);
        }
    }
    assert!(!found.is_empty(), "no advert vector in {}", folder.display());
    found
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or("")
}

fn number(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or(0)
}

fn flag(value: &Value, path: &str) -> bool {
    value.pointer(path).and_then(Value::as_bool).unwrap_or(false)
}

fn ips(value: &Value, path: &str) -> Vec<IpAddr> {
    let list = value.pointer(path).and_then(Value::as_array).cloned().unwrap_or_default();
    list.iter().map(|v| v.as_str().unwrap().parse().unwrap()).collect()
}

const LAN: IfIndex = IfIndex(2);
const OWN_MAC: Mac = Mac([2, 0, 0, 0, 0, 9]);

fn password(value: &Value) -> Auth {
    let auth: fn([u8; 8]) -> Auth = match text(value, "/context/auth") {
        "simple" => Auth::Pass,
        "ah" => Auth::Ah,
        _ => return Auth::None,
    };
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(text(value, "/context/password").bytes()) {
        *to = from;
    }
    auth(bytes)
}

fn version(value: &Value) -> Version {
    match value.pointer("/context/version") {
        Some(Value::String(both)) => {
            let speaks_3 = text(value, "/decoded/vrrp/version") == "3" || number(value, "/decoded/vrrp/version") == 3;
            assert_eq!(both, "2+3");
            if speaks_3 { Version::V3 } else { Version::V2 }
        }
        Some(v) if v.as_u64() == Some(2) => Version::V2,
        _ => Version::V3,
    }
}

fn peers(value: &Value) -> Vec<UnicastPeer> {
    if text(value, "/context/delivery") != "unicast" {
        return vec![];
    }
    let min = value.pointer("/context/min_ttl").and_then(Value::as_u64);
    let ttl = min.map(|min| (u8::try_from(min).unwrap(), 255));
    ips(value, "/context/peers").into_iter().map(|ip| UnicastPeer { ip, ttl }).collect()
}

/// The receiver that a vector describes.
fn model(value: &Value, policy: Policy) -> NodeModel {
    let family = if number(value, "/context/family") == 6 { AddressFamily::V6 } else { AddressFamily::V4 };
    let prefix = if family == AddressFamily::V6 { 64 } else { 24 };
    let priority = if flag(value, "/context/owner") { 255 } else { number(value, "/context/priority") };
    let vips = ips(value, "/context/vips");
    let full = if family == AddressFamily::V6 { 128 } else { 32 };
    let instance = InstanceModel {
        version: version(value),
        family,
        priority: u8::try_from(priority).unwrap().try_into().unwrap(),
        advert_int: Span::from_millis(10 * number(value, "/context/interval_cs")),
        preempt: flag(value, "/context/preempt"),
        auth: password(value),
        vips: vips.iter().map(|ip| Vip::new(IfAddr { ip: *ip, prefix: full }, LAN)).collect(),
        unicast_peers: peers(value),
        check_unicast_src: text(value, "/context/delivery") == "unicast",
        ..InstanceModel::new("VI", LAN, u8::try_from(number(value, "/context/vrid")).unwrap().try_into().unwrap())
    };
    let own = IfAddr { ip: text(value, "/context/addr").parse().unwrap(), prefix };
    let interface = InterfaceModel { index: LAN, name: "eth0".into(), mac: OWN_MAC, addresses: vec![own], up: true };
    NodeModel { instances: vec![instance], ..NodeModel::new("receiver", policy, vec![interface]) }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn strict(value: &Value) -> Policy {
    Policy {
        strict_address_list: flag(value, "/context/strict_addr_list"),
        owner_ignores_adverts: text(value, "/context/owner_check") != "log",
        v3_ipv4_checksum: match text(value, "/context/checksum_v3_ipv4") {
            "rfc5798-pseudo" => V3Checksum::PseudoHeader,
            "rfc5798-pseudo-old-unicast" => V3Checksum::PseudoHeaderOldUnicast,
            "auto" => V3Checksum::Either,
            _ => V3Checksum::MessageOnly,
        },
        ..Policy::RFC9568
    }
}

/// A receiver in BACKUP, or in MASTER after its down timer, drained.
fn receiver(model: NodeModel, as_master: bool) -> (Engine, Instant) {
    let mut engine = Engine::new(model);
    engine.handle(Instant::ZERO, Input::Operator(Command::Start));
    let mut now = Instant(1);
    while as_master && engine.status().next().unwrap().state != State::Master {
        now = engine.next_wake().unwrap().at;
        engine.handle(now, Input::Wake);
    }
    drain(&mut engine);
    (engine, now)
}

#[derive(Debug, Default)]
struct Seen {
    refused: Option<Rule>,
    heard: bool,
    adverts: usize,
}

fn drain(engine: &mut Engine) -> Seen {
    let mut seen = Seen::default();
    while let Some(output) = engine.poll() {
        match output {
            Output::Trace(trace) => match trace.kind {
                TraceKind::Refused { .. } => seen.refused = Some(trace.rule),
                TraceKind::Heard { .. } => seen.heard = true,
                _ => {}
            },
            Output::Effect(effect) => match effect.kind {
                EffectKind::SendFrame { bytes, .. } if vrrplab_wire::is_vrrp(&bytes) => seen.adverts += 1,
                EffectKind::SendPacket { .. } => seen.adverts += 1,
                _ => {}
            },
        }
    }
    seen
}

fn deadline(engine: &Engine) -> Option<Instant> {
    engine.next_wake().filter(|w| w.timer == TimerKind::Protocol).map(|w| w.at)
}

/// The same advert with an authentication header of this number.
fn with_sequence(value: &Value, sequence: u32) -> Vec<u8> {
    let mut frame = hex(text(value, "/frame_hex"));
    frame.drain(34..58);
    frame[17] -= 24;
    let Auth::Ah(key) = password(value) else { panic!("no key") };
    vrrplab_wire::add_ah(&mut frame, key, sequence, true);
    frame
}

/// What the frame does to a receiver under this policy: the verdict, its word, and the timers.
fn verdict(value: &Value, policy: Policy) -> (bool, &'static str) {
    let (mut engine, now) = receiver(model(value, policy), false);
    if let Some(last) = value.pointer("/context/ah_last_seq").and_then(Value::as_u64) {
        engine.handle(now, Input::Frame { iface: LAN, bytes: &with_sequence(value, u32::try_from(last).unwrap()) });
        assert!(drain(&mut engine).heard);
    }
    engine.handle(now, Input::Frame { iface: LAN, bytes: &hex(text(value, "/frame_hex")) });
    let why = engine.last_unseen();
    let seen = drain(&mut engine);
    let rule = seen.refused.or(why);
    (seen.heard, rule.map_or("", |r| r.id().trim_start_matches("receive-")))
}

#[test]
fn vector_verdicts_by_the_standard() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for value in vectors() {
        let (id, group) = (text(&value, "/id"), text(&value, "/group"));
        if NOT_SUPPORTED_YET.contains(&group) {
            println!("not supported yet: {id}");
            continue;
        }
        checked += 1;
        let (accepted, word) = verdict(&value, strict(&value));
        let expected = (text(&value, "/expected/verdict") == "accept", text(&value, "/expected/reason"));
        if (accepted, word) != expected {
            wrong.push(format!("{id} ({}): {accepted} {word:?}, expected {expected:?}", text(&value, "/title")));
        }
    }
    assert!(wrong.is_empty(), "{} of {checked} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn vector_timer_effects_by_the_standard() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for value in vectors() {
        if NOT_SUPPORTED_YET.contains(&text(&value, "/group")) || value.pointer("/expected/effects/in_backup").is_none()
        {
            continue;
        }
        for (side, as_master) in [("in_backup", false), ("in_active", true)] {
            checked += 1;
            let path = format!("/expected/effects/{side}");
            let (mut engine, now) = receiver(model(&value, strict(&value)), as_master);
            let before = deadline(&engine);
            let later = Instant(now.0 + 1_000);
            engine.handle(later, Input::Frame { iface: LAN, bytes: &hex(text(&value, "/frame_hex")) });
            let state = engine.status().next().unwrap().state;
            let after = deadline(&engine);
            let seen = drain(&mut engine);
            let timer = Some(Instant(later.0 + number(&value, &format!("{path}/timer_ns"))));
            let advert_timer = Some(Instant(later.0 + 10_000_000 * number(&value, "/context/interval_cs")));
            let ok = match text(&value, &format!("{path}/action")) {
                "restart_down_timer" | "set_down_timer_to_skew" => state == State::Backup && after == timer,
                "discard_lower_priority" => state == State::Backup && after == before,
                "step_down_to_backup" => state == State::Backup && after == timer && seen.adverts == 0,
                "discard" => state == State::Master && after == before && seen.adverts == 0,
                "discard_and_send_advertisement_now" => state == State::Master && after == before && seen.adverts == 1,
                "send_advertisement_and_reset_adver_timer" => {
                    state == State::Master && after == advert_timer && seen.adverts == 1
                }
                other => panic!("unknown action {other:?}"),
            };
            if !ok {
                wrong.push(format!(
                    "{} {side}: {} wanted {timer:?}, got {state:?} {before:?} -> {after:?}, {} adverts",
                    text(&value, "/id"),
                    text(&value, &format!("{path}/action")),
                    seen.adverts
                ));
            }
        }
    }
    assert!(checked > 0, "no vector has effects");
    assert!(wrong.is_empty(), "{} of {checked} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn vector_verdicts_as_keepalived_2_2_7_was_seen() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for value in vectors() {
        let observed = text(&value, "/peers/keepalived_2_2_7_observed/verdict");
        if observed.is_empty() || NOT_SUPPORTED_YET.contains(&text(&value, "/group")) {
            continue;
        }
        checked += 1;
        let (accepted, word) = verdict(&value, Policy::KEEPALIVED_2_2_7);
        // "Accept" was read from the statistic of adverts received, which keepalived raises before it looks at the
        // addresses; its log then refuses the packet, and two clusters on one VRID stay masters side by side.
        let logged = value.pointer("/peers/keepalived_2_2_7_observed/log").map(Value::to_string).unwrap_or_default();
        let missing_address = logged.contains("not present in MASTER advert");
        if accepted != (observed == "accept" && !missing_address) || missing_address != (word == "address-list") {
            wrong.push(format!(
                "{} ({}): accepted {accepted} {word:?}, observed {observed} {}",
                text(&value, "/id"),
                text(&value, "/title"),
                value.pointer("/peers/keepalived_2_2_7_observed/log").unwrap_or(&Value::Null)
            ));
        }
    }
    assert!(checked > 0, "no vector was observed");
    assert!(wrong.is_empty(), "{} of {checked} differ:\n{}", wrong.len(), wrong.join("\n"));
}
