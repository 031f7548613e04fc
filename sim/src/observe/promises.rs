//! Judges the promises of a world by what was seen, and says what was seen instead.
mod clients;

use vrrplab_engine::lvs::ServiceView;
use vrrplab_engine::{Instant, Span, State};
use vrrplab_formats::world::{Expectation, FrameKind, Member, NodeId, Place, Promise, Subject, View, Window, World};

use crate::fabric::PortId;
use crate::moment::{Moment, Observer, PortInfo};
use crate::observe::classify::classify;
use crate::observe::tables;
use crate::observe::words::{self, Names, span, time};
use crate::observe::{Interval, Outages, States};
use crate::sight::{Scene, Sight};

/// The verdict on one promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Position in [`World::expectations`].
    pub expectation: usize,
    /// Where the promise was written.
    pub place: Place,
    /// Its own words.
    pub text: String,
    /// Whether it was kept.
    pub held: bool,
    /// What was seen, with times.
    pub found: String,
}

/// Counts the promised frames during a run, and judges all promises after it.
#[derive(Clone, Debug)]
pub struct Promises {
    names: Names,
    expectations: Vec<Expectation>,
    tallies: Vec<Option<Tally>>,
    /// Tables of the moments and nodes that promises are about.
    tables: Vec<(Instant, Member, Vec<ServiceView>)>,
    /// What other views printed then.
    printed: Vec<(Instant, Subject, View, String)>,
}

/// The frames of one promise.
#[derive(Clone, Copy, Debug)]
struct Tally {
    kind: FrameKind,
    from: Option<NodeId>,
    to: Option<Member>,
    window: Window,
    count: u64,
    first: Instant,
    last: Instant,
}

impl Promises {
    /// The promises of a world.
    pub fn new(world: &World, ports: &[PortInfo]) -> Promises {
        let tally = |expectation: &Expectation| match expectation.promise {
            Promise::Frames { kind, from, to, window, .. } => {
                Some(Tally { kind, from, to, window, count: 0, first: Instant::ZERO, last: Instant::ZERO })
            }
            _ => None,
        };
        Promises {
            names: Names::new(world, ports),
            tallies: world.expectations.iter().map(tally).collect(),
            tables: Vec::new(),
            printed: Vec::new(),
            expectations: world.expectations.clone(),
        }
    }

    /// Judges every promise, in file order. `states` and `outages` have watched the same run to its end.
    pub fn judge(&self, states: &States, outages: &Outages) -> Vec<Judgement> {
        let verdicts = self.expectations.iter().zip(&self.tallies).enumerate();
        verdicts
            .map(|(index, (expectation, tally))| {
                let (held, found) = self.verdict(&expectation.promise, tally.as_ref(), states, outages);
                let Expectation { place, text, .. } = expectation.clone();
                Judgement { expectation: index, place, text, held, found }
            })
            .collect()
    }

    fn verdict(&self, promise: &Promise, tally: Option<&Tally>, states: &States, outages: &Outages) -> (bool, String) {
        match promise {
            Promise::State { instance, node, state, window, within } => {
                self.state(states, (instance, *node, *state), *window, *within)
            }
            Promise::Enters { instance, node, state, window } => {
                self.enters(states, (instance, *node, *state), *window)
            }
            Promise::TwoMasters { instance, at_least, at_most } => {
                self.two_masters(states, instance, (*at_least, *at_most))
            }
            Promise::Client(promise) => clients::verdict(promise, outages),
            Promise::Frames { kind, at_least, at_most, .. } => {
                let (seen, first, last) =
                    tally.map_or((0, Instant::ZERO, Instant::ZERO), |t| (t.count, t.first, t.last));
                let kind = words::frame_kinds(*kind);
                let found = match seen {
                    0 => format!("{kind}: none"),
                    1 => format!("{kind}: 1, at {}", time(first)),
                    _ => format!("{kind}: {seen}, the first at {}, the last at {}", time(first), time(last)),
                };
                ((*at_least..=*at_most).contains(&seen), found)
            }
            Promise::Table(table) => {
                let meant = |(at, host, _): &&(_, _, _)| (*at, *host) == (table.at, Member::Node(table.node));
                let seen = self.tables.iter().find(meant).map(|(_, _, services)| services.as_slice());
                tables::judge(table, self.names.node(table.node), seen)
            }
            Promise::View(view) => {
                let meant = |(at, of, what, _): &&(_, _, _, _)| (*at, *of, *what) == (view.at, view.of, view.view);
                let seen = self.printed.iter().find(meant).map(|(.., printed)| printed.as_str());
                tables::judge_lines(view, self.names.subject(view.of), seen)
            }
        }
    }

