//! `vrrplabd`: a VRRP daemon that reads keepalived.conf.
use std::process::ExitCode;

fn main() -> ExitCode {
    vrrplab_real::cli::run()
}
