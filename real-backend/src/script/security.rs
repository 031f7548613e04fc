//! As whom a program runs, and whether it may run at all.
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Group, User, getegid, geteuid};
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::model::command::{Program, RunAs};
use vrrplab_engine::model::globals::Globals;
use vrrplab_engine::model::health::CheckKind;

/// So many links a path may go through, as in the kernel.
const MOST_LINKS: u32 = 40;
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
    let risk = account.uid == 0 && globals.script_security;
    if risk && let Some(place) = weak_place(&path).map_err(|why| format!("`{name}`: {why}"))? {
        let place = place.display();
        return Err(format!("`{name}` would run as root, and others than root may write to {place}"));
    }
    Ok(account)
}

/// Where a program is; not by the daemon's own PATH, which others may have set.
pub fn find(name: &str) -> Option<PathBuf> {
    let runs = |path: &PathBuf| fs::metadata(path).is_ok_and(|found| found.is_file() && found.mode() & 0o111 != 0);
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(runs);
    }
    FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(runs)
}

/// The first place on the way to a file that another than root may change: folders, links and where they lead, the file.
fn weak_place(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut here = PathBuf::new();
    let mut links = 0;
    let mut ahead: Vec<OsString> = parts(&std::path::absolute(path)?);
    while let Some(part) = ahead.pop() {
        if part == ".." {
            here.pop();
            continue;
        }
        here.push(part);
        let found = fs::symlink_metadata(&here)?;
        if is_weak(&found) {
            return Ok(Some(here));
        }
        if found.is_symlink() {
            links += 1;
            if links > MOST_LINKS {
                return Err(io::Error::other("too many links"));
            }
            let target = fs::read_link(&here)?;
            here.pop();
            ahead.extend(parts(&target)); // an absolute one begins with the root, which `push` returns to
        }
    }
    Ok(None)
}

/// The parts of a path, the first one at the end.
fn parts(path: &Path) -> Vec<OsString> {
    path.components().rev().map(|part| part.as_os_str().to_owned()).collect()
}

/// In a folder with the sticky bit nobody but the owner replaces a file.
fn is_weak(found: &Metadata) -> bool {
    // the mode of a link means nothing
    let (mode, sticky) = (found.mode(), found.is_symlink() || found.is_dir() && found.mode() & 0o1000 != 0);
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
    use std::os::unix::fs::{PermissionsExt, symlink};

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

    /// A folder for one test, which nobody else may write to, and how it is called.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("vrrplabd-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        allow(&folder, 0o755);
        folder.canonicalize().unwrap()
    }

    fn script(path: &Path) {
        fs::write(path, "#!/bin/sh\n").unwrap();
        allow(path, 0o755);
    }

    fn allow(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn weak(path: &Path) -> Option<PathBuf> {
        weak_place(path).unwrap()
    }

    #[test]
    fn what_others_may_write_is_weak() {
        if Account::own().uid != 0 {
            return; // what is not root's is weak anyway
        }
        let folder = folder("weak");
        let file = folder.join("script");
        script(&file);
        assert_eq!(weak(&file), None);
        allow(&file, 0o777);
        assert_eq!(weak(&file), Some(file.clone()));
        allow(&folder, 0o777);
        allow(&file, 0o755);
        assert_eq!(weak(&file), Some(folder.clone()));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_link_is_as_weak_as_every_place_on_its_way() {
        if Account::own().uid != 0 {
            return;
        }
        let folder = folder("links");
        let (good, bad) = (folder.join("good"), folder.join("bad"));
        for (place, mode) in [(&good, 0o755), (&bad, 0o777)] {
            fs::create_dir(place).unwrap();
            allow(place, mode);
        }
        script(&good.join("script"));
        symlink("script", good.join("near")).unwrap();
        symlink("../good/script", bad.join("relative")).unwrap();
        symlink(bad.join("relative"), good.join("by-way-of-bad")).unwrap();
        symlink("round", good.join("round")).unwrap();
        assert_eq!(weak(&good.join("near")), None);
        assert_eq!(weak(&bad.join("relative")), Some(bad.clone()));
        assert_eq!(weak(&good.join("by-way-of-bad")), Some(bad), "both ends are good, the middle is not");
        assert_eq!(weak_place(&good.join("round")).unwrap_err().to_string(), "too many links");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn with_security_nothing_runs_as_root_that_others_may_change() {
        if Account::own().uid != 0 {
            return;
        }
        let folder = folder("secure");
        let file = folder.join("script");
        script(&file);
        let program = program(&[file.to_str().unwrap()]);
        let root = Some(RunAs { user: "root".into(), group: None });
        let secure = Globals { script_security: true, script_user: root.clone(), ..Globals::default() };
        let careless = Globals { script_user: root, ..Globals::default() };
        assert!(judge(&program, &secure).is_ok());
        allow(&folder, 0o777);
        let why = judge(&program, &secure).unwrap_err();
        assert!(why.contains("would run as root, and others than root may write to"), "{why}");
        assert!(judge(&program, &careless).is_ok());
        let of_another = Globals { script_user: Some(RunAs { user: "daemon".into(), group: None }), ..secure.clone() };
        assert!(judge(&program, &of_another).is_ok(), "as another user it does no harm");
        let nobody_named = Globals { script_security: true, ..Globals::default() };
        if find_user(DEFAULT_USER).unwrap().is_none() {
            assert!(judge(&program, &nobody_named).unwrap_err().contains("neither a script_user nor a user"));
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