    fn state(
        &self,
        states: &States,
        (instance, node, state): (&str, NodeId, State),
        window: Window,
        within: Span,
    ) -> (bool, String) {
        let end = states.now();
        let all = states.intervals(node, instance);
        if all.is_empty() || window.from >= end {
            return (false, self.nothing(node, instance, end));
        }
        let (from, to) = (window.from + within, earlier(window.to, within).min(end));
        if from < to {
            let inside = clip(&all, from, to);
            (inside.iter().all(|i| is(i.state, state)), self.story(node, instance, &inside))
        } else {
            // Nothing is left of the window between its two tolerances: the state must be met somewhere around it.
            let (from, to) = (earlier(window.from, within), (window.to + within).min(end));
            let inside = clip(&all, from, to.max(Instant(from.0 + 1)));
            (inside.iter().any(|i| is(i.state, state)), self.story(node, instance, &inside))
        }
    }

    fn enters(
        &self,
        states: &States,
        (instance, node, state): (&str, NodeId, State),
        window: Window,
    ) -> (bool, String) {
        let entries = states.entries(node, instance).iter().filter(|entry| entry.1 == Some(state));
        let entries: Vec<Instant> = entries.map(|entry| entry.0).collect();
        let held = entries.iter().any(|&at| window.from <= at && at < window.to);
        let who = format!("{} {instance}", self.names.node(node));
        let found = if entries.is_empty() {
            let all = states.intervals(node, instance);
            let inside = clip(&all, window.from, window.to);
            format!("{who} never entered {}; {}", state.name(), self.story(node, instance, &inside))
        } else {
            let times: Vec<String> = entries.into_iter().map(time).collect();
            format!("{who} entered {} at {}", state.name(), times.join(", "))
        };
        (held, found)
    }

    fn two_masters(&self, states: &States, instance: &str, (least, most): (Span, Span)) -> (bool, String) {
        let total = states.double_total(instance);
        let pieces: Vec<String> = states
            .doubles(instance)
            .iter()
            .map(|double| {
                let masters: Vec<&str> = double.masters.iter().map(|node| self.names.node(*node)).collect();
                format!("{} to {} ({})", time(double.from), time(double.to), masters.join(", "))
            })
            .collect();
        let found = if pieces.is_empty() {
            format!("{instance} never had two masters")
        } else {
            format!("{instance} had two masters for {}: {}", span(total), pieces.join(", "))
        };
        (least <= total && total <= most, found)
    }

    fn nothing(&self, node: NodeId, instance: &str, end: Instant) -> String {
        format!(
            "nothing was seen of {} {instance} in this window; the run ended at {}",
            self.names.node(node),
            time(end)
        )
    }

    /// `r1 VI_1 was BACKUP from 0.000000 to 3.609375, MASTER from 3.609375 to 10.000000`.
    fn story(&self, node: NodeId, instance: &str, intervals: &[Interval]) -> String {
        if intervals.is_empty() {
            return "nothing was seen in this window".into();
        }
        let pieces = intervals.iter().map(|i| {
            let state = i.state.map_or("not running", State::name);
            if i.to.since(i.from) == Span(1) {
                return format!("{state} at {}", time(i.from));
            }
            format!("{state} from {} to {}", time(i.from), time(i.to))
        });
        format!("{} {instance} was {}", self.names.node(node), pieces.collect::<Vec<_>>().join(", "))
    }

    fn frame(&mut self, at: Instant, from: PortId, to: Option<PortId>, bytes: &[u8]) {
        if self.tallies.iter().all(Option::is_none) {
            return;
        }
        let Some(seen) = classify(bytes) else { return };
        let sender = self.names.owner(from);
        let receiver = to.and_then(|to| self.names.owner(to));
        for tally in self.tallies.iter_mut().flatten() {
            let meant = tally.kind == seen
                && tally.from.is_none_or(|node| sender == Some(Member::Node(node)))
                && tally.to == receiver
                && (tally.window.from..tally.window.to).contains(&at);
            if meant {
                if tally.count == 0 {
                    tally.first = at;
                }
                tally.count += 1;
                tally.last = at;
            }
        }
    }
}

