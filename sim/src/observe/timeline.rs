//! The timeline: a run told line by line, for people.
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use vrrplab_engine::{Instant, News, Rule, State, Trace, TraceKind};
use vrrplab_formats::world::{ClientId, Fault, FrameKind, NodeId, World};

use crate::fabric::{DropReason, PortId};
use crate::host::Trouble;
use crate::moment::{Moment, Move, Observer, PortInfo};
use crate::observe::blocks::Blocks;
use crate::observe::outage::{Sequence, Turn};
use crate::observe::words::{self, Names};
use crate::observe::{checkers, classify, tables};

/// How much a reader wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The story.
    Normal,
    /// Everything else that was decided, sent and lost.
    Detail,
}

/// What a line is about; it chooses the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// An instance has become master.
    Master,
    /// A fault, or a frame that it cost.
    Fault,
    /// Somebody suffers.
    Bad,
    /// Somebody has stopped suffering.
    Good,
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Instant,
    /// The host or segment.
    pub node: String,
    /// The instance or interface, when the line is about one.
    pub subject: String,
    /// What happened.
    pub what: String,
    /// Why, when the engine decided it.
    pub rule: Option<Rule>,
    /// For whom.
    pub level: Level,
    /// Good or bad.
    pub tone: Tone,
}

/// Collects the lines of a run.
#[derive(Debug)]
pub struct Timeline {
    names: Names,
    node_width: usize,
    subject_width: usize,
    lines: Vec<Line>,
    taken: usize,
    now: Instant,
    finished: bool,
    /// Announcements of this very instant, by port, address and rule: the line and how many frames it stands for.
    bursts: BTreeMap<(PortId, IpAddr, Option<Rule>), (usize, u64)>,
    drops: BTreeMap<(PortId, DropReason), u64>,
    refusals: BTreeSet<(NodeId, String, Rule, IpAddr)>,
    clients: BTreeMap<ClientId, Sequence>,
    blocks: Blocks,
    /// What clients were told since their last answer.
    troubles: BTreeSet<(ClientId, Trouble)>,
}

/// Column in which rules begin, counted from the instance or interface.
const RULE_COLUMN: usize = 46;

impl Timeline {
    /// An empty timeline with columns wide enough for the names of the world.
    pub fn new(world: &World, ports: &[PortInfo]) -> Timeline {
        let names = Names::new(world, ports);
        let width = |names: &mut dyn Iterator<Item = &str>| names.map(|name| name.chars().count()).max().unwrap_or(0);
        let networks = world.networks.iter().map(|n| n.name.as_str());
        let node_width = width(&mut names.hosts().chain(networks));
        let models = || world.nodes.iter().map(|n| &n.model);
        let instances = models().flat_map(|m| &m.instances).map(|i| i.name.as_str());
        let subject_width = width(&mut instances.chain(models().flat_map(|m| &m.interfaces).map(|i| i.name.as_str())));
        Timeline {
            names,
            node_width,
            subject_width,
            lines: Vec::new(),
            taken: 0,
            now: Instant::ZERO,
            finished: false,
            bursts: BTreeMap::new(),
            drops: BTreeMap::new(),
            refusals: BTreeSet::new(),
            clients: BTreeMap::new(),
            blocks: Blocks::new(world),
            troubles: BTreeSet::new(),
        }
    }

    /// All lines so far.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The lines that are new since the last call and will not change any more (those of the present instant still may,
    /// until time moves on or the run is over).
    pub fn take_lines(&mut self) -> Vec<Line> {
        let fresh = &self.lines[self.taken..];
        let settled = fresh.iter().take_while(|line| self.finished || line.at < self.now).count();
        self.taken += settled;
        fresh[..settled].to_vec()
    }

    /// One line as text, without its line end.
    pub fn text(&self, line: &Line, color: bool) -> String {
        let (node_width, subject_width) = (self.node_width, self.subject_width);
        let mut what = line.what.clone();
        if !line.subject.is_empty() {
            what = format!("{:<subject_width$}  {what}", line.subject);
        }
        let (start, end) = if color { (paint(line), "\x1b[0m") } else { ("", "") };
        let (start, end) = if start.is_empty() { ("", "") } else { (start, end) };
        let head = format!("{:>12}  {:<node_width$}", words::time(line.at), line.node);
        match line.rule {
            None => format!("{head}  {start}{what}{end}"),
            Some(rule) => {
                let gap = RULE_COLUMN.saturating_sub(what.chars().count()).max(2);
                format!("{head}  {start}{what}{end}{:gap$}{}", "", rule.id())
            }
        }
    }

