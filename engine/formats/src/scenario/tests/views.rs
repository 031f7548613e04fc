//! Promises about what views print.
use super::*;

const TABLES: &str = r#"
duration: 30s
networks:
  lan:
  wan:
trunks: [{ name: t1, between: [lan, wan] }]
nodes:
  lb1:
    interfaces: { eth0: { network: lan, addresses: [10.0.0.1/24] } }
    keepalived: |
      vrrp_instance VI_1 {
          interface eth0
          virtual_router_id 51
          priority 100
          use_vmac
          virtual_ipaddress {
              10.0.0.100/24
          }
      }
  rs1:
    interfaces:
      eth0: { network: lan, addresses: [10.0.0.11/24] }
      tunl0: { addresses: [10.0.0.100/32] }
clients:
  c1: { network: lan, address: 10.0.0.50/24, http: 10.0.0.100 }
rogues:
  mallory: { network: lan, address: 10.0.0.66/24 }
expect:
  - conns:
      node: lb1
      at: 12s
      table: |
        IPVS connection entries
        pro expire state       source             virtual            destination
        TCP *      ESTABLISHED [FD00:0::50]:30003 [fd00::99]:80      [fd00::11]:8000
        TCP 04:56  ASSURED     10.0.0.8:0         10.0.0.100:80      10.0.0.11:80
  - arp: { host: c1, at: 13s, has: ["10.0.0.100 dev eth0 lladdr 02:00:00:00:0A:01"], lacks: [FAILED, "fd00::1"] }
  - addr: { host: lb1, at: 14s, has: [eth0 UP 10.0.0.1/24, "vrrp.51@eth0 UP 10.0.0.100/24"] }
  - addr: { host: rs1, at: 15s, lacks: [tunl0@NONE DOWN] }
  - fdb: { network: lan, at: 16s, table: "" }
  - fdb: { network: lan, at: 17s, has: ["00:00:5e:00:01:33 dev lb1:eth0 vlan 1", "dev t1 used 12", "dev c1:eth0"] }
"#;

fn pattern(line: &str) -> LinePattern {
    LinePattern(line.split_whitespace().map(|word| (word != "*").then(|| word.to_owned())).collect())
}

fn patterns(lines: &[&str]) -> Vec<LinePattern> {
    lines.iter().map(|line| pattern(line)).collect()
}

#[test]
fn tables_are_read_as_their_views_print_them() {
    let world = good(TABLES);
    let node = |n| Subject::Host(Member::Node(NodeId(n)));
    let client = Subject::Host(Member::Client(ClientId(0)));
    let lan = Subject::Switch(NetworkId(0));
    let some = |has: &[&str], lacks: &[&str]| LinesPromise::Some { has: patterns(has), lacks: patterns(lacks) };
    let conns = patterns(&[
        "TCP * ESTABLISHED [fd00::50]:30003 [fd00::99]:80 [fd00::11]:8000",
        "TCP 04:56 ASSURED 10.0.0.8:0 10.0.0.100:80 10.0.0.11:80",
    ]);
    let addresses = ["eth0 UP 10.0.0.1/24", "vrrp.51@eth0 UP 10.0.0.100/24"];
    let heard = ["00:00:5e:00:01:33 dev lb1:eth0 vlan 1", "dev t1 used 12", "dev c1:eth0"];
    let wanted = [
        (View::Conns, node(0), LinesPromise::All(conns)),
        (View::Arp, client, some(&["10.0.0.100 dev eth0 lladdr 02:00:00:00:0a:01"], &["FAILED", "fd00::1"])),
        (View::Addr, node(0), some(&addresses, &[])),
        (View::Addr, node(1), some(&[], &["tunl0@NONE DOWN"])),
        (View::Fdb, lan, LinesPromise::All(Vec::new())),
        (View::Fdb, lan, some(&heard, &[])),
    ];
    for (second, ((view, of, lines), read)) in (12..).zip(wanted.into_iter().zip(&world.expectations)) {
        let promise = ViewPromise { view, of, at: Instant::ZERO + Span::from_secs(second), lines };
        assert_eq!(read.promise, Promise::View(promise));
    }
    assert_eq!(world.expectations.len(), 6);
}

#[test]
fn each_mistake_about_a_view_has_its_answer() {
    let mistakes = [
        ("table: \"\"", "lacks: [\"eth0\"]", "`eth0` is no word of this view"),
        ("table: \"\"", "table: \"\", has: [\"vlan 1\"]", "it is not clear what the table holds"),
        (", table: \"\"", "", "it is not clear what the table holds"),
        ("[FAILED, ", "[FALED, ", "`FALED` is no word of this view"),
        ("[FAILED, ", "[\"\", ", "this line has no words"),
        ("\"fd00::1\"]", "\"10.0.0.300\"]", "`10.0.0.300` is not an IP address"),
        ("10.0.0.100 dev eth0 lladdr", "10.0.0.100 dev eth1 lladdr", "unknown interface `eth1`"),
        ("has: [eth0 UP 10.0.0.1/24", "has: [eth0 UP 10.0.0.1", "`10.0.0.1` has no prefix length"),
        ("has: [eth0 UP", "has: [ens3 UP", "unknown interface `ens3`"),
        ("has: [eth0 UP", "has: [eth0 up", "`up` is no word of this view"),
        ("vrrp.51@eth0 UP", "vrrp.51@eth1 UP", "unknown interface `vrrp.51@eth1`"),
        ("TCP 04:56  ASSURED     10.0.0.8:0", "TCP 04:56  ASSURED", "is no whole line of `ipvsadm -Lnc`"),
        ("10.0.0.8:0  ", "10.0.0.8  ", "`10.0.0.8` is not an address with a port"),
        ("dev c1:eth0", "dev c1", "unknown interface `c1`"),
        ("vlan 1\"", "vlan one\"", "`one` is not a whole number"),
        ("host: c1, at: 13s", "host: mallory, at: 13s", "the rogue `mallory` has no tables"),
        ("host: c1, at: 13s", "host: c9, at: 13s", "unknown node or client `c9`"),
        ("host: c1, at: 13s", "host: c1, at: 31s", "this moment lies past the end"),
        ("network: lan, at: 16s", "network: lane, at: 16s", "unknown network `lane`"),
        ("node: lb1", "node: c1", "unknown node `c1`"),
        ("lacks: [tunl0", "lack: [tunl0", "unknown key `lack`"),
    ];
    each_has_its_answer(TABLES, &mistakes);
}

#[test]
fn the_word_itself_is_pointed_at() {
    let report = refused(&TABLES.replacen("ESTABLISHED", "ESTABLISHD", 1));
    assert!(report.contains("|         TCP *      ESTABLISHD"), "{report}");
    assert!(report.contains("|                    ^^^^^^^^^^"), "{report}");
    assert!(report.contains("did you mean `ESTABLISHED`?"), "{report}");
}
