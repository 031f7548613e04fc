//! Named pipes that hear of changes. A writer never waits: what nobody reads is kept by the kernel as long as there is room.
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, fchown};

use nix::libc::O_NONBLOCK;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use vrrplab_engine::model::globals::Fifo;

use super::Account;

/// The pipes, by path.
#[derive(Default)]
pub struct Fifos {
    open: BTreeMap<String, File>,
    /// Those that were not there before.
    made: Vec<String>,
}

impl Fifos {
    /// Makes the pipe where it is missing, and opens it.
    pub fn open(&mut self, fifo: &Fifo) -> io::Result<()> {
        if self.open.contains_key(&fifo.path) {
            return Ok(());
        }
        let mut made = false;
        if fs::symlink_metadata(&fifo.path).is_err() {
            mkfifo(fifo.path.as_str(), Mode::S_IRUSR | Mode::S_IWUSR)?;
            self.made.push(fifo.path.clone());
            made = true;
        }
        // for reading too: so a pipe without a reader takes lines instead of breaking
        let file = OpenOptions::new().read(true).write(true).custom_flags(O_NONBLOCK).open(&fifo.path)?;
        if !file.metadata()?.file_type().is_fifo() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no pipe"));
        }
        // then only: what is another's can only be opened by who may open everything
        if let Some(owner) = fifo.owner.as_ref().filter(|_| made) {
            let owner = Account::named(owner).map_err(io::Error::other)?;
            fchown(&file, Some(owner.uid), Some(owner.gid))?;
        }
        self.open.insert(fifo.path.clone(), file);
        Ok(())
    }

    /// Whether this pipe is open already.
    pub fn is_open(&self, path: &str) -> bool {
        self.open.contains_key(path)
    }

    /// Writes a line, or says why it is lost.
    pub fn write(&mut self, path: &str, line: &str) -> io::Result<()> {
        let pipe = self.open.get_mut(path).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "not open"))?;
        pipe.write_all(format!("{line}\n").as_bytes())
    }

    /// Closes all pipes and removes those that were made here.
    pub fn close(&mut self) {
        self.open.clear();
        for path in self.made.drain(..) {
            if let Err(why) = fs::remove_file(&path) {
                tracing::debug!(path, %why, "this pipe cannot be removed");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn lines_wait_for_a_reader_and_a_full_pipe_does_not_stop_the_daemon() {
        let path = std::env::temp_dir().join(format!("vrrplabd-fifo-{}", std::process::id()));
        let path = path.to_str().unwrap().to_owned();
        let fifo = Fifo { path: path.clone(), owner: None, reader: None };
        let mut fifos = Fifos::default();
        fifos.open(&fifo).unwrap();
        fifos.write(&path, "INSTANCE \"VI_1\" MASTER 100").unwrap();
        let mut reader = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(&path).unwrap();
        let mut text = [0; 64];
        let length = reader.read(&mut text).unwrap();
        assert_eq!(&text[..length], b"INSTANCE \"VI_1\" MASTER 100\n");
        let full = (0..10_000).find_map(|_| fifos.write(&path, "GROUP \"G\" BACKUP 0").err());
        assert_eq!(full.map(|error| error.kind()), Some(io::ErrorKind::WouldBlock));
        fifos.close();
        assert!(fs::symlink_metadata(&path).is_err());
    }
}
