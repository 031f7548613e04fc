//! What capabilities depend on: as whom programs run, and what files and folders let root do without any. The kernel is
//! asked for the latter, with the capabilities that are in effect.
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::model::command::{Notify, Program};
use vrrplab_engine::model::health::CheckKind;
use vrrplab_formats::flight::Configuration;

use super::needs::Facts;
use crate::script::Account;
use crate::script::security::{self, find};

/// Looks at a configuration, and at what else is written to.
pub fn facts(model: &NodeModel, configuration: &Configuration, written: &[PathBuf]) -> Facts {
    let mut facts = Facts::default();
    for program in programs(model) {
        look_at(program, model, &mut facts);
    }
    for path in configuration.files.keys().chain(model.files.iter().map(|file| &file.path)) {
        if is_closed(Path::new(path), AccessFlags::R_OK) {
            facts.closed_to_readers.get_or_insert(path.clone());
        }
    }
    let made = model.files.iter().filter(|file| file.init.is_some()).map(|file| PathBuf::from(&file.path));
    let pipes = model.globals.fifos().map(|fifo| PathBuf::from(&fifo.path));
    for path in made.chain(pipes).chain(written.iter().cloned()) {
        if is_closed_to_writers(&path) {
            facts.closed_to_writers.get_or_insert(path.display().to_string());
        }
    }
    let mut owners = model.globals.fifos().filter_map(|fifo| Account::named(fifo.owner.as_ref()?).ok());
    facts.gives_pipes_away = owners.any(|owner| !owner.is_own());
    facts
}

/// A program that is not there counts too: it may come.
fn look_at(program: &Program, model: &NodeModel, facts: &mut Facts) {
    let (Some(name), Ok(account)) = (program.words.first(), security::account(program, &model.globals)) else { return };
    match find(name) {
        None if is_closed(Path::new(name), AccessFlags::F_OK) => {
            facts.closed_to_readers.get_or_insert(name.clone());
        }
        None => {}
        Some(_) if model.globals.script_security && security::judge(program, &model.globals).is_err() => return,
        Some(path) if account.is_own() && is_closed(&path, AccessFlags::X_OK) => {
            facts.closed_to_writers.get_or_insert(name.clone());
        }
        Some(_) => {}
    }
    facts.programs = true;
    facts.programs_of_others |= !account.is_own();
    facts.programs_of_root |= account.uid == 0;
}

/// Every program that the daemon may start.
fn programs(model: &NodeModel) -> Vec<&Program> {
    let globals = &model.globals;
    let told = model.instances.iter().map(|instance| &instance.notify);
    let told = told.chain(model.sync_groups.iter().map(|group| &group.notify)).flat_map(told_by);
    let servers = model.servers.iter().flat_map(|server| [&server.quorum_up, &server.quorum_down]);
    let reals = || model.servers.iter().flat_map(|server| &server.real_servers);
    let reals_told = reals().flat_map(|real| [&real.notify_up, &real.notify_down]);
    let checks = reals().flat_map(|real| &real.checks).filter_map(|check| match &check.kind {
        CheckKind::Misc(check) => Some(&check.program),
        _ => None,
    });
    let hooks = [&globals.startup, &globals.shutdown].into_iter().flatten().map(|hook| &hook.program);
    let tracked = model.scripts.iter().map(|script| &script.program);
    let readers = globals.fifos().filter_map(|fifo| fifo.reader.as_ref());
    tracked.chain(told).chain(servers.chain(reals_told).flatten()).chain(checks).chain(hooks).chain(readers).collect()
}

fn told_by(notify: &Notify) -> impl Iterator<Item = &Program> {
    let deleted = notify.deleted.as_ref().and_then(|deleted| deleted.program.as_ref());
    let others = [&notify.master, &notify.backup, &notify.fault, &notify.stop, &notify.lower_priority, &notify.any];
    others.into_iter().flatten().chain(deleted)
}

/// Whether permissions are in the way. What is not there is not closed.
fn is_closed(path: &Path, to: AccessFlags) -> bool {
    faccessat(AT_FDCWD, path, to, AtFlags::AT_EACCESS) == Err(Errno::EACCES)
}

/// Whether something there cannot be written to, or cannot be made where it is missing.
fn is_closed_to_writers(path: &Path) -> bool {
    match faccessat(AT_FDCWD, path, AccessFlags::W_OK, AtFlags::AT_EACCESS) {
        Err(Errno::ENOENT) => {
            let folder = path.ancestors().skip(1).find(|folder| folder.as_os_str().is_empty() || folder.exists());
            let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            is_closed(folder, AccessFlags::W_OK | AccessFlags::X_OK)
        }
        tried => tried == Err(Errno::EACCES),
    }
}
