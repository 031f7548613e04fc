//! `vrrp_script`, `track_file`, `vrrp_track_process`, `bfd_instance`: entries become models.
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use vrrplab_engine::Span;
use vrrplab_engine::model::command::RunAs;
use vrrplab_engine::model::track::{ArgumentMatch, BfdModel, FileInit, FileModel, ProcessModel, ScriptModel};

use super::entry::{Entry, Weight, number, unknown_option};
use super::lexer::Word;
use crate::builder::Spanned;
use crate::diagnostics::{Diagnostic, Report, nearest};

/// Names that are defined so far: what is tracked must come before those who track it.
#[derive(Default)]
pub(super) struct Known {
    pub(super) scripts: BTreeSet<String>,
    pub(super) files: BTreeSet<String>,
    pub(super) processes: BTreeSet<String>,
    pub(super) bfds: BTreeSet<String>,
    /// The session that each neighbour has.
    neighbours: BTreeMap<IpAddr, String>,
}

impl Known {
    /// Whether this name is defined for this kind of line; if not, that is told. Interfaces are known by the kernel.
    pub(super) fn has(&self, keyword: &str, name: &Word, report: &mut Report) -> bool {
        let names = match keyword {
            "track_script" => &self.scripts,
            "track_file" => &self.files,
            "track_process" => &self.processes,
            "track_bfd" => &self.bfds,
            _ => return true,
        };
        let found = names.contains(name.value.as_str());
        if !found {
            let title = format!("`{}` is not defined before this `{keyword}`", name.value);
            let near = report.advises().then(|| nearest(&name.value, names.iter().map(String::as_str)));
            let told = report.error(name, title, "the line is ignored").survived();
            if let Some(near) = near.flatten() {
                told.help(format!("did you mean `{near}`?"));
            }
        }
        found
    }

    /// Whether no session of another name has this neighbour; if one has, that is told.
    pub(super) fn is_new_neighbour(&mut self, new: &Spanned<BfdModel>, report: &mut Report) -> bool {
        let (name, neighbour) = (&new.value.name, new.value.neighbour);
        let other = match self.bfds.contains(name) {
            true => self.neighbours.get(&neighbour),
            false => Some(&*self.neighbours.entry(neighbour).or_insert_with(|| name.clone())),
        };
        let Some(other) = other.filter(|other| *other != name) else { return true };
        let title = format!("`{other}` has this neighbour already, the block is ignored");
        report.error(new, title, format!("{neighbour} again")).survived();
        false
    }
}

/// What is told of the second block of a name; nothing where the name is new.
pub(super) fn taken_already<'r>(
    name: &Word,
    taken: &mut BTreeSet<String>,
    report: &'r mut Report,
) -> Option<&'r mut Diagnostic> {
    let new = taken.insert(name.value.clone());
    (!new).then(|| report.warning(name, format!("a second `{}` is ignored", name.value), "this name is taken"))
}

fn name_of(entry: &Entry<'_>) -> Word {
    entry.text().unwrap_or_else(|| entry.word.clone())
}

fn missing<T>(entry: &Entry<'_>, keyword: &str, report: &mut Report) -> Option<T> {
    let name = name_of(entry);
    let title = format!("`{}` has no `{keyword}`", name.value);
    report.error(&name, title, format!("`{keyword}` is required; the block is ignored")).survived();
    None
}

fn small(weight: &Weight) -> i16 {
    i16::try_from(weight.value.value).unwrap_or(0)
}

/// `USER [GROUP]`
pub(super) fn run_as(line: &Entry<'_>) -> Option<RunAs> {
    let mut words = line.arguments().iter().map(|w| w.value.clone());
    Some(RunAs { user: words.next()?, group: words.next() })
}

