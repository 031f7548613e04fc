//! The command line of `vrrplab`: what may be asked, and with which number it ends.
mod analyze;
mod certify;
mod check;
mod ctl;
mod diff;
mod explain;
mod explore;
mod import;
mod jobs;
mod lanes;
mod list;
mod merge;
#[cfg(target_os = "linux")]
mod netns;
mod new;
mod orders;
mod output;
mod page;
mod papers;
mod print;
#[cfg(target_os = "linux")]
mod record;
mod replay;
mod run;
mod surroundings;
mod sweep;
mod test;
mod tui;
mod typos;
mod verify;
mod when;
mod why;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
pub use output::Exit;
pub use run::{LARGE_SITE, kept_text, summary};

/// Simulates VRRP failover as keepalived does it, before production does.
#[derive(Debug, Parser)]
#[command(name = "vrrplab", version, max_term_width = 110)]
#[command(after_help = "\
Try first:
  vrrplab run scenarios/split-brain.yaml            a failure, told second by second
  vrrplab check /etc/keepalived/keepalived.conf     what is wrong with yours
  vrrplab new lb1.conf lb2.conf > pair.yaml         a scenario around yours, for `vrrplab run`

Exit codes: 0 all held, 1 an expectation, invariant or recording disagreed or a check failed, 2 bad input or nothing to run, \
3 warnings only, 4 the run was not deterministic, 130 ended by Ctrl-C.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play scenarios and check their expectations
    Run(RunArgs),
    /// Play whole folders of scenarios in parallel, one line each, for CI
    Test(test::TestArgs),
    /// Show which scenarios there are
    List(list::ListArgs),
    /// Write a scenario to start from, on standard output: an example, or one around your keepalived.conf files
    New(new::NewArgs),
    /// Read the keepalived.conf of one router or several, and say what will not work together
    Check(CheckArgs),
    /// Play a scenario and explain who became master, and why
    Why(WhyArgs),
    /// Play a scenario with thousands of other faults, drawn from seeds, and make small scenarios of what fails
    Explore(explore::ExploreArgs),
    /// Break everything once, one fault or two at a time, and tell what clients notice
    Certify(certify::CertifyArgs),
    /// Change a number of a scenario again and again, and draw what clients notice
    Sweep(sweep::SweepArgs),
    /// Tell when the failure of a seed was decided
    When(when::WhenArgs),
    /// Tell what a change of keepalived.conf files changes: findings, takeover times, outages
    Diff(diff::DiffArgs),
    /// Play every order that a small scenario leaves open, and tell what may come out
    Orders(orders::OrdersArgs),
    /// Put the summaries of `explore --shard` together, as if one machine had played all
    Merge(merge::MergeArgs),
    /// Hold the simulator against recordings of real keepalived
    Verify(VerifyArgs),
    /// Play a scenario with the real keepalived in network namespaces, and write a recording (Linux, root)
    Record(RecordArgs),
    /// Ask a running vrrplabd: status, ipvs, stats, reload, trace (Linux)
    Ctl(ctl::CtlArgs),
    /// Run the engine again on a flight recording of vrrplabd, say whether the same comes out, and make a scenario of it
    Replay(replay::ReplayArgs),
    /// Say what a capture of a real network tells: who was master when, what is wrong, and a scenario in which it happens
    Analyze(analyze::AnalyzeArgs),
    /// Print the JSON Schema of scenario files, for editors
    #[command(after_help = "\
Example: vrrplab schema > scenario.schema.json")]
    Schema,
    /// Say where a rule of the timeline comes from, what an invariant or a lint of `check` means, or what a keyword is for
    #[command(after_help = "\
Examples:
  vrrplab explain backup-timer-expired
  vrrplab explain keyword preempt_delay")]
    Explain {
        /// Rule, invariant or lint id, such as `backup-timer-expired`, or `keyword` and one of keepalived.conf; all of them when not given
        #[arg(value_name = "ID | keyword NAME", num_args = 0..=2)]
        what: Vec<String>,
    },
    /// Print a keepalived.conf as it is understood: includes and variables in place, what is ignored left out
    #[command(after_help = "\
Example: vrrplab print /etc/keepalived/keepalived.conf")]
    Print {
        /// The keepalived.conf
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Which lines `@NAME` are for this router; the name of the file without its ending when not given
        #[arg(long, value_name = "NAME")]
        config_id: Option<String>,
    },
    /// Turn another configuration into keepalived.conf
    #[command(subcommand)]
    Import(Import),
    /// Print completions for a shell
    #[command(after_help = "\