    /// The whole timeline, with details when they are wanted.
    pub fn render(&self, color: bool, verbose: bool) -> String {
        let wanted = self.lines.iter().filter(|line| verbose || line.level == Level::Normal);
        wanted.map(|line| self.text(line, color) + "\n").collect()
    }

    fn push(&mut self, node: &str, subject: &str, what: String, (level, tone): (Level, Tone)) -> &mut Line {
        self.lines.push(Line {
            at: self.now,
            node: node.into(),
            subject: subject.into(),
            what,
            rule: None,
            level,
            tone,
        });
        let last = self.lines.len() - 1;
        &mut self.lines[last]
    }

    fn decided(&mut self, node: NodeId, instance: &str, trace: &Trace) {
        let (what, level, tone) = match &trace.kind {
            TraceKind::Transition { from, to } => {
                let tone = match to {
                    State::Master => Tone::Master,
                    State::Fault => Tone::Bad,
                    State::Init | State::Backup => Tone::Plain,
                };
                (format!("{} -> {}", from.name(), to.name()), Level::Normal, tone)
            }
            TraceKind::Tracked { name, news } => {
                let good = words::is_good(*news);
                let tone = good.map_or(Tone::Plain, |good| if good { Tone::Good } else { Tone::Bad });
                let level = if matches!(news, News::NowReturning(_)) { Level::Detail } else { Level::Normal };
                (words::news(name, *news), level, tone)
            }
            TraceKind::Heard { from, priority, state } => {
                let what = format!("hears priority {priority} of {from} as {}", state.name());
                (what, Level::Detail, Tone::Plain)
            }
            TraceKind::Refused { from } => {
                let first = self.refusals.insert((node, instance.into(), trace.rule, *from));
                let level = if first { Level::Normal } else { Level::Detail };
                (format!("refuses a packet of {from}"), level, Tone::Bad)
            }
            TraceKind::Priority { from, to } => (format!("priority {from} -> {to}"), Level::Normal, Tone::Plain),
            TraceKind::Interval { from, to } => {
                let what = format!("interval {} -> {}", words::span(*from), words::span(*to));
                (what, Level::Normal, Tone::Plain)
            }
            TraceKind::Armed { until } => {
                (format!("timer armed until {}", words::time(*until)), Level::Detail, Tone::Plain)
            }
        };
        let name = self.names.node(node).to_owned();
        self.push(&name, instance, what, (level, tone)).rule = Some(trace.rule);
    }

    fn sent(&mut self, port: PortId, bytes: &[u8], rule: Option<Rule>) {
        let Some(kind) = classify::classify(bytes) else { return };
        let host = self.names.host(port).to_owned();
        let label = self.names.port(port);
        let iface = label.rsplit_once(':').map_or(label, |(_, iface)| iface).to_owned();
        match (kind, classify::announced(bytes)) {
            (FrameKind::GratuitousArp | FrameKind::NeighbourAdvert, Some(ip)) => {
                let next = self.lines.len();
                let (line, frames) = self.bursts.entry((port, ip, rule)).or_insert((next, 0));
                *frames += 1;
                let (line, what) = (*line, format!("announces {ip} ({})", words::count(*frames, "frame")));
                if line < next {
                    self.lines[line].what = what;
                } else {
                    self.push(&host, &iface, what, (Level::Normal, Tone::Plain)).rule = rule;
                }
            }
            _ => {
                let level = if kind == FrameKind::Release { Level::Normal } else { Level::Detail };
                let what = format!("sends {}", classify::describe(bytes));
                self.push(&host, &iface, what, (level, Tone::Plain)).rule = rule;
            }
        }
    }

    fn dropped(&mut self, from: PortId, to: Option<PortId>, reason: DropReason, bytes: &[u8]) {
        let so_far = self.drops.entry((from, reason)).or_insert(0);
        *so_far += 1;
        // Chance and dead ports lose frames without anybody's doing: they are counted, not told.
        let told = reason != DropReason::Down && !words::is_chance(reason);
        let level = if told && *so_far == 1 { Level::Normal } else { Level::Detail };
        let host = self.names.host(from).to_owned();
        let on_the_way = to.map(|to| format!(" to {}", self.names.host(to))).unwrap_or_default();
        let what = format!("{}{on_the_way} dropped: {}", classify::describe(bytes), self.names.drop_reason(reason));
        self.push(&host, "", what, (level, Tone::Fault));
    }

