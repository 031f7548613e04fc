//! How late a real-time timer is while a run is played: the measure of how much the machine let it be late.
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use super::clock::Epoch;
use super::event::millis;
use super::tools::{Tools, run};

/// The timer's period.
const PERIOD_NS: u64 = 10_000_000;
/// Above the daemons and everything that watches them.
const PRIORITY: &str = "60";
/// What `over_2ms` counts.
const LATE_NS: u64 = 2_000_000;
/// A timer that was later than this measured a machine on which the run had better be played again.
const TOO_LATE_NS: u64 = 12_000_000;

/// A timer on each processor.
#[derive(Debug)]
pub struct Probe {
    stop: Arc<AtomicBool>,
    timers: Vec<JoinHandle<Vec<u64>>>,
}

/// How late the timers were, in nanoseconds, the smallest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lateness(Vec<u64>);

impl Probe {
    /// Starts them.
    pub fn start(tools: &Tools) -> Probe {
        let stop = Arc::new(AtomicBool::new(false));
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let timer = |processor: usize| {
            let (until, real_time) = (Arc::clone(&stop), tools.real_time);
            std::thread::spawn(move || {
                settle(processor, real_time);
                measure(&until)
            })
        };
        Probe { timers: allowed(&status).into_iter().map(timer).collect(), stop }
    }

    /// Ends them.
    pub fn finish(mut self) -> Lateness {
        self.stop.store(true, Ordering::Relaxed);
        let mut late: Vec<u64> = self.timers.drain(..).filter_map(|timer| timer.join().ok()).flatten().collect();
        late.sort_unstable();
        Lateness(late)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The processors that a process may use, as `/proc/PID/status` lists them; the first one where it does not.
fn allowed(status: &str) -> Vec<usize> {
    let listed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or("0");
    let ranges = listed.trim().split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse().ok()?..=last.parse().ok()?)
    });
    ranges.flatten().collect()
}

/// Puts the calling thread on its processor, at its priority. On a machine that does not allow it, it measures as it is.
fn settle(processor: usize, real_time: bool) {
    let Ok(link) = fs::read_link("/proc/thread-self") else { return };
    let Some(thread) = link.file_name().and_then(|name| name.to_str()) else { return };
    let _ = run("taskset", &["-cp", &processor.to_string(), thread]);
    if real_time {
        let _ = run("chrt", &["-f", "-p", PRIORITY, thread]);
    }
}

/// The calling thread at real-time priority, and with it the commands that it gives: what is done to cables and switches
/// shall take effect at its time. It ends when this does.
pub struct Hurry(Option<String>);

impl Hurry {
    /// Above the daemons, below what measures them. On a machine that does not allow it, nothing changes.
    pub fn begin(tools: &Tools) -> Hurry {
        let thread = fs::read_link("/proc/thread-self").ok().filter(|_| tools.real_time);
        let thread = thread.and_then(|link| Some(link.file_name()?.to_str()?.to_owned()));
        Hurry(thread.filter(|thread| run("chrt", &["-f", "-p", "51", thread]).is_ok()))
    }
}

impl Drop for Hurry {
    fn drop(&mut self) {
        if let Some(thread) = &self.0 {
            let _ = run("chrt", &["-o", "-p", "0", thread]);
        }
    }
}

fn measure(stop: &AtomicBool) -> Vec<u64> {
    let mut late = Vec::new();
    let mut due = Epoch::now().plus(PERIOD_NS);
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(due.wait());
        let now = Epoch::now();
        late.push(now.0.saturating_sub(due.0));
        due = due.plus(PERIOD_NS).max(now);
    }
    late
}

impl Lateness {
    /// The worst of all.
    pub fn max(&self) -> u64 {
        self.0.last().copied().unwrap_or(0)
    }

    /// Whether the run had better be played again.
    pub fn is_too_late(&self) -> bool {
        self.max() > TOO_LATE_NS
    }

    /// `jitter_probe_ms`.
    pub fn fields(&self) -> Value {
        let at = |thousandths: usize| {
            let last = self.0.len().saturating_sub(1);
            let ns = self.0.get((self.0.len() * thousandths / 1_000).min(last)).copied().unwrap_or(0);
            millis(ns.into())
        };
        json!({
            "p50": at(500),
            "p99": at(990),
            "p999": at(999),
            "max": millis(self.max().into()),
            "n": self.0.len(),
            "over_2ms": self.0.iter().filter(|ns| **ns > LATE_NS).count(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_processors_of_the_recording_are_measured() {
        assert_eq!(allowed("Name:\tx\nCpus_allowed_list:\t0-1,4\n"), [0, 1, 4]);
        assert_eq!(allowed("Cpus_allowed_list:\t1\n"), [1]);
        assert_eq!(allowed(""), [0]);
    }

    #[test]
    fn the_measure_is_told_in_milliseconds() {
        let late = Lateness((1..=1_000).map(|n| n * 10_000).collect());
        assert_eq!(
            late.fields().to_string(),
            r#"{"max":10.0,"n":1000,"over_2ms":800,"p50":5.01,"p99":9.91,"p999":10.0}"#
        );
        assert!(!late.is_too_late());
        assert!(Lateness(vec![12_000_001]).is_too_late());
        assert_eq!(Lateness::default().max(), 0);
    }
}
