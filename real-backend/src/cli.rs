//! The command line of `vrrplabd`.
mod papers;

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use caps::errors::CapsError;
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, ValueEnum};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::model::health::CheckKind;
use vrrplab_formats::control::SOCKET;
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::flight::Configuration;

use crate::clock;
use crate::config::{NO_FILE, REFUSED, Source};
use crate::daemon::{Daemon, notify_manager};
use crate::host::routes::left_out;
use crate::netlink::Netlink;
use crate::operators::{NOWHERE, Operators};
use crate::privilege::Privileges;
use crate::recorder::{DEFAULT_LIMIT, Recorder};
use crate::script::hook::{self, Asked};
use crate::script::security;

/// The name in the journal.
const NAME: &str = "vrrplabd";
/// What the names of the journal's fields begin with.
const FIELDS: &str = "VRRPLABD";

/// VRRP from a keepalived.conf, with the engine of the vrrplab simulator.
#[derive(Debug, Parser)]
#[command(
    name = "vrrplabd",
    version,
    after_help = "\
Examples:
  vrrplabd --check -f /etc/keepalived/keepalived.conf
    What `keepalived -t` would say of it.
  vrrplabd -f /etc/keepalived/keepalived.conf --log journald
    Takes part in VRRP, and writes to the journal.

Exit codes: 0 stopped, 1 the system refused something that is needed, 2 the configuration is refused, 6 it cannot be read. \
With --check: what `keepalived -t` exits with, 6 where the file cannot be read."
)]
pub struct Args {
    /// The configuration.
    #[arg(short = 'f', long, value_name = "FILE", default_value = "/etc/keepalived/keepalived.conf")]
    pub config: PathBuf,
    /// Reads the configuration, says what is wrong with it, and ends.
    #[arg(short = 't', long)]
    pub check: bool,
    /// Whose lines beginning with `@` are read; the host's name up to the first dot where absent.
    #[arg(short = 'i', long, value_name = "ID")]
    pub config_id: Option<String>,
    /// Stays in the foreground, which it always does.
    #[arg(short = 'n', long)]
    pub foreground: bool,
    /// How log lines look.
    #[arg(long, value_enum, default_value = "text")]
    pub log: LogFormat,
    /// Where `vrrplab ctl` asks; `none` for nowhere. Where it is not given and cannot be had, that is a warning.
    #[arg(long, value_name = "PATH", default_value = SOCKET)]
    pub control: PathBuf,
    /// Serves metrics for Prometheus at http://ADDRESS:PORT/metrics. There is no password: keep it to 127.0.0.1 or a firewall.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics: Option<SocketAddr>,
    /// Also says what is normal: timers, started scripts.
    #[arg(short = 'v', long)]
    pub verbose: bool,
    /// Records everything that the engine is told and does, for `vrrplab replay`; what is in the file already stays.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Ends the recording when its file is so large: bytes, or with K, M or G; 1G where absent.
    #[arg(long, value_name = "SIZE", requires = "record", value_parser = size)]
    pub record_limit: Option<u64>,
    /// Keeps all capabilities, for programs or a reload that need more than the configuration shows at start.
    #[arg(long)]
    pub keep_capabilities: bool,
    /// Prints completions for a shell.
    #[arg(long, value_enum, value_name = "SHELL", exclusive = true)]
    pub completions: Option<clap_complete::Shell>,
    /// Writes the manual page into this folder.
    #[arg(long, value_name = "DIR", exclusive = true, hide = true)]
    pub man: Option<PathBuf>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// An object on each line.
    Json,
    /// The journal of systemd, with fields such as VRRPLABD_RULE.
    Journald,
}

