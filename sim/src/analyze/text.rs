//! The report for people.
use std::fmt::Write as _;

use vrrplab_engine::Instant;

use super::Report;
use super::finding::Weight;
use super::report::{Finding, Master, Member, VirtualRouter, moment, short};

/// Changes of master that are printed of one virtual router; JSON has them all.
const SHOWN: usize = 40;

pub(super) fn text(report: &Report) -> String {
    let tally = &report.analysis.tally;
    let mut text = format!(
        "{} packets in {} s from {}, {} of them adverts, {} ARP, {} neighbour advertisements\n",
        tally.packets,
        moment(Instant(report.length().0)),
        date(report.start),
        tally.adverts,
        tally.arps,
        tally.advertisements
    );
    for note in &report.notes {
        let _ = writeln!(text, "note: {note}");
    }
    if report.routers.is_empty() {
        text += "no VRRP in this capture\n";
    }
    for router in &report.routers {
        virtual_router(&mut text, router);
    }
    for finding in &report.findings {
        tell(&mut text, finding);
    }
    let _ = writeln!(
        text,
        "{}, {}",
        count(report.count(Weight::Error), "error"),
        count(report.count(Weight::Warning), "warning")
    );
    text
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn virtual_router(text: &mut String, router: &VirtualRouter) {
    let addresses: Vec<String> = router.addresses.iter().map(ToString::to_string).collect();
    let _ = writeln!(
        text,
        "\nvirtual router {} ({}): {}\n  {}",
        router.vrid,
        router.family,
        addresses.join(", "),
        router.settings
    );
    for member in &router.routers {
        let _ = writeln!(text, "  {}", self::member(member));
    }
    for master in router.masters.iter().take(SHOWN) {
        let _ = writeln!(text, "{}", self::master(master));
    }
    if router.masters.len() > SHOWN {
        let _ = writeln!(text, "  ... and {} more changes", router.masters.len() - SHOWN);
    }
}

fn member(member: &Member) -> String {
    let priorities: Vec<String> = member.priorities.iter().take(8).map(u8::to_string).collect();
    let mut line = format!("router {}", member.address);
    if !priorities.is_empty() {
        let _ = write!(line, ", priority {}", priorities.join(" then "));
    }
    if !member.macs.is_empty() {
        let shown: Vec<&str> = member.macs.iter().take(4).map(String::as_str).collect();
        let _ = write!(line, ", {}", shown.join(" "));
    }
    let _ = write!(line, ", {} adverts", member.adverts);
    if member.missing > 0 {
        let _ = write!(line, ", {} missing", member.missing);
    }
    if member.latest_us > 0 {
        let _ = write!(line, ", up to {} s late", short(vrrplab_engine::Span::from_micros(member.latest_us)));
    }
    line
}

fn master(master: &Master) -> String {
    let end = match master.end {
        "released" => format!("; gives up at {}", master.to),
        "silent" => format!("; last heard at {}", master.to),
        _ => String::new(),
    };
    format!(
        "{:>14}  #{:<6} {} is master with priority {}, {}{end}",
        master.from, master.packets[0], master.router, master.priority, master.how
    )
}

fn tell(text: &mut String, finding: &Finding) {
    let packets: Vec<String> = finding.packets.iter().map(u64::to_string).collect();
    let more = if finding.count > finding.packets.len() as u64 { ", ..." } else { "" };
    let kind = finding.kind;
    let _ = writeln!(
        text,
        "\n{}[{}]: virtual router {}: {}\n  since {}, packets {}{more}\n  {}\n  likely: {}\n  help: {}",
        kind.weight().word(),
        kind.id(),
        finding.vrid,
        finding.what,
        moment(finding.at),
        packets.join(", "),
        kind.means(),
        finding.cause.as_deref().unwrap_or(kind.cause()),
        kind.remedy()
    );
}

/// A moment since 1970 in the calendar, in UTC.
fn date(at: Instant) -> String {
    let seconds = at.0 / 1_000_000_000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // years begin in March here, so that the leap day is the last of its year; day 0 is 0000-03-01
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{of_month:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates() {
        let date = |seconds: u64| date(Instant(seconds * 1_000_000_000));
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(date(1_700_000_000), "2023-11-14 22:13:20 UTC");
    }
}
