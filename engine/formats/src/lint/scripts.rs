//! Scripts: whether they notice in time, and whether others could change them.
use vrrplab_engine::model::InstanceModel;
use vrrplab_engine::model::command::Program;
use vrrplab_engine::model::track::ScriptModel;
use vrrplab_engine::time::Span;
use vrrplab_engine::vrrp::skew::down;

use super::table::{LOOSE_SCRIPT, SLOW_SCRIPT};
use super::{Finding, Subject};
use crate::diagnostics::Spanned;

pub(super) fn check(subject: &Subject) -> Vec<Finding> {
    let slow = subject.draft.scripts.iter().zip(0..).filter_map(|(script, position)| slow(subject, script, position));
    let loose = subject.draft.scripts.iter().filter_map(|script| loose(script, &script.value.program));
    slow.chain(loose).collect()
}

/// How long a router waits for a silent master.
pub(super) fn patience(subject: &Subject, i: &InstanceModel) -> Span {
    down(i.version, i.priority.get(), i.advert_int, i.down_timer_adverts, subject.model.policy.skew_unit)
}

/// The failure may begin just after a good run; the last of the failing runs may hang until its timeout.
fn noticed_after(script: &ScriptModel) -> Span {
    let runs = Span::from_micros(script.interval.as_micros().saturating_mul(u64::from(script.fall)));
    runs + script.timeout
}

fn slow(subject: &Subject, script: &Spanned<ScriptModel>, position: usize) -> Option<Finding> {
    let tracks = |i: &&InstanceModel| i.track_scripts.iter().any(|t| t.item == position);
    let guarded = subject.model.instances.iter().filter(tracks);
    let (instance, patience) = guarded.map(|i| (i, patience(subject, i))).min_by_key(|(_, patience)| *patience)?;
    let noticed = noticed_after(&script.value);
    let title = format!(
        "`{}` may take {noticed} to notice; without `{}` a dead node is replaced after {patience}",
        script.value.name, instance.name
    );
    (noticed > patience).then(|| Finding::new(&SLOW_SCRIPT, script, title))
}

fn loose(at: &Spanned<ScriptModel>, program: &Program) -> Option<Finding> {
    let path = program.words.first()?;
    let open = ["/tmp/", "/var/tmp/", "/dev/shm/", "/home/"].iter().find(|folder| path.starts_with(**folder));
    let why = match open {
        Some(folder) => format!("{folder} is open to others"),
        None if !path.starts_with('/') => "its path is not absolute".to_owned(),
        None => return None,
    };
    Some(Finding::new(&LOOSE_SCRIPT, at, format!("`{}` runs {path}: {why}", at.value.name)))
}