/// Runs the command.
pub fn run() -> ExitCode {
    let matches = Args::command().get_matches();
    let args = Args::from_arg_matches(&matches).unwrap_or_else(|why| why.exit());
    if let Some(printed) = papers::asked(&args) {
        return printed;
    }
    start_log(&args);
    let source = Source::new(&args.config, args.config_id.as_deref());
    let netlink = match Netlink::open() {
        Ok(netlink) => netlink,
        Err(why) => return failed(&format!("the kernel does not tell its interfaces: {why}")),
    };
    let interfaces = netlink.table().interfaces();
    let read = if args.check { source.read(interfaces) } else { source.read_early(interfaces) };
    let read = match read {
        Ok(read) => read,
        Err(why) => {
            eprintln!("error: {}: {why}", args.config.display());
            return ExitCode::from(NO_FILE);
        }
    };
    let is_read_again = !args.check && read.model.as_ref().is_some_and(|model| model.globals.startup.is_some());
    if !is_read_again {
        show(&read.report);
    }
    if args.check {
        return ExitCode::from(read.report.keepalived_exit());
    }
    match read.model {
        Some(model) => {
            let asked = matches.value_source("control") == Some(ValueSource::CommandLine);
            let doors = Operators { control: &args.control, must: asked, metrics: args.metrics };
            serve(&args, source, netlink, model, read.configuration, &doors)
        }
        None => ExitCode::from(REFUSED),
    }
}

fn serve(
    args: &Args,
    source: Source,
    mut netlink: Netlink,
    mut model: NodeModel,
    mut configuration: Configuration,
    operators: &Operators<'_>,
) -> ExitCode {
    // nothing but this thread is there yet: what it gives up, nobody has
    let privileges = match reduce(args, &model, &configuration) {
        Ok(privileges) => privileges,
        Err(why) => {
            return failed(&format!("capabilities cannot be given up (--keep-capabilities leaves them): {why}"));
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => return failed(&why.to_string()),
    };
    if let Some(startup) = &model.globals.startup {
        match runtime.block_on(hook::run_first(startup, &model.globals)) {
            Ok(Asked::Stop) => return stopped_early(&model),
            Ok(Asked::Reload) => tracing::info!("Reloading: the startup script is not waited for"),
            Ok(Asked::Nothing) => {}
            Err(why) => return failed(&why.to_string()),
        }
        match read_again(&source, &mut netlink) {
            Ok(read) => (model, configuration) = read,
            Err(code) => return code,
        }
    }
    let whole = model.clone();
    for told in security::prune(&mut model).into_iter().chain(not_done_yet(&model)) {
        tracing::warn!("{told}");
    }
    configuration.note_untracked(&whole, &model);
    let recorder = recorder(args, configuration);
    let done = runtime.block_on(async {
        tracing::info!(version = env!("CARGO_PKG_VERSION"), config = %source.path().display(), "Starting");
        let (asks, _open) = operators.open().await?;
        let mut daemon = Daemon::start(source, netlink, model, recorder)?;
        daemon.hear_operators(asks);
        daemon.has_reduced(privileges);
        notify_manager(&[sd_notify::NotifyState::Ready]);
        daemon.run().await
    });
    runtime.shutdown_background();
    match done {
        Ok(()) => {
            tracing::info!("Stopped");
            ExitCode::SUCCESS
        }
        Err(why) => failed(&why.to_string()),
    }
}

/// The daemon was told to stop before it has begun.
fn stopped_early(model: &NodeModel) -> ExitCode {
    tracing::info!("Stopping");
    notify_manager(&[sd_notify::NotifyState::Stopping]);
    if let Some(shutdown) = &model.globals.shutdown {
        hook::run("shutdown script", shutdown, &model.globals);
    }
    tracing::info!("Stopped");
    ExitCode::SUCCESS
}

/// The start-up script may have made interfaces, and changed the configuration.
fn read_again(source: &Source, netlink: &mut Netlink) -> Result<(NodeModel, Configuration), ExitCode> {
    netlink.news().map_err(|why| failed(&format!("the kernel does not tell its interfaces: {why}")))?;
    let read = source.read(netlink.table().interfaces());
    let read = read.map_err(|why| failed(&format!("the configuration cannot be read again: {why}")))?;
    show(&read.report);
    let configuration = read.configuration;
    read.model.map(|model| (model, configuration)).ok_or(ExitCode::from(REFUSED))
}

fn reduce(args: &Args, model: &NodeModel, configuration: &Configuration) -> Result<Privileges, CapsError> {
    if args.keep_capabilities {
        return Ok(Privileges::default());
    }
    let control = Some(&args.control).filter(|path| path.as_path() != Path::new(NOWHERE));
    let written: Vec<PathBuf> = args.record.iter().chain(control).cloned().collect();
    Privileges::reduce(model, configuration, &written)
}

/// The recorder that is asked for. Without one the daemon works as well, so it starts all the same.
fn recorder(args: &Args, configuration: Configuration) -> Option<Recorder> {
    let path = args.record.as_ref()?;
    match Recorder::open(path, args.record_limit.unwrap_or(DEFAULT_LIMIT)) {
        Ok(mut recorder) => {
            recorder.begin(clock::now(), clock::wall(), configuration);
            Some(recorder)
        }
        Err(why) => {
            tracing::error!(path = %path.display(), %why, "nothing is recorded: the file cannot be used");
            None
        }
    }
}

/// A number of bytes, such as `100M`.
fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.strip_suffix(['K', 'M', 'G']) {
        None => (text, 1),
        Some(number) if text.ends_with('K') => (number, 1 << 10),
        Some(number) if text.ends_with('M') => (number, 1 << 20),
        Some(number) => (number, 1 << 30),
    };
    let number: u64 = number.parse().map_err(|_| "a size is a number, and K, M or G where wanted".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "no file is that large".to_owned())
}

