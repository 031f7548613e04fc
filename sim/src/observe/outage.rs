//! What clients got: requests asked, answered and lost, and the longest silence between two answers.
use std::collections::BTreeMap;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{Client, ClientId, World};

mod view;

pub use view::{ClientView, Gap, Troubles};

use crate::moment::{Moment, Observer};
use crate::observe::blocks::Blocks;

/// Measures what every client gets.
#[derive(Clone, Debug, Default)]
pub struct Outages {
    meters: Vec<Meter>,
    blocks: Blocks,
}

#[derive(Clone, Debug, Default)]
struct Meter {
    view: ClientView,
    late_after: Span,
    first_asked: Option<Instant>,
    last_answer: Option<(u64, Instant)>,
    last_lost: Option<u64>,
    sequence: Sequence,
}

impl Outages {
    /// A meter for every client of the world.
    pub fn new(world: &World) -> Outages {
        let meter = |client: &Client| Meter {
            view: ClientView { name: client.name.clone(), ..ClientView::default() },
            late_after: client.late_after,
            ..Meter::default()
        };
        Outages { meters: world.clients.iter().map(meter).collect(), blocks: Blocks::new(world) }
    }

    /// What every client saw, in the order of the world.
    pub fn clients(&self) -> Vec<ClientView> {
        self.meters.iter().map(|m| m.view.clone()).collect()
    }

    /// What one client saw.
    pub fn client(&self, id: ClientId) -> Option<&ClientView> {
        self.meters.get(id.0).map(|m| &m.view)
    }

    /// Every block of clients as one.
    pub fn blocks(&self) -> Vec<ClientView> {
        self.blocks.all().map(|(name, first, count)| self.together(name, ClientId(first), count)).collect()
    }

    /// So many clients in a row as one.
    pub fn together(&self, name: &str, first: ClientId, count: usize) -> ClientView {
        let views: Vec<ClientView> = self.meters.iter().skip(first.0).take(count).map(|m| m.view.clone()).collect();
        match &views[..] {
            [one] if one.name == name => one.clone(),
            several => view::together(name, several),
        }
    }

    /// A table with a row for every client, or block of clients; empty without clients.
    pub fn table(&self) -> String {
        let mut rows = Vec::new();
        let mut blocks = self.blocks.all().peekable();
        let mut position = 0;
        while let Some(meter) = self.meters.get(position) {
            match blocks.next_if(|(_, first, _)| *first == position) {
                Some((name, first, count)) => {
                    let mut all = self.together(name, ClientId(first), count);
                    all.name = format!("{name} ({count})");
                    rows.push(all);
                    position += count;
                }
                None => {
                    rows.push(meter.view.clone());
                    position += 1;
                }
            }
        }
        view::table(&rows)
    }
}

impl Meter {
    fn silence(&mut self, from: Instant, to: Instant) {
        let length = to.since(from);
        if length > self.view.longest {
            (self.view.longest, self.view.longest_from) = (length, Some(from));
        }
    }

    fn answered(&mut self, at: Instant, request: u64, asked: Instant) {
        self.view.answered += 1;
        self.view.late += u64::from(at.since(asked) > self.late_after);
        self.view.last_answer = Some(at);
        match (self.last_answer, self.first_asked) {
            (Some((_, last)), _) => self.silence(last, at),
            (None, Some(first)) if request > 0 => self.silence(first, at),
            _ => {}
        }
        self.last_answer = Some((request, at));
        let turns = self.sequence.answered(request, at);
        self.turn(&turns);
    }

    fn lost(&mut self, request: u64, asked: Instant) {
        self.view.lost += 1;
        if self.view.lost_from.is_none_or(|from| asked < from) {
            self.view.lost_from = Some(asked);
        }
        if self.view.lost_to.is_none_or(|to| asked > to) {
            self.view.lost_to = Some(asked);
        }
        self.last_lost = self.last_lost.max(Some(request));
        let turns = self.sequence.lost(request, asked);
        self.turn(&turns);
    }

    fn turn(&mut self, turns: &[Turn]) {
        for turn in turns {
            match *turn {
                Turn::Down { asked, .. } => {
                    self.view.back_at = None;
                    self.view.gaps.push(Gap { from: asked, lost: 1, back: None });
                }
                Turn::Lost { .. } => {
                    self.view.back_at = None;
                    if let Some(gap) = self.view.gaps.last_mut() {
                        gap.lost += 1;
                    }
                }
                Turn::Back { at, .. } => {
                    self.view.back_at = Some(at);
                    if let Some(gap) = self.view.gaps.last_mut() {
                        gap.back = Some(at);
                    }
                }
            }
        }
    }
}

impl Observer for Outages {
    fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        match *moment {
            Moment::Asked { client, .. } => {
                if let Some(meter) = self.meters.get_mut(client.0) {
                    meter.view.asked += 1;
                    meter.first_asked.get_or_insert(at);
                }
            }
            Moment::Answered { client, request, asked } => {
                if let Some(meter) = self.meters.get_mut(client.0) {
                    meter.answered(at, request, asked);
                }
            }
            Moment::Lost { client, request, asked } => {
                if let Some(meter) = self.meters.get_mut(client.0) {
                    meter.lost(request, asked);
                }
            }
            Moment::Trouble { client, trouble } => {
                if let Some(meter) = self.meters.get_mut(client.0) {
                    meter.view.troubles.count(trouble);
                }
            }
            _ => {}
        }
    }

    fn finish(&mut self, at: Instant) {
        for meter in &mut self.meters {
            let still_out = meter.last_lost.is_some_and(|lost| meter.last_answer.is_none_or(|(last, _)| last < lost));
            let from = meter.last_answer.map(|(_, at)| at).or(meter.first_asked);
            if let (true, Some(from)) = (still_out, from) {
                meter.silence(from, at);
            }
        }
    }
}

