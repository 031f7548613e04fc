//! Where texts come from: the disk, or whatever a test thinks up.
use std::path::Path;

/// Gives texts by their paths.
pub trait Files {
    /// The text of the file, or why there is none.
    fn read(&self, path: &Path) -> Result<String, String>;
    /// The sorted names in a folder, for configurations that include files by pattern.
    fn list(&self, folder: &Path) -> Result<Vec<String>, String> {
        Err(format!("the names in {} are not known", folder.display()))
    }
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|why| why.to_string())
    }
    fn list(&self, folder: &Path) -> Result<Vec<String>, String> {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries = std::fs::read_dir(here).map_err(|why| why.to_string())?;
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry.map_err(|why| why.to_string())?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }
}
