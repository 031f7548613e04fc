//! How fast a keepalived.conf is read and built: large files of each kind, and whether time grows with their size only.
//!
//! `cargo bench -p vrrplab-formats` measures; words after `--` choose (`instances`, `servers`). Under
//! `cargo test --benches`, which does not pass `--bench`, it only runs small sizes once.
use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

use vrrplab_engine::model::{IfIndex, InterfaceModel, Mac};
use vrrplab_engine::policy::Policy;
use vrrplab_formats::builder::build_node;
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::keepalived::parse;

/// Writes a file of so many parts.
type Shape = fn(usize) -> String;

const SHAPES: [(&str, Shape, usize); 9] = [
    ("instances", instances, 10_000),
    ("instances, each tracks a script of its own", tracking, 10_000),
    ("instances, two in each sync group", groups, 10_000),
    ("virtual servers of two real servers", servers, 10_000),
    ("virtual servers, each names its group", server_groups, 10_000),
    ("mistakes, one on each line", mistakes, 10_000),
    ("lines of comments, 100 bytes each", comments, 100_000),
    ("words on one line", words, 1_000_000),
    ("braces that open nothing", braces, 1_000_000),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let measured = arguments.iter().any(|a| a == "--bench") && !arguments.iter().any(|a| a == "--test");
    let wanted = |name: &str| {
        let mut filters = arguments.iter().skip(1).filter(|a| !a.starts_with('-')).peekable();
        filters.peek().is_none() || filters.any(|filter| name.contains(filter.as_str()))
    };
    println!("{:<44} {:>9} {:>9} {:>9} {:>10} {:>7}", "file", "parts", "size", "time", "speed", "ratio");
    for (name, shape, most) in SHAPES.into_iter().filter(|(name, ..)| wanted(name)) {
        let most = if measured { most } else { most / 1000 };
        let small = row(name, &shape(most / 10), most / 10, None);
        row(name, &shape(most), most, Some(small));
    }
}

/// Reads one file and tells how long it took, and how many times as long as a tenth of it.
fn row(name: &str, text: &str, parts: usize, tenth: Option<Duration>) -> Duration {
    let interfaces = interfaces();
    let took = best_of(3, || {
        let mut report = Report::default();
        let draft = parse("keepalived.conf", black_box(text), &mut report);
        build_node("lb1", Policy::default(), interfaces.clone(), &draft, &mut report)
    });
    let speed = text.len() as u128 * 1_000 / took.as_nanos().max(1);
    let ratio = tenth.map_or(String::new(), |tenth| {
        let tenths = 10 * took.as_nanos() / tenth.as_nanos().max(1);
        format!("{}.{}", tenths / 10, tenths % 10)
    });
    let (size, took_us) = (text.len() / 1000, took.as_micros());
    println!("{name:<44} {parts:>9} {size:>6} kB {took_us:>6} us {speed:>5} MB/s {ratio:>7}");
    took
}

/// As many as 10,000 instances need, with 250 on each.
fn interfaces() -> Vec<InterfaceModel> {
    let one = |n: u8| InterfaceModel {
        index: IfIndex(u32::from(n) + 2),
        name: format!("eth{n}"),
        mac: Mac([2, 0, 0, 0, 0, n]),
        addresses: Vec::new(),
        up: true,
    };
    (0..40).map(one).collect()
}

fn instance(text: &mut String, n: usize, lines: &str) {
    let (iface, vrid, high, low) = (n / 250, n % 250 + 1, n / 256, n % 256);
    let _ = write!(
        text,
        "vrrp_instance VI_{n} {{\n    state BACKUP\n    interface eth{iface}\n    virtual_router_id {vrid}\n    \
         priority 100\n    advert_int 1\n    authentication {{\n        auth_type PASS\n        auth_pass secret\n    \
         }}\n{lines}    virtual_ipaddress {{\n        10.1.{high}.{low}/32 dev eth{iface}\n    }}\n}}\n\n"
    );
}

fn instances(count: usize) -> String {
    let mut text = String::new();
    (0..count).for_each(|n| instance(&mut text, n, ""));
    text
}

fn tracking(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let _ = write!(text, "vrrp_script check_{n} {{\n    script \"/bin/check {n}\"\n    interval 2\n}}\n");
    }
    for n in 0..count {
        instance(&mut text, n, &format!("    track_script {{\n        check_{n}\n    }}\n"));
    }
    text
}

fn groups(count: usize) -> String {
    let mut text = instances(count);
    for n in (1..count).step_by(2) {
        let _ =
            write!(text, "vrrp_sync_group G_{n} {{\n    group {{\n        VI_{}\n        VI_{n}\n    }}\n}}\n", n - 1);
    }
    text
}

fn server(text: &mut String, key: &str) {
    let _ = write!(
        text,
        "virtual_server {key} {{\n    lb_algo rr\n    lb_kind NAT\n    protocol TCP\n    real_server 10.2.0.1 80 {{\n        \
         TCP_CHECK {{\n            connect_timeout 3\n        }}\n    }}\n    real_server 10.2.0.2 80 {{\n        weight 2\n    \
         }}\n}}\n\n"
    );
}

fn servers(count: usize) -> String {
    let mut text = String::new();
    (0..count).for_each(|n| server(&mut text, &format!("10.1.{}.{} 80", n / 256, n % 256)));
    text
}

fn server_groups(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let _ = write!(text, "virtual_server_group G_{n} {{\n    10.1.{}.{} 80\n}}\n", n / 256, n % 256);
        server(&mut text, &format!("group G_{n}"));
    }
    text
}

fn mistakes(count: usize) -> String {
    (0..count).map(|n| format!("prioirty_{n} 100\n")).collect()
}

fn comments(count: usize) -> String {
    format!("# {}\n", "nothing ".repeat(12)).repeat(count)
}

fn words(count: usize) -> String {
    format!("router_id {}\n", "word text ".repeat(count / 2))
}

fn braces(count: usize) -> String {
    "{".repeat(count)
}

/// The shortest wall time of some tries.
fn best_of<T>(tries: u32, mut work: impl FnMut() -> T) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..tries {
        let before = clock();
        black_box(work());
        best = best.min(before.elapsed());
    }
    best
}

#[allow(clippy::disallowed_methods, reason = "a benchmark measures wall time; nothing read depends on it")]
fn clock() -> std::time::Instant {
    std::time::Instant::now()
}