/// One `vrrp_script`.
pub(super) fn script(entry: &Entry<'_>, report: &mut Report) -> Option<Spanned<ScriptModel>> {
    let (mut program, mut user, mut timeout) = (None, None, None);
    let (mut interval, mut weight, mut reverse) = (Span::from_secs(1), 0, false);
    let (mut rise, mut fall, mut init_fail) = (1, 1, false);
    for line in &entry.entries {
        match line.keyword.word {
            "script" => program = line.program(report),
            "interval" => interval = line.span(report).map_or(interval, |s| s.value),
            "timeout" => timeout = line.span(report).map(|s| s.value),
            "weight" => {
                if let Some(given) = line.weight_beyond(report) {
                    (weight, reverse) = (small(&given), given.reverse);
                }
            }
            "rise" => rise = line.count(report).map_or(rise, |n| n.value),
            "fall" => fall = line.count(report).map_or(fall, |n| n.value),
            "user" => user = run_as(line),
            _ => init_fail = true,
        }
    }
    let Some(mut program) = program else { return missing(entry, "script", report) };
    program.user = user.or(program.user);
    let name = name_of(entry);
    let timeout = timeout.unwrap_or(interval);
    Some(name.with(ScriptModel {
        name: name.value.clone(),
        program,
        interval,
        timeout,
        weight,
        reverse,
        rise,
        fall,
        init_fail,
    }))
}

/// One `track_file`.
pub(super) fn file(entry: &Entry<'_>, report: &mut Report) -> Option<Spanned<FileModel>> {
    let (mut path, mut weight, mut reverse, mut init) = (None, 1, false, None);
    for line in &entry.entries {
        match line.keyword.word {
            "file" => path = line.text().map(|t| t.value),
            "weight" => {
                if let Some(given) = line.weight(report) {
                    (weight, reverse) = (small(&given), given.reverse);
                }
            }
            _ => init = Some(file_init(line, report)),
        }
    }
    let Some(path) = path else { return missing(entry, "file", report) };
    let name = name_of(entry);
    Some(name.with(FileModel { name: name.value.clone(), path, weight, reverse, init }))
}

/// `[NUMBER] [overwrite]`
fn file_init(line: &Entry<'_>, report: &mut Report) -> FileInit {
    let mut init = FileInit { value: 0, overwrite: false };
    for word in line.arguments() {
        if word.value == "overwrite" {
            init.overwrite = true;
        } else if let Some(value) = number(word, (i32::MIN.into(), i32::MAX.into()), "a number, or `overwrite`", report)
        {
            init.value = i32::try_from(value.value).unwrap_or(0);
        }
    }
    init
}

/// One `vrrp_track_process`.
pub(super) fn process(entry: &Entry<'_>, report: &mut Report) -> Option<Spanned<ProcessModel>> {
    let name = name_of(entry);
    let mut p = ProcessModel::new(&name.value, Vec::new());
    for line in &entry.entries {
        match line.keyword.word {
            "process" => p.command = line.program(report).map_or_else(Vec::new, |program| program.words),
            "param_match" => p.arguments = argument_match(line, report),
            "weight" => {
                if let Some(given) = line.weight(report) {
                    (p.weight, p.reverse) = (small(&given), given.reverse);
                }
            }
            "quorum" => p.quorum = line.count(report).map_or(p.quorum, |n| n.value),
            "quorum_max" => quorum_max(&mut p, line, report),
            "delay" => {
                if let Some(span) = line.span(report) {
                    (p.fork_delay, p.terminate_delay) = (span.value, span.value);
                }
            }
            "fork_delay" => p.fork_delay = line.span(report).map_or(p.fork_delay, |s| s.value),
            "terminate_delay" => p.terminate_delay = line.span(report).map_or(p.terminate_delay, |s| s.value),
            _ => p.full_command = true,
        }
    }
    if p.command.is_empty() {
        return missing(entry, "process", report);
    }
    Some(name.with(p))
}

/// Counts from `quorum` on.
fn quorum_max(p: &mut ProcessModel, line: &Entry<'_>, report: &mut Report) {
    let Some(most) = line.count(report) else { return };
    if most.value < p.quorum {
        let title = format!("`quorum_max` is less than the quorum of {}, it is ignored", p.quorum);
        report.error(&most, title, "ignored").survived();
    } else {
        p.quorum_max = Some(most.value);
    }
}

