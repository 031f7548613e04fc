//! Commands that do not exist are answered with the one that was probably meant, and files with what can be done with them.
use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};
use vrrplab_formats::diagnostics::nearest;

use super::Cli;

impl Cli {
    /// What this process was asked; when that is nothing that can be done, says so and ends.
    pub fn read() -> Cli {
        let args: Vec<OsString> = std::env::args_os().collect();
        Cli::understand(&args).unwrap_or_else(|error| error.exit())
    }

    fn understand(args: &[OsString]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(args).map_err(|mut error| {
            let word = args.get(1).map(|word| word.to_string_lossy());
            if let (ErrorKind::InvalidSubcommand, Some(word)) = (error.kind(), word)
                && error.get(ContextKind::InvalidSubcommand) == Some(&ContextValue::String(word.to_string()))
            {
                answer(&mut error, &word);
            }
            error
        })
    }
}

/// One command is named: the nearest by letters left out, added, changed or swapped.
fn answer(error: &mut clap::Error, word: &str) {
    let cli = Cli::command();
    let names = cli.get_subcommands().filter(|command| !command.is_hide_set()).map(|command| command.get_name());
    if let Some(near) = nearest(word, names) {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![near.to_owned()]));
    } else if let Some(command) = command_for(word) {
        error.remove(ContextKind::SuggestedSubcommand);
        let tip = format!("it looks like a file: 'vrrplab {command} {word}'");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
}

/// What is done with a file of this name.
fn command_for(word: &str) -> Option<&'static str> {
    match Path::new(word).extension()?.to_str()? {
        "yaml" | "yml" => Some("run"),
        "conf" => Some("check"),
        "pcap" | "pcapng" => Some("analyze"),
        "flight" => Some("replay"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer to a command line, without its colours.
    fn answer_to(args: &[&str]) -> String {
        let args: Vec<OsString> = ["vrrplab"].iter().chain(args).map(OsString::from).collect();
        Cli::understand(&args).unwrap_err().render().to_string()
    }

    #[track_caller]
    fn answers(args: &[&str], tip: &str) {
        let answer = answer_to(args);
        let tips: Vec<&str> = answer.lines().filter_map(|line| line.trim_start().strip_prefix("tip: ")).collect();
        assert_eq!(tips, [tip], "{answer}");
    }

    #[test]
    fn a_typo_is_answered_with_the_nearest_command_and_no_other() {
        answers(&["rnu", "story.yaml"], "a similar subcommand exists: 'run'");
        answers(&["explian"], "a similar subcommand exists: 'explain'");
        answers(&["certfy"], "a similar subcommand exists: 'certify'");
        answers(&["import", "stadnby"], "a similar subcommand exists: 'standby'");
        answers(&["run", "story.yaml", "--lane"], "a similar argument exists: '--lanes'");
        answers(&["completions", "bsh"], "a similar value exists: 'bash'");
    }

    #[test]
    fn a_file_in_the_place_of_a_command_is_answered_with_what_can_be_done_with_it() {
        answers(&["scenarios/split-brain.yaml"], "it looks like a file: 'vrrplab run scenarios/split-brain.yaml'");
        answers(&["lb1.conf", "lb2.conf"], "it looks like a file: 'vrrplab check lb1.conf'");
        answers(&["trace.pcapng"], "it looks like a file: 'vrrplab analyze trace.pcapng'");
    }

    #[test]
    fn what_is_like_nothing_gets_no_tip() {
        let answer = answer_to(&["xyzzy"]);
        assert!(answer.contains("unrecognized subcommand 'xyzzy'") && !answer.contains("tip: "), "{answer}");
    }

    #[test]
    fn nothing_asked_is_answered_with_what_to_try() {
        let answer = answer_to(&[]);
        for words in ["Usage: vrrplab <COMMAND>", "Try first:", "vrrplab run scenarios/split-brain.yaml"] {
            assert!(answer.contains(words), "{answer}");
        }
    }
}
