//! VLANs, trunks and the spanning tree.
use vrrplab_formats::world::SwitchSetup;

use super::*;

const SECOND: u64 = 1_000_000_000;

/// Switches `sw1`, `sw2`, ... with this tree, a port at each, and trunks between them by numbers.
fn switches(count: usize, tree: SpanningTree, trunks: &[(&str, [usize; 2], &[u16])]) -> Fabric {
    let setup = SwitchSetup { stp: tree, ..SwitchSetup::default() };
    let network = |n: usize| Network { switch: setup, ..Network::new(format!("sw{}", n + 1), CLEAN) };
    let networks: Vec<Network> = (0..count).map(network).collect();
    let trunk = |(name, ends, vlans): &(&str, [usize; 2], &[u16])| Trunk {
        name: (*name).into(),
        between: ends.map(NetworkId),
        vlans: vlans.to_vec(),
        link: CLEAN,
    };
    let mut fabric = Fabric::new(&networks, &trunks.iter().map(trunk).collect::<Vec<_>>(), 1);
    for n in 0..count {
        plug(&mut fabric, n, Attachment::default());
    }
    fabric
}

fn plug(fabric: &mut Fabric, network: usize, attachment: Attachment) -> PortId {
    let n = fabric.ports.len();
    let plain = PortSetup::new(NetworkId(network), Member::Node(NodeId(n)), mac(n), vec![]);
    fabric.add_port(PortSetup { attachment, ..plain })
}

fn tree(mode: TreeMode) -> SpanningTree {
    SpanningTree { mode, ..SpanningTree::default() }
}

fn in_vlan(vlan: u16) -> Attachment {
    Attachment { vlan, ..Attachment::default() }
}

fn at(to: usize, at: u64) -> Fate {
    Fate::Deliver { to: PortId(to), at: Instant(at) }
}

fn stuck(to: usize, trunk: usize, trouble: Trouble) -> Fate {
    lost(to, DropReason::Fabric(FabricDrop::Trunk(TrunkId(trunk), trouble)))
}

#[test]
fn a_frame_stays_in_its_vlan() {
    let mut f = switches(1, SpanningTree::default(), &[]);
    plug(&mut f, 0, in_vlan(10));
    plug(&mut f, 0, in_vlan(10));
    assert_eq!(send(&mut f, T0, 1, &frame(mac(1), ALL)), [to(2)]);
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), mac(1))), [], "nobody else in VLAN 1");
    assert_eq!(islands(&f), [vec![0], vec![1, 2]]);
    f.set_vlan(PortId(2), 1);
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), ALL)), [to(2)], "the third port has changed sides");
    assert_eq!(send(&mut f, T0, 1, &frame(mac(1), ALL)), []);
    assert_eq!(islands(&f), [vec![0, 2], vec![1]]);
}

#[test]
fn switches_learn_over_trunks_and_forget_with_them() {
    let mut f = switches(3, SpanningTree::default(), &[("a", [0, 1], &[]), ("b", [1, 2], &[1, 10])]);
    // Each trunk is one more crossing of 50 us.
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), ALL)), [at(1, 150_000), at(2, 200_000)]);
    assert_eq!(send(&mut f, T0, 2, &frame(mac(2), mac(0))), [at(0, 200_000)], "the middle one has learned too");
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), mac(2))), [at(2, 200_000)]);
    assert_eq!(islands(&f), [[0, 1, 2]]);

    f.set_trunk(T0, TrunkId(1), false);
    assert_eq!(islands(&f), [vec![0, 1], vec![2]]);
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), ALL)), [at(1, 150_000), stuck(2, 1, Trouble::Down)]);
    f.set_trunk(T0, TrunkId(1), true);
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), ALL)), [at(1, 150_000), at(2, 200_000)], "at once, as no tree waits");
}

#[test]
fn a_trunk_carries_its_vlans_only() {
    let mut f = switches(2, SpanningTree::default(), &[("a", [0, 1], &[10])]);
    plug(&mut f, 0, in_vlan(10));
    plug(&mut f, 1, in_vlan(10));
    assert_eq!(send(&mut f, T0, 2, &frame(mac(2), ALL)), [at(3, 150_000)]);
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), ALL)), []);
    assert_eq!(islands(&f), [vec![0], vec![1], vec![2, 3]]);
}