/// The requests of one client put back into their order, so that an outage begins and ends with the right request even
/// when answers overtake losses that have not run out of time yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Sequence {
    next: u64,
    waiting: BTreeMap<u64, Fate>,
    /// When the first lost request of the present outage was asked, and how many are lost.
    outage: Option<(Instant, u64)>,
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Answered(Instant),
    Lost(Instant),
}

/// What becomes known about a client's outages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// An outage begins with this request.
    Down {
        /// Its number.
        request: u64,
        /// When it was asked.
        asked: Instant,
    },
    /// One more request is lost.
    Lost {
        /// Its number.
        request: u64,
        /// When it was asked.
        asked: Instant,
    },
    /// The outage is over: an answer came at this time, so long after the first lost request was asked.
    Back {
        /// When.
        at: Instant,
        /// So long after the first lost request.
        after: Span,
        /// How many were lost.
        lost: u64,
    },
}

impl Sequence {
    pub(super) fn answered(&mut self, request: u64, at: Instant) -> Vec<Turn> {
        self.settle(request, Fate::Answered(at))
    }

    pub(super) fn lost(&mut self, request: u64, asked: Instant) -> Vec<Turn> {
        self.settle(request, Fate::Lost(asked))
    }

    /// The present outage: since when, and how many requests it has cost.
    pub(super) fn outage(&self) -> Option<(Instant, u64)> {
        self.outage
    }

    fn settle(&mut self, request: u64, fate: Fate) -> Vec<Turn> {
        self.waiting.insert(request, fate);
        let mut turns = Vec::new();
        while let Some(fate) = self.waiting.remove(&self.next) {
            match (fate, &mut self.outage) {
                (Fate::Answered(_), None) => {}
                (Fate::Answered(at), Some((from, lost))) => {
                    turns.push(Turn::Back { at, after: at.since(*from), lost: *lost });
                    self.outage = None;
                }
                (Fate::Lost(asked), None) => {
                    turns.push(Turn::Down { request: self.next, asked });
                    self.outage = Some((asked, 1));
                }
                (Fate::Lost(asked), Some((_, lost))) => {
                    turns.push(Turn::Lost { request: self.next, asked });
                    *lost += 1;
                }
            }
            self.next += 1;
        }
        turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::stage::{self, ms};

    fn watch(pattern: &str, end: Instant) -> (ClientView, String) {
        let mut outages = Outages::new(&stage::world());
        stage::requests(&mut outages, pattern);
        outages.finish(end);
        (outages.clients().remove(0), outages.table())
    }

    #[test]
    fn an_outage_is_the_time_between_the_answers_around_it() {
        let (view, table) = watch("..xxx.x..", ms(900));
        let expected = ClientView {
            name: "c1".into(),
            asked: 9,
            answered: 5,
            lost: 4,
            longest: Span::from_millis(400),
            longest_from: Some(ms(101)),
            lost_from: Some(ms(200)),
            lost_to: Some(ms(600)),
            back_at: Some(ms(701)),
            last_answer: Some(ms(801)),
            gaps: vec![
                Gap { from: ms(200), lost: 3, back: Some(ms(501)) },
                Gap { from: ms(600), lost: 1, back: Some(ms(701)) },
            ],
            ..ClientView::default()
        };
        assert_eq!(view, expected);
        let lines = [
            "client  asked  answered  lost  longest      from   back at\n",
            "c1          9         5     4    0.4 s  0.101000  0.701000\n",
        ];
        assert_eq!(table, lines.concat());
    }

    #[test]
    fn a_silence_that_never_ends_lasts_until_the_end() {
        let (view, _) = watch("..xx", ms(1_101));
        assert_eq!((view.longest, view.longest_from), (Span::from_secs(1), Some(ms(101))));
        assert_eq!(view.back_at, None);
        let (view, _) = watch("xxx", ms(1_000));
        assert_eq!((view.longest, view.longest_from), (Span::from_secs(1), Some(ms(0))));
    }

    #[test]
    fn a_silence_at_the_start_counts_from_the_first_request() {
        let (view, _) = watch("xx..", ms(10_000));
        assert_eq!((view.longest, view.longest_from), (Span::from_millis(201), Some(ms(0))));
        let (view, _) = watch("....", ms(10_000));
        assert_eq!((view.longest, view.lost, view.lost_from), (Span::from_millis(100), 0, None));
    }

    #[test]
    fn answers_that_overtake_losses_do_not_end_an_outage_too_early() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.answered(0, ms(1)), []);
        assert_eq!(sequence.lost(1, ms(100)), [Turn::Down { request: 1, asked: ms(100) }]);
        // Request 3 is answered while request 2 still waits.
        assert_eq!(sequence.answered(3, ms(301)), []);
        let back = Turn::Back { at: ms(301), after: Span::from_millis(201), lost: 2 };
        assert_eq!(sequence.lost(2, ms(200)), [Turn::Lost { request: 2, asked: ms(200) }, back]);
        assert_eq!(sequence.outage(), None);
    }
}