Example: vrrplab completions bash > /etc/bash_completion.d/vrrplab")]
    Completions {
        /// Which shell
        #[arg(value_enum, value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Man {
        /// The folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum Import {
    /// Cisco IOS interfaces with `standby` (HSRP) lines
    #[command(after_help = "\
Example: vrrplab import standby router.cfg > keepalived.conf")]
    Standby {
        /// The IOS configuration
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// `vrrplab run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vrrplab run scenarios/split-brain.yaml
    The timeline with the rule behind each change, the promises with their verdicts, what clients noticed.
  vrrplab run scenarios/split-brain.yaml --pcap out --quiet
    Verdicts only, and every packet in out/split-brain.pcapng for Wireshark.
  vrrplab run scenarios/split-brain.yaml --report out.html
    One page to open in a browser: lanes, packets, causes.
  vrrplab run scenarios/split-brain.yaml --lanes --quiet
    The same lanes as text: who was MASTER when, who held the addresses, what clients got.
  vrrplab run scenarios/split-brain.yaml --tui
    The run as a film in the terminal: play it, step through it, jump to the next change, see why.")]
pub struct RunArgs {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Root of all chance, instead of the scenario's own
    #[arg(long)]
    pub seed: Option<u64>,
    /// Write one pcapng for each scenario into this folder
    #[arg(long, value_name = "DIR")]
    pub pcap: Option<PathBuf>,
    /// Write the report of all runs as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write all runs as one HTML page to look at: who was master when, what clients saw, every packet, and why
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// The picture of time as text.
    #[command(flatten)]
    pub lanes: lanes::LanesArgs,
    /// Look at one run as a film in the terminal: play, step, jump to the next change, zoom
    #[arg(long, conflicts_with_all = ["lanes", "verbose"])]
    pub tui: bool,
    /// Print verdicts only
    #[arg(long, short, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print every advert and timer too
    #[arg(long, short)]
    pub verbose: bool,
    /// Run twice and compare every byte
    #[arg(long)]
    pub check_determinism: bool,
    /// Where it is played: by the simulator; by real daemons in network namespaces (Linux, root), and compared; or by
    /// vrrplabd, by keepalived and by the simulator, in one table
    #[arg(long, value_enum, default_value = "sim", value_name = "WHERE")]
    pub on: Stage,
    /// Which daemon plays with --on netns
    #[arg(long, value_enum, default_value = "vrrplabd", value_name = "WHO")]
    pub with: Player,
    /// The vrrplabd to use; the one beside this program, or in PATH, when not given
    #[arg(long, value_name = "PATH")]
    pub daemon: Option<PathBuf>,
    /// How far a real daemon's event may lie from its prediction, in milliseconds
    #[arg(long, default_value_t = 50, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub tolerance: u64,
    /// Keep what real daemons did: recordings in DIR/SCENARIO/DAEMON, for `verify`
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Print a table of hosts at a moment, as their own tools would: ipvs, conns, arp or addr; may be repeated
    #[arg(long, value_name = "VIEW@TIME[:HOST]")]
    pub show: Vec<String>,
    /// Whose tables --show prints where it names no host; all nodes when not given
    #[arg(long = "node", value_name = "HOST", requires = "show")]
    pub nodes: Vec<String>,
}

/// Where `run` plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    /// In the simulator.
    Sim,
    /// In network namespaces, by one daemon.
    Netns,
    /// In network namespaces, by both daemons.
    All,
}

/// Which daemon plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Player {
    /// Ours.
    Vrrplabd,
    /// The keepalived of this machine.
    Keepalived,
}

/// `vrrplab check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vrrplab check /etc/keepalived/keepalived.conf
    What keepalived would refuse or ignore in it, and what is wrong without keepalived saying so.
  vrrplab check lb1.conf lb2.conf --deny warnings --format github
    Whether the two work together, and how long a takeover is; any finding fails the job of a pull request.")]
pub struct CheckArgs {
    /// keepalived.conf files, one for each router
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Which lines `@NAME` are for this router; the name of the file without its ending when not given
    #[arg(long, value_name = "NAME")]
    pub config_id: Option<String>,
    /// What counts as a failure besides errors
    #[arg(long, value_enum, value_name = "WHAT")]
    pub deny: Option<Deny>,
    /// For people or for machines
    #[arg(long, value_enum, default_value = "text")]
    pub format: CheckFormat,
}

/// What `--deny` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Every warning.
    Warnings,
}

/// How `check` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// The lines themselves, with advice, and takeover times.
    Text,
    /// One object: findings, what keepalived would say, takeover times.
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
    /// Commands of GitHub Actions, for the lines of a pull request.
    Github,
}

/// `vrrplab why`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: vrrplab why scenarios/split-brain.yaml --node r2 --at 12s
  Why r2 is MASTER at 12 s: the frames, faults and timers that led to it, back to the first cause.")]