/// A daemon that does not run counts as INIT: not started, or stopped.
fn is(seen: Option<State>, promised: State) -> bool {
    seen.unwrap_or(State::Init) == promised
}

fn earlier(at: Instant, by: Span) -> Instant {
    Instant(at.0.saturating_sub(by.0))
}

fn clip(intervals: &[Interval], from: Instant, to: Instant) -> Vec<Interval> {
    let clipped = intervals.iter().map(|i| Interval { from: i.from.max(from), to: i.to.min(to), ..*i });
    clipped.filter(|i| i.from < i.to).collect()
}

impl Observer for Promises {
    fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        match *moment {
            Moment::Sent { port, bytes, .. } => self.frame(at, port, None, bytes),
            Moment::Delivered { from, to, bytes } => self.frame(at, from, Some(to), bytes),
            Moment::Looked(Sight { of: Subject::Host(host), shown: false, scene: Scene::Ipvs(services) }) => {
                self.tables.push((at, *host, services.clone()));
            }
            Moment::Looked(Sight { of, shown: false, scene }) => {
                self.printed.push((at, *of, scene.view(), tables::text(scene, &self.names)));
            }
            _ => {}
        }
    }

    fn finish(&mut self, _at: Instant) {}
}

#[cfg(test)]
mod tests {
    use State::{Backup, Init, Master};
    use vrrplab_formats::world::{ClientId, ClientPromise};

    use super::*;
    use crate::observe::stage::{self, ms, transition};

    const R1: NodeId = NodeId(0);
    const R2: NodeId = NodeId(1);

    /// r1 becomes master at 3.6 s and is killed at 6 s; r2 is master from 5 s to 5.5 s. Adverts at 4 s and 4.5 s; the
    /// second reaches only the client. The client loses three requests.
    fn judge(promises: impl IntoIterator<Item = Promise>) -> Vec<(bool, String)> {
        let world = stage::promising(promises);
        let mut promises = Promises::new(&world, &stage::ports());
        let (mut states, mut outages) = (States::new(&world), Outages::new(&world));
        transition(&mut states, ms(0), 0, (Init, Backup));
        transition(&mut states, ms(0), 1, (Init, Backup));
        transition(&mut states, ms(3_600), 0, (Backup, Master));
        transition(&mut states, ms(5_000), 1, (Backup, Master));
        transition(&mut states, ms(5_500), 1, (Master, Backup));
        states.see(ms(6_000), &Moment::Gone(R1));
        states.finish(ms(10_000));
        stage::requests(&mut outages, "..xxx..");
        outages.finish(ms(700));
        let advert = stage::advert(150);
        for (at, to) in [(4_000, 1), (4_500, 2)] {
            promises.see(ms(at), &Moment::Sent { port: PortId(0), bytes: &advert, rule: None });
            promises.see(ms(at), &Moment::Delivered { from: PortId(0), to: PortId(to), bytes: &advert });
        }
        promises.finish(ms(10_000));
        let judgements = promises.judge(&states, &outages);
        for (index, judgement) in judgements.iter().enumerate() {
            assert_eq!(judgement.expectation, index);
            assert_eq!(judgement.place, Place { file: "stage.yaml".into(), line: index + 1 });
            assert_eq!(judgement.text, format!("promise {index}"));
        }
        judgements.into_iter().map(|j| (j.held, j.found)).collect()
    }

    fn window(from: u64, to: u64) -> Window {
        Window { from: ms(from), to: ms(to) }
    }

    fn check<const N: usize>(table: [(Promise, bool, &str); N]) {
        let judged = judge(table.iter().map(|row| row.0.clone()));
        let expected: Vec<(bool, String)> = table.iter().map(|row| (row.1, row.2.to_owned())).collect();
        assert_eq!(judged, expected);
    }

