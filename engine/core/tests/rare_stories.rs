//! What happens seldom: an address that somebody takes away, an interval that must be forgotten, a master that is believed.
mod support;

use support::*;
use vrrplab_engine::model::*;
use vrrplab_engine::time::Span;
use vrrplab_engine::{KernelEvent, State};

/// 2.3: a master that loses an address releases and starts over, with the skew alone to wait for.
#[test]
fn an_address_taken_away_is_back_after_the_skew() {
    let (mut r, _) = Stage::start(node(vec![instance("VI", 51, 100)]));
    r.until("4");
    let taken = KernelEvent::AddressRemoved { iface: ETH0, addr: IfAddr { ip: VIP, prefix: 24 } };
    assert_eq!(r.kernel(taken), ["4.000 VI MASTER -> BACKUP (address-taken)", "4.000 advert 0"]);
    assert_eq!(r.until("4.609374"), [""; 0]);
    assert_eq!(
        r.until("4.609375"),
        [
            "4.609375 advert 100",
            "4.609375 VI BACKUP -> MASTER (backup-timer-expired)",
            "4.609375 +10.0.0.100",
            "4.609375 announce"
        ]
    );
}

/// 2.9: the interval that was learned from a master is forgotten in FAULT: afterwards the own one counts.
#[test]
fn a_recovered_node_waits_by_its_own_interval() {
    let vi = InstanceModel { version: Version::V3, ..instance("VI", 51, 100) };
    let fast = InstanceModel { advert_int: Span::from_millis(100), ..vi.clone() };
    let (mut r, _) = Stage::start(node(vec![vi]));
    r.until("1");
    assert_eq!(r.hear(&advert(&fast, 1, 200)), [""; 0]);
    r.link(ETH0, false);
    r.until("2");
    assert_eq!(r.link(ETH0, true), ["2.000 VI FAULT -> BACKUP (fault-clears)"]);
    assert_eq!(r.until("5.609374"), [""; 0]);
    r.until("5.609375");
    assert_eq!(r.state(), State::Master);
}

/// 2.5: `skip_check_adv_addr` believes the addresses of the master that it knows, and of nobody else.
#[test]
fn only_the_known_master_is_believed_without_a_look_at_its_addresses() {
    let vi = InstanceModel { skip_check_adv_addr: true, ..instance("VI", 51, 100) };
    let more = |model: &InstanceModel| {
        let second = Vip::new(IfAddr { ip: ip(101), prefix: 24 }, ETH0);
        InstanceModel { vips: model.vips.iter().cloned().chain([second]).collect(), ..model.clone() }
    };
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    assert_eq!(r.hear(&advert(&vi, 1, 200)), [""; 0]);
    assert_eq!(r.hear(&advert(&more(&vi), 1, 200)), [""; 0]);
    assert_eq!(r.hear(&advert(&more(&vi), 2, 200)), ["0.000 refused (receive-count)"]);
}

/// 2.7: an owner that met another owner has priority 254 from then on, also when it is master again.
#[test]
fn an_owner_that_met_an_owner_stays_below_it() {
    let owner = InstanceModel { wants_master: true, ..instance("VI", 51, 255) };
    let (mut r, _) = Stage::start(node(vec![owner.clone()]));
    r.until("1");
    r.hear(&advert(&owner, 1, 255));
    let said = r.until("5");
    assert!(said.iter().any(|line| line.ends_with(" advert 254")), "{said:?}");
    assert!(!said.iter().any(|line| line.ends_with(" advert 255")), "{said:?}");
}
