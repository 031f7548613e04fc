//! What the timeline tells of moments, and in which words.
use crate::fabric::port_security::{Refusal, Why};
use State::{Backup, Init, Master};
use vrrplab_engine::Span;
use vrrplab_engine::model::IfIndex;
use vrrplab_formats::world::{Member, NetworkId};

use super::*;
use crate::observe::stage::{self, decided, ms, transition};

fn timeline() -> Timeline {
    Timeline::new(&stage::world(), &stage::ports())
}

#[test]
fn a_failover_reads_as_a_story() {
    let mut timeline = timeline();
    let port = PortId(0);
    transition(&mut timeline, ms(0), 0, (Init, Backup));
    let at = ms(3_609) + Span::from_micros(375);
    transition(&mut timeline, at, 0, (Backup, Master));
    timeline.see(at, &Moment::Sent { port, bytes: &stage::advert(150), rule: Some(stage::RULE) });
    let addr = stage::addr("10.0.0.100", 24);
    timeline.see(at, &Moment::Address { node: NodeId(0), iface: "eth0", index: IfIndex(2), addr, added: true });
    for _ in 0..5 {
        let bytes = &stage::garp([10, 0, 0, 100]);
        timeline.see(at, &Moment::Sent { port, bytes, rule: Some(stage::RULE) });
    }
    let groups = vec![vec![Member::Node(NodeId(0))], vec![Member::Node(NodeId(1)), Member::Client(ClientId(0))]];
    timeline.see(ms(4_000), &Moment::Fault(&Fault::Partition { network: NetworkId(0), groups }));
    timeline.see(ms(5_000), &Moment::Fault(&Fault::Stop(NodeId(0))));
    timeline.see(ms(5_000), &Moment::Sent { port, bytes: &stage::advert(0), rule: Some(stage::RULE) });
    timeline.see(ms(5_000), &Moment::Gone(NodeId(0)));
    timeline.finish(ms(10_000));
    let story = "    0.000000  r1   VI_1  INIT -> BACKUP                          RULE
    3.609375  r1   VI_1  BACKUP -> MASTER                        RULE
    3.609375  r1   eth0  sets 10.0.0.100/24
    3.609375  r1   eth0  announces 10.0.0.100 (5 frames)         RULE
    4.000000  lan  partition of lan: r1 | r2, c1
    5.000000  r1   daemon of r1 told to stop (SIGTERM)
    5.000000  r1   eth0  sends release of vrid 51, priority 0    RULE
    5.000000  r1   daemon gone
";
    let story = story.replace("RULE", stage::RULE.id());
    assert_eq!(timeline.render(false, false), story);
    let advert =
        "    3.609375  r1   eth0  sends advert of vrid 51, priority 150   RULE\n".replace("RULE", stage::RULE.id());
    assert!(timeline.render(false, true).contains(&advert));
}

#[test]
fn lines_are_handed_out_when_time_has_moved_on() {
    let mut timeline = timeline();
    let (port, rule) = (PortId(0), None);
    timeline.see(ms(1), &Moment::Sent { port, bytes: &stage::garp([10, 0, 0, 100]), rule });
    assert_eq!(timeline.take_lines(), []);
    timeline.see(ms(1), &Moment::Sent { port, bytes: &stage::garp([10, 0, 0, 100]), rule });
    transition(&mut timeline, ms(2), 1, (Init, Backup));
    let lines = timeline.take_lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(timeline.text(&lines[0], false), "    0.001000  r1   eth0  announces 10.0.0.100 (2 frames)");
    timeline.see(ms(3), &Moment::Sent { port, bytes: &stage::garp([10, 0, 0, 100]), rule });
    timeline.finish(ms(3));
    assert_eq!(timeline.take_lines().iter().map(|l| l.at).collect::<Vec<_>>(), [ms(2), ms(3)]);
    assert_eq!(timeline.take_lines(), []);
}