    fn client(&mut self, id: ClientId, turns: Vec<Turn>) {
        if turns.is_empty() {
            return;
        }
        let name = self.names.client(id).to_owned();
        let level = if self.blocks.has(id) { Level::Detail } else { Level::Normal };
        for turn in turns {
            if let Some((block, what, good)) = self.blocks.turn(id, &name, &turn) {
                self.push(&block, "", what, (Level::Normal, if good { Tone::Good } else { Tone::Bad }));
            }
            match turn {
                Turn::Down { request, asked } => {
                    let target = self.names.target(id).map(|ip| format!(" from {ip}")).unwrap_or_default();
                    let what = format!("no answer{target} to request {request} of {}", words::time(asked));
                    self.push(&name, "", what, (level, Tone::Bad));
                }
                Turn::Lost { request, asked } => {
                    let what = format!("no answer to request {request} of {}", words::time(asked));
                    self.push(&name, "", what, (Level::Detail, Tone::Bad));
                }
                Turn::Back { at, after, lost } => {
                    let since = if at == self.now { String::new() } else { format!(" since {},", words::time(at)) };
                    let (after, lost) = (words::span(after), words::count(lost, "request"));
                    let what = format!("answers again{since} after {after}, {lost} lost");
                    self.push(&name, "", what, (level, Tone::Good));
                }
            }
        }
    }

    fn trouble(&mut self, id: ClientId, trouble: Trouble) {
        let fresh = self.troubles.insert((id, trouble));
        let level = if fresh && !self.blocks.has(id) { Level::Normal } else { Level::Detail };
        let name = self.names.client(id).to_owned();
        let target = self.names.target(id).map(|ip| ip.to_string()).unwrap_or_default();
        let what = match trouble {
            Trouble::Refused => format!("{target} refuses"),
            Trouble::Reset => format!("connection to {target} reset"),
            Trouble::Closed => format!("{target} closes the connection"),
            Trouble::Unreachable => format!("{target} is said to be unreachable"),
            Trouble::GivenUp => format!("gives its connection to {target} up"),
            Trouble::Wrong => format!("wrong answer from {target}"),
        };
        self.push(&name, "", what, (level, Tone::Bad));
    }

    fn fault(&mut self, fault: &Fault) {
        let (struck, what) = (self.names.struck(fault).to_owned(), self.names.fault(fault));
        self.push(&struck, "", what, (Level::Normal, Tone::Fault));
    }

    fn move_to(&mut self, at: Instant) {
        if at != self.now {
            self.now = at;
            self.bursts.clear();
        }
    }
}

fn paint(line: &Line) -> &'static str {
    match (line.tone, line.level) {
        (_, Level::Detail) => "\x1b[2m",
        (Tone::Plain, Level::Normal) => "",
        (Tone::Master, Level::Normal) => "\x1b[1;36m",
        (Tone::Fault, Level::Normal) => "\x1b[33m",
        (Tone::Bad, Level::Normal) => "\x1b[31m",
        (Tone::Good, Level::Normal) => "\x1b[32m",
    }
}

