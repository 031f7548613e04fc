//! Wires that are cut, both ways and one way, that hold back, carriers that go, addresses taken by hand, scripts that fail.
use vrrplab_engine::model::IfAddr;

use crate::lab::{Lab, instance};

fn two() -> Lab {
    Lab::new(2, &[instance(150, ""), instance(100, "")])
}

/// r2 has not heard r1 since its advert of 9.4 s.
const R2_TAKES_OVER: &str = "13.0 r2 MASTER (backup-timer-expired)";

#[test]
fn parted_hosts_are_both_masters_and_joined_ones_are_not() {
    let mut lab = two();
    lab.until(10_000);
    lab.part(0, 1);
    lab.until(18_000);
    assert_eq!((lab.masters(), lab.holders()), (vec!["r1".into(), "r2".into()], vec!["r1".into(), "r2".into()]));
    lab.join(0, 1);
    lab.agrees();
    assert_eq!(lab.changes(10_000), [R2_TAKES_OVER, "18.0 r2 BACKUP (master-hears-higher)"]);
    assert_eq!(lab.holders(), ["r1"]);
}

#[test]
fn of_three_the_worst_takes_over_where_it_is_alone() {
    let mut lab = Lab::new(3, &[instance(150, ""), instance(100, ""), instance(50, "")]);
    lab.until(10_000);
    lab.part(2, 0);
    lab.part(2, 1);
    lab.until(18_000);
    assert_eq!(lab.masters(), ["r1", "r3"]);
    lab.join(2, 1);
    lab.run(5_000);
    assert_eq!(lab.masters(), ["r1", "r3"], "r2 hears both, and a backup says nothing");
    lab.join(2, 0);
    lab.agrees();
    assert_eq!(lab.holders(), ["r1"]);
}

#[test]
fn who_is_not_heard_is_answered_by_a_second_master_until_the_wire_is_mended() {
    let mut lab = two();
    lab.until(10_000);
    lab.cut(0, 1);
    lab.until(18_000);
    assert_eq!(lab.masters(), ["r1", "r2"], "r1 hears a worse advert and stays what it is");
    lab.join(0, 1);
    lab.agrees();
    assert_eq!(lab.changes(10_000), [R2_TAKES_OVER, "18.0 r2 BACKUP (master-hears-higher)"]);
}

#[test]
fn that_a_backup_is_not_heard_changes_nothing() {
    let mut lab = two();
    lab.until(10_000);
    lab.cut(1, 0);
    lab.until(18_000);
    lab.join(0, 1);
    lab.agrees();
    assert!(lab.changes(10_000).is_empty(), "{}", lab.story());
}

#[test]
fn adverts_that_were_held_back_for_seconds_do_no_harm() {
    let mut lab = two();
    lab.until(10_000);
    lab.hold(0, 1);
    lab.until(18_000);
    assert_eq!(lab.masters(), ["r1", "r2"]);
    lab.release(0, 1);
    lab.agrees();
    assert_eq!(lab.changes(10_000), [R2_TAKES_OVER, "18.0 r2 BACKUP (master-hears-higher)"]);
    assert_eq!(lab.holders(), ["r1"]);
}

#[test]
fn a_host_without_carrier_gives_up_and_comes_back() {
    let mut lab = two();
    lab.until(10_000);
    lab.carrier(0, false);
    lab.until(15_000);
    assert_eq!((lab.masters(), lab.holders()), (vec!["r2".to_owned()], vec!["r2".to_owned()]));
    lab.carrier(0, true);
    lab.agrees();
    let expected = [
        "10.0 r1 FAULT (fault-appears)",
        R2_TAKES_OVER,
        "15.0 r1 BACKUP (fault-clears)",
        "18.4 r1 MASTER (backup-timer-expired)",
        "18.4 r2 BACKUP (master-hears-higher)",
    ];
    assert_eq!(lab.changes(10_000), expected);
}

#[test]
fn an_address_taken_by_hand_comes_back() {
    let mut lab = two();
    lab.until(10_000);
    let vip = IfAddr { ip: [192, 168, 0, 100].into(), prefix: 24 };
    lab.machines[0].borrow_mut().by_hand(vip, false);
    lab.agrees();
    assert_eq!(lab.changes(10_000).first().map(String::as_str), Some("10.0 r1 BACKUP (address-taken)"));
    assert_eq!(lab.holders(), ["r1"]);
}

#[test]
fn a_script_that_fails_moves_mastership() {
    let script = "vrrp_script check {\n script \"/bin/check web\"\n interval 1\n fall 2\n rise 2\n weight -60\n}\n";
    let watched = format!("{script}{}", instance(150, "track_script {\n check\n }"));
    let mut lab = Lab::new(4, &[watched, instance(100, "")]);
    lab.until(10_000);
    lab.machines[0].borrow_mut().exits("/bin/check web", 1);
    lab.until(18_000);
    assert_eq!(lab.holders(), ["r2"], "90 is less than 100\n{}", lab.story());
    lab.machines[0].borrow_mut().exits("/bin/check web", 0);
    lab.agrees();
    assert_eq!(lab.holders(), ["r1"], "{}", lab.story());
}
