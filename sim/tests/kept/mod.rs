//! Pages of docs/ that are made of the code: a test compares the kept one, and writes it where it is told to.
use std::fs;
use std::path::Path;

/// The page of this name says exactly this.
pub fn hold(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    if std::env::var_os("VRRPLAB_DOCS").is_some_and(|what| what == "write") {
        fs::write(&path, made).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "docs/{name} is old: run the tests once with VRRPLAB_DOCS=write");
}