fn argument_match(line: &Entry<'_>, report: &mut Report) -> Option<ArgumentMatch> {
    match line.arguments().first() {
        None => Some(ArgumentMatch::Exact),
        Some(word) if word.value == "initial" => Some(ArgumentMatch::Initial),
        Some(word) if word.value == "partial" => Some(ArgumentMatch::Partial),
        Some(word) => {
            unknown_option(word, "`param_match`", "`initial`, `partial` or nothing", report);
            None
        }
    }
}

/// The longest name of a `bfd_instance`.
const LONGEST_NAME: usize = 31;

/// One `bfd_instance`.
pub(super) fn bfd(entry: &Entry<'_>, report: &mut Report) -> Option<Spanned<BfdModel>> {
    let (mut neighbour, mut source, mut ttl, mut max_hops) = (None, None, None, Some(0));
    let [mut min_rx, mut min_tx, mut idle_tx] = [10, 10, 1000].map(Span::from_millis);
    let (mut multiplier, mut passive, mut weight, mut reverse) = (5, false, 0, false);
    let (mut vrrp, mut checker, mut hops) = (false, false, None);
    for line in &entry.entries {
        match line.keyword.word {
            "neighbor_ip" | "neighbour_ip" => neighbour = line.address(report).or(neighbour),
            "source_ip" => source = line.address(report).or(source),
            "min_rx" => min_rx = line.span(report).map_or(min_rx, |s| s.value),
            "min_tx" => min_tx = line.span(report).map_or(min_tx, |s| s.value),
            "idle_tx" => idle_tx = line.span(report).map_or(idle_tx, |s| s.value),
            "multiplier" => multiplier = byte(line, report).unwrap_or(multiplier),
            "passive" => passive = true,
            "ttl" | "hoplimit" => ttl = byte(line, report),
            "max_hops" => {
                hops = line.int(report).or(hops);
                max_hops = hops.as_ref().map_or(max_hops, |n| u8::try_from(n.value).ok());
            }
            "weight" => {
                if let Some(given) = line.weight(report) {
                    (weight, reverse) = (small(&given), given.reverse);
                }
            }
            "vrrp" => vrrp = true,
            _ => checker = true,
        }
    }
    let Some(neighbour) = neighbour else { return missing(entry, "neighbor_ip", report) };
    let neighbour = neighbour.value;
    let ttl = ttl.unwrap_or(if neighbour.is_ipv4() { 255 } else { 64 });
    if let Some(hops) = hops.filter(|hops| hops.value > i64::from(ttl)) {
        report.warning(&hops, format!("no packet crosses so many hops, {ttl} is used"), "more than the TTL");
        max_hops = Some(ttl);
    }
    if let Some(other) = source.as_ref().filter(|source| source.value.is_ipv4() != neighbour.is_ipv4()) {
        let title = "the source is not of the family of the neighbour, the block is ignored";
        report.error(other, title, "of the other family").survived();
        return None;
    }
    let source = source.map(|source| source.value);
    let both = !vrrp && !checker;
    let name = name_of(entry);
    if name.value.len() > LONGEST_NAME {
        let title = format!("`{}` is too long, the block is ignored", name.value);
        report.error(&name, title, format!("up to {LONGEST_NAME} characters")).survived();
        return None;
    }
    Some(name.with(BfdModel {
        name: name.value.clone(),
        neighbour,
        source,
        min_rx,
        min_tx,
        idle_tx,
        multiplier,
        passive,
        ttl,
        max_hops,
        weight,
        reverse,
        for_vrrp: vrrp || both,
        for_checkers: checker || both,
    }))
}

fn byte(line: &Entry<'_>, report: &mut Report) -> Option<u8> {
    line.int(report).and_then(|n| u8::try_from(n.value).ok())
}
