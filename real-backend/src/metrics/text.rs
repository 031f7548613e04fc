//! The text format of Prometheus: families of samples with their help and type. Pure.
use std::fmt::Write;

use vrrplab_formats::control::{Checked, Instance, Statistics, Status, Usage};

/// One number of a virtual router.
type Counter = fn(&Statistics) -> u64;

/// Refused packets by reason; the names are those of RFC 8347.
const REFUSED: [(&str, Counter); 8] = [
    ("checksum", |s| s.checksum_errors),
    ("version", |s| s.version_errors),
    ("ip-ttl", |s| s.ip_ttl_errors),
    ("interval", |s| s.interval_errors),
    ("invalid-type", |s| s.invalid_type_pkts_rcvd),
    ("address-list", |s| s.address_list_errors),
    ("packet-length", |s| s.packet_length_errors),
    ("authentication", |s| s.authentication_errors),
];

/// One counter or gauge of each virtual router.
struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    value: fn(&Instance) -> String,
}

const FAMILIES: [Family; 9] = [
    Family {
        name: "vrrplabd_vrrp_state",
        kind: "gauge",
        help: "State of the virtual router: 0 INIT, 1 BACKUP, 2 MASTER, 3 FAULT.",
        value: |i| state(&i.state).to_string(),
    },
    Family {
        name: "vrrplabd_vrrp_state_since_timestamp_seconds",
        kind: "gauge",
        help: "When it came into its state.",
        value: |i| seconds(i.since_unix_ms),
    },
    Family {
        name: "vrrplabd_vrrp_priority",
        kind: "gauge",
        help: "Configured priority.",
        value: |i| i.priority.to_string(),
    },
    Family {
        name: "vrrplabd_vrrp_effective_priority",
        kind: "gauge",
        help: "Priority after trackers.",
        value: |i| i.effective_priority.to_string(),
    },
    Family {
        name: "vrrplabd_vrrp_transitions_total",
        kind: "counter",
        help: "Transitions to MASTER.",
        value: |i| i.statistics.master_transitions.to_string(),
    },
    Family {
        name: "vrrplabd_vrrp_adverts_received_total",
        kind: "counter",
        help: "Adverts that passed the receive checks.",
        value: |i| i.statistics.advert_rcvd.to_string(),
    },
    Family {
        name: "vrrplabd_vrrp_adverts_sent_total",
        kind: "counter",
        help: "Adverts sent.",
        value: |i| i.statistics.advert_sent.to_string(),
    },
    Family {
        name: "vrrplabd_vrrp_priority_zero_received_total",
        kind: "counter",
        help: "Adverts with priority 0 received.",
        value: |i| i.statistics.priority_zero_pkts_rcvd.to_string(),
    },
    Family {
        name: "vrrplabd_vrrp_priority_zero_sent_total",
        kind: "counter",
        help: "Adverts with priority 0 sent.",
        value: |i| i.statistics.priority_zero_pkts_sent.to_string(),
    },
];

/// The page.
pub fn text(status: &Status, usage: Usage, servers: &[Checked]) -> String {
    let mut page = Page::default();
    let version = status.daemon.version.as_str();
    page.family("vrrplabd_build_info", "gauge", "Version of the daemon.");
    page.sample("vrrplabd_build_info", &braces(&[("version", version)]), "1");
    for family in &FAMILIES {
        page.family(family.name, family.kind, family.help);
        for instance in &status.instances {
            page.sample(family.name, &labels(instance, &[]), &(family.value)(instance));
        }
    }
    refused(&mut page, &status.instances);
    tracked(&mut page, &status.instances);
    super::servers::add(&mut page, servers);
    node(&mut page, status);
    process(&mut page, usage);
    page.text
}

fn refused(page: &mut Page, instances: &[Instance]) {
    let name = "vrrplabd_vrrp_packets_refused_total";
    page.family(name, "counter", "Packets of the virtual router that were refused, by reason.");
    for instance in instances {
        for (reason, value) in REFUSED {
            page.sample(name, &labels(instance, &[("reason", reason)]), &value(&instance.statistics).to_string());
        }
    }
}

fn tracked(page: &mut Page, instances: &[Instance]) {
    let name = "vrrplabd_vrrp_tracked_good";
    page.family(
        name,
        "gauge",
        "Whether something that is tracked is well: 1, or 0. Files have none, they say numbers.",
    );
    for instance in instances {
        for tracked in &instance.tracked {
            let value = match tracked.standing.as_str() {
                "good" => "1",
                "bad" | "unknown" => "0",
                _ => continue,
            };
            let more = [("kind", tracked.kind.name()), ("name", tracked.name.as_str())];
            page.sample(name, &labels(instance, &more), value);
        }
    }
}

fn node(page: &mut Page, status: &Status) {
    let node = status.statistics;
    let counters = [
        ("vrrplabd_checksum_errors_total", "Packets with a wrong checksum.", node.checksum_errors),
        ("vrrplabd_version_errors_total", "Packets of another version of VRRP.", node.version_errors),
        ("vrrplabd_vrid_errors_total", "Packets of no virtual router that takes part here.", node.vrid_errors),
        ("vrrplabd_ip_ttl_errors_total", "Packets with another TTL than 255.", node.ip_ttl_errors),
    ];
    for (name, help, value) in counters {
        page.family(name, "counter", help);
        page.sample(name, "", &value.to_string());
    }
    let reloads = [("taken", status.daemon.reloads), ("refused", status.daemon.reloads_refused)];
    page.family("vrrplabd_reloads_total", "counter", "Reloads of the configuration.");
    for (result, value) in reloads {
        page.sample("vrrplabd_reloads_total", &braces(&[("result", result)]), &value.to_string());
    }
}

fn process(page: &mut Page, usage: Usage) {
    let micros = usage.cpu_us;
    let cpu = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let samples = [
        ("process_cpu_seconds_total", "counter", "User and system time.", cpu),
        ("process_resident_memory_bytes", "gauge", "Resident memory.", usage.resident_bytes.to_string()),
        ("process_open_fds", "gauge", "Open descriptors.", usage.open_descriptors.to_string()),
        ("process_start_time_seconds", "gauge", "When the process started.", seconds(usage.started_unix_ms)),
    ];
    for (name, kind, help, value) in samples {
        page.family(name, kind, help);
        page.sample(name, "", &value);
    }
}

/// The labels of a virtual router, and further ones.
fn labels(instance: &Instance, more: &[(&str, &str)]) -> String {
    let vrid = instance.vrid.to_string();
    let own = [
        ("instance", instance.name.as_str()),
        ("interface", instance.interface.as_str()),
        ("vrid", vrid.as_str()),
        ("family", instance.family.name()),
    ];
    braces(own.iter().chain(more))
}

pub(super) fn braces<'a>(labels: impl IntoIterator<Item = &'a (&'a str, &'a str)>) -> String {
    let pair = |(label, value): &(&str, &str)| format!("{label}=\"{}\"", escaped(value));
    format!("{{{}}}", labels.into_iter().map(pair).collect::<Vec<_>>().join(","))
}

fn state(name: &str) -> u8 {
    match name {
        "BACKUP" => 1,
        "MASTER" => 2,
        "FAULT" => 3,
        _ => 0,
    }
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

/// The text as it grows.
#[derive(Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    pub(super) fn sample(&mut self, name: &str, labels: &str, value: &str) {
        let _ = writeln!(self.text, "{name}{labels} {value}");
    }
}

/// Backslashes, quotes and ends of lines may not stand in a label as they are.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
