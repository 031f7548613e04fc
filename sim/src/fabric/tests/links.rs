//! What links do to frames, and storms.
use super::*;

/// A switch with two ports, the second on a link of its own.
fn line(change: LinkChange) -> Fabric {
    let mut fabric = lan(2, CLEAN, 1);
    fabric.set_port_link(PortId(1), &change);
    fabric
}

fn ask(fabric: &mut Fabric, at: u64) -> Vec<Fate> {
    send(fabric, Instant(at), 0, &frame(mac(0), ALL))
}

fn arrives(at: u64) -> Fate {
    Fate::Deliver { to: PortId(1), at: Instant(at) }
}

fn broken(why: LinkDrop) -> Fate {
    lost(1, DropReason::Fabric(FabricDrop::Link(why)))
}

#[test]
fn loss_in_bursts_loses_as_much_but_in_a_row() {
    let mut f = line(LinkChange { loss_ppm: Some(100_000), burst: Some(5), ..LinkChange::default() });
    let lost: Vec<bool> = (0..20_000).map(|n| matches!(ask(&mut f, n)[..], [Fate::Drop { .. }])).collect();
    let share = lost.iter().filter(|lost| **lost).count();
    let runs = lost.windows(2).filter(|pair| pair == &[false, true]).count();
    assert!((1_700..2_300).contains(&share), "a tenth: {share}");
    assert!((4_400..5_600).contains(&(share * 1_000 / runs)), "runs of five: {share} in {runs}");

    f.set_port_link(PortId(1), &LinkChange { loss_ppm: Some(1_000_000), ..LinkChange::default() });
    assert!((0..100).all(|n| ask(&mut f, n) == [super::lost(1, DropReason::Loss)]), "all is all");
    f.set_port_link(PortId(1), &LinkChange { loss_ppm: Some(0), ..LinkChange::default() });
    assert!((0..100).all(|n| ask(&mut f, n).len() == 1));
}

#[test]
fn frames_come_twice_or_late_or_spoilt() {
    let all = Some(1_000_000);
    let mut f = line(LinkChange { duplicate_ppm: all, ..LinkChange::default() });
    assert_eq!(ask(&mut f, 0), [arrives(100_000), arrives(101_000)]);
    let mut f = line(LinkChange { corrupt_ppm: all, ..LinkChange::default() });
    assert_eq!(ask(&mut f, 0), [broken(LinkDrop::Corrupt)], "the check sequence shows it");
    // Held back for 10 ms: the next one, a millisecond later, overtakes it.
    let mut f = line(LinkChange { reorder_ppm: all, ..LinkChange::default() });
    assert_eq!(ask(&mut f, 0), [arrives(10_100_000)]);
    f.set_port_link(PortId(1), &LinkChange { reorder_ppm: Some(0), ..LinkChange::default() });
    assert_eq!(ask(&mut f, 1_000_000), [arrives(1_100_000)]);
}

#[test]
fn a_slow_link_makes_frames_wait_and_drops_what_does_not_fit() {
    let slow = LinkChange { bandwidth: Some(10_000_000), queue: Some(2), ..LinkChange::default() };
    let mut f = line(slow);
    // 60 bytes and 24 of framing are 672 bits: 67.2 us, between two crossings of 50 us.
    assert_eq!(ask(&mut f, 0), [arrives(167_200)]);
    assert_eq!(ask(&mut f, 0), [arrives(234_400)]);
    assert_eq!(ask(&mut f, 0), [broken(LinkDrop::Queue)]);
    // At 117.2 us at the switch the first has left.
    assert_eq!(ask(&mut f, 67_200), [arrives(301_600)]);
}

#[test]
fn no_effect_shifts_another() {
    let jitter = LinkChange { jitter: Some(Span::from_millis(1)), loss_ppm: Some(200_000), ..LinkChange::default() };
    let arrivals = |change: LinkChange| {
        let mut f = line(jitter);
        f.set_port_link(PortId(1), &change);
        (0..200).map(|n| ask(&mut f, n * 10_000_000)).collect::<Vec<_>>()
    };
    let plain = arrivals(LinkChange::default());
    let spoilt =
        arrivals(LinkChange { corrupt_ppm: Some(300_000), duplicate_ppm: Some(300_000), ..LinkChange::default() });
    let firsts = plain.iter().zip(&spoilt).filter(|(_, spoilt)| !matches!(spoilt[0], Fate::Drop { .. }));
    let firsts: Vec<_> = firsts.map(|(plain, spoilt)| (plain[0].clone(), spoilt[0].clone())).collect();
    assert!((80..160).contains(&firsts.len()) && firsts.iter().all(|(plain, spoilt)| plain == spoilt));
}

#[test]
fn a_storm_multiplies_what_goes_to_many_and_passes() {
    let mut f = lan(3, CLEAN, 1);
    f.storm(NetworkId(0), 2, Instant(1_000_000));
    let copies = |to| [0, 1_000, 2_000].map(|later| Fate::Deliver { to: PortId(to), at: Instant(100_000 + later) });
    assert_eq!(ask(&mut f, 0), [copies(1), copies(2)].concat());
    send(&mut f, T0, 1, &frame(mac(1), mac(0)));
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), mac(1))), [to(1)], "not what goes to one");
    assert_eq!(ask(&mut f, 1_000_000).len(), 2, "it is over");
}
