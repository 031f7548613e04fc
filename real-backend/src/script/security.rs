//! As whom a program runs, and whether it may run at all.
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Group, User, getegid, geteuid};
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::model::command::{Program, RunAs};
use vrrplab_engine::model::globals::Globals;
use vrrplab_engine::model::health::CheckKind;

/// keepalived's user for scripts, where no other is named.
const DEFAULT_USER: &str = "keepalived_script";
/// Where programs without a folder are looked for.
const FOLDERS: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// A user and a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// User number.
    pub uid: u32,
    /// Group number.
    pub gid: u32,
}

impl Account {
    /// As whom the daemon runs.
    pub fn own() -> Account {
        Account { uid: geteuid().as_raw(), gid: getegid().as_raw() }
    }

    /// Whether nothing has to be changed.
    pub fn is_own(&self) -> bool {
        *self == Account::own()
    }

    /// The account of a name in the configuration.
    pub fn named(who: &RunAs) -> Result<Account, String> {
        let user = find_user(&who.user)?.ok_or_else(|| format!("there is no user `{}`", who.user))?;
        let gid = match &who.group {
            Some(name) => {
                let group = Group::from_name(name).map_err(|why| why.to_string())?;
                group.ok_or_else(|| format!("there is no group `{name}`"))?.gid
            }
            None => user.gid,
        };
        Ok(Account { uid: user.uid.as_raw(), gid: gid.as_raw() })
    }
}

fn find_user(name: &str) -> Result<Option<User>, String> {
    User::from_name(name).map_err(|why| why.to_string())
}

/// As whom a program runs: the user named with it, `script_user`, `keepalived_script` where there is such a user, the
/// daemon's own; the last only where security is not asked for.
pub fn account(program: &Program, globals: &Globals) -> Result<Account, String> {
    if let Some(who) = program.user.as_ref().or(globals.script_user.as_ref()) {
        return Account::named(who);
    }
    match find_user(DEFAULT_USER)? {
        Some(user) => Ok(Account { uid: user.uid.as_raw(), gid: user.gid.as_raw() }),
        None if globals.script_security => {
            Err(format!("enable_script_security: there is neither a script_user nor a user `{DEFAULT_USER}`"))
        }
        None => Ok(Account::own()),
    }
}

/// The account under which a program may run, or why it may not.
pub fn judge(program: &Program, globals: &Globals) -> Result<Account, String> {
    let name = program.words.first().ok_or("no program is named")?;
    let path = find(name).ok_or_else(|| format!("`{name}` is not there, or cannot be executed"))?;
    let account = account(program, globals)?;
    if account.uid == 0 && globals.script_security {
        let real = path.canonicalize().map_err(|why| format!("`{name}`: {why}"))?;
        if let Some(place) = weak_place(&real) {
            let place = place.display();
            return Err(format!("`{name}` would run as root, and others than root may write to {place}"));
        }
    }
    Ok(account)
}

fn find(name: &str) -> Option<PathBuf> {
    let runs = |path: &PathBuf| fs::metadata(path).is_ok_and(|found| found.is_file() && found.mode() & 0o111 != 0);
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(runs);
    }
    FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(runs)
}

/// The first part of a path that another than root may change.
fn weak_place(path: &Path) -> Option<&Path> {
    path.ancestors().find(|place| fs::metadata(place).is_ok_and(|found| is_weak(&found)))
}

/// In a folder with the sticky bit nobody but the owner replaces a file.
fn is_weak(found: &Metadata) -> bool {
    let (mode, sticky) = (found.mode(), found.is_dir() && found.mode() & 0o1000 != 0);
    found.uid() != 0 || (!sticky && (mode & 0o002 != 0 || (mode & 0o020 != 0 && found.gid() != 0)))
}

/// Takes out of a model the scripts that may not run: what they would have been tracked for, or the server that they would
/// have checked, goes without them, as in keepalived.
pub fn prune(model: &mut NodeModel) -> Vec<String> {
    let mut told = Vec::new();
    for (item, script) in model.scripts.iter().enumerate() {
        let Err(why) = judge(&script.program, &model.globals) else { continue };
        told.push(format!("script {} is not tracked: {why}", script.name));
        for instance in &mut model.instances {
            instance.track_scripts.retain(|track| track.item != item);
        }
    }
    for server in model.servers.iter_mut().flat_map(|server| &mut server.real_servers) {
        server.checks.retain(|check| {
            let CheckKind::Misc(misc) = &check.kind else { return true };
            let refused = judge(&misc.program, &model.globals).err();
            told.extend(refused.iter().map(|why| format!("a MISC_CHECK is left out: {why}")));
            refused.is_none()
        });
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(words: &[&str]) -> Program {
        Program { words: words.iter().map(|w| (*w).to_owned()).collect(), user: None }
    }

    #[test]
    fn programs_that_are_not_there_are_refused() {
        let globals = Globals::default();
        assert!(judge(&program(&["/bin/sh", "-c", "true"]), &globals).is_ok());
        assert!(judge(&program(&["sh"]), &globals).is_ok());
        assert!(judge(&program(&["/etc/passwd"]), &globals).unwrap_err().contains("cannot be executed"));
        assert!(judge(&program(&["no-such-program"]), &globals).is_err());
        assert!(judge(&program(&[]), &globals).is_err());
    }

    #[test]
    fn users_and_groups_are_looked_up() {
        let who = RunAs { user: "daemon".into(), group: Some("root".into()) };
        let globals = Globals { script_user: Some(who), ..Globals::default() };
        let account = judge(&program(&["/bin/true"]), &globals).unwrap();
        assert_eq!((account.uid, account.gid), (1, 0));
        let own = Program { user: Some(RunAs { user: "no-such-user".into(), group: None }), ..program(&["/bin/true"]) };
        assert!(judge(&own, &globals).unwrap_err().contains("no user"));
    }

    #[test]
    fn what_others_may_write_is_weak() {
        let folder = std::env::temp_dir().join(format!("vrrplabd-weak-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("script");
        fs::write(&file, "#!/bin/sh\n").unwrap();
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(weak_place(&file), Some(file.as_path()));
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        if Account::own().uid == 0 {
            assert_eq!(weak_place(&file), Some(folder.as_path()));
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
