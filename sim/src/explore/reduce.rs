//! A failing scenario as something that can be made smaller: its file, its own faults, the drawn ones, and its times.
use std::path::Path;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::outline::Outline;
use vrrplab_formats::scenario::{self, Files};
use vrrplab_formats::world::{FabricFault, Fault, World};

use super::strike::{Strike, mended_only};
use super::written;

/// What shrinking never takes away: without these the file would say something else.
const KEPT: [&str; 6] = ["name", "about", "seed", "duration", "invariants", "expect_violation"];

/// A scenario that can be cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// The file, but for its timeline and promises.
    pub(crate) file: Outline,
    /// The items of its own timeline.
    pub(crate) own: Vec<Outline>,
    /// The drawn faults.
    pub(crate) strikes: Vec<Strike>,
    /// When judging begins.
    pub(crate) from: Instant,
    /// When it ends.
    pub(crate) end: Instant,
}

impl Case {
    /// The file at `path` as it is, configurations written into it.
    pub(crate) fn read(path: &Path, files: &dyn Files) -> Result<Case, String> {
        let text = files.read(path)?;
        let mut file = Outline::read(&text)?;
        let own = match file.take("timeline") {
            Some(Outline::List(items)) => items,
            _ => Vec::new(),
        };
        for key in ["expect", "must_fail", "show"] {
            file.take(key);
        }
        if let Some(Outline::List(expected)) = file.get_mut("expect_violation") {
            // when it comes depends on what else happens
            expected.iter_mut().for_each(|item| drop(item.take("between")));
        }
        let mut case = Case { file, own, strikes: Vec::new(), from: Instant(0), end: Instant(0) };
        let folder = path.parent().unwrap_or(Path::new(""));
        if let Some(nodes) = case.file.get_mut("nodes") {
            for position in 0..nodes.len() {
                let conf = nodes.nth_mut(position).and_then(|node| node.get_mut("keepalived"));
                if let Some(conf) = conf {
                    inline(conf, folder, files);
                }
            }
        }
        for item in &mut case.own {
            let reload = item.get_mut("do").and_then(|fault| fault.get_mut("reload"));
            if let Some(conf) = reload.and_then(|reload| reload.get_mut("keepalived")) {
                inline(conf, folder, files);
            }
        }
        Ok(case)
    }

    /// Neither its own faults nor what it says about them count.
    pub(crate) fn forget_promises(&mut self) {
        self.own.clear();
        self.file.take("expect_violation");
    }

    /// Nobody asks, and what happens to clients does not.
    pub(super) fn remove_clients(&mut self, world: &World) {
        self.file.take("clients");
        let client = |name: &Outline| world.clients.iter().any(|client| Outline::word(&client.name) == *name);
        self.own.retain(|item| item.get("do").and_then(|fault| fault.get("link")?.get("client")).is_none());
        for item in &mut self.own {
            let partition = item.get_mut("do").and_then(|fault| fault.get_mut("partition"));
            let Some(Outline::List(groups)) = partition.and_then(|partition| partition.get_mut("groups")) else {
                continue;
            };
            for group in groups {
                if let Outline::List(names) = group {
                    names.retain(|name| !client(name));
                }
            }
        }
    }

    /// The items of the timeline.
    fn timeline(&self, world: &World) -> Vec<Outline> {
        let drawn = self.strikes.iter().flat_map(Strike::faults);
        let item =
            |(at, fault): (Instant, &Fault)| Some(written::item(at.since(Instant(0)), written::fault(fault, world)?));
        self.own.iter().cloned().chain(drawn.filter_map(item)).collect()
    }

    /// The scenario, names of faults taken from the world as it was before anything was cut.
    pub(crate) fn outline(&self, world: &World) -> Outline {
        let mut file = self.file.clone();
        file.set("duration", Outline::word(written::time(self.end.since(Instant(0)))));
        let mut timeline = self.timeline(world);
        timeline.sort_by_key(at); // as the reader does it: what comes at the same moment stays in order
        if !timeline.is_empty() {
            file.set("timeline", Outline::List(timeline));
        }
        let judged = Outline::word(written::time(self.from.since(Instant(0))));
        match file.get_mut("invariants") {
            Some(invariants @ Outline::Map(_)) => invariants.set("judged-from", judged),
            _ => file.set("invariants", Outline::map([("judged-from", judged)])),
        }
        file
    }

    /// When the last fault is over.
    pub(super) fn is_over(&self) -> Instant {
        let drawn = self.strikes.iter().map(Strike::is_over);
        drawn.chain(self.own.iter().map(at)).max().unwrap_or_default()
    }

