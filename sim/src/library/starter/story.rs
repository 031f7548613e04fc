//! What goes wrong in a new scenario, when, and what the takeover times let one expect.
use vrrplab_engine::time::Span;
use vrrplab_engine::vrrp::skew::down;
use vrrplab_formats::lint::Takeover;

use super::{Router, quoted};

/// What a frame's way may add to a takeover time.
const SLACK: Span = Span::from_millis(10);
/// Calm between the chapters.
const CALM: u64 = 5;
const SECOND: u64 = 1_000_000_000;

/// The story, in seconds.
#[derive(Debug)]
pub(super) struct Story {
    /// Position of the router that loses power.
    pub(super) victim: usize,
    /// When all elections are over.
    pub(super) settled: u64,
    /// When the power goes.
    pub(super) crash: u64,
    /// When it comes back.
    pub(super) back: u64,
    /// When all ends.
    pub(super) end: u64,
    /// What may be expected.
    pub(super) promises: Vec<Expected>,
}

/// A promise and where it comes from.
#[derive(Debug)]
pub(super) struct Expected {
    /// A comment.
    pub(super) why: String,
    /// The promise as YAML.
    pub(super) line: String,
}

impl Story {
    /// The best router of the first virtual router of the first file loses power and comes back.
    pub(super) fn of(routers: &[Router], takeovers: &[Takeover]) -> Story {
        let position = |file: &str| routers.iter().position(|router| router.subject.file == file);
        let first = routers.first().and_then(|router| router.subject.model.instances.first());
        let first = first.and_then(|i| takeovers.iter().find(|t| (t.vrid, t.family) == (i.vrid.get(), i.family)));
        let victim = first.and_then(|takeover| position(&takeover.members.first()?.0)).unwrap_or(0);
        let waits = routers.iter().flat_map(|router| {
            let model = &router.subject.model;
            let wait = move |i: &vrrplab_engine::model::InstanceModel| {
                let unit = model.policy.skew_unit;
                down(i.version, 1, i.advert_int, i.down_timer_adverts, unit) + model.globals.startup_delay
            };
            model.instances.iter().map(wait)
        });
        let settled = seconds(waits.max().unwrap_or(Span::ZERO)) + 1;
        let gap = takeovers.iter().filter_map(|takeover| takeover.after_crash).max().unwrap_or(Span::ZERO);
        let crash = settled + CALM;
        let back = crash + seconds(gap) + CALM;
        let mut story = Story { victim, settled, crash, back, end: back + settled + CALM, promises: Vec::new() };
        story.promises = takeovers.iter().flat_map(|takeover| story.promised(routers, takeover)).collect();
        story
    }

    fn promised(&self, routers: &[Router], takeover: &Takeover) -> Vec<Expected> {
        let member = |at: usize| {
            let (file, priority) = takeover.members.get(at)?;
            let router = routers.iter().position(|router| router.subject.file == *file)?;
            let same = |i: &&vrrplab_engine::model::InstanceModel| {
                (i.vrid.get(), i.family) == (takeover.vrid, takeover.family)
            };
            let mut instances = routers[router].subject.model.instances.iter().filter(same);
            let only = instances.next().filter(|_| instances.next().is_none())?;
            Some((router, quoted(&only.name), quoted(&routers[router].name), *priority))
        };
        let Some((router, instance, node, priority)) = member(0) else { return Vec::new() };
        let dies = router == self.victim;
        let until = if dies { format!(", to: {}s", self.crash) } else { String::new() };
        let from = self.settled;
        let mut promised = vec![Expected {
            why: format!("VRID {}: priority {priority} is the highest", takeover.vrid),
            line: format!("master: {{instance: {instance}, node: {node}, from: {from}s{until}}}"),
        }];
        if let (true, Some(wait), Some((_, instance, node, _))) = (dies, takeover.after_crash, member(1)) {
            let (crash, last) = (self.crash, (Span(self.crash * SECOND) + wait + SLACK).0.div_ceil(1_000_000));
            promised.push(Expected {
                why: format!("VRID {}: the takeover lasts {wait} at most after a crash", takeover.vrid),
                line: format!(
                    "enters: {{instance: {instance}, node: {node}, state: MASTER, between: [{crash}s, {last}ms]}}"
                ),
            });
        }
        promised
    }
}

/// Whole seconds, rounded up.
fn seconds(span: Span) -> u64 {
    span.0.div_ceil(SECOND)
}
