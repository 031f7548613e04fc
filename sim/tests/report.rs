//! `--report` as its users meet it: the same bytes again, whole files or none, and an answer before anything is played.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Exit code, standard output and standard error.
fn vrrplab(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_vrrplab"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// An empty folder of this test's own.
fn empty_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_report_is_the_same_bytes_again_and_names_no_folder_of_the_machine() {
    let folder = empty_folder("again");
    let scenario = root().join("scenarios/basics/master-crash.yaml");
    let mut pages = Vec::new();
    for name in ["one.html", "two.html"] {
        let (code, _, err) =
            vrrplab(&folder, &["run", scenario.to_str().unwrap(), "--quiet", "--seed", "7", "--report", name]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        pages.push(fs::read_to_string(folder.join(name)).unwrap());
    }
    assert_eq!(pages[0], pages[1]);
    assert!(pages[0].contains("vrrplab run master-crash.yaml --seed 7"));
    assert!(!pages[0].contains(root().to_str().unwrap()));
    let left = fs::read_dir(&folder).unwrap().count();
    assert_eq!(left, 2, "no partial file is left");
}

#[test]
fn several_scenarios_are_one_page() {
    let folder = empty_folder("several");
    let page = folder.join("all.html");
    let files = ["scenarios/basics/master-crash.yaml", "scenarios/basics/graceful-stop.yaml"];
    let (code, ..) = vrrplab(&root(), &["run", files[0], files[1], "--quiet", "--report", page.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("<title>2 scenarios - vrrplab</title>"));
    assert!(page.contains(&format!("vrrplab run {} {}", files[0], files[1])));
}

#[test]
fn a_path_that_cannot_be_written_is_told_before_anything_is_played() {
    let folder = empty_folder("unwritable");
    let inside = folder.join("missing/out.html");
    for path in [inside.to_str().unwrap(), folder.to_str().unwrap()] {
        for args in [
            &["run", "scenarios/split-brain.yaml", "--report", path][..],
            &["analyze", "captures/golden/split-brain.pcapng", "--report", path],
            &["certify", "scenarios/split-brain.yaml", "--report", path],
            &["test", "scenarios/basics", "--report", path],
            &["verify", "captures/recordings/p01_basic2", "--report", path],
            &["explore", "scenarios/split-brain.yaml", "--seeds", "0..2", "--report", path],
        ] {
            let (code, out, err) = vrrplab(&root(), args);
            assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}: {err}");
            assert!(err.starts_with("error: ") && err.contains(path), "{err}");
        }
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn real_kernels_have_no_page_yet_and_it_is_said() {
    let (code, _, err) =
        vrrplab(&root(), &["run", "scenarios/split-brain.yaml", "--on", "netns", "--report", "x.html"]);
    assert_eq!(code, Some(2));
    assert!(err.starts_with("error: "), "{err}");
}