impl Observer for Timeline {
    fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        self.move_to(at);
        match *moment {
            Moment::Sent { port, bytes, rule } => self.sent(port, bytes, rule),
            Moment::Delivered { .. } | Moment::Asked { .. } | Moment::Islands(_) | Moment::Settled { .. } => {}
            Moment::Dropped { from, to, reason, bytes } => self.dropped(from, to, reason, bytes),
            Moment::Decided { node, instance, trace } => self.decided(node, instance, trace),
            Moment::Address { node, iface, addr, added, .. } => {
                let name = self.names.node(node).to_owned();
                let what = format!("{} {}/{}", if added { "sets" } else { "removes" }, addr.ip, addr.prefix);
                self.push(&name, iface, what, (Level::Normal, Tone::Plain));
            }
            Moment::Link { node, iface, mac, added } => {
                let name = self.names.node(node).to_owned();
                let what = format!("{}, {mac}", if added { "made" } else { "removed" });
                self.push(&name, iface, what, (Level::Normal, Tone::Plain));
            }
            Moment::Ran { node, words, rule } => {
                let name = self.names.node(node).to_owned();
                // a check runs every second, a notify script when something has happened
                let check = matches!(rule, Rule::ScriptRuns | Rule::ScriptOverlaps | Rule::CheckRuns);
                let level = if check { Level::Detail } else { Level::Normal };
                self.push(&name, "", format!("runs {}", words.join(" ")), (level, Tone::Plain)).rule = Some(rule);
            }
            Moment::Told { node, line, rule } => {
                let name = self.names.node(node).to_owned();
                self.push(&name, "", format!("tells {line}"), (Level::Normal, Tone::Plain)).rule = Some(rule);
            }
            Moment::CloudMove { nic, address, step } => {
                let name = self.names.node(nic.node).to_owned();
                let what = self.names.cloud_move(nic, address, step);
                let tone = if step == Move::Refused { Tone::Bad } else { Tone::Plain };
                self.push(&name, "", what, (Level::Normal, tone));
            }
            Moment::Checked { node, trace } => {
                let name = self.names.node(node).to_owned();
                let (what, level, tone) = checkers::line(trace);
                self.push(&name, "", what, (level, tone)).rule = Some(trace.rule);
            }
            Moment::Balanced { node, command, refused, rule } => {
                let name = self.names.node(node).to_owned();
                let (what, level) = checkers::change(command, refused);
                self.push(&name, "", what, (level, Tone::Plain)).rule = Some(rule);
            }
            Moment::Ended { node, end } => {
                let name = self.names.node(node).to_owned();
                self.push(&name, "", checkers::ended(end), (Level::Detail, Tone::Bad));
            }
            Moment::Looked(sight) => {
                if let Some(what) = tables::shown(sight, &self.names) {
                    let name = self.names.subject(sight.of).to_owned();
                    self.push(&name, "", what, (Level::Normal, Tone::Plain));
                }
            }
            Moment::Fault(fault) => self.fault(fault),
            Moment::Gone(node) => {
                let name = self.names.node(node).to_owned();
                self.push(&name, "", "daemon gone".into(), (Level::Normal, Tone::Bad));
            }
            Moment::Answered { client, request, .. } => {
                if !self.troubles.is_empty() {
                    self.troubles.retain(|(of, _)| *of != client);
                }
                let turns = self.clients.entry(client).or_default().answered(request, at);
                self.client(client, turns);
            }
            Moment::Lost { client, request, asked } => {
                let turns = self.clients.entry(client).or_default().lost(request, asked);
                self.client(client, turns);
            }
            Moment::Trouble { client, trouble } => self.trouble(client, trouble),
            Moment::Switched(news) => {
                let (place, what) = self.names.switched(news);
                let place = place.to_owned();
                self.push(&place, "", what, (Level::Normal, Tone::Plain));
            }
        }
    }

    fn finish(&mut self, at: Instant) {
        self.move_to(at);
        for (id, sequence) in std::mem::take(&mut self.clients) {
            if let Some((since, lost)) = sequence.outage() {
                let name = self.names.client(id).to_owned();
                let lost = words::count(lost, "request");
                let what = format!("still without an answer since {}, {lost} lost", words::time(since));
                let level = if self.blocks.has(id) { Level::Detail } else { Level::Normal };
                self.push(&name, "", what, (level, Tone::Bad));
            }
        }
        for (block, what) in self.blocks.still_out().collect::<Vec<_>>() {
            self.push(&block, "", what, (Level::Normal, Tone::Bad));
        }
        let mut of_blocks: BTreeMap<(String, DropReason), u64> = BTreeMap::new();
        for ((port, reason), frames) in std::mem::take(&mut self.drops) {
            if let Some(block) = self.names.owner(port).and_then(|owner| self.blocks.of(owner)) {
                *of_blocks.entry((block.to_owned(), reason)).or_insert(0) += frames;
                continue;
            }
            let host = self.names.host(port).to_owned();
            let frames = words::count(frames, "frame");
            let what =
                format!("{frames} of {} dropped in all: {}", self.names.port(port), self.names.drop_reason(reason));
            self.push(&host, "", what, (Level::Normal, Tone::Fault));
        }
        for ((block, reason), frames) in of_blocks {
            let what = format!("{} dropped in all: {}", words::count(frames, "frame"), words::drop_reason(reason));
            self.push(&block, "", what, (Level::Normal, Tone::Fault));
        }
        self.finished = true;
    }
}

#[cfg(test)]
mod tests;