    #[test]
    fn a_state_is_kept_over_the_whole_window() {
        let promise = |node, state, (from, to), within| Promise::State {
            instance: "VI_1".into(),
            node,
            state,
            window: window(from, to),
            within: Span::from_millis(within),
        };
        let story = "r1 VI_1 was BACKUP from 3.000000 to 3.600000, MASTER from 3.600000 to 5.000000";
        let ended = "nothing was seen of r1 VI_1 in this window; the run ended at 10.000000";
        let dead = "r1 VI_1 was not running from 7.000000 to 10.000000";
        check([
            (promise(R1, Master, (4_000, 5_000), 0), true, "r1 VI_1 was MASTER from 4.000000 to 5.000000"),
            (promise(R1, Master, (3_000, 5_000), 0), false, story),
            (promise(R1, Master, (3_000, 5_000), 600), true, "r1 VI_1 was MASTER from 3.600000 to 4.400000"),
            (promise(R1, Master, (7_000, 20_000), 0), false, dead),
            (promise(R1, Init, (7_000, 20_000), 0), true, dead),
            (promise(R1, Master, (10_000, 20_000), 0), false, ended),
            // A point in time, give or take a second.
            (
                promise(R2, Master, (6_000, 6_000), 1_000),
                true,
                "r2 VI_1 was MASTER from 5.000000 to 5.500000, BACKUP from 5.500000 to 7.000000",
            ),
            (promise(R2, Master, (6_000, 6_000), 0), false, "r2 VI_1 was BACKUP at 6.000000"),
        ]);
    }

    #[test]
    fn a_state_is_entered_between_two_times() {
        let promise = |node, state, (from, to)| Promise::Enters {
            instance: "VI_1".into(),
            node,
            state,
            window: window(from, to),
        };
        let never = "r2 VI_1 never entered FAULT; r2 VI_1 was BACKUP from 1.000000 to 2.000000";
        check([
            (promise(R1, Master, (3_600, 3_700)), true, "r1 VI_1 entered MASTER at 3.600000"),
            (promise(R1, Master, (3_000, 3_600)), false, "r1 VI_1 entered MASTER at 3.600000"),
            (promise(R2, Backup, (5_000, 6_000)), true, "r2 VI_1 entered BACKUP at 0.000000, 5.500000"),
            (promise(R2, State::Fault, (1_000, 2_000)), false, never),
        ]);
    }

    #[test]
    fn two_masters_are_summed_up() {
        let promise = |instance: &str, at_least, at_most| Promise::TwoMasters {
            instance: instance.into(),
            at_least: Span::from_millis(at_least),
            at_most: Span::from_millis(at_most),
        };
        let found = "VI_1 had two masters for 0.5 s: 5.000000 to 5.500000 (r1, r2)";
        check([
            (promise("VI_1", 500, 500), true, found),
            (promise("VI_1", 0, 499), false, found),
            (promise("VI_1", 501, 900), false, found),
            (promise("VI_2", 0, 0), true, "VI_2 never had two masters"),
        ]);
    }

    #[test]
    fn an_outage_has_a_least_and_a_most() {
        let promise = |lost, (shortest, longest)| {
            let longest = (Span::from_millis(shortest), Span::from_millis(longest));
            Promise::Client(ClientPromise { lost, longest, ..clients::anything(ClientId(0), "c1") })
        };
        let found = "c1 lost 3 requests of 7, longest time without an answer 0.4 s from 0.101000";
        check([
            (promise((3, 3), (400, 400)), true, found),
            (promise((4, 9), (0, 1_000)), false, found),
            (promise((0, 2), (0, 1_000)), false, found),
            (promise((0, 9), (0, 399)), false, found),
            (promise((0, 9), (401, 999)), false, found),
        ]);
    }

    #[test]
    fn frames_are_counted_where_they_are_sent_or_where_they_arrive() {
        let promise = |kind, from, to, (at_least, at_most)| Promise::Frames {
            kind,
            from,
            to,
            window: window(4_000, 5_000),
            at_least,
            at_most,
        };
        let advert = FrameKind::Advert;
        let (r2, c1) = (Some(Member::Node(R2)), Some(Member::Client(ClientId(0))));
        check([
            (promise(advert, None, None, (2, 2)), true, "adverts: 2, the first at 4.000000, the last at 4.500000"),
            (promise(advert, Some(R1), None, (3, 9)), false, "adverts: 2, the first at 4.000000, the last at 4.500000"),
            (promise(advert, Some(R2), None, (0, 0)), true, "adverts: none"),
            (promise(advert, Some(R1), r2, (1, 1)), true, "adverts: 1, at 4.000000"),
            (promise(advert, None, c1, (0, 0)), false, "adverts: 1, at 4.500000"),
            (promise(FrameKind::Release, None, None, (1, 1)), false, "releases: none"),
            (promise(FrameKind::GratuitousArp, None, None, (0, 0)), true, "gratuitous ARPs: none"),
            (promise(FrameKind::NeighbourAdvert, None, None, (1, 2)), false, "neighbour advertisements: none"),
        ]);
    }
}