pub struct WhyArgs {
    /// Scenario file
    #[arg(value_name = "SCENARIO")]
    pub file: PathBuf,
    /// Explain the last change of state at or before this moment, such as 8.023s; all changes of master when not given
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Changes of this node only
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,
    /// Changes of this instance only
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// Root of all chance, instead of the scenario's own
    #[arg(long)]
    pub seed: Option<u64>,
    /// Print the causes as JSON
    #[arg(long)]
    pub json: bool,
}

/// `vrrplab verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vrrplab verify captures/recordings/p01_basic2
    What keepalived did and what the simulator says of it, event by event.
  vrrplab verify captures/recordings
    All recordings, one line each.")]
pub struct VerifyArgs {
    /// Recordings (folders with a `case.json`), or folders of recordings
    #[arg(required = true, value_name = "RECORDING")]
    pub recordings: Vec<PathBuf>,
    /// Which run of the recording; all when not given
    #[arg(long)]
    pub run: Option<usize>,
    /// How far an event or frame may lie from its recording, in milliseconds
    #[arg(long, default_value_t = 5, value_name = "MS")]
    pub tolerance: u64,
    /// One line for each recording, as for a folder of them
    #[arg(long, short)]
    pub quiet: bool,
    /// Write what came out as one HTML page
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Print every row as JSON
    #[arg(long, conflicts_with_all = ["quiet", "markdown"])]
    pub json: bool,
    /// Print the table of docs/fidelity.md
    #[arg(long, conflicts_with = "quiet")]
    pub markdown: bool,
}

/// `vrrplab record`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: vrrplab record scenarios/split-brain.yaml --out recorded && vrrplab verify recorded
  Plays it with the keepalived of this machine, in network namespaces, and compares.")]
pub struct RecordArgs {
    /// Scenario file
    #[arg(value_name = "SCENARIO", required_unless_present = "cleanup")]
    pub file: Option<PathBuf>,
    /// Folder for the recording; it must be empty or new
    #[arg(long, value_name = "DIR", required_unless_present = "cleanup")]
    pub out: Option<PathBuf>,
    /// How often to play it
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=99))]
    pub runs: u8,
    /// Remove what recordings that were killed have left behind
    #[arg(long, conflicts_with_all = ["file", "out"])]
    pub cleanup: bool,
}

/// Does what was asked.
pub fn dispatch(cli: &Cli) -> Exit {
    let done = match &cli.command {
        Command::Run(args) if args.on != Stage::Sim => on_real_kernels(args),
        Command::Run(args) => run::run(args),
        Command::Test(args) => test::test(args),
        Command::List(args) => list::list(args),
        Command::New(args) => new::new(args),
        Command::Check(args) => check::check(args),
        Command::Why(args) => why::why(args),
        Command::Explore(args) => explore::explore(args),
        Command::Certify(args) => certify::certify(args),
        Command::Sweep(args) => sweep::sweep(args),
        Command::When(args) => when::when(args),
        Command::Diff(args) => diff::diff(args),
        Command::Orders(args) => orders::orders(args),
        Command::Merge(args) => merge::merge(args),
        Command::Verify(args) => verify::verify(args),
        Command::Record(args) => record(args),
        Command::Ctl(args) => ctl::ctl(args),
        Command::Replay(args) => replay::replay(args),
        Command::Analyze(args) => analyze::analyze(args),
        Command::Schema => output::say(&vrrplab_formats::scenario::schema()).map(|()| Exit::Held),
        Command::Explain { what } => explain::explain(what),
        Command::Print { file, config_id } => print::print(file, config_id.as_deref()),
        Command::Import(Import::Standby { file }) => import::standby(file),
        Command::Completions { shell } => papers::completions(*shell),
        Command::Man { folder } => papers::pages(folder),
    };
    done.unwrap_or_else(output::exit_of)
}

#[cfg(target_os = "linux")]
fn on_real_kernels(args: &RunArgs) -> std::io::Result<Exit> {
    let asked = [("--report", args.report.is_some()), ("--lanes", args.lanes.lanes), ("--tui", args.tui)];
    if let Some((option, _)) = asked.iter().find(|(_, asked)| *asked) {
        output::tell(&format!(
            "error: {option} shows what the simulator saw; it has nothing for --on netns or --on all\n"
        ));
        return Ok(Exit::BadInput);
    }
    netns::run(args)
}

/// Namespaces are Linux's.
#[cfg(not(target_os = "linux"))]
fn on_real_kernels(_args: &RunArgs) -> std::io::Result<Exit> {
    output::tell("error: --on netns needs Linux with network namespaces\n");
    Ok(Exit::BadInput)
}

#[cfg(target_os = "linux")]
fn record(args: &RecordArgs) -> std::io::Result<Exit> {
    record::run(args)
}

/// Namespaces are Linux's.
#[cfg(not(target_os = "linux"))]
fn record(_args: &RecordArgs) -> std::io::Result<Exit> {
    output::tell("error: recording needs Linux with network namespaces\n");
    Ok(Exit::BadInput)
}
