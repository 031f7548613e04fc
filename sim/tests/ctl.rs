//! `vrrplab ctl` against daemons that answer, refuse, talk nonsense or are not there.
#![cfg(target_os = "linux")]
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

use vrrplab_formats::control::{Answer, Code, Ipvs, News, Said, Told, Tracing};

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

fn ctl(socket: &Path, args: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    let output = command.arg("ctl").args(args).arg("--socket").arg(socket).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn socket(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("vrrplab-ctl-{}-{name}.sock", std::process::id()));
    let _ = fs::remove_file(&path);
    path
}

/// Says the same to one client, whatever it asks; what was asked comes out.
fn daemon(path: &Path, words: String) -> JoinHandle<String> {
    let listener = UnixListener::bind(path).unwrap();
    let path = path.to_owned();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut asked = String::new();
        BufReader::new(&stream).read_line(&mut asked).unwrap();
        (&stream).write_all(words.as_bytes()).unwrap();
        let _ = fs::remove_file(path);
        asked
    })
}

#[test]
fn where_nobody_listens_the_exit_code_is_2_and_help_is_given() {
    let path = socket("nobody");
    let ended = ctl(&path, &["status"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.contains("is vrrplabd running?"), "{}", ended.err);
    drop(UnixListener::bind(&path).unwrap());
    let ended = ctl(&path, &["status"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("has ended without a farewell"), "{}", ended.err);
    fs::remove_file(path).unwrap();
    assert_eq!(ctl(Path::new("x"), &["statsu"]).code, Some(2));
}

#[test]
fn an_answer_is_printed_for_people_or_as_it_came() {
    let path = socket("ipvs");
    let line = Answer::new(Said::Ipvs(Ipvs::default())).line();
    let asked = daemon(&path, line.clone());
    let ended = ctl(&path, &["ipvs"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "no virtual servers\n"));
    assert_eq!(asked.join().unwrap(), "vrrplab/1 ipvs\n");
    let asked = daemon(&path, line.clone());
    let ended = ctl(&path, &["ipvs", "--json"]);
    assert_eq!((ended.code, ended.out), (Some(0), line));
    asked.join().unwrap();
}

#[test]
fn a_daemon_that_says_no_makes_the_exit_code_1() {
    let path = socket("no");
    let asked = daemon(&path, Answer::refused(Code::ConfigurationRefused, "the old one stays").line());
    let ended = ctl(&path, &["reload"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), "error: the old one stays\n"));
    asked.join().unwrap();
}

#[test]
fn one_that_talks_nonsense_or_another_version_or_nothing_makes_it_2() {
    let path = socket("nonsense");
    let other = Answer { vrrplab: 9, said: Said::Ipvs(Ipvs::default()) }.line();
    let stories = [
        ("SSH-2.0-OpenSSH\n".to_owned(), "does not speak as vrrplabd does"),
        (other, "speaks version 9, this is 1"),
        (String::new(), "says nothing"),
    ];
    for (words, told) in stories {
        let asked = daemon(&path, words);
        let ended = ctl(&path, &["ipvs"]);
        assert_eq!(ended.code, Some(2));
        assert!(ended.err.contains(told), "{}", ended.err);
        asked.join().unwrap();
    }
}

#[test]
fn a_trace_is_printed_until_the_daemon_ends() {
    let path = socket("trace");
    let told = |from: &str, to: &str| {
        let news = News::Transition { from: from.into(), to: to.into() };
        let rule = "backup-timer-expired".to_owned();
        Answer::new(Said::Trace(Told { unix_ms: 1_700_000_000_123, instance: Some("VI_1".into()), rule, news })).line()
    };
    let begin = Answer::new(Said::Tracing(Tracing { listeners: 1 })).line();
    let asked = daemon(&path, begin + &told("BACKUP", "MASTER") + &told("MASTER", "FAULT"));
    let ended = ctl(&path, &["trace"]);
    let expected = "following changes of state and priority; Ctrl-C ends it\n\
                    22:13:20.123Z VI_1 BACKUP -> MASTER (backup-timer-expired)\n\
                    22:13:20.123Z VI_1 MASTER -> FAULT (backup-timer-expired)\n";
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), expected));
    assert_eq!(asked.join().unwrap(), "vrrplab/1 trace\n");
}
