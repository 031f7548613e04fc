//! Stories of the authentication header: keepalived.md 1.5, and what a recording of keepalived 2.2.7 shows.
mod support;

use support::*;
use vrrplab_engine::model::*;
use vrrplab_engine::{EffectKind, Input, Output, State};
use vrrplab_wire::{Envelope, add_ah};

const KEY: [u8; 8] = *b"1234\0\0\0\0";

fn with_header(priority: u8) -> InstanceModel {
    InstanceModel { auth: Auth::Ah(KEY), ..instance("VI", 51, priority) }
}

fn authentic(model: &InstanceModel, last: u8, priority: u8, sequence: u32) -> Vec<u8> {
    let mut frame = advert(model, last, priority);
    add_ah(&mut frame, KEY, sequence, true);
    frame
}

/// The sequence numbers of the adverts that the engine sends until then.
fn sequences(r: &mut Stage, until: &str) -> Vec<u32> {
    let mut found = Vec::new();
    while let Some(wake) = r.engine.next_wake().filter(|wake| wake.at <= at(until)) {
        r.now = wake.at;
        r.engine.handle(r.now, Input::Wake);
        found.extend(sent(r));
    }
    r.now = at(until);
    found
}

fn sent(r: &mut Stage) -> Vec<u32> {
    let mut found = Vec::new();
    while let Some(output) = r.engine.poll() {
        if let Output::Effect(effect) = output
            && let EffectKind::SendFrame { bytes, .. } = effect.kind
            && let Some(header) = Envelope::parse(&bytes).and_then(|envelope| envelope.authentication)
        {
            assert!(header.is_authentic(KEY, true));
            found.push(header.sequence());
        }
    }
    found
}

/// The first advert of a recorded 192.168.100.11 with the password 1234: number 1, and this integrity check value.
#[test]
fn the_header_is_the_recorded_one() {
    let addr = |last: u8| std::net::IpAddr::from([192, 168, 100, last]);
    let mut model = node(vec![with_header(150)]);
    model.interfaces[0].addresses[0].ip = addr(11);
    model.instances[0].vips[0].addr.ip = addr(100);
    let (mut r, _) = Stage::start(model);
    r.now = r.engine.next_wake().unwrap().at;
    r.engine.handle(r.now, Input::Wake);
    let frame = std::iter::from_fn(|| r.engine.poll()).find_map(|output| match output {
        Output::Effect(effect) => match effect.kind {
            EffectKind::SendFrame { bytes, .. } => Some(bytes),
            _ => None,
        },
        Output::Trace(_) => None,
    });
    let frame = frame.unwrap();
    let icv: String = frame[46..58].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((frame.len(), frame[23], icv.as_str()), (78, 51, "f220764905f82a67113631c9"));
}

/// Recorded: one counter for both directions. The backup goes on where its master stopped, and so does a restarted one.
#[test]
fn a_new_master_goes_on_counting_where_the_last_one_stopped() {
    let vi = with_header(100);
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    r.until("1");
    r.hear(&authentic(&vi, 1, 150, 5));
    r.hear(&authentic(&vi, 1, 0, 6));
    assert_eq!(sequences(&mut r, "3.7"), [7, 8, 9]);
}

/// A number that is not higher than the last one was "already processed"; another key or a sender of another address is
/// refused before.
#[test]
fn replays_and_forgeries_are_refused() {
    let vi = with_header(100);
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    assert_eq!(r.hear(&authentic(&vi, 1, 150, 5)), [""; 0]);
    let again = ["0.000 refused (receive-auth-replay)"];
    assert_eq!(r.hear(&authentic(&vi, 1, 150, 5)), again);
    assert_eq!(r.hear(&authentic(&vi, 1, 150, 4)), again);
    let mut forged = advert(&vi, 1, 150);
    add_ah(&mut forged, *b"other\0\0\0", 6, true);
    assert_eq!(r.hear(&forged), ["0.000 refused (receive-auth-failure)"]);
    assert_eq!(r.hear(&advert(&vi, 1, 150)), ["0.000 refused (receive-auth-type-mismatch)"]);
}

/// The number counts as soon as it is believed, even if the advert is refused for something else.
#[test]
fn the_number_of_a_refused_advert_counts() {
    let vi = with_header(100);
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    let other = InstanceModel { advert_int: vrrplab_engine::Span::from_secs(2), ..vi.clone() };
    assert_eq!(r.hear(&authentic(&other, 1, 150, 9)), ["0.000 refused (receive-interval-mismatch)"]);
    assert_eq!(r.hear(&authentic(&vi, 1, 150, 9)), ["0.000 refused (receive-auth-replay)"]);
}

/// A master that answers a worse advert leaves one number out.
#[test]
fn the_answer_to_a_worse_advert_skips_a_number() {
    let vi = with_header(100);
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    r.until("3.7");
    assert_eq!(r.state(), State::Master);
    r.engine.handle(r.now, Input::Frame { iface: ETH0, bytes: &authentic(&vi, 1, 50, 20) });
    assert_eq!(sent(&mut r), [22]);
}
