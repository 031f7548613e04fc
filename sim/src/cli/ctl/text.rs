//! Answers of a daemon as tables for people.
use vrrplab_formats::control::{Address, Instance, Ipvs, News, Said, Stats, Status, Told, Tracked};
use vrrplab_formats::ipvsadm;

/// An answer as it is printed.
pub(super) fn of(said: &Said) -> String {
    match said {
        Said::Status(status) => of_status(status),
        Said::Stats(stats) => of_stats(stats),
        Said::Ipvs(ipvs) => of_ipvs(ipvs),
        Said::Reload(reloaded) => {
            let mut text = format!("reloaded: {}\n", counted(reloaded.instances, "instance"));
            for warning in &reloaded.warnings {
                text += &format!("{}\n", warning.trim_end());
            }
            text
        }
        Said::Tracing(_) => "following changes of state and priority; Ctrl-C ends it\n".to_owned(),
        Said::Trace(told) => of_told(told),
        Said::Drift(drift) => drift.commands.iter().map(|command| format!("{command}\n")).collect(),
        Said::Error(refused) => format!("{}\n", refused.message),
    }
}

fn of_status(status: &Status) -> String {
    let daemon = &status.daemon;
    let (version, pid, up) = (&daemon.version, daemon.pid, span(daemon.uptime_ms));
    let mut text = format!("vrrplabd {version}, process {pid}, up {up}, {}\n", daemon.config);
    if status.instances.is_empty() {
        return text + "no virtual routers\n";
    }
    let head = ["INSTANCE", "STATE", "FOR", "PRIORITY", "VRID", "INTERFACE", "MASTER", "RULE"];
    let rows = status.instances.iter().map(|i| {
        let priority = match (i.effective_priority, i.priority) {
            (now, base) if now == base => now.to_string(),
            (now, base) => format!("{now} of {base}"),
        };
        let master = match (i.state.as_str(), i.master) {
            ("MASTER", _) => "itself".to_owned(),
            (_, Some(master)) => master.to_string(),
            (_, None) => "-".to_owned(),
        };
        let rule = i.rule.as_deref().unwrap_or("-");
        let for_long = span(i.state_for_ms);
        [&i.name, &i.state, &for_long, &priority, &i.vrid.to_string(), &i.interface, &master, rule].map(str::to_owned)
    });
    text += &format!("\n{}", table(head, rows));
    for instance in &status.instances {
        text += &format!("\n{}", details(instance));
    }
    if !status.sync_groups.is_empty() {
        let head = ["SYNC GROUP", "STATE", "MEMBERS"];
        let rows = status.sync_groups.iter().map(|g| [g.name.clone(), g.state.clone(), g.members.join(" ")]);
        text += &format!("\n{}", table(head, rows));
    }
    text
}

/// What does not fit into the table.
fn details(i: &Instance) -> String {
    let group = i.sync_group.as_ref().map_or_else(String::new, |group| format!(", sync group {group}"));
    let owner = if i.owner { ", owner" } else { "" };
    let source = i.source.map_or_else(|| "no address".to_owned(), |source| source.to_string());
    let mut text = format!("{}: VRRPv{} {} from {source}{owner}{group}\n", i.name, i.version, i.family.name());
    for address in &i.addresses {
        text += &format!("  address  {}\n", of_address(address));
    }
    let timer = match (i.timer_in_ms, i.state.as_str()) {
        (None, _) => String::new(),
        (Some(left), "MASTER") => format!(", next advert in {left} ms"),
        (Some(left), _) => format!(", master down in {left} ms"),
    };
    let (interval, down, skew) = (i.advert_interval_ms, millis(i.master_down_us), millis(i.skew_us));
    let theirs = match i.master_interval_ms {
        theirs if theirs == interval => String::new(),
        theirs => format!(" (the master's {theirs} ms)"),
    };
    text += &format!("  timers   advert {interval} ms{theirs}, master down {down} ms of which skew {skew} ms{timer}\n");
    for tracked in &i.tracked {
        text += &format!("  tracks   {}\n", of_tracked(tracked));
    }
    let s = &i.statistics;
    let (sent, heard, times) = (s.advert_sent, s.advert_rcvd, s.master_transitions);
    text += &format!("  counts   {sent} adverts sent, {heard} received, {times} times master");
    if times > 0 {
        text += &format!(" (last: {})", i.new_master_reason.name());
    }
    text.push('\n');
    for (rule, count) in &i.refused {
        text += &format!("  refused  {count} packets: {rule}\n");
    }
    text
}

