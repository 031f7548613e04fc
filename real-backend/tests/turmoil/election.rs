//! Who is master: at the start, after a crash, a kill, a stop and a reload.
use vrrplab_engine::model::IfAddr;
use vrrplab_real::system::Word;

use crate::lab::{Lab, instance};

fn three() -> Lab {
    Lab::new(1, &[instance(150, ""), instance(100, ""), instance(50, "")])
}

#[test]
fn the_best_of_three_becomes_master() {
    let mut lab = three();
    lab.agrees();
    assert_eq!(lab.changes(0), ["3.4 r1 MASTER (backup-timer-expired)"], "3 s and 106/256 s");
    assert_eq!(lab.holders(), ["r1"]);
}

#[test]
fn a_crashed_master_is_replaced_and_comes_back() {
    let mut lab = three();
    lab.until(10_000);
    lab.crash(0);
    lab.until(20_000);
    assert_eq!((lab.masters(), lab.holders()), (vec!["r2".to_owned()], vec!["r2".to_owned()]));
    lab.bounce(0);
    lab.agrees();
    let expected = [
        "13.0 r2 MASTER (backup-timer-expired)", // the last advert of 9.4 s, 3 s and 156/256 s
        "23.4 r1 MASTER (backup-timer-expired)", // it hears r2 and waits 3 s and 106/256 s all the same: r2 is worse
        "23.4 r2 BACKUP (master-hears-higher)",
    ];
    assert_eq!(lab.changes(10_000), expected);
    assert_eq!(lab.holders(), ["r1"]);
}

#[test]
fn what_a_killed_master_leaves_behind_is_removed_when_it_starts_again() {
    let mut lab = three();
    lab.until(10_000);
    lab.kill(0);
    lab.until(15_000);
    assert_eq!((lab.masters(), lab.holders()), (vec!["r2".to_owned()], vec!["r1".to_owned(), "r2".to_owned()]));
    lab.bounce(0);
    lab.run(10);
    assert_eq!(lab.holders(), ["r2"]);
    lab.agrees();
    assert_eq!(lab.holders(), ["r1"]);
}

#[test]
fn a_master_that_is_stopped_says_so() {
    let mut lab = three();
    lab.until(10_000);
    lab.signal(0, Word::Stop);
    lab.run(3_000);
    assert_eq!(lab.changes(10_000), ["10.6 r2 MASTER (backup-timer-expired)"], "156/256 s after priority 0");
    assert_eq!(lab.holders(), ["r2"]);
    lab.agrees();
}

#[test]
fn a_reload_to_a_lower_priority_gives_mastership_away() {
    let mut lab = three();
    lab.until(10_000);
    lab.configure(0, &instance(80, ""));
    lab.signal(0, Word::Reload);
    lab.agrees();
    let expected = ["13.6 r2 MASTER (backup-timer-expired)", "13.6 r1 BACKUP (master-hears-higher)"];
    assert_eq!(lab.changes(10_000), expected);
    assert_eq!(lab.holders(), ["r2"]);
    lab.configure(0, "vrrp_instance VI_1 {\n interface eth7\n}\n");
    lab.signal(0, Word::Reload);
    lab.run(100);
    assert!(lab.machines[0].borrow().runs(), "a configuration that is refused changes nothing");
    lab.agrees();
}

#[test]
#[should_panic(expected = "vip-at-master of VI_1")]
fn an_address_at_a_backup_is_objected_to() {
    let mut lab = three();
    lab.until(10_000);
    lab.machines[1].borrow_mut().by_hand(IfAddr { ip: [192, 168, 0, 100].into(), prefix: 24 }, true);
    lab.run(10);
}

#[test]
#[should_panic(expected = "one-master of VI_1")]
fn two_masters_whom_nothing_parts_are_objected_to() {
    let mut lab = three();
    lab.until(10_000);
    lab.sim.partition(lab.ip(0), lab.ip(1)); // behind the back of those who watch
    lab.run(10_000);
}
