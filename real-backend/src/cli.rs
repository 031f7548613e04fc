//! The command line of `vrrplabd`.
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::model::health::CheckKind;
use vrrplab_formats::diagnostics::Report;

use crate::config::{NO_FILE, REFUSED, Source};
use crate::daemon::{Daemon, notify_manager};
use crate::netlink::Netlink;
use crate::script::security;

/// VRRP from a keepalived.conf, with the engine of the vrrplab simulator.
#[derive(Debug, Parser)]
#[command(
    name = "vrrplabd",
    version,
    after_help = "Exit codes: 0 stopped, 1 the system refused something that is needed, 2 the configuration is refused, 6 it \
                  cannot be read. With --check: what `keepalived -t` exits with, 6 where the file cannot be read."
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
    /// Also says what is normal: timers, started scripts.
    #[arg(short = 'v', long)]
    pub verbose: bool,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// An object on each line.
    Json,
}

/// Runs the command.
pub fn run() -> ExitCode {
    let args = Args::parse();
    log_to_stderr(&args);
    let source = Source::new(&args.config, args.config_id.as_deref());
    let netlink = match Netlink::open() {
        Ok(netlink) => netlink,
        Err(why) => return failed(&format!("the kernel does not tell its interfaces: {why}")),
    };
    let read = match source.read(netlink.table().interfaces()) {
        Ok(read) => read,
        Err(why) => {
            eprintln!("error: {}: {why}", args.config.display());
            return ExitCode::from(NO_FILE);
        }
    };
    show(&read.report);
    if args.check {
        return ExitCode::from(read.report.keepalived_exit());
    }
    match read.model {
        Some(model) => serve(source, netlink, model),
        None => ExitCode::from(REFUSED),
    }
}

fn serve(source: Source, netlink: Netlink, mut model: NodeModel) -> ExitCode {
    for told in security::prune(&mut model).into_iter().chain(not_done_yet(&model)) {
        tracing::warn!("{told}");
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => return failed(&why.to_string()),
    };
    let done = runtime.block_on(async {
        tracing::info!(version = env!("CARGO_PKG_VERSION"), config = %source.path().display(), "Starting");
        let daemon = Daemon::start(source, netlink, model)?;
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

/// What the configuration asks for and this version leaves undone.
fn not_done_yet(model: &NodeModel) -> Vec<String> {
    let statics = &model.statics;
    let routes = model.instances.iter().any(|i| !i.routes.is_empty() || !i.rules.is_empty());
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
        (routes, "virtual_routes and virtual_rules"),
        (!statics.addresses.is_empty(), "static_ipaddress"),
        (!statics.routes.is_empty() || !statics.rules.is_empty(), "static_routes and static_rules"),
        (!model.globals.mail.to.is_empty(), "mails; they are named in the log"),
        (model.globals.startup.is_some() || model.globals.shutdown.is_some(), "startup_script and shutdown_script"),
    ];
    let said = undone.into_iter().filter(|(asked, _)| *asked);
    said.map(|(_, what)| format!("not done by this version: {what}")).collect()
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

fn log_to_stderr(args: &Args) {
    let level = if args.verbose { tracing::Level::DEBUG } else { tracing::Level::INFO };
    let lines = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(level).with_target(false);
    match args.log {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
}