/// What the configuration asks for and this version leaves undone.
fn not_done_yet(model: &NodeModel) -> Vec<String> {
    let statics = &model.statics;
    let checks = || model.servers.iter().flat_map(|server| &server.real_servers).flat_map(|real| &real.checks);
    let follows = checks().any(|check| matches!(check.kind, CheckKind::Bfd(_)));
    let matches = checks().any(|check| match &check.kind {
        CheckKind::Http(http) => http.urls.iter().any(|url| url.regex.is_some()),
        _ => false,
    });
    let undone = [
        (follows, "BFD_CHECK: its servers stay as they begin"),
        (matches, "regex of HTTP_GET and SSL_GET: every page matches"),
        (!model.bfds.is_empty(), "BFD sessions; those that are tracked stay down"),
        (!statics.groups.is_empty(), "track_group: no instance follows what is static"),
        (!model.globals.mail.to.is_empty(), "mails; they are named in the log"),
    ];
    let said = undone.into_iter().filter(|(asked, _)| *asked).map(|(_, what)| what.to_owned());
    said.chain(left_out(model)).map(|what| format!("not done by this version: {what}")).collect()
}

fn failed(why: &str) -> ExitCode {
    tracing::error!("{why}");
    ExitCode::FAILURE
}

fn show(report: &Report) {
    if !report.diagnostics.is_empty() {
        eprintln!("{}", report.render(io::stderr().is_terminal()));
    }
}

fn start_log(args: &Args) {
    let level = if args.verbose { tracing::Level::DEBUG } else { tracing::Level::INFO };
    let lines = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(level).with_target(false);
    match args.log {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
        LogFormat::Journald => match tracing_journald::layer() {
            Ok(journal) => {
                let journal =
                    journal.with_field_prefix(Some(FIELDS.to_owned())).with_syslog_identifier(NAME.to_owned());
                tracing_subscriber::registry().with(LevelFilter::from_level(level)).with(journal).init();
            }
            Err(why) => {
                lines.with_ansi(io::stderr().is_terminal()).init();
                tracing::warn!(%why, "the journal does not listen: the log goes to standard error");
            }
        },
    }
}
