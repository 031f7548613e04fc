//! Any bytes as Cisco `standby` lines. What comes out is a keepalived.conf that can be read.
#![no_main]

use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::{keepalived, standby};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut report = Report::default();
    let written = standby::import("router.cfg", &text, &mut report);
    report.render(false);
    let Some(written) = written else { return };
    let mut again = Report::default();
    keepalived::parse("keepalived.conf", &written, &mut again);
    assert!(!again.is_refused(), "{text}\nbecame\n{written}\n{again}");
});
