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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, chown};

    use vrrplab_engine::model::{IfIndex, InterfaceModel, Mac};

    use super::*;
    use crate::config::{Read, Source};

    /// A configuration that is read; files that are not there do not matter.
    fn read(name: &str, globals: &str, instance: &str, rest: &str) -> Read {
        let path = std::env::temp_dir().join(format!("vrrplabd-look-{}-{name}.conf", std::process::id()));
        let text = format!(
            "global_defs {{\n{globals}\n}}\nvrrp_instance A {{\n interface eth0\n virtual_router_id 5\n \
             virtual_ipaddress {{\n 10.0.0.1\n }}\n{instance}\n}}\n{rest}\n"
        );
        fs::write(&path, text).unwrap();
        let mac = Mac([2, 0, 0, 0, 0, 1]);
        let eth0 = InterfaceModel { index: IfIndex(2), name: "eth0".into(), mac, addresses: Vec::new(), up: true };
        let read = Source::new(&path, Some("lb1")).read(vec![eth0]).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(read.model.is_some(), "{}", read.report.render(false));
        read
    }

    fn looked(read: &Read) -> Facts {
        facts(read.model.as_ref().unwrap(), &read.configuration, &[])
    }

    #[test]
    fn every_program_of_a_configuration_is_found() {
        let read = read(
            "programs",
            "script_user daemon\nnotify_fifo /run/one\nnotify_fifo_script /bin/reader",
            "notify /bin/any\nnotify_master /bin/master\nnotify_backup /bin/backup\nnotify_fault /bin/fault\n\
             notify_stop /bin/stop\nnotify_deleted /bin/deleted\nnotify_master_rx_lower_pri /bin/lower",
            "vrrp_script s {\n script /bin/track\n}\n\
             virtual_server 10.0.0.1 80 {\n protocol TCP\n quorum_up /bin/up\n quorum_down /bin/down\n\
             real_server 10.0.0.2 80 {\n notify_up /bin/real-up\n notify_down /bin/real-down\n\
             MISC_CHECK {\n misc_path /bin/check\n }\n }\n}",
        );
        let mut names: Vec<&str> =
            programs(read.model.as_ref().unwrap()).into_iter().map(|program| program.words[0].as_str()).collect();
        names.sort_unstable();
        let expected = [
            "/bin/any",
            "/bin/backup",
            "/bin/check",
            "/bin/deleted",
            "/bin/down",
            "/bin/fault",
            "/bin/lower",
            "/bin/master",
            "/bin/reader",
            "/bin/real-down",
            "/bin/real-up",
            "/bin/stop",
            "/bin/track",
            "/bin/up",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn as_whom_programs_run_is_told() {
        assert_eq!(looked(&read("none", "", "", "")), Facts::default());
        if Account::own().uid != 0 {
            return;
        }
        let facts = looked(&read("other", "script_user daemon", "notify /bin/true", ""));
        assert_eq!(facts, Facts { programs: true, programs_of_others: true, ..Facts::default() });
        let facts = looked(&read("root", "script_user root", "notify /bin/true", ""));
        assert_eq!(facts, Facts { programs: true, programs_of_root: true, ..Facts::default() });
        let facts = looked(&read("group", "script_user root daemon", "notify /bin/true", ""));
        let both = Facts { programs: true, programs_of_others: true, programs_of_root: true, ..Facts::default() };
        assert_eq!(facts, both, "another group is another account");
    }

    #[test]
    fn what_security_refuses_never_runs_and_what_is_not_there_may_come() {
        if Account::own().uid != 0 {
            return;
        }
        let open = std::env::temp_dir().join(format!("vrrplabd-look-{}-open", std::process::id()));
        fs::write(&open, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        let notify = format!("notify {}", open.display());
        let secure = "enable_script_security\nscript_user root";
        assert_eq!(looked(&read("weak", secure, &notify, "")), Facts::default());
        let facts = looked(&read("missing", secure, "notify /no/such/program", ""));
        assert!(facts.programs_of_root);
        fs::remove_file(&open).unwrap();
    }

    #[test]
    fn what_permissions_close_to_root_is_named() {
        if Account::own().uid != 0 {
            return;
        }
        let folder = std::env::temp_dir().join(format!("vrrplabd-look-{}-closed", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for name in ["number", "run"] {
            fs::write(folder.join(name), "#!/bin/sh\n").unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o700)).unwrap();
            chown(folder.join(name), Some(1), Some(1)).unwrap();
        }
        chown(&folder, Some(1), Some(1)).unwrap();
        let at = |name: &str| folder.join(name).display().to_string();
        let file = format!("track_file n {{\n file {}\n}}", at("number"));
        let pipe = format!("notify_fifo {}", at("pipe"));
        let of_root = format!("script_user root\n{pipe}");
        let closed_file = read("file", "", "", &file);
        let closed_pipe = read("pipe", &pipe, "", "");
        let closed_program = read("program", &of_root, &format!("notify {}", at("run")), "");
        // the kernel answers for this thread, which goes with what it gave up
        let asked = std::thread::spawn(move || {
            for one in super::super::OPENERS {
                caps::drop(None, caps::CapSet::Effective, one).unwrap();
            }
            [closed_file, closed_pipe, closed_program].map(|read| looked(&read))
        });
        let [file, pipe, program] = asked.join().unwrap();
        assert_eq!(file, Facts { closed_to_readers: Some(at("number")), ..Facts::default() });
        assert_eq!(pipe, Facts { closed_to_writers: Some(at("pipe")), ..Facts::default() });
        assert_eq!(program.closed_to_writers, Some(at("run")));
        fs::remove_dir_all(&folder).unwrap();
    }
}
