//! The work that every peer does: one host sends forty bytes a second, every other one gets them and sets a timer anew.
use std::time::Duration;

/// How much of it.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    pub hosts: u32,
    pub seconds: u64,
}

impl Work {
    /// From the command line: HOSTS SECONDS.
    ///
    /// # Errors
    /// When one of them is missing or no number.
    pub fn wanted() -> Result<Work, String> {
        let mut arguments = std::env::args().skip(1);
        let mut number = |what: &str| {
            let said = arguments.next().ok_or_else(|| format!("{what} is missing; usage: HOSTS SECONDS"))?;
            said.parse::<u32>().map_err(|why| format!("{what} {said}: {why}"))
        };
        Ok(Work { hosts: number("HOSTS")?, seconds: number("SECONDS")?.into() })
    }

    /// One line: deliveries, timers that expired (none should), microseconds.
    pub fn tell(delivered: u64, expired: u64, took: Duration) {
        println!("{delivered} {expired} {}", took.as_micros());
    }
}

/// What is sent.
pub const BYTES: [u8; 40] = [0x31; 40];
/// Where to.
pub const PORT: u16 = 7112;

/// How long a host waits for the next one.
pub fn patience(host: u32) -> Duration {
    Duration::from_millis(3000 + u64::from(host % 256) * 4)
}
