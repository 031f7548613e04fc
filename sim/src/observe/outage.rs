//! What clients got: requests asked, answered and lost, and the longest silence between two answers.
use std::collections::BTreeMap;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{ClientId, World};

use crate::moment::{Moment, Observer};
use crate::observe::words;

/// What one client saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientView {
    /// Name.
    pub name: String,
    /// Requests sent.
    pub asked: u64,
    /// Requests answered in time.
    pub answered: u64,
    /// Requests that ran out of time or were refused.
    pub lost: u64,
    /// The longest time between two answers in a row. A silence that began with the first request, or that lasts until
    /// the end of the run, counts as well when requests were lost in it.
    pub longest: Span,
    /// When that time began.
    pub longest_from: Option<Instant>,
    /// When the first lost request was asked.
    pub lost_from: Option<Instant>,
    /// When the last lost request was asked.
    pub lost_to: Option<Instant>,
    /// The first answer after the last loss.
    pub back_at: Option<Instant>,
}

/// Measures what every client gets.
#[derive(Clone, Debug, Default)]
pub struct Outages {
    meters: Vec<Meter>,
}

#[derive(Clone, Debug, Default)]
struct Meter {
    view: ClientView,
    first_asked: Option<Instant>,
    last_answer: Option<(u64, Instant)>,
    last_lost: Option<u64>,
    sequence: Sequence,
}

impl Outages {
    /// A meter for every client of the world.
    pub fn new(world: &World) -> Outages {
        let meter = |name: &String| Meter {
            view: ClientView { name: name.clone(), ..ClientView::default() },
            ..Meter::default()
        };
        Outages { meters: world.clients.iter().map(|c| meter(&c.name)).collect() }
    }

    /// What every client saw, in the order of the world.
    pub fn clients(&self) -> Vec<ClientView> {
        self.meters.iter().map(|m| m.view.clone()).collect()
    }

    /// What one client saw.
    pub fn client(&self, id: ClientId) -> Option<&ClientView> {
        self.meters.get(id.0).map(|m| &m.view)
    }

    /// A table of all clients; empty without clients.
    pub fn table(&self) -> String {
        if self.meters.is_empty() {
            return String::new();
        }
        let heading = ["client", "asked", "answered", "lost", "longest", "from", "back at"].map(String::from);
        let time = |at: Option<Instant>| at.map_or("-".into(), words::time);
        let rows = self.meters.iter().map(|m| {
            let v = &m.view;
            let [asked, answered, lost] = [v.asked, v.answered, v.lost].map(|n| n.to_string());
            let longest = words::span(v.longest);
            [v.name.clone(), asked, answered, lost, longest, time(v.longest_from), time(v.back_at)]
        });
        let rows: Vec<[String; 7]> = std::iter::once(heading).chain(rows).collect();
        let widths: [usize; 7] =
            std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
        let mut table = String::new();
        for [name, numbers @ ..] in rows {
            table += &format!("{name:<width$}", width = widths[0]);
            for (cell, width) in numbers.iter().zip(&widths[1..]) {
                table += &format!("  {cell:>width$}");
            }
            table.push('\n');
        }
        table
    }
}

impl Meter {
    fn silence(&mut self, from: Instant, to: Instant) {
        let length = to.since(from);
        if length > self.view.longest {
            (self.view.longest, self.view.longest_from) = (length, Some(from));
        }
    }

    fn answered(&mut self, at: Instant, request: u64) {
        self.view.answered += 1;
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
            self.view.back_at = match *turn {
                Turn::Down { .. } | Turn::Lost { .. } => None,
                Turn::Back { at, .. } => Some(at),
            };
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
            Moment::Answered { client, request, .. } => {
                if let Some(meter) = self.meters.get_mut(client.0) {
                    meter.answered(at, request);
                }
            }
            Moment::Lost { client, request, asked } => {
                if let Some(meter) = self.meters.get_mut(client.0) {
                    meter.lost(request, asked);
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
pub(super) enum Turn {
    /// An outage begins with this request.
    Down { request: u64, asked: Instant },
    /// One more request is lost.
    Lost { request: u64, asked: Instant },
    /// The outage is over: an answer came at this time, so long after the first lost request was asked.
    Back { at: Instant, after: Span, lost: u64 },
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
