//! The promises of a scenario.
use vrrplab_engine::{Instant, Span, State};

use super::leaf::Leaf;
use super::reader::Reader;
use super::shape::{EntersText, FramesText, PromiseText, TwoMastersText};
use super::units::{Number, Text, Time};
use crate::world::{Expectation, Place, Promise, View, Window};

/// Reads all promises; `lines` are their places and words.
pub(super) fn read(texts: &[PromiseText], lines: Vec<(usize, String)>, reader: &mut Reader<'_>) -> Vec<Expectation> {
    let mut all = Vec::new();
    for (promise, (line, text)) in texts.iter().zip(lines) {
        let place = Place { file: reader.file.to_string(), line };
        all.extend(reader.promise(promise).map(|promise| Expectation { place, text, promise }));
    }
    all
}

impl Reader<'_> {
    fn promise(&mut self, text: &PromiseText) -> Option<Promise> {
        match text {
            PromiseText::State(p) => {
                let state = self.read(&p.is).map(|s| s.value);
                self.state(&p.instance, &p.node, state, [&p.from, &p.to, &p.within])
            }
            PromiseText::Master(p) => {
                self.state(&p.instance, &p.node, Some(State::Master), [&p.from, &p.to, &p.within])
            }
            PromiseText::Enters(p) => self.enters(p),
            PromiseText::TwoMasters(p) => self.two_masters(p),
            PromiseText::Client(p) => self.client_saw(p),
            PromiseText::Frames(p) => self.frames(p),
            PromiseText::Ipvs(p) => self.table(p),
            PromiseText::Conns(p) => self.conns(p),
            PromiseText::Arp(p) => self.host_table(View::Arp, p),
            PromiseText::Addr(p) => self.host_table(View::Addr, p),
            PromiseText::Fdb(p) => self.fdb(p),
        }
    }

    /// The end of the scenario, or far away while that is unknown.
    fn last(&self) -> Instant {
        self.end.map_or(Instant(u64::MAX), |end| Instant(end.0))
    }

    /// Reports a window that ends before it begins.
    fn check_window<K>(&mut self, at: &Leaf<K>, window: Window) -> Window {
        if window.to <= window.from {
            let title = format!("nothing lies between {} s and {} s", window.from, window.to);
            self.refuse_at(&at.text, title, "ends too early", "the end must be later than the beginning");
        }
        window
    }

    fn state(
        &mut self,
        instance: &Text,
        node: &Text,
        state: Option<State>,
        [from, to, within]: [&Option<Time>; 3],
    ) -> Option<Promise> {
        let node = self.node(node);
        let instance = node.map(|node| self.instance(instance, Some(node)));
        let begin = from.as_ref().map_or(Some(Instant::ZERO), |t| self.moment(t));
        let end = to.as_ref().map_or(Some(self.last()), |t| self.moment(t));
        let window = begin.zip(end).map(|(from, to)| Window { from, to });
        if let (Some(window), Some(at)) = (window, to.as_ref().or(from.as_ref())) {
            self.check_window(at, window);
        }
        let within = self.or(within, Span::ZERO);
        Some(Promise::State { instance: instance?, node: node?, state: state?, window: window?, within })
    }

    /// Two times.
    pub(super) fn between(&mut self, times: &[Time], owner: &Text) -> Option<Window> {
        let [from, to] = times else {
            self.refuse_at(&owner.text, "`between` needs two times", "", "such as [11s, 12s]");
            return None;
        };
        let (begin, end) = (self.moment(from), self.moment(to));
        Some(self.check_window(to, Window { from: begin?, to: end? }))
    }

    fn enters(&mut self, p: &EntersText) -> Option<Promise> {
        let node = self.node(&p.node);
        let instance = node.map(|node| self.instance(&p.instance, Some(node)));
        let state = self.read(&p.state);
        let window = match (&p.between, &p.at) {
            (Some(times), None) if p.within.is_none() => self.between(times, &p.node),
            (None, Some(at)) => {
                let (at, within) = (self.moment(at), self.or(&p.within, Span::ZERO));
                let around =
                    |at: Instant| Window { from: Instant(at.since(Instant(within.0)).0), to: at + within + Span(1) };
                at.map(around)
            }
            _ => {
                let help = "give either `between: [from, to]`, or `at` and perhaps `within`";
                self.refuse_at(&p.node.text, "it is not clear when the state is entered", "", help);
                None
            }
        };
        Some(Promise::Enters { instance: instance?, node: node?, state: state?.value, window: window? })
    }

    /// Reports a promise that holds whatever happens, or never.
    pub(super) fn check_bounds<T: PartialOrd>(
        &mut self,
        owner: &Text,
        least: Option<&T>,
        most: Option<&T>,
        written: bool,
    ) {
        if !written {
            self.refuse_at(&owner.text, "this promises nothing", "no bound", "give an `..at_least` or an `..at_most`");
        }
        if least.zip(most).is_some_and(|(least, most)| least > most) {
            let title = "no number lies between these bounds";
            self.refuse_at(&owner.text, title, "", "`..at_least` must not exceed `..at_most`");
        }
    }

    fn two_masters(&mut self, p: &TwoMastersText) -> Option<Promise> {
        let instance = self.instance(&p.instance, None);
        let (least, most) = (self.maybe(&p.at_least), self.maybe(&p.at_most));
        let (least, most) = (least.map(|s| s.value), most.map(|s| s.value));
        self.check_bounds(&p.instance, least.as_ref(), most.as_ref(), p.at_least.is_some() || p.at_most.is_some());
        let (at_least, at_most) = (least.unwrap_or(Span::ZERO), most.unwrap_or(Span(u64::MAX)));
        Some(Promise::TwoMasters { instance, at_least, at_most })
    }

    pub(super) fn count(&mut self, leaf: &Option<Number>) -> Option<u64> {
        let read = self.maybe(leaf)?;
        let count = u64::try_from(read.value).ok();
        if count.is_none() {
            self.refuse(read.span, "a count is not negative", "", "0 or more");
        }
        count
    }

    fn frames(&mut self, p: &FramesText) -> Option<Promise> {
        let kind = self.read(&p.kind);
        let from = p.from.as_ref().map(|from| self.node(from));
        let to = p.to.as_ref().map(|to| self.member(to));
        let owner = Leaf::new(p.kind.text.clone());
        let window = match &p.between {
            Some(times) => self.between(times, &owner),
            None => Some(Window { from: Instant::ZERO, to: self.last() }),
        };
        let (least, most) = (self.count(&p.at_least), self.count(&p.at_most));
        self.check_bounds(&owner, least.as_ref(), most.as_ref(), p.at_least.is_some() || p.at_most.is_some());
        Some(Promise::Frames {
            kind: kind?.value,
            from: from.map_or(Some(None), |node| node.map(Some))?,
            to: to.map_or(Some(None), |member| member.map(Some))?,
            window: window?,
            at_least: least.unwrap_or(0),
            at_most: most.unwrap_or(u64::MAX),
        })
    }
}
