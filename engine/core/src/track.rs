//! What instances keep an eye on besides interfaces: scripts, files, processes and BFD sessions.
//!
//! [`judge`] says what something is worth; [`scripts`](self) and [`watch`](self) carry it to the instances.
pub mod judge;
mod scripts;
mod views;
mod watch;

use alloc::string::String;
use alloc::vec::Vec;

use crate::io::{TimerKind, Wake};
use crate::model::track::{BfdModel, FileModel, Tracked};
use crate::model::{InstanceModel, NodeModel};
use judge::{Standing, Worth, file_worth, worth};
use scripts::Script;
use watch::Process;

/// All that is tracked on a node.
#[derive(Clone, Debug)]
pub(crate) struct Trackers {
    scripts: Vec<Script>,
    files: Vec<FileModel>,
    processes: Vec<Process>,
    bfds: Vec<Session>,
    /// The numbers in files, by path; they outlive a reload.
    contents: Vec<(String, i32)>,
    /// How many programs have been started.
    jobs: u64,
}

#[derive(Clone, Debug)]
struct Session {
    model: BfdModel,
    up: bool,
}

/// What all trackers together do to one instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weighed {
    /// Added to its priority.
    pub sum: i32,
    /// So many are faults.
    pub faults: usize,
    /// So many have no first result.
    pub waits: usize,
}

impl Weighed {
    fn add(&mut self, worth: Worth) {
        match worth {
            Worth::Adds(weight) => self.sum = self.sum.saturating_add(weight),
            Worth::Fault => self.faults += 1,
            Worth::Waits => self.waits += 1,
        }
    }
}

impl Trackers {
    pub fn new(model: &NodeModel) -> Trackers {
        let tracked = |item: usize| model.instances.iter().any(|i| i.track_scripts.iter().any(|t| t.item == item));
        let scripts = model.scripts.iter().enumerate().map(|(item, s)| Script::new(s.clone(), tracked(item)));
        Trackers {
            scripts: scripts.collect(),
            files: model.files.clone(),
            processes: model.processes.iter().cloned().map(Process::new).collect(),
            bfds: model.bfds.iter().map(|b| Session { model: b.clone(), up: false }).collect(),
            contents: Vec::new(),
            jobs: 0,
        }
    }

    /// What the trackers of an instance do to it.
    pub fn weigh(&self, model: &InstanceModel) -> Weighed {
        let mut weighed = Weighed::default();
        let mut switch = |track: &Tracked, standing: Option<Standing>| {
            if let Some(standing) = standing {
                weighed.add(worth(track.weight, track.reverse, standing));
            }
        };
        let of = |good: bool| if good { Standing::Good } else { Standing::Bad };
        for track in &model.track_scripts {
            switch(track, self.scripts.get(track.item).map(Script::standing));
        }
        for track in &model.track_processes {
            switch(track, self.processes.get(track.item).map(|p| of(p.has_quorum())));
        }
        for track in &model.track_bfds {
            switch(track, self.bfds.get(track.item).map(|b| of(b.up)));
        }
        for track in &model.track_files {
            if let Some(file) = self.files.get(track.item) {
                weighed.add(file_worth(track.weight, track.reverse, self.value_of(&file.path)));
            }
        }
        weighed
    }

    /// Nothing has a timer.
    pub fn is_idle(&self) -> bool {
        self.scripts.is_empty() && self.processes.is_empty()
    }

    /// The earliest timer of all that is tracked; a run that is due goes before one that is overdue.
    pub fn next_wake(&self) -> Option<Wake> {
        let runs = self.scripts.iter().map(|s| (s.due(), TimerKind::ScriptRun)).enumerate();
        let timeouts = self.scripts.iter().map(|s| (s.overdue(), TimerKind::ScriptTimeout)).enumerate();
        let processes = self.processes.iter().map(|p| (p.settles(), TimerKind::ProcessDelay)).enumerate();
        let all = runs.chain(timeouts).chain(processes);
        all.filter_map(|(of, (at, timer))| Some(Wake { at: at?, of, timer })).min_by_key(|wake| wake.at)
    }

    fn value_of(&self, path: &str) -> i32 {
        self.contents.iter().find(|(known, _)| known == path).map_or(0, |(_, value)| *value)
    }
}
