//! Files, processes and BFD sessions: what others report about them.
use alloc::string::String;

use super::judge::{number, quorum};
use crate::engine::Engine;
use crate::io::{EffectKind, News, TraceKind};
use crate::model::track::ProcessModel;
use crate::rules::Rule;
use crate::time::{Instant, Span};

/// One `vrrp_track_process` and what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Process {
    model: ProcessModel,
    /// So many run.
    count: u32,
    /// What counts, once delays have passed.
    quorum: bool,
    /// When a change of it counts.
    settles: Option<Instant>,
}

impl Process {
    /// What was about to count does not any more.
    pub fn rest(&mut self) {
        self.settles = None;
    }
    pub fn new(model: ProcessModel) -> Process {
        Process { quorum: quorum(0, model.quorum, model.quorum_max), model, count: 0, settles: None }
    }
    pub fn name(&self) -> &str {
        &self.model.name
    }
    pub fn has_quorum(&self) -> bool {
        self.quorum
    }
    pub fn settles(&self) -> Option<Instant> {
        self.settles
    }
    /// Takes over what was known of the processes of the same name.
    pub fn inherit<'a>(&mut self, mut old: impl Iterator<Item = &'a Process>) {
        if let Some(before) = old.find(|p| p.model.name == self.model.name) {
            self.count = before.count;
            self.quorum = quorum(self.count, self.model.quorum, self.model.quorum_max);
        }
    }
}

impl Engine {
    /// `init_file`: files that are missing are made before anybody looks at them.
    pub(crate) fn write_init_files(&mut self) {
        for f in 0..self.trackers.files.len() {
            let file = &self.trackers.files[f];
            let Some(init) = file.init else { continue };
            let path = file.path.clone();
            let known = self.trackers.contents.iter().position(|(known, _)| *known == path);
            match known {
                Some(position) if init.overwrite => self.trackers.contents[position].1 = init.value,
                Some(_) => continue,
                None => self.trackers.contents.push((path.clone(), init.value)),
            }
            self.effect(Rule::FileInit, EffectKind::WriteFile { path, value: init.value });
        }
    }

    /// A file was found, written or deleted.
    pub(crate) fn file_changed(&mut self, path: String, bytes: &[u8]) {
        let value = number(bytes);
        match self.trackers.contents.iter_mut().find(|(known, _)| *known == path) {
            Some((_, before)) if *before == value => return,
            Some((_, before)) => *before = value,
            None => self.trackers.contents.push((path.clone(), value)),
        }
        if self.is_running()
            && let Some(file) = self.trackers.files.iter().find(|file| file.path == path)
        {
            let name = file.name.clone();
            self.trace_node(Rule::FileTracked, || TraceKind::Tracked { name, news: News::Says(value) });
        }
    }

    /// Processes came or went. A change that matters counts after its delay, if it lasts.
    pub(crate) fn processes_counted(&mut self, now: Instant, item: usize, count: u32) {
        let running = self.is_running();
        let Some(process) = self.trackers.processes.get_mut(item) else { return };
        let more = count > process.count;
        process.count = count;
        let found = quorum(count, process.model.quorum, process.model.quorum_max);
        if found == process.quorum {
            process.settles = None;
            return;
        }
        let delay = if more { process.model.fork_delay } else { process.model.terminate_delay };
        if delay == Span::ZERO || !running {
            self.settle(item);
        } else if process.settles.is_none() {
            process.settles = Some(now + delay);
        }
    }

    /// A change of the number of processes has lasted.
    pub(crate) fn processes_settled(&mut self, now: Instant, item: usize) {
        self.settle(item);
        self.follow(now);
    }

    fn settle(&mut self, item: usize) {
        let process = &mut self.trackers.processes[item];
        process.settles = None;
        process.quorum = quorum(process.count, process.model.quorum, process.model.quorum_max);
        let (name, news) = (process.model.name.clone(), News::Quorum(process.quorum));
        if self.is_running() {
            self.trace_node(Rule::ProcessQuorum, || TraceKind::Tracked { name, news });
        }
    }

    /// A BFD session came up or went down.
    pub(crate) fn session_changed(&mut self, item: usize, up: bool) {
        let running = self.is_running();
        let Some(session) = self.trackers.bfds.get_mut(item) else { return };
        if core::mem::replace(&mut session.up, up) != up && running {
            let name = session.model.name.clone();
            self.trace_node(Rule::BfdTracked, || TraceKind::Tracked { name, news: News::Session(up) });
        }
    }
}
