//! `--lanes` and `--tui` as their users meet them: the picture as text wherever it goes, and a terminal that is left as it was.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A command that knows nothing of this machine's terminal and locale.
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.args(args).current_dir(root()).stdin(Stdio::null());
    for name in ["COLUMNS", "LC_ALL", "LC_CTYPE", "LANG", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"] {
        command.env_remove(name);
    }
    command
}

/// Exit code, standard output and standard error.
fn ended(mut command: Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn vrrplab(args: &[&str]) -> (Option<i32>, String, String) {
    ended(command(args))
}

/// The output without what `--quiet` prints too.
fn lanes(out: &str) -> &str {
    out.split("ok   ").next().unwrap()
}

#[test]
fn the_page_shows_what_is_printed() {
    let pages = ["docs/lanes.md", "docs/tutorial.md"].map(|page| fs::read_to_string(root().join(page)).unwrap());
    let page = pages.concat();
    let shown = |command: &str| {
        let (_, rest) = page.split_once(&format!("```sh\n{command}\n```\n")).unwrap_or_else(|| panic!("{command}"));
        rest.split_once("```text\n").unwrap().1.split_once("```").unwrap().0.to_owned()
    };
    for line in [
        "vrrplab run scenarios/split-brain.yaml --lanes --quiet",
        "vrrplab run scenarios/basics/master-crash.yaml --lanes --quiet",
        "vrrplab run scenarios/basics/three-routers.yaml --lanes --quiet --width 100 --ascii",
    ] {
        let mut command = command(&line.split(' ').skip(1).collect::<Vec<_>>());
        let (code, out, _) = ended({
            command.env("LANG", "C.UTF-8");
            command
        });
        assert_eq!(code, Some(0));
        assert_eq!(lanes(&out), shown(line), "{line}");
    }
}

#[test]
fn a_log_gets_80_columns_of_ascii_without_colour() {
    let (code, out, err) = vrrplab(&["run", "scenarios/split-brain.yaml", "--lanes", "--quiet"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let picture = lanes(&out);
    assert!(picture.is_ascii() && !picture.contains('\x1b'), "{picture}");
    assert_eq!(picture.lines().map(str::len).max(), Some(80));
    let r2 = picture.lines().find(|line| line.starts_with("r2 VI_1")).unwrap();
    assert_eq!(r2, "r2 VI_1         B--------------------------M################B-------------------");
}

#[test]
fn the_width_is_that_of_the_option_or_of_columns_and_the_run_is_the_same() {
    let widest = |columns: Option<&str>, options: &[&str]| {
        let mut command = command(&[&["run", "scenarios/split-brain.yaml", "--lanes", "--quiet"], options].concat());
        let (_, out, _) = ended({
            columns.map(|columns| command.env("COLUMNS", columns));
            command
        });
        let digest = out.split("digest ").nth(1).map(|rest| rest[..32].to_owned());
        (lanes(&out).lines().map(str::len).max(), digest.unwrap())
    };
    let (_, digest) = widest(None, &[]);
    assert_eq!(widest(Some("120"), &[]), (Some(120), digest.clone()));
    assert_eq!(widest(Some("120"), &["--width", "60"]), (Some(60), digest.clone()));
    assert_eq!(widest(Some("wide"), &[]), (Some(80), digest));
    let (code, out, err) = vrrplab(&["run", "scenarios/split-brain.yaml", "--lanes", "--width", "5"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("5 is not in 40..=1000"), "{err}");
}

#[test]
fn colour_is_where_it_is_asked_for_and_no_color_takes_it_away() {
    let coloured = |names: &[(&str, &str)]| {
        let mut command = command(&["run", "scenarios/split-brain.yaml", "--lanes", "--quiet"]);
        let (_, out, _) = ended({
            command.envs(names.iter().copied());
            command
        });
        out.contains('\x1b')
    };
    assert!(!coloured(&[]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("NO_COLOR", "1")]));
}

#[test]
fn a_test_that_fails_is_drawn_below_its_failure() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lanes");
    fs::create_dir_all(&folder).unwrap();
    let text = fs::read_to_string(root().join("scenarios/basics/master-crash.yaml")).unwrap();
    fs::write(folder.join("good.yaml"), &text).unwrap();
    fs::write(
        folder.join("broken.yaml"),
        text.replace("node: r2, state: MASTER, at: 11024ms", "node: r2, state: MASTER, at: 9s"),
    )
    .unwrap();
    let path = folder.to_str().unwrap();
    let (code, out, _) = vrrplab(&["test", path, "--lanes"]);
    assert_eq!(code, Some(1));
    assert_eq!(out.matches("r2 VI_1         B-").count(), 1, "{out}");
    let (_, failure) = out.split_once("broken.yaml:").unwrap();
    let picture: Vec<&str> = failure.lines().filter(|line| line.starts_with("      r")).collect();
    assert_eq!(picture.len(), 3, "{failure}");
    assert!(picture[0].starts_with("      r1 VI_1         B") && picture[2].starts_with("      repeat: "), "{failure}");
    assert!(picture.iter().take(2).all(|line| line.len() == 80), "{failure}");
    let (_, out, _) = vrrplab(&["test", path]);
    assert!(!out.contains("r2 VI_1   "), "{out}");
}

#[test]
fn a_film_needs_one_scenario_and_a_terminal() {
    let (code, out, err) = vrrplab(&["run", "scenarios/split-brain.yaml", "--tui"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(
        err,
        "error: --tui needs a terminal, and standard output is none; --lanes prints the same picture as text\n"
    );
    let (code, _, err) = vrrplab(&["run", "scenarios/split-brain.yaml", "scenarios/basics/link-cut.yaml", "--tui"]);
    assert_eq!(code, Some(2));
    assert_eq!(err, "error: --tui shows one scenario; name only one\n");
    for option in ["--lanes", "--tui"] {
        let (code, _, err) = vrrplab(&["run", "scenarios/split-brain.yaml", "--on", "netns", option]);
        assert_eq!(code, Some(2));
        assert!(err.starts_with(&format!("error: {option} shows what the simulator saw")), "{err}");
    }
}

#[cfg(target_os = "linux")]
mod terminal {
    //! A real pseudo-terminal of 100 columns and 30 lines.
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::fd::OwnedFd;
    use std::process::{Child, Stdio};
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;
    use std::time::Duration;

    use nix::pty::{Winsize, openpty};
    use nix::sys::signal::{Signal, kill};
    use nix::sys::termios::{LocalFlags, Termios, tcgetattr};
    use nix::unistd::Pid;

    /// Nobody waits longer for something to be seen.
    const PATIENCE: Duration = Duration::from_secs(30);

    struct Terminal {
        child: Child,
        keys: File,
        /// Kept open, so that its settings can be asked for after the end.
        own: OwnedFd,
        screen: Receiver<Vec<u8>>,
        /// What was printed and not yet waited for.
        seen: String,
        /// All that was printed.
        all: String,
    }

    impl Drop for Terminal {
        fn drop(&mut self) {
            let _ = self.child.kill(); // of a test that failed
            let _ = self.child.wait();
        }
    }

    impl Terminal {
        fn open(args: &[&str], names: &[(&str, &str)]) -> Terminal {
            let size = Winsize { ws_row: 30, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
            let pair = openpty(Some(&size), None).unwrap();
            let slave = || Stdio::from(pair.slave.try_clone().unwrap());
            let mut command = super::command(args);
            command.stdin(slave()).stdout(slave()).stderr(slave()).env("TERM", "xterm").envs(names.iter().copied());
            let child = command.spawn().unwrap();
            let (mut from, keys) = (File::from(pair.master.try_clone().unwrap()), File::from(pair.master));
            let (sender, screen) = channel();
            thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(read @ 1..) = from.read(&mut bytes) {
                    if sender.send(bytes[..read].to_vec()).is_err() {
                        break;
                    }
                }
            });
            Terminal { child, keys, own: pair.slave, screen, seen: String::new(), all: String::new() }
        }

        /// Waits until these words were printed, after all that was waited for before.
        #[track_caller]
        fn until(&mut self, words: &str) -> String {
            loop {
                if let Some((before, after)) = self.seen.clone().split_once(words) {
                    self.seen = after.to_owned();
                    return before.to_owned();
                }
                self.receive(words);
            }
        }

        /// Waits until a line of the screen has these words.
        #[track_caller]
        fn shows(&mut self, words: &str) {
            while !screen(&self.all).iter().any(|line| line.contains(words)) {
                self.receive(words);
            }
            self.seen.clear();
        }

        #[track_caller]
        fn receive(&mut self, words: &str) {
            let bytes = self.screen.recv_timeout(PATIENCE);
            let bytes = bytes.unwrap_or_else(|why| panic!("no `{words}` ({why}):\n{}", screen(&self.all).join("\n")));
            let text = String::from_utf8_lossy(&bytes);
            self.seen += &text;
            self.all += &text;
        }

        fn press(&mut self, keys: &str) {
            self.keys.write_all(keys.as_bytes()).unwrap();
        }

        fn settings(&self) -> Termios {
            tcgetattr(&self.own).unwrap()
        }

        fn code(&mut self) -> Option<i32> {
            self.child.wait().unwrap().code()
        }
    }

    /// The screen after all this was printed on it, in ASCII: letters, and where the cursor is moved to.
    fn screen(printed: &str) -> Vec<String> {
        let mut cells = vec![vec![' '; 100]; 30];
        let (mut row, mut column): (usize, usize) = (0, 0);
        let mut letters = printed.chars();
        while let Some(letter) = letters.next() {
            if letter == '\x1b' {
                let code: String = letters.by_ref().take_while(|letter| !letter.is_ascii_alphabetic()).collect();
                let place =
                    code.trim_start_matches('[').split_once(';').map(|(down, right)| (down.parse(), right.parse()));
                if let Some((Ok(down @ 1..=30), Ok(right @ 1..=100))) = place {
                    (row, column) = (down - 1, right - 1);
                }
            } else if let Some(cell) = cells[row].get_mut(column) {
                *cell = letter;
                column += 1;
            }
        }
        cells.into_iter().map(|line| line.into_iter().collect()).collect()
    }

    const ENTERED: &str = "\x1b[?1049h";
    const LEFT: &str = "\x1b[?1049l";
    const CURSOR: &str = "\x1b[?25h";

    fn is_raw(settings: &Termios) -> bool {
        !settings.local_flags.intersects(LocalFlags::ICANON | LocalFlags::ECHO)
    }

    #[test]
    fn a_film_plays_and_leaves_the_terminal_as_it_was() {
        let mut terminal = Terminal::open(&["run", "scenarios/split-brain.yaml", "--tui"], &[]);
        terminal.until(ENTERED);
        terminal.shows("paused 1x  0.000000 of 26.000000 s");
        terminal.shows("r1 VI_1         B");
        assert!(is_raw(&terminal.settings()));
        terminal.press("nnn");
        terminal.shows("r1 VI_1 became MASTER because its down timer of");
        terminal.press(">>>> "); // what is left of 26 s is over in half a second, at sixty times the speed
        terminal.shows("paused 60x  26.000000 of 26.000000 s");
        terminal.press("q");
        let film = terminal.until(CURSOR);
        assert!(!film.contains(LEFT), "the cursor is shown first");
        terminal.until(LEFT);
        terminal.until("split-brain: 11 of 11 expectations held");
        assert_eq!(terminal.code(), Some(0));
        assert!(!is_raw(&terminal.settings()));
    }

    #[test]
    fn ctrl_c_and_signals_leave_it_as_it_was_too() {
        for signal in [None, Some(Signal::SIGTERM), Some(Signal::SIGINT)] {
            let mut terminal = Terminal::open(&["run", "scenarios/split-brain.yaml", "--tui"], &[]);
            terminal.until("paused 1x");
            match signal {
                None => terminal.press("\x03"),
                Some(signal) => kill(Pid::from_raw(terminal.child.id().try_into().unwrap()), signal).unwrap(),
            }
            terminal.until(LEFT);
            assert_eq!(terminal.code(), Some(130), "{signal:?}");
            assert!(!is_raw(&terminal.settings()), "{signal:?}");
        }
    }

    /// Its window was closed, or its connection is gone.
    #[test]
    fn a_film_whose_terminal_is_gone_ends() {
        let pair = openpty(None, None).unwrap();
        // not for the film to inherit, which `openpty` leaves it
        let mut screen = File::from(pair.master.try_clone().unwrap());
        drop(pair.master);
        let mut film = super::command(&["run", "scenarios/split-brain.yaml", "--tui"]);
        let slave = || Stdio::from(pair.slave.try_clone().unwrap());
        film.stdin(slave()).stdout(slave()).stderr(slave()).env("TERM", "xterm");
        let mut child = film.spawn().unwrap();
        drop((film, pair.slave));
        let (mut seen, mut bytes) = (String::new(), [0; 4096]);
        while !seen.contains(ENTERED) {
            let read = screen.read(&mut bytes).unwrap();
            seen += &String::from_utf8_lossy(&bytes[..read]);
        }
        drop(screen);
        let (mut code, mut waited) = (None, Duration::ZERO);
        while code.is_none() && waited < PATIENCE {
            code = child.try_wait().unwrap();
            thread::sleep(Duration::from_millis(20));
            waited += Duration::from_millis(20);
        }
        let _ = child.kill(); // of a test that failed
        child.wait().unwrap();
        assert_eq!(code.and_then(|code| code.code()), Some(130));
    }

    #[test]
    fn the_verdict_is_the_exit_code_after_a_film() {
        let mut terminal = Terminal::open(&["run", "scenarios/canary-must-fail.yaml", "--tui"], &[]);
        terminal.until("paused 1x");
        terminal.press("q");
        terminal.until("FAIL");
        assert_eq!(terminal.code(), Some(1));
    }

    #[test]
    fn no_color_is_heard_by_films_and_pictures() {
        let colours = |args: &[&str], names: &[(&str, &str)], end: &str| {
            let mut terminal = Terminal::open(args, names);
            if args.contains(&"--tui") {
                terminal.shows("q quit");
                terminal.press("nnn");
                terminal.shows("backup-timer-expired");
                terminal.press("q");
            }
            terminal.until(end);
            terminal.code();
            let shown = &terminal.all;
            shown.contains("\x1b[1;36m") || shown.contains("\x1b[36m") || shown.contains("38;5;6")
        };
        let (film, picture) =
            (["run", "scenarios/split-brain.yaml", "--tui"], ["run", "scenarios/split-brain.yaml", "--lanes", "-q"]);
        assert!(colours(&picture, &[], "digest"));
        assert!(!colours(&picture, &[("NO_COLOR", "1")], "digest"));
        assert!(colours(&film, &[], "digest"));
        assert!(!colours(&film, &[("NO_COLOR", "1")], "digest"));
    }

    #[test]
    fn a_picture_is_as_wide_as_the_terminal() {
        let mut terminal =
            Terminal::open(&["run", "scenarios/split-brain.yaml", "--lanes", "-q"], &[("NO_COLOR", "1")]);
        let picture = terminal.until("ok   ");
        assert_eq!(picture.lines().map(|line| line.trim_end_matches('\r').len()).max(), Some(100), "{picture}");
        terminal.until("repeat");
        terminal.code();
    }
}
