//! How the things that an instance tracks stand, for whoever looks from outside.
use super::Trackers;
use crate::engine::look::{Tracked, TrackedView};
use crate::model::InstanceModel;
use crate::model::track::Tracked as Line;

impl Trackers {
    /// What an instance tracks besides interfaces: scripts, files, processes, sessions.
    pub(crate) fn views<'a>(&'a self, model: &'a InstanceModel) -> impl Iterator<Item = TrackedView<'a>> {
        let view = |line: &Line, what| TrackedView { what, weight: line.weight, reverse: line.reverse };
        let scripts = model.track_scripts.iter().filter_map(move |line| {
            let script = self.scripts.get(line.item)?;
            Some(view(line, Tracked::Script(script.name(), script.standing())))
        });
        let files = model.track_files.iter().filter_map(move |line| {
            let file = self.files.get(line.item)?;
            Some(view(line, Tracked::File(&file.name, self.value_of(&file.path))))
        });
        let processes = model.track_processes.iter().filter_map(move |line| {
            let process = self.processes.get(line.item)?;
            Some(view(line, Tracked::Process(process.name(), process.has_quorum())))
        });
        let sessions = model.track_bfds.iter().filter_map(move |line| {
            let session = self.bfds.get(line.item)?;
            Some(view(line, Tracked::Session(&session.model.name, session.up)))
        });
        scripts.chain(files).chain(processes).chain(sessions)
    }
}
