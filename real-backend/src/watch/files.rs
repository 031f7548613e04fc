//! Tracked files. inotify and not a look now and then: keepalived hears of a write at once, and a look costs even when
//! nothing happens.
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};

/// What is read of a file at most: the number stands in the first line.
const MOST_BYTES: usize = 128;

/// The files and the folders in which they are.
pub struct Files {
    inotify: Inotify,
    paths: BTreeSet<String>,
    folders: Vec<(WatchDescriptor, String)>,
}

impl Files {
    /// Watches nothing yet.
    pub fn new() -> io::Result<Files> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        Ok(Files { inotify, paths: BTreeSet::new(), folders: Vec::new() })
    }

    /// The descriptor that becomes readable when a file has changed.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// Watches these files and no others. Folders are watched: a file may be replaced, or come into being.
    pub fn watch(&mut self, paths: impl Iterator<Item = String>) {
        self.paths = paths.collect();
        let wanted: BTreeSet<String> = self.paths.iter().map(|path| folder(path)).collect();
        for (descriptor, name) in &self.folders {
            if !wanted.contains(name) {
                let _ = self.inotify.rm_watch(*descriptor); // it may be gone with its folder
            }
        }
        self.folders.retain(|(_, name)| wanted.contains(name));
        let events = AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_MOVED_FROM
            | AddWatchFlags::IN_DELETE;
        for name in wanted {
            if self.folders.iter().any(|(_, known)| *known == name) {
                continue;
            }
            match self.inotify.add_watch(Path::new(&name), events) {
                Ok(descriptor) => self.folders.push((descriptor, name)),
                Err(why) => tracing::warn!(folder = name, %why, "files in this folder are not watched"),
            }
        }
    }

    /// The watched files that have changed, each with what is in it.
    pub fn changed(&mut self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut changed = BTreeSet::new();
        loop {
            match self.inotify.read_events() {
                Ok(events) => {
                    for event in events {
                        if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
                            changed.extend(self.paths.iter().cloned());
                        }
                        let (Some(name), folder) = (event.name, self.folders.iter().find(|(wd, _)| *wd == event.wd))
                        else {
                            continue;
                        };
                        let is_it = |path: &&String| {
                            Path::new(path).file_name() == Some(&name)
                                && folder.is_some_and(|(_, folder)| *folder == self::folder(path))
                        };
                        changed.extend(self.paths.iter().filter(is_it).cloned());
                    }
                }
                Err(Errno::EAGAIN) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(changed.into_iter().map(|path| (path.clone(), content(&path))).collect())
    }
}

fn folder(path: &str) -> String {
    match Path::new(path).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.display().to_string(),
        _ => ".".to_owned(),
    }
}

/// What is in a file; nothing where it is not there.
pub fn content(path: &str) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap_or_default();
    bytes.truncate(MOST_BYTES);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_replacing_and_removing_a_file_are_told_and_its_neighbours_are_not() {
        let place = std::env::temp_dir().join(format!("vrrplabd-files-{}", std::process::id()));
        fs::create_dir_all(&place).unwrap();
        let path = place.join("weight").display().to_string();
        let mut files = Files::new().unwrap();
        files.watch([path.clone()].into_iter());
        fs::write(place.join("other"), "9").unwrap();
        assert_eq!(files.changed().unwrap(), []);
        fs::write(&path, "5\n").unwrap();
        assert_eq!(files.changed().unwrap(), [(path.clone(), b"5\n".to_vec())]);
        fs::rename(place.join("other"), &path).unwrap();
        assert_eq!(files.changed().unwrap(), [(path.clone(), b"9".to_vec())]);
        fs::remove_file(&path).unwrap();
        assert_eq!(files.changed().unwrap(), [(path.clone(), Vec::new())]);
        fs::remove_dir(&place).unwrap();
    }
}