fn of_address(address: &Address) -> String {
    let dev = address.interface.as_ref().map_or_else(|| "no interface".to_owned(), |iface| format!("dev {iface}"));
    let set = if address.set { ", set" } else { "" };
    let excluded = if address.advertised { "" } else { ", not advertised" };
    format!("{}/{} {dev}{set}{excluded}", address.address, address.prefix)
}

fn of_tracked(tracked: &Tracked) -> String {
    let reverse = if tracked.reverse { " reverse" } else { "" };
    let weight = match tracked.weight {
        0 => String::new(),
        weight => format!(", weight {weight}{reverse}"),
    };
    format!("{} {} {}{weight}", tracked.kind.name(), tracked.name, tracked.standing)
}

/// The kernel's table as `ipvsadm -Ln` prints it, and the real servers.
fn of_ipvs(ipvs: &Ipvs) -> String {
    if ipvs.services.is_empty() && ipvs.checked.is_empty() {
        return "no virtual servers\n".to_owned();
    }
    let mut text = ipvsadm::table(ipvs);
    if !ipvs.checked.is_empty() {
        let rows = ipvs.checked.iter().map(|server| {
            let (state, quorum) = (if server.up { "up" } else { "down" }, if server.quorum { "yes" } else { "no" });
            [&server.service, &server.server, state, &server.weight.to_string(), quorum].map(str::to_owned)
        });
        text += &format!("\n{}", table(["VIRTUAL SERVER", "REAL SERVER", "STATE", "WEIGHT", "QUORUM"], rows));
    }
    text
}

fn of_stats(stats: &Stats) -> String {
    let usage = &stats.usage;
    let (cpu, memory) = (usage.cpu_us / 1_000, usage.resident_bytes / 1_024);
    let mut text = format!(
        "vrrplabd {}, process {}, up {}: {cpu} ms of processor time, {memory} kB resident, {} open descriptors\n",
        stats.daemon.version,
        stats.daemon.pid,
        span(stats.daemon.uptime_ms),
        usage.open_descriptors
    );
    text += &format!("reloads: {} taken, {} refused\n\n", stats.daemon.reloads, stats.daemon.reloads_refused);
    let rows = named(&stats.statistics).into_iter().map(|(name, count)| ["-".to_owned(), name, count]);
    let own = stats.instances.iter().flat_map(|i| {
        let row = |(name, count): (String, String)| [i.name.clone(), name, count];
        let refused = i.refused.iter().map(|(rule, count)| (format!("refused by {rule}"), count.to_string()));
        named(&i.statistics).into_iter().chain(refused).map(row).collect::<Vec<_>>()
    });
    text + &table(["INSTANCE", "COUNTER", "VALUE"], rows.chain(own))
}

/// Counters with the names that they have in JSON, by name.
fn named(counters: &impl serde::Serialize) -> Vec<(String, String)> {
    match serde_json::to_value(counters) {
        Ok(serde_json::Value::Object(counters)) => counters.into_iter().map(|(n, v)| (n, v.to_string())).collect(),
        _ => Vec::new(),
    }
}

fn of_told(told: &Told) -> String {
    let time = clock(told.unix_ms);
    let instance = told.instance.as_deref().unwrap_or("-");
    let rule = &told.rule;
    match &told.news {
        News::Transition { from, to } => format!("{time} {instance} {from} -> {to} ({rule})\n"),
        News::Priority { from, to } => format!("{time} {instance} priority {from} -> {to} ({rule})\n"),
        News::Lost { count } => format!("{time} {count} changes were too fast for this reader\n"),
    }
}

/// Time of day in UTC, to the millisecond.
fn clock(unix_ms: u64) -> String {
    let seconds = unix_ms / 1_000 % 86_400;
    format!("{:02}:{:02}:{:02}.{:03}Z", seconds / 3_600, seconds / 60 % 60, seconds % 60, unix_ms % 1_000)
}

/// The two largest units of a span.
fn span(millis: u64) -> String {
    let seconds = millis / 1_000;
    match seconds {
        0..60 => format!("{seconds}.{}s", millis % 1_000 / 100),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// Microseconds as milliseconds, without zeros at the end.
fn millis(micros: u64) -> String {
    let text = format!("{}.{:03}", micros / 1_000, micros % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Columns as wide as they must be.
fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(wide);
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}
