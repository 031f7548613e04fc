//! `vrrplab`: the command line.
use std::process::ExitCode;

use vrrplab_sim::cli::{Cli, dispatch};

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("VRRPLAB_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().init();
    ExitCode::from(dispatch(&Cli::read()) as u8)
}
