//! What this process uses: time, memory, descriptors. What cannot be found out is 0.
use std::fs;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use vrrplab_formats::control::Usage;

/// Looks now; when the process started is known to who asks.
pub fn look(started_unix_ms: u64) -> Usage {
    let micros = |time: TimeVal| {
        let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
        seconds.saturating_mul(1_000_000) + u64::try_from(time.tv_usec()).unwrap_or(0)
    };
    let cpu_us =
        getrusage(UsageWho::RUSAGE_SELF).map_or(0, |used| micros(used.user_time()) + micros(used.system_time()));
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let open = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let open_descriptors = u64::try_from(open).unwrap_or(0).saturating_sub(1); // one of them is this look
    Usage { cpu_us, resident_bytes: resident(&status), open_descriptors, started_unix_ms }
}

/// The line `VmRSS`, which the kernel gives in kB.
fn resident(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok());
    kilobytes.map_or(0, |kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t    5700 kB\n"), 5_836_800);
        assert_eq!(resident("Name:\tx\n"), 0);
        let usage = look(5);
        assert!(usage.resident_bytes > 100_000 && usage.open_descriptors >= 3 && usage.started_unix_ms == 5);
    }
}