const TRIANGLE: [(&str, [usize; 2], &[u16]); 3] = [("t12", [0, 1], &[]), ("t13", [0, 2], &[]), ("t23", [1, 2], &[])];

#[test]
fn the_tree_blocks_what_is_too_much_and_takes_it_when_needed() {
    for (mode, wait) in [(TreeMode::Stp, 30), (TreeMode::Rstp, 0)] {
        let mut f = switches(3, tree(mode), &TRIANGLE);
        let all = [at(1, 150_000), at(2, 150_000)];
        assert_eq!(send(&mut f, T0, 0, &frame(mac(0), ALL)), all, "sw1 is the root; t23 is blocked");

        let later = Instant(10 * SECOND);
        let news = f.set_trunk(later, TrunkId(0), false);
        let ready = later + Span::from_secs(wait);
        if wait == 0 {
            assert_eq!(news, [SwitchNews::TrunkForwards(TrunkId(2))]);
        } else {
            assert_eq!(news, [SwitchNews::TrunkWaits(TrunkId(2), ready)]);
            assert_eq!(islands(&f), [vec![0, 2], vec![1]]);
            let fates = send(&mut f, later, 0, &frame(mac(0), ALL));
            assert_eq!(fates[1], stuck(1, 0, Trouble::Down));
            assert_eq!(f.next_wake(), Some(ready));
            assert_eq!(f.wake(ready).0, [SwitchNews::TrunkForwards(TrunkId(2))]);
        }
        assert_eq!(islands(&f), [[0, 1, 2]]);
        // sw1 - sw3 - sw2: four crossings for port 1.
        let base = ready.0;
        assert_eq!(send(&mut f, ready, 0, &frame(mac(0), ALL)), [at(2, base + 150_000), at(1, base + 200_000)]);

        // The better trunk comes back, and the other is blocked at once: with the old protocol sw2 is cut off again.
        let news = f.set_trunk(ready, TrunkId(0), true);
        assert_eq!(news.last(), Some(&SwitchNews::TrunkBlocked(TrunkId(2))));
        assert_eq!(islands(&f).len(), if wait == 0 { 1 } else { 2 });
    }
}

#[test]
fn the_lowest_priority_is_the_root_and_the_first_name_wins() {
    let mut networks: Vec<Network> = ["sw1", "sw2", "sw3"].map(|name| Network::new(name, CLEAN)).into();
    networks.iter_mut().for_each(|network| network.switch.stp = tree(TreeMode::Rstp));
    networks[2].switch.stp.priority = 4_096;
    let trunk = |name: &str, ends: [usize; 2]| {
        let between = ends.map(NetworkId);
        Trunk { name: name.into(), between, vlans: vec![], link: CLEAN }
    };
    let trunks = [trunk("t12", [0, 1]), trunk("t13", [0, 2]), trunk("t23", [1, 2]), trunk("t20", [2, 1])];
    let f = Fabric::new(&networks, &trunks, 1);
    let forwards: Vec<bool> = f.trunks.iter().map(|trunk| trunk.forwards(1)).collect();
    assert_eq!(forwards, [false, true, false, true], "sw3 is the root, and t20 is before t23");
}

#[test]
fn a_port_waits_for_the_tree_unless_it_is_an_edge() {
    let mut f = switches(1, tree(TreeMode::Rstp), &[]);
    let edge = plug(&mut f, 0, Attachment { portfast: true, ..Attachment::default() });
    let slow = PortId(0);
    assert_eq!(islands(&f), [[0, 1]], "at the start all has settled");
    for port in [slow, edge] {
        f.set_carrier(T0, port, false);
        f.set_carrier(Instant(SECOND), port, true);
    }
    assert_eq!(islands(&f), [[0], [1]]);
    let waits = DropReason::Fabric(FabricDrop::Waits);
    assert_eq!(send(&mut f, Instant(SECOND), 1, &frame(mac(1), ALL)), [lost(0, waits)]);
    assert_eq!(send(&mut f, Instant(SECOND), 0, &frame(mac(0), ALL)), [Fate::Drop { to: None, reason: waits }]);
    let ready = Instant(31 * SECOND);
    assert_eq!(f.next_wake(), Some(ready));
    assert_eq!(f.wake(ready).0, [SwitchNews::PortForwards(slow)]);
    assert_eq!((islands(&f), f.next_wake()), (vec![vec![0, 1]], None));
}
