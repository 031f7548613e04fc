//! `vrrplabd`: a VRRP daemon that reads keepalived.conf.
use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    vrrplab_real::cli::run()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("vrrplabd needs Linux");
    ExitCode::FAILURE
}