    /// All places of the file that may be cut, those that contain others first.
    pub(super) fn places(&self) -> Vec<Vec<usize>> {
        let mut found = Vec::new();
        let Outline::Map(entries) = &self.file else { return found };
        for (position, (key, value)) in entries.iter().enumerate() {
            if !KEPT.contains(&key.as_str()) {
                places(value, &mut vec![position], &mut found);
            }
        }
        found
    }

    /// Cuts what is there.
    pub(super) fn cut(&mut self, place: &[usize]) -> bool {
        let Some((last, above)) = place.split_last() else { return false };
        let parent = above.iter().try_fold(&mut self.file, |at, position| at.nth_mut(*position));
        parent.is_some_and(|parent| parent.cut(*last))
    }

    /// The text there, when it has several lines.
    pub(super) fn text_mut(&mut self, place: &[usize]) -> Option<&mut String> {
        match place.iter().try_fold(&mut self.file, |at, position| at.nth_mut(*position))? {
            Outline::Word(text) if text.contains('\n') => Some(text),
            _ => None,
        }
    }
}

/// The moment of an item of a timeline.
fn at(item: &Outline) -> Instant {
    match item.get("at") {
        Some(Outline::Word(at)) => scenario::moment(at).unwrap_or_default(),
        _ => Instant(0),
    }
}

fn places(outline: &Outline, here: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
    found.push(here.clone());
    let below: Vec<&Outline> = match outline {
        Outline::Nothing | Outline::Word(_) => Vec::new(),
        Outline::List(items) => items.iter().collect(),
        Outline::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
    };
    for (position, piece) in below.into_iter().enumerate() {
        here.push(position);
        places(piece, here, found);
        here.pop();
    }
}

/// A path becomes the text of its file; what includes other files stays a path.
fn inline(conf: &mut Outline, folder: &Path, files: &dyn Files) {
    let Outline::Word(path) = conf else { return };
    if path.contains('\n') || path.contains('{') {
        return;
    }
    let Ok(text) = files.read(&folder.join(&*path)) else { return };
    let includes = text.lines().any(|line| line.trim_start().starts_with("include"));
    if !includes && text.trim_end().contains('\n') {
        *conf = Outline::word(text.trim_end().to_owned() + "\n");
    }
}

/// The text without its line `at`, and all that its braces hold. `None`: there is no such line, or it only closes one.
pub(super) fn without_line(text: &str, at: usize) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let depth = |line: &str| {
        let line = line.split(['#', '!']).next().unwrap_or_default();
        let count = |brace| i64::try_from(line.matches(brace).count()).unwrap_or_default();
        count('{') - count('}')
    };
    if depth(lines.get(at)?) < 0 {
        return None;
    }
    let mut open = 0;
    let mut end = at;
    for line in &lines[at..] {
        open += depth(line);
        end += 1;
        if open <= 0 {
            break;
        }
    }
    let rest: Vec<&str> = lines[..at].iter().chain(&lines[end..]).copied().collect();
    (rest.len() > 1).then(|| rest.join("\n") + "\n")
}

/// The text without comments and empty lines.
pub(super) fn without_comments(text: &str) -> String {
    let spoken = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with(['#', '!']);
    text.lines().filter(spoken).map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// Simpler moments and lengths for a fault, the simplest first; and a link that loses all instead of some.
pub(super) fn simpler(strike: &Strike) -> Vec<Strike> {
    let mut simpler = Vec::new();
    let mut offer = |change: &dyn Fn(&mut Strike)| {
        let mut other = strike.clone();
        change(&mut other);
        if other != *strike {
            simpler.push(other);
        }
    };
    offer(&|other| {
        if let Fault::Fabric(FabricFault::Link { change, .. }) = &mut other.begin
            && change.loss_ppm.is_some()
        {
            change.loss_ppm = Some(1_000_000);
        }
    });
    offer(&|other| {
        if let (
            Fault::Fabric(FabricFault::Link { change: begin, .. }),
            Some(Fault::Fabric(FabricFault::Link { change: end, .. })),
        ) = (&other.begin, &mut other.end)
        {
            *end = mended_only(*begin, *end);
        }
    });
    for unit in [10_000, 1_000, 100, 10, 1] {
        let unit = Span::from_millis(unit).0;
        offer(&|other| other.at = Instant(other.at.0 / unit * unit));
    }
    if strike.lasts > Span::ZERO {
        for length in [1, 10, 100, 500, 1_000, 2_000, 3_000, 4_000, 5_000, 10_000] {
            let length = Span::from_millis(length);
            if length < strike.lasts {
                offer(&|other| other.last(length));
            }
        }
        for unit in [1_000, 100] {
            let unit = Span::from_millis(unit).0;
            offer(&|other| other.last(Span(other.lasts.0.div_ceil(unit) * unit)));
        }
    }
    simpler
}
