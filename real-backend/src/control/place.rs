//! A place for the control socket in the file system: that of a dead daemon is taken over, that of a living one is not.
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, listen, socket};

/// Who may speak to the daemon: the owner and the group.
const MODE: u32 = 0o660;
/// Who may look into a folder that is made for it.
const FOLDER_MODE: u32 = 0o755;

/// A socket that is listened on. Its file is removed with this value, unless it has become another's.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    file: (u64, u64),
}

impl Place {
    /// Takes the path. The file appears with its permissions and listening, or not at all.
    pub fn take(path: &Path) -> io::Result<(Place, UnixListener)> {
        let named = |why: io::Error| io::Error::new(why.kind(), format!("{}: {why}", path.display()));
        match fs::symlink_metadata(path) {
            Ok(there) if !there.file_type().is_socket() => {
                return Err(named(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "there is something else than a socket",
                )));
            }
            Ok(_) if is_alive(path).map_err(named)? => {
                return Err(named(io::Error::new(io::ErrorKind::AddrInUse, "another daemon listens there")));
            }
            Ok(_) | Err(_) => make_folder(path).map_err(named)?,
        }
        let mut near = path.as_os_str().to_owned();
        near.push(format!(".{}", std::process::id()));
        let near = PathBuf::from(near);
        let listener = listen_at(&near).map_err(named)?;
        let moved = fs::symlink_metadata(&near).and_then(|file| {
            fs::rename(&near, path)?;
            Ok(Place { path: path.to_owned(), file: (file.dev(), file.ino()) })
        });
        match moved {
            Ok(place) => Ok((place, listener)),
            Err(why) => {
                let _ = fs::remove_file(&near);
                Err(named(why))
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let own = fs::symlink_metadata(&self.path).is_ok_and(|file| (file.dev(), file.ino()) == self.file);
        if own && let Err(why) = fs::remove_file(&self.path) {
            tracing::debug!(path = %self.path.display(), %why, "the control socket cannot be removed");
        }
    }
}

/// Only the folder itself: where the one above is missing, the path is a mistake.
fn make_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.exists() => fs::DirBuilder::new().mode(FOLDER_MODE).create(folder),
        _ => Ok(()),
    }
}

/// Whether somebody listens there; it is not waited for.
fn is_alive(path: &Path) -> io::Result<bool> {
    match connect(open()?.as_raw_fd(), &UnixAddr::new(path)?) {
        Ok(()) | Err(Errno::EAGAIN) => Ok(true), // or so many wait that there is no room
        Err(Errno::ECONNREFUSED | Errno::ENOENT) => Ok(false),
        Err(why) => Err(why.into()),
    }
}

fn listen_at(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    let socket = open()?;
    bind(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    fs::set_permissions(path, fs::Permissions::from_mode(MODE))?;
    listen(&socket, Backlog::new(128)?)?;
    Ok(UnixListener::from(socket))
}

fn open() -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    Ok(socket(AddressFamily::Unix, SockType::Stream, flags, None)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("vrrplabd-place-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder.join("control.sock")
    }

    #[test]
    fn it_is_for_the_owner_and_the_group_and_goes_with_the_daemon() {
        let path = place("mode");
        let (taken, _listener) = Place::take(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(format!("{mode:o}"), "140660");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no other name is left");
        drop(taken);
        assert!(!path.exists());
        fs::remove_dir(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn that_of_a_dead_daemon_is_taken_over_and_that_of_a_living_one_is_not() {
        let path = place("stale");
        let (dead, listener) = Place::take(&path).unwrap();
        std::mem::forget(dead); // as after SIGKILL
        drop(listener);
        let (living, _listener) = Place::take(&path).unwrap();
        let why = Place::take(&path).unwrap_err();
        assert_eq!(why.to_string(), format!("{}: another daemon listens there", path.display()));
        assert_eq!(why.kind(), io::ErrorKind::AddrInUse);
        drop(living);
        fs::remove_dir(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn what_is_no_socket_stays() {
        let path = place("file");
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, "precious").unwrap();
        let why = Place::take(&path).unwrap_err();
        assert!(why.to_string().ends_with("there is something else than a socket"), "{why}");
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn that_of_a_successor_is_not_removed() {
        let path = place("successor");
        let (first, listener) = Place::take(&path).unwrap();
        drop(listener);
        let (second, _listener) = Place::take(&path).unwrap();
        drop(first);
        assert!(path.exists());
        drop(second);
        assert!(!path.exists());
        fs::remove_dir(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_path_that_is_too_long_or_leads_nowhere_is_told() {
        let long = std::env::temp_dir().join("x".repeat(200));
        assert!(Place::take(&long).is_err());
        let why = Place::take(Path::new("/no/such/folder/control.sock")).unwrap_err();
        assert!(why.to_string().starts_with("/no/such/folder/control.sock: "), "{why}");
    }
}
