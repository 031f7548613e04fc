//! What packages need besides the program: its manual page and completions for shells, made of the options themselves.
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Args, NAME};

/// What is printed or written instead of running, where that is asked for.
pub(super) fn asked(args: &Args) -> Option<ExitCode> {
    let done = match (args.completions, &args.man) {
        (Some(shell), _) => print(&completions(shell)),
        (None, Some(folder)) => write_page(folder),
        (None, None) => return None,
    };
    Some(match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    })
}

fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), NAME, &mut text);
    text
}

fn print(text: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text).and_then(|()| out.flush())
}

/// Daemons are in section 8.
fn write_page(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    Man::new(Args::command()).section("8").manual("vrrplab").generate_to(folder).map(drop)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_option_says_what_it_is_for() {
        for option in Args::command().get_arguments() {
            assert!(option.get_help().is_some_and(|help| !help.to_string().is_empty()), "{}", option.get_id());
        }
    }

    #[test]
    fn the_page_has_every_option_that_is_not_hidden() {
        let folder = std::env::temp_dir().join(format!("vrrplabd-man-{}", std::process::id()));
        write_page(&folder).unwrap();
        let page = std::fs::read_to_string(folder.join("vrrplabd.8")).unwrap().replace("\\-", "-");
        for option in Args::command().get_arguments() {
            let long = format!("--{}", option.get_long().unwrap());
            assert_eq!(page.contains(&long), !option.is_hide_set(), "{long}");
        }
        assert!(page.contains("Exit codes: 0 stopped") && page.contains("vrrplabd --check"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_shell_completes_the_options() {
        for shell in Shell::value_variants() {
            let text = String::from_utf8(completions(*shell)).unwrap();
            assert!(text.contains("keep-capabilities") && text.contains("verbose"), "{shell}");
        }
    }
}