#[test]
fn a_client_is_heard_of_when_its_outage_begins_and_ends() {
    let mut timeline = timeline();
    stage::requests(&mut timeline, "..xxx..xx");
    timeline.finish(ms(1_000));
    let story = "    0.250000  c1   no answer from 10.0.0.100 to request 2 of 0.200000
    0.501000  c1   answers again after 0.301 s, 3 requests lost
    0.750000  c1   no answer from 10.0.0.100 to request 7 of 0.700000
    1.000000  c1   still without an answer since 0.700000, 2 requests lost
";
    assert_eq!(timeline.render(false, false), story);
    assert_eq!(timeline.render(false, true).lines().count(), 7);
}

#[test]
fn drops_are_told_once_and_counted_at_the_end() {
    let mut timeline = timeline();
    for at in [1_000, 2_000, 3_000] {
        let bytes = &stage::garp([10, 0, 0, 100]);
        let reason = DropReason::Refused(Refusal { why: Why::SpoofedArp, rule: "OVS-E9" });
        timeline.see(ms(at), &Moment::Dropped { from: PortId(0), to: None, reason, bytes });
    }
    let (to, reason) = (Some(PortId(1)), DropReason::Loss);
    timeline.see(ms(4_000), &Moment::Dropped { from: PortId(0), to, reason, bytes: &stage::advert(100) });
    timeline.finish(ms(5_000));
    let story = "    1.000000  r1   announcement of 10.0.0.100 dropped: port security: ARP sender not allowed (OVS-E9)
    5.000000  r1   1 frame of r1:eth0 dropped in all: lost by chance
    5.000000  r1   3 frames of r1:eth0 dropped in all: port security: ARP sender not allowed (OVS-E9)
";
    assert_eq!(timeline.render(false, false), story);
    let detail = "    4.000000  r1   advert of vrid 51, priority 100 to r2 dropped: lost by chance\n";
    assert!(timeline.render(false, true).contains(detail));
}

#[test]
fn every_kind_of_decision_has_its_words_and_its_level() {
    let mut timeline = timeline();
    let from = IpAddr::from([10, 0, 0, 2]);
    let span = Span::from_secs;
    decided(&mut timeline, ms(0), 0, TraceKind::Heard { from, priority: 100, state: Backup });
    decided(&mut timeline, ms(0), 0, TraceKind::Refused { from });
    decided(&mut timeline, ms(0), 0, TraceKind::Refused { from });
    decided(&mut timeline, ms(0), 0, TraceKind::Priority { from: 100, to: 70 });
    decided(&mut timeline, ms(0), 0, TraceKind::Interval { from: span(1), to: Span::from_millis(250) });
    decided(&mut timeline, ms(0), 0, TraceKind::Armed { until: ms(3_609) });
    let lines: Vec<_> = timeline.lines().iter().map(|line| (line.level, line.what.as_str())).collect();
    let expected = [
        (Level::Detail, "hears priority 100 of 10.0.0.2 as BACKUP"),
        (Level::Normal, "refuses a packet of 10.0.0.2"),
        (Level::Detail, "refuses a packet of 10.0.0.2"),
        (Level::Normal, "priority 100 -> 70"),
        (Level::Normal, "interval 1 s -> 0.25 s"),
        (Level::Detail, "timer armed until 3.609000"),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn colour_comes_only_when_asked_for_and_moves_no_column() {
    let mut timeline = timeline();
    transition(&mut timeline, ms(0), 0, (Backup, Master));
    transition(&mut timeline, ms(0), 0, (Master, Backup));
    let plain = timeline.render(false, false);
    let colored = timeline.render(true, false);
    assert!(!plain.contains('\x1b'));
    assert!(colored.contains("\x1b[1;36mVI_1  BACKUP -> MASTER\x1b[0m"));
    assert_eq!(colored.replace("\x1b[1;36m", "").replace("\x1b[0m", ""), plain);
}
